"""bench/train_torch.py DATA SIZE hand|transformers|padded f32|bf16 BATCH STEPS VOCAB: PyTorch's training; prints the real tokens
a second of each step as JSON.

hand: what somebody who knows PyTorch writes for speed: scaled_dot_product_attention, one product for q, k and v, logits
at the masks only, fused AdamW. transformers: BertForMaskedLM as it comes, on the same packed sequences; padded: the same on lines
that are filled up with [PAD] to the data set's length."""
import json
import os
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

path, size, kind, precision, batch, steps, vocab = sys.argv[1:8]
hidden, layers = {"tiny": (128, 2), "mini": (256, 4), "small": (512, 4), "medium": (512, 8), "base": (768, 12)}[size]
batch, steps, vocab, heads = int(batch), int(steps), int(vocab), hidden // 64
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.up, self.down = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.norm1, self.norm2, self.drop = nn.LayerNorm(hidden, 1e-12), nn.LayerNorm(hidden, 1e-12), nn.Dropout(0.1)

    def forward(self, x, mask):
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, heads, 64).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=0.1)
        x = self.norm1(x + self.drop(self.out(a.transpose(1, 2).reshape(b, t, hidden))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Hand(nn.Module):
    def __init__(self):
        super().__init__()
        self.word, self.position, self.kind = nn.Embedding(vocab, hidden), nn.Embedding(512, hidden), nn.Embedding(2, hidden)
        self.norm, self.drop = nn.LayerNorm(hidden, 1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.dense, self.head_norm, self.bias = nn.Linear(hidden, hidden), nn.LayerNorm(hidden, 1e-12), nn.Parameter(torch.zeros(vocab))

    def forward(self, ids, mask, labels):
        x = self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind.weight[0]
        x = self.drop(self.norm(x))
        mask = None if mask.all() else mask[:, None, None, :].bool()
        for layer in self.layers:
            x = layer(x, mask)
        chosen = labels != -100
        x = self.head_norm(F.gelu(self.dense(x[chosen])))
        return F.cross_entropy(F.linear(x, self.word.weight, self.bias).float(), labels[chosen])


data = load_file(path)
if kind == "hand":
    model = Hand()
else:
    from transformers import BertConfig, BertForMaskedLM
    model = BertForMaskedLM(BertConfig(vocab_size=vocab, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * hidden))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01, fused=True)
count, speeds = len(data["input_ids"]) // batch, []
for step in range(steps):
    rows = slice(step % count * batch, (step % count + 1) * batch)
    ids, mask, labels = data["input_ids"][rows], data["attention_mask"][rows], data["labels"][rows]
    begun = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        loss = model(ids, mask, labels) if kind == "hand" else model(input_ids=ids, attention_mask=None if mask.all() else mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    speeds.append(mask.sum().item() / (time.perf_counter() - begun))
print(json.dumps(speeds))
