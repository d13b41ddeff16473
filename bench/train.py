"""bench/train.py MASKE TEXT: see bench/train.sh. Each program is run in turn, ROUNDS times; the fastest round counts. A
round's speed is that of its best five steps in a row, the first step left out."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

maske, text = sys.argv[1:3]
here = Path(__file__).parent
# tokens and steps of a run: a few seconds on two cores
SHAPES = {"tiny": (4096, 24), "mini": (4096, 12), "small": (4096, 8), "medium": (2048, 8), "base": (1024, 7)}
shapes = os.environ.get("SHAPES", " ".join(SHAPES)).split()
lengths = [int(n) for n in os.environ.get("LENGTHS", "").split()]
peers = os.environ.get("PEERS", "hand transformers padded").split()
rounds, vocab = int(os.environ.get("ROUNDS", "1")), os.environ.get("VOCAB", "16000")
flags = Path("/proc/cpuinfo").read_text().split()
has_bf16 = "avx512_bf16" in flags and os.environ.get("MASKE_CPU", "amx") in ("avx512bf16", "amx")
runs = os.environ.get("RUNS", "f32@avx2" + (" f32" if "avx512f" in flags else "") + (" bf16" if has_bf16 else "")).split()
LEVELS = {
    "avx2": {"MASKE_CPU": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "avx512": {"MASKE_CPU": "avx512", "ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "avx512bf16": {"MASKE_CPU": "avx512bf16", "ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
}
environment = {**os.environ, **LEVELS.get(os.environ.get("MASKE_CPU", ""), {})}


def peak_of(command, level=""):
    """Runs the command; its output and its peak resident memory in MB."""
    done = subprocess.run(["/usr/bin/env", "python3", "-c", (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:]).returncode\n"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        "sys.exit(code)"), *command], capture_output=True, text=True, env={**environment, **LEVELS.get(level, {})})
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout, int(done.stdout.split()[-1])


def best_of(speeds):
    """The best five steps in a row of tokens a second, without the first step."""
    speeds = speeds[1:] or speeds
    width = min(5, len(speeds))
    return max(statistics.harmonic_mean(speeds[i : i + width]) for i in range(len(speeds) - width + 1))


def run_maske(work, shape, length, batch, steps, precision, level):
    out = work / "run"
    _, peak = peak_of([maske, "train", "--out", str(out), "--force", "--tokenizer", str(work / "tokenizer"), "--size", shape,
                       "--batch-size", str(batch), "--max-length", str(length), "--steps", str(steps), "--valid-fraction", "0", "--log-steps", "1",
                       "--precision", precision, "--quiet", text], level)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return best_of([row["tokens_per_second"] for row in rows if "tokens_per_second" in row]), peak


def run_torch(work, shape, length, batch, steps, precision, level, kind):
    data = work / (f"lines-{length}" if kind == "padded" else f"data-{length}")
    out, peak = peak_of([sys.executable, str(here / "train_torch.py"), str(data), shape, kind, precision, str(batch), str(steps), vocab], level)
    return best_of(json.loads(out.splitlines()[0])), peak


def row(work, shape, length, run):
    precision, _, level = run.partition("@")
    tokens, steps = SHAPES[shape]
    tokens, steps = int(os.environ.get("TOKENS", tokens)), int(os.environ.get("STEPS", steps))
    batch = max(tokens // length, 1)
    programs = {"maske": lambda: run_maske(work, shape, length, batch, steps, precision, level)}
    for kind in peers:
        if kind != "hand" and (precision != "f32" or (length != 128 and not lengths)):
            continue
        if kind == "padded" and shape != "mini":
            continue
        programs[kind] = lambda kind=kind: run_torch(work, shape, length, batch, steps, precision, level, kind)
    speed, memory = {}, {}
    for _ in range(rounds):
        for name, measure in programs.items():
            now, peak = measure()
            speed[name], memory[name] = max(now, speed.get(name, 0)), min(peak, memory.get(name, peak))
    cells = [f"{shape} {length}", run, f"{speed['maske']:,.0f}", f"{memory['maske']:,}"]
    for name in peers:
        cells += [f"{speed[name]:,.0f}", f"{speed['maske'] / speed[name]:.2f}", f"{memory['maske'] / memory[name]:.2f}"] if name in speed else [""] * 3
    print(f"| {' | '.join(cells)} |", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        # One document: every block is full, so that the padded tensors that PyTorch needs hold no padding.
        global text
        lines = [line for line in Path(text).read_text("utf-8").splitlines() if line.strip()]
        text = str(work / "text.txt")
        Path(text).write_text("\n".join(lines) + "\n", "utf-8")
        peak_of([maske, "tokenizer", "train", "--out", str(work / "tokenizer"), "--vocab-size", vocab, "--quiet", text])
        head = ["shape, length", "run", "maske tokens/s", "MB"]
        for name in peers:
            head += ["by hand" if name == "hand" else "padded lines" if name == "padded" else name, "speed x", "memory x"]
        print(f"vocabulary {vocab}, dropout 0.1, {len(os.sched_getaffinity(0))} cores; x: maske's over the peer's")
        print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}", flush=True)
        for shape in shapes:
            for length in lengths or ([128, 512] if shape in ("mini", "base") else [128]):
                for name, lines in (f"data-{length}", "no"), (f"lines-{length}", "yes"):
                    if not (work / name).exists():
                        peak_of([maske, "data", "--tokenizer", str(work / "tokenizer"), "--out", str(work / name), "--max-length", str(length),
                                 "--line-by-line", lines, "--quiet", text])
                for run in runs:
                    row(work, shape, length, run)


main()
