#!/usr/bin/env bash
# bench/quality.sh [TEXT]: how good a model is after so many minutes: maske beside hand-written PyTorch, one after another, on
# the same tokens, tokenizer and shape (256 x 4, vocabulary 8,000, length 128), judged by `maske evaluate` on the last
# documents of the text, which nobody trains on, with the same masks of 15 %. TEXT: the demo's corpus if none is given.
# Sets up its own virtual environment below build/. What may be chosen:
#   MINUTES "10"           several: each is a run of its own    SEEDS "1"
#   ROWS    "adamw-f32 muon-f32 adamw-bf16 muon-bf16 maske minutes": PyTorch's (quality_torch.py; bf16 where the CPU
#           multiplies it), maske with RECIPE's flags, maske with --minutes alone (its own tokenizer, shape and recipe)
#   RECIPE  flags of `maske train` for the row maske            HELD    documents held out (40)
#   WORK    where the runs are left (build/quality)
# On a machine that others use too the clock says nothing. There, take the speed of each row while it is quiet,
#   BUDGET=measure bash bench/quality.sh TEXT     SECONDS_EACH (20) of each row; leaves WORK/speed.json
# and then train for as many steps as MINUTES of that speed are, however long they take:
#   BUDGET=steps bash bench/quality.sh TEXT       (not the row minutes: its rule measures the machine by itself)
set -euo pipefail
cd "$(dirname "$0")/.."
bash setup.sh >/dev/null
python=build/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv build/bench-venv
"$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0 torch==2.15.0
text=${1:-build/bench-corpus.txt}
[ -f "$text" ] || bash demo/corpus.sh "$text"
"$python" bench/quality.py build/release/maske "$text"
