"""Extends tokenizers with maske, and with bpe-continue where it can, and looks at the results with the tokenizers library.

    compare_extend.py --maske build/release/maske

The base learned from one half of a text (compare_bpe_training.py), is extended on three quarters of the other half and
looked at on the rest. Of each result: the library loads it; every old id, merge and added token is where it was; it gives
the ids that maske gives; its cuts are some of the old cuts. bpe-continue gets the same text and the same least frequency,
and must not need fewer tokens.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import bpe_continue
from compare_bpe_training import check, make_lines
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def byte_level(lines):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=3000, min_frequency=2, special_tokens=["<s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens([AddedToken("<extra_0>"), AddedToken("<extra_1>")])
    return t


def with_added_word(lines):
    """An added token that is in the text: maske does not count it, since no model ever sees it; bpe-continue does."""
    t = byte_level(lines)
    t.normalizer = normalizers.NFC()
    t.add_tokens([AddedToken("above", single_word=True)])
    return t


def word_piece(lines):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=False)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=3000, special_tokens=SPECIAL, show_progress=False))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.decoder = decoders.WordPiece()
    return t


def run(*command, text=None):
    result = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {result.stderr}")
    return result


def maske_ids(maske, folder, lines):
    output = run(maske, "tokenizer", "encode", "--model", folder, "--no-special", text="\n".join(lines) + "\n").stdout
    return [[int(id) for id in line.split()] for line in output.split("\n")[:-1]]


def boundaries(encoding):
    return {end for _, end in encoding.offsets}


def tokens_of(t, lines):
    return sum(len(t.encode(line, add_special_tokens=False).ids) for line in lines)


def check_kept(name, base, extended):
    old, new = json.loads(base.to_str()), json.loads(extended.to_str())
    vocab = {**old["model"]["vocab"], **{token["content"]: token["id"] for token in old["added_tokens"]}}
    for token, id in vocab.items():
        check(name, new["model"]["vocab"].get(token) == id, f"{token!r} is {new['model']['vocab'].get(token)}, expected {id}")
    check(name, sorted(new["model"]["vocab"].values()) == list(range(len(new["model"]["vocab"]))), "ids with holes")
    check(name, new["added_tokens"] == old["added_tokens"], "other added tokens")
    if old["model"]["type"] == "BPE":
        check(name, new["model"]["merges"][:len(old["model"]["merges"])] == old["model"]["merges"], "other old merges")


def check_ids(name, maske, folder, extended, lines):
    expected = [extended.encode(line, add_special_tokens=False).ids for line in lines]
    for line, found, ids in zip(lines, maske_ids(maske, folder, lines), expected):
        check(name, found == ids, f"{line!r} is {found}, expected {ids}")


def check_cuts(name, base, extended, lines):
    fewer = 0
    for line in lines:
        old, new = (t.encode(line, add_special_tokens=False) for t in (base, extended))
        check(name, boundaries(new) <= boundaries(old) and len(new.ids) <= len(old.ids), f"{line!r} is cut at other places")
        fewer += len(new.ids) < len(old.ids)
    check(name, fewer > 0, "nothing has become shorter")


def describe(name, lines, before, after, other=None):
    size = sum(len(line.encode()) for line in lines)
    theirs = f", bpe-continue {size / other:.3f}" if other else ""
    print(f"{name}: bytes a token of unseen text: {size / before:.3f} before, {size / after:.3f} after{theirs}")


def compare_bpe(maske, work, name, make, text, parts, size):
    old_lines, new_lines, held_out = parts
    base = make(old_lines)
    folder = pathlib.Path(work) / name
    (folder / "base").mkdir(parents=True)
    base.save(str(folder / "base" / "tokenizer.json"))
    run(maske, "tokenizer", "extend", "--model", folder / "base", "--out", folder / "extended", "--vocab-size", size, text)
    extended = Tokenizer.from_file(str(folder / "extended" / "tokenizer.json"))
    check_kept(name, base, extended)
    check(name, extended.get_vocab_size() == size, f"{extended.get_vocab_size()} entries, expected {size}")
    check_ids(name, maske, folder / "extended", extended, held_out)
    check_cuts(name, base, extended, held_out)
    theirs = bpe_continue.continue_training(base, texts=new_lines, vocab_size=size, min_frequency=2, show_progress=False)
    before, after, other = (tokens_of(t, held_out) for t in (base, extended, theirs))
    check(name, after <= other, f"{after} tokens, bpe-continue makes {other}")
    our_merges, their_merges = (json.loads(t.to_str())["model"]["merges"] for t in (extended, theirs))
    old = len(json.loads(base.to_str())["model"]["merges"])
    same = len({tuple(m) for m in our_merges[old:]} & {tuple(m) for m in their_merges[old:]})
    check(name, make is not byte_level or our_merges == their_merges, f"only {same} of {len(our_merges) - old} new merges are those of bpe-continue")
    describe(name, held_out, before, after, other)
    print(f"{name}: {same} of {len(our_merges) - old} new merges are those of bpe-continue")


def compare_vocab_alone(maske, work, text, parts):
    """The merges of a vocabulary that training made come back from its entries alone."""
    name, folder = "vocab.json alone", pathlib.Path(work) / "alone"
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.Metaspace()
    base.train_from_iterator(parts[0], trainers.BpeTrainer(vocab_size=3000, min_frequency=2, special_tokens=SPECIAL, show_progress=False))
    folder.mkdir()
    model = json.loads(base.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    result = run(maske, "tokenizer", "extend", "--model", folder / "vocab.json", "--out", folder / "out", "--vocab-size", 3500, text)
    check(name, re.search(r"merges", result.stderr), f"nothing is said of the merges: {result.stderr}")
    extended = Tokenizer.from_file(str(folder / "out" / "tokenizer.json"))
    check_ids(name, maske, folder / "out", extended, parts[2])
    found = json.loads(extended.to_str())["model"]
    check(name, all(found["vocab"][token] == id for token, id in model["vocab"].items()), "other ids")
    check(name, found["merges"][:len(model["merges"])] == model["merges"], "the merges that were rebuilt are not those of training")
    words = sorted({word for line in parts[2] for word, _ in base.pre_tokenizer.pre_tokenize_str(line)})
    fewer = 0
    for word in words:
        old, new = (Tokenizer(t.model).encode(word).tokens for t in (base, extended))
        check(name, "".join(new) == "".join(old) or "[UNK]" in new or "<0x" in "".join(new), f"{word!r}")
        fewer += len(new) < len(old)
    print(f"{name}: {len(model['merges'])} merges rebuilt, the same; {fewer} of {len(words)} different words have become shorter")


def compare_word_piece(maske, work, text, parts, size):
    name, folder = "WordPiece", pathlib.Path(work) / "word_piece"
    old_lines, new_lines, held_out = parts
    base = word_piece(old_lines)
    (folder / "base").mkdir(parents=True)
    base.save(str(folder / "base" / "tokenizer.json"))
    result = run(maske, "tokenizer", "extend", "--model", folder / "base", "--out", folder / "extended", "--vocab-size", size, text)
    extended = Tokenizer.from_file(str(folder / "extended" / "tokenizer.json"))
    check_kept(name, base, extended)
    check(name, extended.get_vocab_size() == size, f"{extended.get_vocab_size()} entries, expected {size}")
    check_ids(name, maske, folder / "extended", extended, held_out)
    words = [word for line in new_lines for word, _ in base.pre_tokenizer.pre_tokenize_str(base.normalizer.normalize_str(line))]
    old_model, new_model = Tokenizer(base.model), Tokenizer(extended.model)
    cuts = {word: boundaries(new_model.encode(word)) <= boundaries(old_model.encode(word)) for word in set(words)}
    changed = sum(not cuts[word] for word in words)
    said = re.search(r"\((\d+) of (\d+)\) are cut at a place", result.stderr)
    check(name, said and (int(said[1]), int(said[2])) == (changed, len(words)),
          f"maske says {said and said[0]}, expected {changed} of {len(words)}: {result.stderr}")
    describe(name, held_out, tokens_of(base, held_out), tokens_of(extended, held_out))
    print(f"{name}: {changed} of {len(words)} words are cut at a new place, as maske says")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--maske", required=True)
    parser.add_argument("--words", type=int, default=120000)
    options = parser.parse_args()
    lines = [line for line in make_lines(options.words) if 0 < len(line) < 3000 and "\u2581" not in line]
    half, quarter = len(lines) // 2, len(lines) // 8
    parts = lines[:half], lines[half:-quarter], lines[-quarter:]
    with tempfile.TemporaryDirectory() as work:
        text = f"{work}/text"
        pathlib.Path(text).write_text("\n".join(parts[1]) + "\n", encoding="utf-8", newline="")
        for make in (byte_level, with_added_word):
            compare_bpe(options.maske, work, make.__name__, make, text, parts, 5000)
        compare_vocab_alone(options.maske, work, text, parts)
        compare_word_piece(options.maske, work, text, parts, 4500)


if __name__ == "__main__":
    main()
