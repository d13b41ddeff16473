#!/usr/bin/env bash
# Hours of one training run: what it has resident after the first five minutes (or, where that is later, two evaluations and
# a checkpoint) and at the end is the same to 2 %, and it has no more files open.
#
#     tests/soak/growth.sh HOURS [BUILD-FOLDER]
#
# Without the recipe, which would end earlier: so little text is soon learned by heart. No part of ctest.
# tests/faults/test_growth.c is the short test: it counts bytes.
set -euo pipefail
hours=${1:?usage: tests/soak/growth.sh HOURS [BUILD-FOLDER]}
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
maske=${2:-$source_folder/build/release}/maske
work=$(mktemp -d)
process=
trap '[ -z "$process" ] || kill -9 $process 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 200); do cat "$source_folder/tests/data/train/kasaba.txt"; echo; done >"$work/text.txt"
"$maske" train --out "$work/run" --hidden-size 64 --num-hidden-layers 2 --num-attention-heads 2 --max-length 64 \
    --recipe no --minutes "$(awk "BEGIN { print $hours * 60 }")" --eval-steps 500 --save-minutes 1 --quiet "$work/text.txt" &
process=$!
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$process/status"; }
files() { find "/proc/$process/fd" -type l | wc -l; }
sleep "${SETTLE:-300}"
evaluations() { local n; n=$(grep -c '"valid_loss"' "$work/run/metrics.jsonl" 2>/dev/null) || true; echo "${n:-0}"; }
until [ "$(evaluations)" -gt 1 ] && ls -d "$work"/run/checkpoints/step-* >/dev/null 2>&1; do kill -0 $process; sleep 1; done
first=$(resident) first_files=$(files) last=$first last_files=$first_files
while kill -0 $process 2>/dev/null; do
    now=$(resident 2>/dev/null || true)
    [ -z "$now" ] || { last=$now; last_files=$(files 2>/dev/null || echo "$last_files"); echo "$(date -u '+%F %T') $now kB, $last_files files"; }
    sleep "${EVERY:-60}"
done
wait $process
process=
[ "$last" -le $((first + first / 50)) ] || { echo "grew from $first to $last kB"; exit 1; }
[ "$last_files" -le $((first_files + 3)) ] || { echo "grew from $first_files to $last_files open files"; exit 1; }
echo "$first kB at first, $last kB at the end"
