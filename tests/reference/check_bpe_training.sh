#!/usr/bin/env bash
# What a BPE learns against the tokenizers library: thousands of small corpora that collide with themselves, then whole
# tokenizers trained by both on the same text.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tokenizers==0.23.3
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in 2 3; do
    "$python" "$SOURCE/tests/reference/make_bpe_training_golden.py" --cases 1500 --seed $seed >"$work/cases.json"
    "$BUILD/tests/test_tokenizer_bpe_training" "$work/cases.json"
done
"$python" "$SOURCE/tests/reference/compare_bpe_training.py" --maske "$MASKE"
