#!/usr/bin/env bash
# Models of every family, exported, beside transformers and ONNX Runtime.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 torch==2.15.0 transformers==5.23.0 onnxruntime==1.32.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$SOURCE/tests/reference/compare_models.py" "$MASKE" "$SOURCE/tests/data/bert" "$SOURCE/tests/data/tasks/metaspace/tokenizer.json" "$work"
