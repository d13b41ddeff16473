"""compare_training.py MASKE TEXT_FOLDER WORK_FOLDER: trained models go from maske to transformers and back."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, logging

maske, text, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
lines = [line for page in sorted(text.glob("*.md")) for line in page.read_text("utf-8").splitlines() if line.strip()]


def run(*arguments, stdin=None):
    done = subprocess.run([maske, *map(str, arguments)], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def compare_logits(folder, model, ids, mask):
    """The model's logits in transformers and by `maske run`."""
    inputs, outputs = work / "in.safetensors", work / "out.safetensors"
    save_file({"input_ids": ids.astype(np.int64), "attention_mask": mask.astype(np.int64)}, inputs)
    run("run", "--model", folder, "--in", inputs, "--out", outputs, "--precision", "f32", "--force")
    with torch.no_grad():
        expected = model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)).logits.numpy()
    found = load_file(outputs)["logits"]
    there = mask.astype(bool)
    difference = np.abs(found - expected)[there].max() / np.abs(expected[there]).max()
    assert difference < 1e-4, f"logits differ by {difference:.2e} of the largest"
    return difference


def maske_to_transformers(pre_tokenizer):
    folder = work / pre_tokenizer
    run("train", "--out", folder, "--size", "tiny", "--steps", 30, "--batch-size", 8, "--vocab-size", 1200, "--max-length", 64,
        "--pre-tokenizer", pre_tokenizer, "--quiet", text)
    warnings = []
    logging.get_logger("transformers").warning = lambda message, *rest, **more: warnings.append(str(message))
    model, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    assert type(model).__name__ == "BertForMaskedLM", type(model)
    for kind, names in info.items():
        assert not names, f"{kind}: {names}"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert not warnings, warnings
    assert (tokenizer.mask_token, tokenizer.pad_token, tokenizer.cls_token) == ("[MASK]", "[PAD]", "[CLS]")
    sample = lines[:200]
    found = [[int(i) for i in row.split()] for row in run("tokenizer", "encode", "--model", folder, "-", stdin="\n".join(sample) + "\n").splitlines()]
    expected = tokenizer(sample)["input_ids"]
    assert found == expected, next((a, b) for a, b in zip(found, expected) if a != b)
    batch = tokenizer(sample[:8], padding=True, truncation=True, max_length=64, return_tensors="np")
    worst = compare_logits(folder, model.eval(), batch["input_ids"], batch["attention_mask"])
    print(f"maske -> transformers, {pre_tokenizer}: {len(sample)} lines with the same ids, logits within {worst:.1e}")


def transformers_to_maske():
    torch.manual_seed(0)
    config = BertConfig(vocab_size=1200, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=100)
    model, folder = BertForMaskedLM(config).eval(), work / "theirs"
    model.save_pretrained(folder)
    random = np.random.default_rng(0)
    ids = random.integers(5, 1200, (3, 20))
    mask = np.ones_like(ids)
    mask[1, 15:] = 0
    print(f"transformers -> maske: logits within {compare_logits(folder, model, ids, mask):.1e}")


for name in ("metaspace", "bytelevel", "bert", "whitespace"):
    maske_to_transformers(name)
transformers_to_maske()
