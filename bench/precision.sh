#!/usr/bin/env bash
# bench/precision.sh TEXT: whether bf16 learns as f32 does: the same run twice, in f32 and in bf16, with the same seed; the
# mean losses of each hundred steps side by side, and how far they are apart at the most. Fails beyond 0.02, which is
# far less than two seeds differ by. STEPS (2000), SIZE (tiny), BATCH (8) change the run.
set -euo pipefail
cd "$(dirname "$0")/.."
text=${1:?usage: bench/precision.sh TEXT}
maske=build/release/maske
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$maske" tokenizer train --out "$work/tokenizer" --vocab-size 8000 --quiet "$text"
for precision in f32 bf16; do
    "$maske" train --out "$work/$precision" --tokenizer "$work/tokenizer" --size "${SIZE:-tiny}" --precision $precision \
        --batch-size "${BATCH:-8}" --steps "${STEPS:-2000}" --log-steps 1 --valid-fraction 0 --quiet "$text"
    sed -n 's/.*"step":\([0-9]*\),.*"loss":\([0-9.]*\).*/\1 \2/p' "$work/$precision/metrics.jsonl" >"$work/$precision.loss"
done
paste "$work/f32.loss" "$work/bf16.loss" | awk '
    { a += $2; b += $4; n++ }
    $1 != $3 { print "steps differ: " $0; exit 1 }
    NR % 100 == 0 { d = (b - a) / n; if (d < 0) d = -d; if (d > most) most = d
                    printf "steps %5d to %5d  f32 %.4f  bf16 %.4f  %+.4f\n", NR - 99, NR, a / n, b / n, (b - a) / n; a = b = n = 0 }
    END { if (NR < 100) { print "fewer than 100 steps"; exit 1 }
          printf "apart by %.4f at the most\n", most; exit most > 0.02 }'
