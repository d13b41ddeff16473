#!/usr/bin/env bash
# valgrind's memcheck over a whole small training, a resume, filling and encoding: no use of memory that was not set, none
# outside its block, nothing lost. It knows instructions up to AVX2, so this is that level's path. Skipped where valgrind
# is not installed.
set -euo pipefail
command -v valgrind >/dev/null || { echo "valgrind is not here"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
text=$SOURCE/tests/data/train/kasaba.txt
run() {
    valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
        --errors-for-leak-kinds=definite,indirect "$MASKE" "$@" >"$work/log" 2>&1 ||
        { echo "maske $*"; tail -60 "$work/log"; exit 1; }
}
run train --out "$work/run" --vocab-size 300 --hidden-size 32 --num-hidden-layers 2 --num-attention-heads 2 \
    --max-length 64 --batch-size 4 --micro-batch 3 --recompute --steps 4 --eval-steps 2 --save-steps 2 \
    --valid-fraction 0.1 --threads 2 "$text"
run train --resume "$work/run"
run fill --model "$work/run" 'Kasaba [MASK] bir yerdi.'
run tokenizer encode --model "$work/run" --threads 2 "$text"
echo "no error"
