"""bench/tokenizer.py MASKE CORPUS: see bench/tokenizer.sh. Every row is run in turn, ROUNDS times (slow ones once); the
fastest of each counts. "first" and "again" are what a program times inside; "file to ids on disk" is its whole process.
Beside the clock stands the processor's time (user and system): on a busy machine the clock also counts what others do, and
ratios of the processor's time are the ones to trust."""
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

maske, corpus = sys.argv[1], Path(sys.argv[2])
peers = [sys.executable, str(Path(__file__).parent / "tokenizer_peers.py")]
rounds = int(os.environ.get("ROUNDS", "3"))
ALL, ENGLISH = str(corpus / "all.txt"), str(corpus / "english.txt")


def run(command, out=subprocess.PIPE):
    """Runs a command; its output; seconds by the clock and of the processor, peak memory in MB, of the whole process."""
    start = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.DEVNULL) as process:
        output = process.stdout.read() if out == subprocess.PIPE else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}")
    return output.decode(), time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


class Row:
    """The best figures of one program; None: not measured."""

    def __init__(self, name, size):
        self.name, self.megabytes, self.best, self.tokens = name, os.path.getsize(size) / 1e6, {}, None

    def take(self, key, value):
        self.best[key] = min(value, self.best.get(key, value))

    def take_process(self, wall, processor, memory):
        self.take("wall", wall), self.take("processor", processor), self.take("memory", memory)

    def take_inside(self, report, names):
        for key in names:
            if key in report:
                self.take(key, report[key][0]), self.take(key + " processor", report[key][1])
        self.tokens = report.get("tokens", self.tokens)

    def speed(self, key):
        return f"{self.megabytes / self.best[key]:,.0f}" if key in self.best else ""

    def ratio(self, other, key):
        """How many times as fast as `other`, by what `key` names."""
        if key not in self.best or key not in other.best:
            return ""
        return f"{(self.megabytes / self.best[key]) / (other.megabytes / other.best[key]):.2f} x"


def measure(row, inside, names, whole, out=None):
    """One round: `inside` prints JSON of what it timed itself, `whole` is timed from outside (None: the same run)."""
    if inside is not None:
        output, *process = run(inside)
        report = json.loads(output.splitlines()[-1])
        if "schemes" in report:                                   # of maske bench tokenizer
            s = report["schemes"][0]
            report = {key: [s[f"{key}_seconds"], s[f"{key}_processor_seconds"]] for key in names}
            report["tokens"] = s["tokens"]
        elif "seconds" in report:                                 # of maske tokenizer train
            report = {"train": [report["seconds"], report["seconds"]]}
        row.take_inside(report, names)
        if whole is None:
            row.take_process(*process)
    if whole is not None:
        with open(out or os.devnull, "wb") as file:
            row.take_process(*run(whole, file)[1:])


def training(work):
    for size in (16000, 32000):
        maske_row, giga, other = Row("maske", ALL), Row("gigatoken 0.10.0", ALL), Row("tokenizers 0.23.3", ALL)
        for _ in range(rounds):
            measure(maske_row, [maske, "tokenizer", "train", "--pre-tokenizer", "bytelevel", "--vocab-size", size, "--force",
                                "--json", "--out", work / f"bytelevel-{size}", ALL], ["train"], None)
            measure(giga, [*peers, "train-gigatoken", ALL, size], ["train"], None)
        rows = [maske_row, giga]
        if size == 16000:
            measure(other, [*peers, "train-tokenizers", ALL, size], ["train"], None)
            piece = Row("sentencepiece (a fifth of the text)", work / "sample.txt")
            measure(piece, [*peers, "train-sentencepiece", work / "sample.txt", size, work / "pieces"], ["train"], None)
            rows += [other, piece]
        print(f"\nLearning a byte-level BPE of {size:,} entries, {maske_row.megabytes:.1f} MB\n")
        print("| what runs | inside, s | whole process, s | processor, s | maske is (processor) | peak memory, MB |")
        print("| --- | --- | --- | --- | --- | --- |")
        for row in rows:
            b = row.best
            print(f"| {row.name} | {b['train']:.2f} | {b['wall']:.2f} | {b['processor']:.2f} | "
                  f"{maske_row.ratio(row, 'processor')} | {b['memory']:,} |", flush=True)


def encoding(work, title, model, text, with_gigatoken):
    rows = [Row("maske", text)] + ([Row("gigatoken 0.10.0", text)] if with_gigatoken else [])
    ids = work / "ids"
    for _ in range(rounds):
        measure(rows[0], [maske, "bench", "tokenizer", "--rounds", 1, "--json", "--model", model, text],
                ["first", "again"], [maske, "tokenizer", "encode", "--no-special", "--format", "u32", "--model", model,
                 text], ids)
        if with_gigatoken:
            measure(rows[1], [*peers, "encode-gigatoken", model, text, "-"], ["first", "again"],
                    [*peers, "encode-gigatoken", model, text, ids])
    sample = work / "sample.txt" if text == ALL else work / "english-sample.txt"
    rows.append(Row("tokenizers 0.23.3 (a fifth of the text)", sample))
    measure(rows[-1], [*peers, "encode-tokenizers", model, sample, ids], ["first"], None)
    if title.startswith("metaspace"):
        rows.append(Row("sentencepiece, its own 16,000 (a fifth)", sample))
        measure(rows[-1], [*peers, "encode-sentencepiece", work / "pieces.model", sample, ids], ["first"], None)
    print(f"\nEncoding, {title}, {rows[0].megabytes:.1f} MB; MB/s by the clock, and of one core\n")
    print("| what runs | first | again | of a core: first | again | maske is: first | again | file to ids on disk, s | processor, s "
          "| maske is: by the clock | by the processor | peak memory, MB |")
    print("|" + " --- |" * 12)
    for row in rows:
        b = row.best
        print(f"| {row.name} | {row.speed('first')} | {row.speed('again')} | {row.speed('first processor')} | "
              f"{row.speed('again processor')} | {rows[0].ratio(row, 'first processor')} | "
              f"{rows[0].ratio(row, 'again processor')} | {b['wall']:.2f} | {b['processor']:.2f} | {rows[0].ratio(row, 'wall')} | "
              f"{rows[0].ratio(row, 'processor')} | {b['memory']:,} |", flush=True)
    if with_gigatoken and rows[0].tokens != rows[1].tokens:
        print(f"Tokens differ: {rows[0].tokens:,} and {rows[1].tokens:,}")


def gpt2_pattern(path):
    """maske's own byte-level preset keeps English contractions apart by another rule; gigatoken reads GPT-2's."""
    model = json.loads(path.read_text("utf-8"))
    model["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    path.write_text(json.dumps(model, ensure_ascii=False), "utf-8")


def cpu_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else platform.machine()}"


def main():
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    print(f"{cpu_name()}, {date.today()}, commit {commit}, {rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(dir="build") as folder:
        work = Path(folder)
        for text, name in ((ALL, "sample.txt"), (ENGLISH, "english-sample.txt")):
            with open(work / name, "wb") as sample:                # not read here: a child's peak begins with its parent's
                run(["awk", "NR % 5 == 1", text], sample)
        training(work)
        gpt2_pattern(work / "bytelevel-32000" / "tokenizer.json")
        run([maske, "tokenizer", "train", "--vocab-size", 32000, "--out", work / "metaspace", ALL])
        run([*peers, "train-wordpiece", work / "english-sample.txt", 30522, work / "wordpiece"])
        encoding(work, "byte level, 32,000 entries", work / "bytelevel-32000", ALL, True)
        encoding(work, "metaspace, 32,000 entries", work / "metaspace", ALL, True)
        encoding(work, "byte level, English", work / "bytelevel-32000", ENGLISH, True)
        encoding(work, "WordPiece, bert-base-uncased's components, 30,522 entries, English", work / "wordpiece", ENGLISH,
                 False)


main()
