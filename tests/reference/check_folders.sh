#!/usr/bin/env bash
# Folders of tokenizers beside transformers' AutoTokenizer: whichever class, files and settings they have, the same ids.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tokenizers==0.23.3 transformers==5.23.0
export PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TOKENIZERS_PARALLELISM=false
"$python" "$SOURCE/tests/reference/compare_folders.py" "$MASKE"
