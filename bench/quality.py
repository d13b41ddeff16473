"""bench/quality.py MASKE TEXT: see bench/quality.sh."""
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

maske, text = sys.argv[1:3]
here = Path(__file__).parent
work = Path(os.environ.get("WORK", "build/quality"))
minutes = [float(n) for n in os.environ.get("MINUTES", "10").split()]
seeds = os.environ.get("SEEDS", "1").split()
held_documents = int(os.environ.get("HELD", "40"))
budget = os.environ.get("BUDGET", "clock")
seconds_each = float(os.environ.get("SECONDS_EACH", "20"))
has_bf16 = "avx512_bf16" in Path("/proc/cpuinfo").read_text().split()
rows = os.environ.get("ROWS", "adamw-f32 muon-f32 " + ("adamw-bf16 muon-bf16 " if has_bf16 else "") + "maske minutes").split()
# docs/recipe.md tells where these come from
recipe = shlex.split(os.environ.get("RECIPE", "--optimizer muon --muon-learning-rate 0.004 --learning-rate 0.004 --mask-probability 0.4 --dropout 0.1 "
                                    "--attention-dropout 0 --weight-decay 0.1 --average 0.1 --word-vectors 0.07 --unigram-bias yes "
                                    "--neighbour-heads yes"))
train, held, tokenizer, data = (work / name for name in ("train.txt", "held-out.txt", "tokenizer", "train.safetensors"))


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{shlex.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def prepare():
    """The last documents are held out; the tokenizer is learned from the others."""
    documents = [d.strip("\n") for d in re.split(r"\n[ \t]*\n", Path(text).read_text("utf-8")) if d.strip()]
    if len(documents) <= held_documents:
        sys.exit(f"{text}: {len(documents)} documents, expected more than the {held_documents} that are held out (HELD)")
    work.mkdir(parents=True, exist_ok=True)
    train.write_text("\n\n".join(documents[:-held_documents]) + "\n", "utf-8")
    held.write_text("\n\n".join(documents[-held_documents:]) + "\n", "utf-8")
    run([maske, "tokenizer", "train", "--out", tokenizer, "--force", "--vocab-size", "8000", "--quiet", train])
    for what, file, out in (("to train on", train, data), ("held out", held, work / "held-out.safetensors")):
        facts = json.loads(run([maske, "data", "--json", "--quiet", "--tokenizer", tokenizer, "--out", out, "--force", file]))
        print(f"{facts['tokens']:,} tokens of {facts['documents']} documents {what}")
    print(f"{len(os.sched_getaffinity(0))} cores\n", flush=True)


def train_torch(row, out, kind, amount, seed):
    name, precision = row.split("-")
    figures = json.loads(run([sys.executable, here / "quality_torch.py", data, tokenizer, out, name, precision, kind, amount, seed]))
    return figures["steps"], figures["tokens"], figures["seconds"]


def train_maske(out, flags, kind, amount, seed):
    begun = time.perf_counter()
    run([maske, "train", "--out", out, "--force", "--quiet", "--seed", seed, *flags, f"--{kind}", amount, train])
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    last = [line for line in lines if "tokens" in line and "step" in line][-1]
    return last["step"], last["tokens"], time.perf_counter() - begun


def train_row(row, out, kind, amount, seed):
    if row == "minutes":
        return train_maske(out, [], kind, amount, seed)
    if row == "maske":
        return train_maske(out, ["--recipe", "no", "--tokenizer", tokenizer, "--size", "mini", "--max-length", 128, "--valid-fraction", 0, *recipe], kind, amount, seed)
    return train_torch(row, out, kind, amount, seed)


def measure():
    """Steps a minute of each row, from a run of some seconds; of PyTorch's its own clock, which begins after its imports."""
    speed = {}
    for row in rows:
        if row != "minutes":
            steps, tokens, seconds = train_row(row, work / f"speed-{row}", "minutes", seconds_each / 60, seeds[0])
            speed[row] = 60 * steps / seconds
            print(f"{row}: {speed[row]:,.0f} steps a minute, {tokens / seconds:,.0f} tokens a second", flush=True)
    (work / "speed.json").write_text(json.dumps(speed))


def compare():
    speed = json.loads((work / "speed.json").read_text()) if budget == "steps" else {}
    about = "steps that so many quiet minutes allow" if speed else "by the clock"
    print(f"| row | minutes ({about}) | seed | steps | tokens | loss | accuracy | bits a character of words | words right |\n|{' --- |' * 9}")
    for amount in minutes:
        for row in rows:
            for seed in seeds:
                kind, size = ("steps", round(amount * speed[row])) if speed else ("minutes", amount)
                out = work / f"{row}-{amount:g}-{seed}"
                steps, tokens, _ = train_row(row, out, kind, size, seed)
                e = json.loads(run([maske, "evaluate", "--json", "--quiet", "--model", out, held]))
                print(f"| {row} | {amount:g} | {seed} | {steps:,} | {tokens:,} | {e['loss']:.4f} | {e['accuracy']:.4f} | "
                      f"{e['word_bits_per_character']:.4f} | {e['word_accuracy']:.4f} |", flush=True)


if budget == "steps":
    rows = [row for row in rows if row != "minutes"]
prepare()
measure() if budget == "measure" else compare()
