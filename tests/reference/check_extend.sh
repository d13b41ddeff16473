#!/usr/bin/env bash
# Extending against bpe-continue on the same text, and against what the tokenizers library makes of the files: the same ids,
# the same cuts or fewer, fewer tokens; for a BPE over bytes, one with pieces of bytes, a vocab.json alone, and WordPiece.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tokenizers==0.23.3 bpe-continue==0.1.0
export PYTHONDONTWRITEBYTECODE=1
"$python" "$SOURCE/tests/reference/compare_extend.py" --maske "$MASKE"
