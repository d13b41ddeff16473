#!/usr/bin/env bash
# A model trained by maske loads in transformers without a word about missing or unexpected weights and gives the same
# logits; its tokenizer gives the same ids; and what transformers saves, maske runs.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 torch==2.15.0 transformers==5.23.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$SOURCE/tests/reference/compare_training.py" "$MASKE" "$SOURCE/docs" "$work"
