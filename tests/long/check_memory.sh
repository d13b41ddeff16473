#!/usr/bin/env bash
# What larger trainings say that they need is what they take: tests/train/check_memory.sh, one step of each size; and so
# with filling. And BERT base with sequences of 512 tokens fits into 4 GiB.
set -euo pipefail
SIZES="small medium base" STEPS=1 bash "$SOURCE/tests/train/check_memory.sh"
SIZES="small base" bash "$SOURCE/tests/tasks/check_fill_memory.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for i in $(seq 30); do grep . "$SOURCE/tests/data/train/kasaba.txt"; done >"$work/text.txt"
"$MASKE" train --out "$work/out" --size base --vocab-size 16000 --max-length 512 --batch-size 2 --memory 4G --steps 1 \
    --precision f32 --valid-fraction 0 "$work/text.txt" 2>"$work/log" &
process=$!
peak=0
while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$process/status 2>/dev/null) && [ -n "$now" ]; do
    peak=$now
    sleep 0.02
done
wait $process || { tail -3 "$work/log"; exit 1; }
grep '^needs' "$work/log"
echo "took $((peak / 1024)) MiB"
[ "$peak" -lt $((4 * 1024 * 1024)) ]
