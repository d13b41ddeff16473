#!/usr/bin/env bash
# What a training says that it needs is what it takes, to a tenth: the peak of the process (VmHWM) beside the sentence
# of the start. SIZES and STEPS: which models, how long.
set -euo pipefail
if ldd "$MASKE" 2>/dev/null | grep asan >/dev/null; then
    echo "the address sanitizer takes memory of its own, several times the program's"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# One long document: every sequence is full, as the plan takes them to be.
for i in $(seq 30); do grep . "$SOURCE/tests/data/train/kasaba.txt"; done >"$work/text.txt"
"$MASKE" tokenizer train --out "$work/tokenizer" --vocab-size 400 --quiet "$work/text.txt"

# The peak is read while the last step is still to be told: the kernel forgets it with the process.
peak_of() {
    local peak=0 now
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.01
    done
    echo "$peak"
}

check() {
    rm -rf "$work/out"
    "$MASKE" train --out "$work/out" --tokenizer "$work/tokenizer" --steps "${STEPS:-2}" --log-steps 1 \
        --valid-fraction 0.1 "$@" "$work/text.txt" 2>"$work/log" &
    local process=$! peak said
    peak=$(peak_of $process)
    wait $process || { echo "$*: $(tail -1 "$work/log")"; failed=1; return; }
    said=$(sed -nE 's/^needs ([0-9.]+) ([MG]B) of memory.*/\1 \2/p' "$work/log")
    awk -v peak="$peak" -v said="$said" -v what="$*" 'BEGIN {
        split(said, part, " ")
        megabytes = part[1] * (part[2] == "GB" ? 1000 : 1)
        share = peak * 1024 / 1e6 / megabytes
        printf "%s: said %s, took %.0f MB (%.2f)\n", what, said, peak * 1024 / 1e6, share
        exit !(share > 0.9 && share < 1.1)
    }' || failed=1
}

for size in ${SIZES:-tiny mini}; do
    check --size "$size"
    check --size "$size" --max-length 512 --batch-size 2 --recompute
    check --size "$size" --micro-batch 4 --precision f32
    check --size "$size" --micro-batch 1 --word-vectors 0.05
done
exit $failed
