"""Models of every family, beside transformers and ONNX Runtime: compare_models.py MASKE DATA TOKENIZER WORK

DATA holds models as transformers saved them (tests/data/bert), TOKENIZER a tokenizer.json. For every one
- export: transformers loads what was written, nothing missing or unexpected, with the same logits; in f16 and bf16 those
  of the rounded weights
- export --onnx: ONNX Runtime's logits are those of transformers, for several batches and lengths, with padding
"""
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from transformers import AutoModel, AutoModelForMaskedLM
from transformers.utils import logging

logging.disable_progress_bar()
logging.set_verbosity_error()
MASKE, DATA, TOKENIZER, WORK = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])


def maske(*arguments):
    done = subprocess.run([MASKE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"maske {' '.join(map(str, arguments))}: {done.stderr}")


def make_inputs(config, batch, length, seed):
    generator = torch.Generator().manual_seed(seed)
    inputs = {"input_ids": torch.randint(5, config.vocab_size, (batch, length), generator=generator),
              "attention_mask": torch.ones((batch, length), dtype=torch.long)}
    inputs["attention_mask"][-1, length - length // 3:] = 0
    if config.pad_token_id is not None:
        inputs["input_ids"][inputs["attention_mask"] == 0] = config.pad_token_id
    if config.model_type != "distilbert":
        inputs["token_type_ids"] = torch.randint(0, config.type_vocab_size, (batch, length), generator=generator)
    return inputs


def run_onnx(session, inputs):
    assert {i.name for i in session.get_inputs()} == set(inputs), [i.name for i in session.get_inputs()]
    return session.run(None, {k: v.numpy() for k, v in inputs.items()})[0]


def check(source, name, dtype, head):
    out = WORK / f"{name}-{dtype}"
    maske("export", "--model", source, "--out", out, "--dtype", dtype, "--onnx")
    kind = AutoModelForMaskedLM if head else AutoModel
    again, report = kind.from_pretrained(out, output_loading_info=True, dtype=torch.float32)
    poolers = {f"{prefix}pooler.dense.{end}" for prefix in ("", "bert.") for end in ("weight", "bias")}
    assert not (set(report["missing_keys"]) | set(report["unexpected_keys"])) - poolers, report
    model = kind.from_pretrained(source, dtype=torch.float32) if dtype == "f32" else again
    session = onnxruntime.InferenceSession(str(out / "model.onnx"), providers=["CPUExecutionProvider"])
    for seed, (batch, length) in enumerate(((1, 1), (2, 5), (3, 8))):
        inputs = make_inputs(model.config, batch, length, seed)
        with torch.no_grad():
            expected, loaded = (m.eval()(**inputs)[0].numpy() for m in (model, again))
        real = inputs["attention_mask"].numpy() == 1
        scale = np.abs(expected[real]).max()
        assert np.abs(expected - loaded).max() <= 1e-6 * scale, (name, np.abs(expected - loaded).max())
        got = run_onnx(session, inputs)
        assert got.shape == expected.shape and got.dtype == np.float32
        assert np.abs(got - expected)[real].max() < 1e-4 * scale, (name, dtype, np.abs(got - expected)[real].max())


for case in sorted(DATA.iterdir()):
    folder = WORK / case.name
    shutil.copytree(case, folder)
    shutil.copy(TOKENIZER, folder)
    for dtype in ("f32", "f16", "bf16"):
        check(folder, case.name, dtype, True)
    print(case.name, "agrees")
# without a prediction head
base = WORK / "base"
AutoModelForMaskedLM.from_pretrained(DATA / "gelu").bert.save_pretrained(base)
shutil.copy(TOKENIZER, base)
check(base, "base", "f32", False)
print("a model without a head agrees")
