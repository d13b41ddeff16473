#!/usr/bin/env bash
# What a training says that it needs is what it takes, to a tenth: the peak of the process (VmHWM) beside the sentence
# of the start. SIZES and STEPS: which models, how long.
set -euo pipefail
source "$SOURCE/tests/memory.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# One long document: every sequence is full, as the plan takes them to be.
for i in $(seq 30); do grep . "$SOURCE/tests/data/train/kasaba.txt"; done >"$work/text.txt"
"$MASKE" tokenizer train --out "$work/tokenizer" --vocab-size 400 --quiet "$work/text.txt"

# The peak is read while the last step is still to be told: the kernel forgets it with the process.
last_peak_of() {
    local peak=0 now
    while now=$(peak_of "$1") && [ -n "$now" ]; do
        peak=$now
        sleep 0.01
    done
    echo "$peak"
}

end=(--steps "${STEPS:-2}")
check() {
    rm -rf "$work/out"
    "$MASKE" train --out "$work/out" --tokenizer "$work/tokenizer" "${end[@]}" --log-steps 1 \
        --valid-fraction 0.1 "$@" "$work/text.txt" 2>"$work/log" &
    local process=$! peak
    peak=$(last_peak_of $process)
    wait $process || { echo "$*: $(tail -1 "$work/log")"; failed=1; return; }
    compare_memory "$*" "$work/log" "$peak" || failed=1
}

for size in ${SIZES:-tiny mini}; do
    check --size "$size"
    check --size "$size" --max-length 512 --batch-size 2 --recompute
    check --size "$size" --micro-batch 4 --precision f32
    check --size "$size" --micro-batch 1 --word-vectors 0.05 --neighbour-heads yes
done
# Trials hold the weights that each begins with beside those that it trains.
end=(--minutes 0.06 --trials 0.4 --recipe no)
check --size mini --batch-size 2 --max-length 32
exit $failed
