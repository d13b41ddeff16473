#!/usr/bin/env bash
# The tasks (fill, score, embed, run, export) beside transformers and the tokenizers library, over small random models.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 torch==2.15.0 transformers==5.23.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$SOURCE/tests/reference/compare_tasks.py" "$MASKE" "$SOURCE/tests/data/tasks" "$work"
