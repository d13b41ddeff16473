"""Trains tokenizers with maske and with the tokenizers library on the same text and compares them.

    compare_bpe_training.py --maske build/release/maske [--words N]

The text: the pages of Python's own manual (pydoc_data), and sentences in many scripts whose words are joined at random,
so that there are tens of thousands of different ones. For each setting the library's BpeTrainer learns from the lines
with the normalizer and pre-tokenizer that maske wrote; vocabulary and merges must be the same, the library must load
maske's file, save the same bytes again, and encode unknown characters to bytes and back.
"""
import argparse
import collections
import json
import pathlib
import pydoc_data.topics
import random
import subprocess
import sys
import tempfile

from compare_tokenizers import SENTENCES
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
UNSEEN = "ꙮ ツ☃ ab\U0001F9FF"

# pre-tokenizer, normalizer, entries, least frequency, byte fallback, whether the alphabet is limited
SETTINGS = [
    ("metaspace", "none", 16000, 2, True, False),
    ("metaspace", "none", 9000, 1, False, True),
    ("metaspace", "nfc", 1200, 2, True, True),
    ("metaspace", "lower-tr", 5000, 3, True, False),
    ("metaspace", "nfkc", 100, 2, True, False),             # fewer than the alphabet: no merge
    ("bytelevel", "none", 16000, 2, False, False),
    ("bytelevel", "nfkc", 3000, 1, False, False),
    ("bytelevel", "none", 60000, 2, False, False),          # more than there is to learn
    ("bert", "bert-uncased", 8000, 2, True, False),
    ("bert", "bert-cased", 8000, 1, False, True),
    ("whitespace", "none", 6000, 2, True, False),
    ("whitespace", "nfc", 60000, 1, True, False),
]


def make_lines(words):
    draw = random.Random(1)
    lines = [line for topic in pydoc_data.topics.topics.values() for line in topic.split("\n")]
    pool = [word for sentence in SENTENCES for word in sentence.split()]
    while words > 0:
        line = []
        for _ in range(draw.randint(1, 30)):
            word = draw.choice(pool)
            if draw.random() < 0.3:                         # the beginning of one, the end of another
                other = draw.choice(pool)
                word = word[:draw.randint(1, len(word))] + other[draw.randint(0, len(other) - 1):]
            line.append(word)
        words -= len(line)
        lines.append((" " * draw.choice([0, 0, 0, 1, 2])) + draw.choice([" ", " ", " ", "  "]).join(line))
    lines += ["-" * n for n in range(1, 90)] + ["=" * n + " " + "." * n for n in range(1, 40)] + ["a" * 5000, "ab" * 3000, "", " "]
    draw.shuffle(lines)
    return lines


def limit_without_tie(t, lines):
    """A number of characters such that the last one kept is more frequent than the first one left out."""
    counts = collections.Counter()
    for line in lines:
        for word, _ in t.pre_tokenizer.pre_tokenize_str(t.normalizer.normalize_str(line) if t.normalizer else line):
            counts.update(word)
    ordered = sorted(counts.values(), reverse=True)
    return next(n for n in range(len(ordered) * 2 // 3, 0, -1) if ordered[n - 1] != ordered[n])


def maske_train(maske, folder, text, setting, limit, threads):
    pre_tokenizer, normalizer, size, frequency, fallback, _ = setting
    subprocess.run([maske, "tokenizer", "train", "--out", folder, "--force", "--quiet", "--threads", str(threads), "--vocab-size", str(size),
                    "--pre-tokenizer", pre_tokenizer, "--normalizer", normalizer, "--min-frequency", str(frequency),
                    "--byte-fallback", "yes" if fallback else "no", "--alphabet-limit", str(limit), text], check=True)
    return (pathlib.Path(folder) / "tokenizer.json").read_text(encoding="utf-8")


def library_train(components, lines, setting, limit):
    kind, _, size, frequency, fallback, _ = setting
    t = Tokenizer(models.BPE())
    if components.normalizer is not None:
        t.normalizer = components.normalizer
    t.pre_tokenizer = components.pre_tokenizer
    byte_level = kind == "bytelevel"
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=SPECIAL + (BYTES if fallback and not byte_level else []), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if byte_level else [], **({"limit_alphabet": limit} if limit else {}))
    t.train_from_iterator(lines, trainer)
    return json.loads(t.to_str())["model"]


def check(name, condition, found=""):
    if not condition:
        sys.exit(f"{name}: {found}")


def compare(maske, work, text, lines, setting):
    name = " ".join(map(str, setting))
    found = maske_train(maske, f"{work}/tokenizer", text, setting, 0, 1)
    limit = limit_without_tie(Tokenizer.from_str(found), lines) if setting[5] else 0
    found = maske_train(maske, f"{work}/tokenizer", text, setting, limit, 2)
    loaded = Tokenizer.from_str(found)
    model = json.loads(found)["model"]
    expected = library_train(loaded, lines, setting, limit)
    check(name, model["vocab"] == expected["vocab"], f"{len(model['vocab'])} entries, expected {len(expected['vocab'])}, or others")
    for rank, (a, b) in enumerate(zip(model["merges"], expected["merges"])):
        check(name, a == b, f"merge {rank} is {a}, expected {b}")
    check(name, len(model["merges"]) == len(expected["merges"]), f"{len(model['merges'])} merges, expected {len(expected['merges'])}")
    check(name, loaded.to_str(pretty=True) == found, "the library saves other bytes")
    check(name, {i: t.content for i, t in loaded.get_added_tokens_decoder().items()} == dict(enumerate(SPECIAL)), "other added tokens")
    if setting[1] == "none" and setting[0] in ("metaspace", "bytelevel") and (setting[4] or setting[0] == "bytelevel"):
        ids = loaded.encode(UNSEEN, add_special_tokens=False).ids
        check(name, 1 not in ids and loaded.decode(ids) == UNSEEN, f"unknown characters come back as {loaded.decode(ids)!r}")
    if setting[1] == "lower-tr":
        lowered = loaded.normalizer.normalize_str("ISPARTA İzmir I\u0307zmir ŞĞÜÖÇIı")
        check(name, lowered == "ısparta izmir izmir şğüöçıı", f"lowers to {lowered!r}")
    if setting[0] == "bytelevel":
        shown = [word for word, _ in loaded.pre_tokenizer.pre_tokenize_str("Ankara'da Ahmet\u2019in 5'inci don't 'a'")]
        expected_words = ["Ankara", "'da", " Ahmet", "\u2019in", " 5", "'inci", " don", "'t", " '", "a", "'"]
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        check(name, shown == [level.pre_tokenize_str(word)[0][0] for word in expected_words], f"cuts {shown}")
    print(f"{name}: {len(model['vocab'])} entries, {len(model['merges'])} merges{f', {limit} characters' if limit else ''}: the same")


def compare_word_piece(maske, work, text, lines, setting):
    """The library gives pieces inside words ids in an order that changes from run to run; as special tokens, after the
    alphabet, they have the order that maske gives them, and nothing is left to chance."""
    pre_tokenizer, normalizer, size, frequency = setting
    name = "wordpiece " + " ".join(map(str, setting))
    found = []
    for threads in (1, 2):
        subprocess.run([maske, "tokenizer", "train", "--out", f"{work}/pieces", "--force", "--quiet", "--threads", str(threads), "--type", "wordpiece",
                        "--vocab-size", str(size), "--pre-tokenizer", pre_tokenizer, "--normalizer", normalizer, "--min-frequency", str(frequency), text],
                       check=True)
        found.append((pathlib.Path(work) / "pieces" / "tokenizer.json").read_text(encoding="utf-8"))
    check(name, found[0] == found[1], "another number of threads, another vocabulary")
    loaded = Tokenizer.from_str(found[0])
    check(name, loaded.to_str(pretty=True) == found[0], "the library saves other bytes")
    words = collections.Counter()
    for line in lines:
        words.update(w for w, _ in loaded.pre_tokenizer.pre_tokenize_str(loaded.normalizer.normalize_str(line) if loaded.normalizer else line))
    alphabet = sorted({c for word in words for c in word})
    inner = ["##" + c for c in sorted({c for word in words for c in word[1:]})]
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.pre_tokenizer = loaded.pre_tokenizer
    if loaded.normalizer is not None:
        t.normalizer = loaded.normalizer
    t.train_from_iterator(lines, trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=SPECIAL + alphabet + inner, show_progress=False))
    expected, vocab = json.loads(t.to_str())["model"]["vocab"], json.loads(found[0])["model"]["vocab"]
    check(name, vocab == expected, f"{len(vocab)} entries, expected {len(expected)}; first other "
          f"{next(((a, b) for a, b in zip(sorted(vocab, key=vocab.get), sorted(expected, key=expected.get)) if a != b), None)}")
    print(f"{name}: {len(vocab)} entries: the same")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--maske", required=True)
    parser.add_argument("--words", type=int, default=300000)
    options = parser.parse_args()
    lines = make_lines(options.words)
    with tempfile.TemporaryDirectory() as work:
        text = f"{work}/text"
        pathlib.Path(text).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
        for setting in (("bert", "bert-cased", 6000, 2), ("bert", "bert-uncased", 9000, 1), ("whitespace", "none", 3000, 2)):
            compare_word_piece(options.maske, work, text, lines, setting)
        for setting in SETTINGS:
            compare(options.maske, work, text, lines, setting)


if __name__ == "__main__":
    main()
