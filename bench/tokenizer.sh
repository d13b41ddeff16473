#!/usr/bin/env bash
# bench/tokenizer.sh [TEXT...]: tokenizers of maske, gigatoken, tokenizers and sentencepiece side by side, in turn, on the
# same text and cores: learning a byte-level BPE of 16,000 and of 32,000 entries, encoding a file to ids on disk (byte
# level, metaspace, WordPiece). Sets up its own virtual environment below build/ and makes its corpus there
# (tokenizer_corpus.sh, about 44 MB in 14 languages, no line twice); TEXT are further files for it. ROUNDS (3) changes how
# often; about five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
bash setup.sh >/dev/null
python=build/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv build/bench-venv
"$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 tokenizers==0.23.3 gigatoken==0.10.0 \
    sentencepiece==0.2.3
corpus=build/bench-tokenizer
[ -f "$corpus/all.txt" ] && [ $# = 0 ] || bash bench/tokenizer_corpus.sh "$corpus" "$@"
"$python" bench/tokenizer.py build/release/maske "$corpus"
