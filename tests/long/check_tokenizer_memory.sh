#!/usr/bin/env bash
# tests/cli/check_tokenizer_memory.sh with a gigabyte: five million different words, 256 MB for them.
set -euo pipefail
BYTES=1000000000 MEMORY=256M SHARE=50 SPACE=470000 bash "$SOURCE/tests/cli/check_tokenizer_memory.sh"
