#!/usr/bin/env bash
# What `maske tokenizer inspect` says of decoding, of tokenizers of many kinds that the library made: where it proves that
# texts come back, random texts that keep to its conditions come back in the library; where it does not, the text that it
# gives as lost is lost there.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tokenizers==0.23.3
export PYTHONDONTWRITEBYTECODE=1
"$python" "$SOURCE/tests/reference/compare_inspect.py" --maske "$MASKE"
