#!/usr/bin/env bash
# Ids, offsets, masks, decoded text and saved files against the tokenizers library, over every component.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tokenizers==0.23.3
export PYTHONDONTWRITEBYTECODE=1
"$python" "$SOURCE/tests/reference/compare_tokenizers.py" --driver "$BUILD/tests/tokenizer_driver"
