"""bench/quality_torch.py DATA TOKENIZER OUT RECIPE f32|bf16 minutes|steps N [SEED]: what somebody who knows PyTorch writes
to train a BERT of 256 x 4 in N minutes or steps; see bench/quality.sh. Prints the steps, tokens and seconds as JSON and
leaves in OUT a BertForMaskedLM as transformers saves it.

DATA     from `maske data`: the sequences; where they are masked the labels give the token back
RECIPE   adamw   AdamW 1e-3, masks of 15 %, batches of 8, dropout 0.1
         muon    torch.optim.Muon 2e-3 on the layers' matrices and AdamW 1e-3 on the rest, 30 %, batches of 16, no dropout
Both: 80/10/10 masks drawn anew for each batch, a warm-up of 6 % and a linear fall, by steps or by the clock, decay 0.01,
gradients of norm 1 at most, scaled_dot_product_attention, one product for q, k and v, logits at the masks only."""
import json
import os
import shutil
import sys
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

path, tokenizer, out, recipe, precision, kind, budget = sys.argv[1:8]
seed, budget = int(sys.argv[8]) if len(sys.argv) > 8 else 1, float(budget)
HIDDEN, LAYERS, HEADS, WARM_UP, RATE = 256, 4, 4, 0.06, 1e-3
share, batch, dropout, muon_rate = {"adamw": (0.15, 8, 0.1, None), "muon": (0.30, 16, 0.0, 2e-3)}[recipe]
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(seed)

vocabulary = json.loads((Path(tokenizer) / "tokenizer.json").read_text("utf-8"))
VOCAB = max([*vocabulary["model"]["vocab"].values(), *(t["id"] for t in vocabulary["added_tokens"])]) + 1
special = {t["content"]: t["id"] for t in vocabulary["added_tokens"] if t["special"]}
MASK = special["[MASK]"]


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(HIDDEN, 3 * HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.up, self.down = nn.Linear(HIDDEN, 4 * HIDDEN), nn.Linear(4 * HIDDEN, HIDDEN)
        self.norm1, self.norm2, self.drop = nn.LayerNorm(HIDDEN, 1e-12), nn.LayerNorm(HIDDEN, 1e-12), nn.Dropout(dropout)

    def forward(self, x, mask):
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        x = self.norm1(x + self.drop(self.out(a.transpose(1, 2).reshape(b, t, HIDDEN))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Bert(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.word, self.position, self.kind = nn.Embedding(VOCAB, HIDDEN), nn.Embedding(length, HIDDEN), nn.Embedding(2, HIDDEN)
        self.norm, self.drop = nn.LayerNorm(HIDDEN, 1e-12), nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.dense, self.head_norm = nn.Linear(HIDDEN, HIDDEN), nn.LayerNorm(HIDDEN, 1e-12)
        self.bias = nn.Parameter(torch.zeros(VOCAB))
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, ids, mask, labels):
        x = self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind.weight[0]
        x = self.drop(self.norm(x))
        mask = None if mask.all() else mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        chosen = labels != -100
        x = self.head_norm(F.gelu(self.dense(x[chosen])))
        return F.cross_entropy(F.linear(x, self.word.weight, self.bias).float(), labels[chosen])


def masked(ids, real):
    """80 % of the chosen tokens become [MASK], 10 % any token, 10 % stay."""
    chosen = real & (torch.rand(ids.shape) < share)
    for i in (i for name, i in special.items() if name != "[UNK]"):
        chosen &= ids != i
    labels, draw = torch.where(chosen, ids, -100), torch.rand(ids.shape)
    ids = torch.where(chosen & (draw < 0.8), MASK, ids)
    return torch.where(chosen & (draw >= 0.9), torch.randint(len(special), VOCAB, ids.shape), ids), labels


def orthogonal(gradient, coefficients, steps, eps):
    """Newton and Schulz's iteration of torch.optim.Muon, in f32: where the CPU multiplies no bf16 its own is 30 times slower."""
    a, b, c = coefficients
    x = gradient.T if gradient.shape[0] > gradient.shape[1] else gradient
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.T if gradient.shape[0] > gradient.shape[1] else x


if "avx512_bf16" not in Path("/proc/cpuinfo").read_text().split():
    torch.optim._muon._zeropower_via_newtonschulz = orthogonal


def optimizers(model):
    matrices = [p for m in [*model.layers.modules(), model.dense] if isinstance(m, nn.Linear) for p in (m.weight,)]
    ids = {id(p) for p in matrices} if muon_rate else set()
    rest = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": [p for p in rest if p.ndim > 1], "weight_decay": 0.01}, {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0}]
    made = [torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98), eps=1e-6, fused=True)]
    if muon_rate:
        made.append(torch.optim.Muon(matrices, lr=muon_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"))
    return made, [o.param_groups[0]["lr"] for o in made]


def save(model):
    """The names of transformers' BertForMaskedLM."""
    mine, theirs = model.state_dict(), {}
    names = {"word.weight": "bert.embeddings.word_embeddings.weight", "position.weight": "bert.embeddings.position_embeddings.weight",
             "kind.weight": "bert.embeddings.token_type_embeddings.weight", "norm.": "bert.embeddings.LayerNorm.",
             "dense.": "cls.predictions.transform.dense.", "head_norm.": "cls.predictions.transform.LayerNorm.", "bias": "cls.predictions.bias"}
    parts = {"out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense", "norm1": "attention.output.LayerNorm",
             "norm2": "output.LayerNorm"}
    for name, value in mine.items():
        if name.startswith("layers."):
            _, i, part, what = name.split(".")
            prefix = f"bert.encoder.layer.{i}."
            if part == "qkv":
                for side, piece in zip(("query", "key", "value"), value.chunk(3)):
                    theirs[f"{prefix}attention.self.{side}.{what}"] = piece.clone()
            else:
                theirs[f"{prefix}{parts[part]}.{what}"] = value
        else:
            mine_name = next(n for n in names if name == n or (n.endswith(".") and name.startswith(n)))
            theirs[names[mine_name] + name[len(mine_name) :]] = value
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for file in Path(tokenizer).iterdir():
        shutil.copy(file, folder)
    save_file(theirs, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["BertForMaskedLM"], "model_type": "bert", "vocab_size": VOCAB, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": 4 * HIDDEN, "hidden_act": "gelu", "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout, "max_position_embeddings": length, "type_vocab_size": 2, "initializer_range": 0.02,
        "layer_norm_eps": 1e-12, "pad_token_id": special["[PAD]"]}, indent=2) + "\n")


data = load_file(path)
labels = data["labels"]
sequences = torch.where(labels != -100, labels, data["input_ids"])
real = data["attention_mask"].bool()
length = sequences.shape[1]
model = Bert(length)
made, rates = optimizers(model)
step = tokens = 0
order, begun = [], time.perf_counter()
while True:
    done = step / budget if kind == "steps" else (time.perf_counter() - begun) / (60 * budget)
    if done >= 1:
        break
    factor = min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
    for optimizer, rate in zip(made, rates):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor
        optimizer.zero_grad(set_to_none=True)
    if len(order) < batch:
        order = torch.randperm(len(sequences)).tolist()
    rows, order = order[:batch], order[batch:]
    ids, wanted = masked(sequences[rows], real[rows])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        loss = model(ids, real[rows], wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in made:
        optimizer.step()
    step, tokens = step + 1, tokens + int(real[rows].sum())
    if os.environ.get("VERBOSE") and step % 50 == 0:
        print(step, round(loss.item(), 4), round(time.perf_counter() - begun, 1), file=sys.stderr, flush=True)
seconds = time.perf_counter() - begun
save(model)
print(json.dumps({"steps": step, "tokens": tokens, "seconds": round(seconds, 2)}))
