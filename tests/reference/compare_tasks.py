"""maske's tasks beside transformers, over small random models that transformers saved: compare_tasks.py MASKE TOKENIZERS WORK

TOKENIZERS holds metaspace/, bytelevel/, wordpiece/ with a tokenizer.json each. For every one of them
- fill: the ids of random prompts are the tokenizers library's; every candidate's score is its probability under the
  model; candidates are in order and none is left out but special tokens and pieces of characters; outside its masks the
  prompt comes back byte for byte
- fill beside the fill-mask pipeline: with targets, the same tokens in the same order with the same scores
- score: the sum over single masks, and over masks of the rest of the word (WordPiece, whose words the library tells); embed: the pooled last layer; run: logits, loss and every gradient
- export: transformers loads what was written, with nothing missing or unexpected, and gives the same logits
"""
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast, pipeline
from transformers.utils import logging

logging.disable_progress_bar()
MASKE, TOKENIZERS, WORK = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
SPECIAL = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
WORDS = "Ankara bir şehirdir kitap Kitaplar ( ) . , 漢 ğ city the New'da - 12 😀".split()


def maske(*arguments, text=None):
    done = subprocess.run([MASKE, *map(str, arguments)], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"maske {' '.join(map(str, arguments))}: {done.stderr}")
    return done


def make_model(name, seed):
    torch.manual_seed(seed)
    folder = WORK / name
    tokenizer = Tokenizer.from_file(str(TOKENIZERS / name / "tokenizer.json"))
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
                        intermediate_size=40, max_position_embeddings=48, initializer_range=0.4, pad_token_id=0)
    model = BertForMaskedLM(config).eval()
    model.save_pretrained(folder)
    shutil.copy(TOKENIZERS / name / "tokenizer.json", folder)
    return folder, tokenizer, model


def random_prompt():
    bits = []
    for _ in range(random.randint(1, 7)):
        bits += [random.choice(WORDS + ["[MASK]"] * 6), random.choice([" ", " ", "", "  ", "\t"])]
    text = "".join(bits)
    return text if "[MASK]" in text else text + "[MASK]"


def check_fill(folder, tokenizer, model):
    prompts = [random_prompt() for _ in range(80)]
    (WORK / "prompts").write_text("".join(p + "\n" for p in prompts), encoding="utf-8")
    done = maske("fill", "--model", folder, "--file", WORK / "prompts", "--json", "--verbose", "--top-k", 12)
    seen = [[int(i) for i in line[4:].split()] for line in done.stderr.splitlines() if line.startswith("ids:")]
    for prompt, line, ids in zip(prompts, done.stdout.splitlines(), seen, strict=True):
        answer = json.loads(line)
        assert answer["prompt"] == prompt
        assert ids == tokenizer.encode(prompt).ids, (prompt, ids)
        with torch.no_grad():
            chances = model(torch.tensor([ids])).logits[0].double().softmax(-1)
        masks = [i for i, token in enumerate(ids) if tokenizer.id_to_token(token) == "[MASK]"]
        assert len(answer["candidates"]) == len(masks) == prompt.count("[MASK]")
        for place, candidates in zip(masks, answer["candidates"], strict=True):
            given = [c["token"] for c in candidates]
            for c in candidates:
                assert abs(c["score"] - chances[place, c["token"]].item()) < 1e-5
                assert c["token_str"] == tokenizer.decode([c["token"]])
            last = min(chances[place, t].item() for t in given)
            for token in (chances[place] > last + 1e-6).nonzero().flatten().tolist():
                string = tokenizer.id_to_token(token)
                text = tokenizer.decode([tokenizer.token_to_id("."), token])[1:]
                left_out = string in SPECIAL or "\ufffd" in text or not text.strip() or any(c < " " or c == "\x7f" for c in text)
                assert left_out != (token in given), (prompt, string)
        pattern = ".+?".join(re.escape(part) for part in prompt.split("[MASK]"))
        assert re.fullmatch(pattern, answer["text"], re.S), (prompt, answer["text"])


def check_pipeline(folder, tokenizer, model):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
                                   sep_token="[SEP]", mask_token="[MASK]")
    fill = pipeline("fill-mask", model=model, tokenizer=fast)
    entries = [tokenizer.id_to_token(i) for i in range(5, tokenizer.get_vocab_size())]
    words = [t for t in entries if t.lstrip("▁Ġ#").isalpha() and (t[0] in "▁Ġ" or folder.name == "wordpiece")]
    words = random.sample(words, 7)
    prompt = "Ankara [MASK] kitap."
    expected = fill(prompt, targets=words, top_k=5)
    for top_k, targets in ((5, words), (3, words)):
        line = maske("fill", "--model", folder, "--json", "--top-k", top_k, "--targets", ",".join(targets), prompt).stdout
        got = json.loads(line)["candidates"][0]
        assert [c["token"] for c in got] == [c["token"] for c in expected[:top_k]], (got, expected)
        for a, b in zip(got, expected):
            assert abs(a["score"] - b["score"]) < 1e-4 and a["token_str"] == b["token_str"]
    best = [c for c in fill(prompt, top_k=50)]
    got = json.loads(maske("fill", "--model", folder, "--json", "--top-k", 20, prompt).stdout)["candidates"][0]
    given = {c["token"] for c in got}
    assert [c["token"] for c in got] == [c["token"] for c in best if c["token"] in given], (got, best)


def within_word_score(tokenizer, model, text):
    encoding = tokenizer.encode(text)
    ids, words, total = encoding.ids, encoding.word_ids, 0.0
    for place in range(1, len(ids) - 1):
        masked = list(ids)
        for j in range(place, len(ids) - 1):
            if words[j] != words[place]:
                break
            masked[j] = tokenizer.token_to_id("[MASK]")
        with torch.no_grad():
            total += model(torch.tensor([masked])).logits[0, place].double().log_softmax(-1)[ids[place]].item()
    return total


def check_score_and_embed(folder, tokenizer, model):
    texts = [" ".join(random.choices(WORDS, k=random.randint(1, 8))) for _ in range(30)]
    lines = "".join(t + "\n" for t in texts)
    scores = [float(x) for x in maske("score", "--model", folder, text=lines).stdout.split()]
    if folder.name == "wordpiece":
        inside = [float(x) for x in maske("score", "--model", folder, "--within-word", text=lines).stdout.split()]
        for text, score in zip(texts, inside, strict=True):
            assert abs(score - within_word_score(tokenizer, model, text)) < 1e-3, text
    vectors = {p: [json.loads(x) for x in maske("embed", "--model", folder, "--precision", "f32", "--pooling", p, text=lines).stdout.splitlines()]
               for p in ("cls", "mean", "max")}
    with open(WORK / "vectors.npy", "wb") as file:
        subprocess.run([MASKE, "embed", "--model", folder, "--precision", "f32", "--pooling", "mean", "--format", "npy"], input=lines.encode(), stdout=file, check=True)
    assert np.abs(np.load(WORK / "vectors.npy") - np.array(vectors["mean"])).max() < 1e-6
    for i, text in enumerate(texts):
        ids = tokenizer.encode(text).ids
        masked = torch.tensor([ids] * (len(ids) - 2))
        for row, place in enumerate(range(1, len(ids) - 1)):
            masked[row, place] = tokenizer.token_to_id("[MASK]")
        with torch.no_grad():
            chances = model(masked).logits.double().log_softmax(-1)
            last = model.bert(torch.tensor([ids])).last_hidden_state[0]
        assert abs(scores[i] - sum(chances[r, r + 1, ids[r + 1]].item() for r in range(len(ids) - 2))) < 1e-3
        for pooling, expected in (("cls", last[0]), ("mean", last.mean(0)), ("max", last.max(0).values)):
            assert np.abs(np.array(vectors[pooling][i]) - expected.numpy()).max() < 1e-4


def check_run(folder, model):
    vocabulary = model.config.vocab_size
    inputs = {"input_ids": torch.randint(0, vocabulary, (3, 13)), "token_type_ids": torch.randint(0, 2, (3, 13)),
              "attention_mask": torch.tensor([[1] * 13, [1] * 9 + [0] * 4, [1] * 2 + [0] * 11])}
    inputs["labels"] = torch.where(torch.rand(3, 13) < 0.3, torch.randint(0, vocabulary, (3, 13)), torch.tensor(-100))
    inputs["labels"][:, 0] = 7
    save_file(inputs, WORK / "in.safetensors")
    maske("run", "--model", folder, "--in", WORK / "in.safetensors", "--out", WORK / "out.safetensors", "--hidden-states", "--grad", "--force")
    got = load_file(WORK / "out.safetensors")
    model.zero_grad()
    out = model(**inputs, output_hidden_states=True)
    out.loss.backward()
    assert (got["logits"] - out.logits).abs().max() < 2e-4 * out.logits.abs().max()
    assert abs(got["loss"] - out.loss) < 1e-4 * out.loss
    for i, hidden in enumerate(out.hidden_states):
        assert (got[f"hidden_states.{i}"] - hidden).abs().max() < 2e-4 * hidden.abs().max()
    names = {n: p for n, p in model.named_parameters() if not n.startswith("cls.predictions.decoder.")}
    assert {n[5:] for n in got if n.startswith("grad.")} == set(names)
    largest = max(p.grad.abs().max() for p in names.values())
    for name, parameter in names.items():
        most = parameter.grad.abs().max()
        assert (got["grad." + name] - parameter.grad).abs().max() < max(1e-3 * most, 1e-5 * largest), name


def check_export(folder, model):
    ids = torch.randint(0, model.config.vocab_size, (2, 9))
    for dtype, allowed in (("f32", 1e-6), ("f16", 0.05), ("bf16", 0.5)):
        out = WORK / f"{folder.name}-{dtype}"
        maske("export", "--model", folder, "--out", out, "--dtype", dtype)
        again, report = BertForMaskedLM.from_pretrained(out, output_loading_info=True, dtype=torch.float32)
        assert not any(report[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
        with torch.no_grad():
            assert (again.eval()(ids).logits - model(ids).logits).abs().max() < allowed
        assert Tokenizer.from_file(str(out / "tokenizer.json")).get_vocab_size() == model.config.vocab_size


random.seed(1)
for number, kind in enumerate(("metaspace", "bytelevel", "wordpiece")):
    at, library, network = make_model(kind, number)
    check_fill(at, library, network)
    check_pipeline(at, library, network)
    check_score_and_embed(at, library, network)
    check_run(at, network)
    check_export(at, network)
    print(kind, "agrees")
