#!/usr/bin/env bash
# bench/train.sh [TEXT]: training speed of maske beside PyTorch's, in turn, on the same full blocks, shape and cores:
#   maske f32, maske bf16 (where the CPU has it); a hand-written PyTorch loop that computes logits at the masks only, f32
#   and bf16 autocast; transformers' BertForMaskedLM on the same packed sequences.
# Sets up its own virtual environment below build/. TEXT: the demo's corpus if none is given. MASKE_CPU lowers maske's
# level; ATEN_CPU_CAPABILITY and ONEDNN_MAX_CPU_ISA are set to match, so that both sides have the same instructions.
# SIZES ("tiny mini"), STEPS (20), ROUNDS (2), BATCH (32), LENGTH (128), VOCAB (16000) change the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash setup.sh >/dev/null
python=build/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv build/bench-venv
"$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0 torch==2.15.0 transformers==5.23.0
text=${1:-build/bench-corpus.txt}
[ -f "$text" ] || bash demo/corpus.sh "$text"
"$python" bench/train.py build/release/maske "$text"
