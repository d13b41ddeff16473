#!/usr/bin/env python3
"""Makes tests/data/weight_files/: one small model (tests/data/bert/one_layer) in every form that weights come in.

    python3 tests/reference/make_weight_files.py tests/data/bert/one_layer tests/data/weight_files

  bin           pytorch_model.bin as torch.save writes it; the decoder shares its storage with the word embeddings
  bin_old       the same with gamma and beta, without "bert.", each tensor a Parameter in a plain dict
  bin_half      in half precision, one tensor in bfloat16
  bin_sharded   two .bin files and pytorch_model.bin.index.json
  sharded       two .safetensors files and model.safetensors.index.json
  refused/      .bin files that must be refused: legacy.bin (the older form), view.bin (a transposed tensor), code.bin (a
                pickle that would call a function), nested.bin (a dictionary within)
"""
import json
import os
import shutil
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

SOURCE, OUT = Path(sys.argv[1]), Path(sys.argv[2])


class Call:
    """What a pickle runs when Python loads it."""

    def __reduce__(self):
        return os.getcwd, ()


def folder(name):
    (OUT / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE / "config.json", OUT / name)
    return OUT / name


def write_shards(name, form, tensors, save):
    at, names = folder(name), list(tensors)
    files = [form % (i, 2) for i in (1, 2)]
    halves = [names[: len(names) // 2], names[len(names) // 2:]]
    for file, half in zip(files, halves, strict=True):
        save({n: tensors[n] for n in half}, at / file)
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())},
             "weight_map": {n: f for f, half in zip(files, halves, strict=True) for n in half}}
    (at / (form.split("-")[0] + Path(form).suffix + ".index.json")).write_text(json.dumps(index, indent=1) + "\n")


tensors = load_file(SOURCE / "model.safetensors")
plain = OrderedDict(tensors)
plain["cls.predictions.decoder.weight"] = plain["bert.embeddings.word_embeddings.weight"]
plain["bert.embeddings.position_ids"] = torch.arange(9)[None]
plain._metadata = OrderedDict({"": {"version": 1}})
torch.save(plain, folder("bin") / "pytorch_model.bin")

old = {}
for n, t in tensors.items():
    n = n.removeprefix("bert.").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    old[n] = torch.nn.Parameter(t)
torch.save(old, folder("bin_old") / "pytorch_model.bin")

half = {n: t.half() for n, t in tensors.items()}
half["bert.pooler.dense.bias"] = tensors["bert.pooler.dense.bias"].bfloat16()
torch.save(half, folder("bin_half") / "pytorch_model.bin")

write_shards("bin_sharded", "pytorch_model-%05d-of-%05d.bin", tensors, torch.save)
write_shards("sharded", "model-%05d-of-%05d.safetensors", tensors, lambda t, f: save_file(t, f, {"format": "pt"}))

(OUT / "refused").mkdir(exist_ok=True)
torch.save({"a": torch.zeros(2)}, OUT / "refused" / "legacy.bin", _use_new_zipfile_serialization=False)
torch.save({"a": torch.zeros(2, 3).t()}, OUT / "refused" / "view.bin")
torch.save({"a": Call()}, OUT / "refused" / "code.bin")
torch.save({"model": {"a": torch.zeros(2)}}, OUT / "refused" / "nested.bin")
