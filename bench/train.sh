#!/usr/bin/env bash
# bench/train.sh [TEXT]: training speed and memory of maske beside PyTorch's, in turn, on the same full blocks, shapes and
# cores: a hand-written PyTorch loop that computes logits at the masks only ("by hand"), and transformers'
# BertForMaskedLM on the same packed sequences (f32), and on padded lines, one a sequence ("padded": real tokens count; f32,
# mini alone). One row a shape, length and run.
# Sets up its own virtual environment below build/. TEXT: the demo's corpus if none is given. What may be chosen:
#   SHAPES  "tiny mini small medium base"     PEERS   "hand transformers padded"
#   LENGTHS "128 512" (else: 512 for mini and base alone, transformers and padded at 128 alone)
#   RUNS    "f32@avx2 f32 bf16": precisions; @ lowers the level of both sides (maske's MASKE_CPU, PyTorch's variables)
#   TOKENS  a step (else 4096, of medium 2048, of base 1024), STEPS a run (else as many as the shape asks for),
#   ROUNDS  (1), VOCAB (16000)
set -euo pipefail
cd "$(dirname "$0")/.."
bash setup.sh >/dev/null
python=build/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv build/bench-venv
"$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0 torch==2.15.0 transformers==5.23.0
text=${1:-build/bench-corpus.txt}
[ -f "$text" ] || bash demo/corpus.sh "$text"
"$python" bench/train.py build/release/maske "$text"
