"""bench/train.py MASKE TEXT: see bench/train.sh. Each row is run in turn, ROUNDS times; the fastest round counts."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

maske, text = sys.argv[1:3]
here = Path(__file__).parent
sizes = os.environ.get("SIZES", "mini").split()
steps, rounds = int(os.environ.get("STEPS", "20")), int(os.environ.get("ROUNDS", "2"))
batch, length, vocab = os.environ.get("BATCH", "32"), os.environ.get("LENGTH", "128"), os.environ.get("VOCAB", "16000")
level = os.environ.get("MASKE_CPU", "")
environment = dict(os.environ)
if level == "avx2":
    environment |= {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
has_bf16 = level not in ("plain", "avx2", "avx512") and "avx512_bf16" in Path("/proc/cpuinfo").read_text()


def peak_of(command):
    """Runs the command; its output and its peak resident memory in MB."""
    done = subprocess.run(["/usr/bin/env", "python3", "-c", (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:]).returncode\n"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        "sys.exit(code)"), *command], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout, int(done.stdout.split()[-1])


def run_maske(work, size, precision):
    out = work / "run"
    _, peak = peak_of([maske, "train", "--out", str(out), "--force", "--tokenizer", str(work / "tokenizer"), "--size", size,
                       "--batch-size", batch, "--max-length", length, "--steps", str(steps), "--valid-fraction", "0", "--log-steps", "5",
                       "--precision", precision, "--quiet", text])
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return max(row["tokens_per_second"] for row in rows[1:] if "tokens_per_second" in row), peak


def run_torch(work, size, kind, precision):
    out, peak = peak_of([sys.executable, str(here / "train_torch.py"), str(work / "data.safetensors"), size, kind, precision, batch, str(steps), vocab])
    return float(out.split()[0]), peak


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        # One document: every block is full, so that the padded tensors that PyTorch needs hold no padding.
        global text
        lines = [line for line in Path(text).read_text("utf-8").splitlines() if line.strip()]
        text = str(work / "text.txt")
        Path(text).write_text("\n".join(lines) + "\n", "utf-8")
        peak_of([maske, "tokenizer", "train", "--out", str(work / "tokenizer"), "--vocab-size", vocab, "--quiet", text])
        peak_of([maske, "data", "--tokenizer", str(work / "tokenizer"), "--out", str(work / "data.safetensors"), "--max-length", length, "--quiet", text])
        table = {"maske, f32": lambda s: run_maske(work, s, "f32")}
        if has_bf16:
            table["maske, bf16"] = lambda s: run_maske(work, s, "bf16")
        table["PyTorch by hand, logits at the masks, f32"] = lambda s: run_torch(work, s, "hand", "f32")
        if has_bf16:
            table["PyTorch by hand, logits at the masks, bf16 autocast"] = lambda s: run_torch(work, s, "hand", "bf16")
        table["transformers BertForMaskedLM, packed, f32"] = lambda s: run_torch(work, s, "transformers", "f32")
        for size in sizes:
            best, memory = {}, {}
            for _ in range(rounds):
                for name, measure in table.items():
                    speed, peak = measure(size)
                    best[name], memory[name] = max(speed, best.get(name, 0)), min(peak, memory.get(name, 1 << 30))
            print(f"\n{size}, batch {batch}, length {length}, vocabulary {vocab}, dropout 0.1{', ' + level if level else ''}")
            print("| what runs | tokens/s | maske f32 is | maske bf16 is | peak memory, MB |\n| --- | --- | --- | --- | --- |")
            for name in table:
                bf16 = f"{best['maske, bf16'] / best[name]:.2f} x" if has_bf16 else ""
                print(f"| {name} | {best[name]:,.0f} | {best['maske, f32'] / best[name]:.2f} x | {bf16} | {memory[name]:,} |", flush=True)


main()
