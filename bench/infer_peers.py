"""bench/infer_peers.py PEER MODEL WORK COUNT...: one peer's figures as JSON: the least seconds of a pass for (texts, length)
pairs, and, where a file of texts is named, the seconds from texts to vectors. PEER: torch, onnx or onnx-int8. Ids in and the
last layer's vectors out; the peers use as many threads as there are cores."""
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

peer, folder, work, texts = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
WORKS = [(1, 16), (1, 128), (32, 32), (32, 128)]
SECONDS = float(os.environ.get("SECONDS_EACH", "1.5"))
cores = int(os.environ.get("THREADS", len(os.sched_getaffinity(0))))
clock = time.process_time if os.environ.get("CLOCK") == "processor" else time.perf_counter


def least(run):
    best, begun, passes = float("inf"), time.perf_counter(), 0
    while passes < 5 or time.perf_counter() - begun < SECONDS:
        start = clock()
        run()
        if passes >= 2:
            best = min(best, clock() - start)
        passes += 1
    return best


def made_up(sequences, length):
    ids = (np.arange(sequences * length, dtype=np.int64) * 7919 + 1) % 30522
    return ids.reshape(sequences, length)


result = {}
if peer == "torch":
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(cores)
    model = AutoModel.from_pretrained(folder, attn_implementation="sdpa", add_pooling_layer=False).eval()
    with torch.inference_mode():
        for sequences, length in WORKS:
            ids = torch.from_numpy(made_up(sequences, length))
            mask = torch.ones_like(ids)
            result[f"{sequences}x{length}"] = least(lambda: model(input_ids=ids, attention_mask=mask))
    if texts != "-":
        lines = Path(texts).read_text("utf-8").splitlines()
        tool = SentenceTransformer(folder, device="cpu")
        tool.encode(lines[:64])
        begun = clock()
        vectors = tool.encode(lines, batch_size=32)            # sorts by length
        result["texts"] = clock() - begun
        np.save(work / "torch.npy", vectors)
else:
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(str(work / ("int8.onnx" if peer == "onnx-int8" else "f32.onnx")), options,
                                           providers=["CPUExecutionProvider"])

    def run(ids, mask):
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feed = {i.name: feed[i.name].astype(np.int32 if "int32" in i.type else np.int64) for i in session.get_inputs()}
        return session.run(None, feed)[0]

    for sequences, length in WORKS:
        ids = made_up(sequences, length)
        mask = np.ones_like(ids)
        result[f"{sequences}x{length}"] = least(lambda: run(ids, mask))
    if texts != "-":
        lines = Path(texts).read_text("utf-8").splitlines()
        tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        length = json.loads((Path(folder) / "sentence_bert_config.json").read_text())["max_seq_length"]
        tokenizer.enable_truncation(length)
        tokenizer.enable_padding()
        vectors = np.zeros((len(lines), json.loads((Path(folder) / "config.json").read_text())["hidden_size"]), np.float32)
        begun = clock()
        order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
        for first in range(0, len(order), 32):
            part = order[first : first + 32]
            encoded = tokenizer.encode_batch([lines[i] for i in part])
            ids, mask = np.array([e.ids for e in encoded]), np.array([e.attention_mask for e in encoded])
            hidden = run(ids, mask)
            pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            vectors[part] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        result["texts"] = clock() - begun
        np.save(work / f"{peer}.npy", vectors)
print(json.dumps(result))
