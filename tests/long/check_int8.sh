#!/usr/bin/env bash
# A model that was trained for about a minute: its masked accuracy in int8 is within half a point of that in f32; on
# every level of the CPU the integer sums are the same, so accuracy moves by attention's rounding alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat "$SOURCE"/src/{base,corpus,data,nn,bert,train,tasks,cli}/*.[ch] >"$work/text"
cat "$SOURCE"/src/tokenizer/*.[ch] >"$work/held-out"
"$MASKE" train --out "$work/model" --size tiny --steps 1000 --max-length 64 --batch-size 32 --vocab-size 4000 \
    --learning-rate 0.003 --quiet "$work/text"
figure() { sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p"; }
"$MASKE" evaluate --model "$work/model" --precision f32 --words 0 --json "$work/held-out" >"$work/f32"
accuracy=$(figure accuracy <"$work/f32")
awk -v a="$accuracy" 'BEGIN {exit !(a > 0.15)}' || { echo "the model has learnt too little to tell: accuracy $accuracy"; exit 1; }
for level in avx2 avx512 amx; do      # plain C gives the same bits (tests/nn/test_gemm_int8.c), but takes minutes
    MASKE_CPU=$level "$MASKE" evaluate --model "$work/model" --precision int8 --words 0 --json "$work/held-out" >"$work/int8"
    echo "accuracy f32 $accuracy, int8 at $level $(figure accuracy <"$work/int8"); loss $(figure loss <"$work/f32"), $(figure loss <"$work/int8")"
    [ "$(figure predicted <"$work/f32")" = "$(figure predicted <"$work/int8")" ]
    awk -v a="$accuracy" -v b="$(figure accuracy <"$work/int8")" 'BEGIN {exit !(a - b < 0.005 && b - a < 0.005)}'
done
