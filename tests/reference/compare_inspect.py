"""Asks maske whether decoding is lossless, of random tokenizers that the tokenizers library made, and tries it there.

    compare_inspect.py --maske build/release/maske [--cases 250] [--seed 1]
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

from compare_tokenizers import SENTENCES
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
MORSELS = ["a", "b", "merhaba", "dün", " ", "  ", "   ", ",", ".", "'", "'da", "12", "Q", "İ", "ı", "日本", "🙂", "\t", "\r", "e\u0301", "\u212b", "ﬁ",
           "\u2581", "<0x41>", "[MASK]", "[SEP]", "<new>", "\u00a0", "\u3000", "\x01", "##", "_", "n't", "\n", "[UNK]"]


def draw_normalizer(draw):
    simple = [lambda: None] * 6 + [
        normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.Lowercase, normalizers.StripAccents, normalizers.BertNormalizer, normalizers.Nmt,
        normalizers.Strip, lambda: normalizers.Replace(" ", "\u2581"), lambda: normalizers.Prepend("\u2581"),
        lambda: normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]),
        lambda: normalizers.Sequence([normalizers.NFC(), normalizers.Replace("ı", "i")]), normalizers.ByteLevel]
    return draw.choice(simple)()


def draw_pre_tokenizer(draw):
    p = pre_tokenizers
    level = lambda: p.ByteLevel(add_prefix_space=draw.random() < 0.4, use_regex=draw.random() < 0.6)
    space = lambda: p.Metaspace(prepend_scheme=draw.choice(["always", "first", "never"]), split=draw.random() < 0.7)
    cutter = lambda: draw.choice([
        lambda: p.Digits(individual_digits=True), lambda: p.Split(Regex(r"\p{N}+| ?\p{L}+"), draw.choice(["isolated", "removed", "merged_with_next"])),
        p.WhitespaceSplit, p.Punctuation, p.UnicodeScripts, lambda: p.Split("a", "merged_with_previous"), p.Whitespace])()
    return draw.choice([
        level, level, level, space, space, space, p.BertPreTokenizer, p.Whitespace, p.WhitespaceSplit, lambda: None, lambda: p.CharDelimiterSplit("-"),
        lambda: p.Sequence([cutter(), level()]), lambda: p.Sequence([level(), cutter()]), lambda: p.Sequence([cutter(), space()])])()


def draw_decoder(draw):
    d = decoders
    return draw.choice([
        d.ByteLevel, d.ByteLevel, d.ByteLevel, lambda: None, d.Fuse, lambda: d.Metaspace(prepend_scheme=draw.choice(["always", "first", "never"])),
        lambda: d.Metaspace(prepend_scheme="always"), d.WordPiece, d.BPEDecoder, d.ByteFallback,
        lambda: d.Sequence([d.Replace("\u2581", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)]),
        lambda: d.Sequence([d.Replace("\u2581", " "), d.ByteFallback(), d.Fuse()]), lambda: d.Sequence([d.ByteFallback(), d.Fuse()])])()


def draw_matching(draw):
    """A normalizer, a pre-tokenizer and a decoder that may well undo what they do."""
    p, d = pre_tokenizers, decoders
    normalizer = draw.choice([None, None, None, normalizers.NFC(), normalizers.NFKC(), normalizers.NFD()])
    if draw.random() < 0.5:
        level = p.ByteLevel(add_prefix_space=draw.random() < 0.2, use_regex=draw.random() < 0.6)
        cutter = draw.choice([None, p.Digits(True), p.Punctuation(), p.Split(Regex(r"\p{N}+| ?\p{L}+"), "isolated"), p.Split("a", "merged_with_next")])
        return normalizer, p.Sequence([cutter, level]) if cutter else level, d.ByteLevel()
    scheme, other = draw.choice(["always", "first", "never"]), draw.choice(["always", "first", "never"])
    steps = [d.Replace("\u2581", " "), d.ByteFallback(), d.Fuse()] + ([d.Strip(" ", 1, 0)] if draw.random() < 0.7 else [])
    decoder = d.Sequence(steps) if draw.random() < 0.6 else d.Metaspace(prepend_scheme=draw.choice([scheme, other]))
    if draw.random() < 0.3:
        return normalizers.Sequence([normalizers.Prepend("\u2581")] * draw.randint(0, 1) + [normalizers.Replace(" ", "\u2581")]), None, decoder
    return normalizer, p.Metaspace(prepend_scheme=scheme, split=draw.random() < 0.8), decoder


def make_tokenizer(draw):
    word_piece, fallback = draw.random() < 0.1, draw.random() < 0.5
    if word_piece:
        t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    else:
        t = Tokenizer(models.BPE(unk_token=draw.choice([None, "[UNK]"]), byte_fallback=fallback, ignore_merges=draw.random() < 0.2,
                                 fuse_unk=draw.random() < 0.3))
    if draw.random() < 0.5:
        normalizer, pre_tokenizer, decoder = draw_matching(draw)
    else:
        normalizer, pre_tokenizer, decoder = draw_normalizer(draw), draw_pre_tokenizer(draw), draw_decoder(draw)
    if normalizer:
        t.normalizer = normalizer
    if pre_tokenizer:
        t.pre_tokenizer = pre_tokenizer
    if decoder:
        t.decoder = decoder
    settings = {"vocab_size": 500 + 256, "show_progress": False, "special_tokens": SPECIAL + (BYTES if fallback else [])}
    if draw.random() < 0.8 and "ByteLevel" in str(pre_tokenizer) + str(normalizer):
        settings["initial_alphabet"] = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.WordPieceTrainer(**settings) if word_piece else trainers.BpeTrainer(**settings)
    t.train_from_iterator(SENTENCES * 3, trainer)
    # Special tokens that are the trainer's bytes are entries of the model alone, as in llama's files.
    text = json.loads(t.to_str())
    text["added_tokens"] = [token for token in text["added_tokens"] if token["content"] in SPECIAL] if draw.random() < 0.8 else []
    t = Tokenizer.from_str(json.dumps(text))
    if draw.random() < 0.3:
        t.add_tokens([AddedToken("<new>", lstrip=draw.random() < 0.5, rstrip=draw.random() < 0.3, normalized=draw.random() < 0.5)])
    return t


def keeps_to(reason, t, text, vocab):
    """Whether the text is one of those that the reason names."""
    conditions = reason.split("; what is over")[0]
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        if f" in {form}" in conditions and unicodedata.normalize(form, text) != text:
            return False
    if "without U+2581" in conditions or " or U+2581" in conditions:
        if "\u2581" in text:
            return False
    if "a space in front" in conditions and text.startswith(" "):
        return False
    added = [token.content for token in t.get_added_tokens_decoder().values()]
    if "added tokens in it" in conditions and any(token in text for token in added):
        return False
    if "<0xHH> written out" in conditions and "<0x" in text:
        return False
    for token in added:
        if f"white space beside {token}" in conditions and token in text:
            return False
        if f"the added token {token}" in conditions and token in text:
            return False
    if "characters that are not in the vocabulary" in conditions:
        rest = text
        for token in added:
            rest = rest.replace(token, "")
        if any(c not in vocab and not (c == " " and "\u2581" in vocab) for c in rest):
            return False
    if "bytes that are not in the vocabulary" in conditions:
        alphabet = byte_characters()
        if any(alphabet[byte] not in vocab for byte in text.encode()):
            return False
    return True


def byte_characters():
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {byte: chr(byte) if byte in shown else chr(0x100 + hidden.index(byte)) for byte in range(256)}


def comes_back(t, text):
    try:
        return t.decode(t.encode(text, add_special_tokens=False).ids, skip_special_tokens=False) == text
    except Exception:                       # an unknown token that the model has not got
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--maske", required=True)
    parser.add_argument("--cases", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen, tried = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / "tokenizer.json"
        for case in range(options.cases):
            draw = random.Random(options.seed * 100000 + case)
            t = make_tokenizer(draw)
            t.save(str(path))
            found = subprocess.run([options.maske, "tokenizer", "inspect", "--json", "--model", path], capture_output=True, text=True, check=False)
            if found.returncode != 0:
                sys.exit(f"case {case}: {found.stderr}")
            said = json.loads(found.stdout)
            name = f"case {case}: {said['lossless_reason']}"
            vocab = t.get_vocab()
            if said["lossless"]:
                seen["proved"] += 1
                for _ in range(400):
                    text = "".join(draw.choice(MORSELS) for _ in range(draw.randint(1, 8)))
                    if not keeps_to(said["lossless_reason"], t, text, vocab):
                        continue
                    tried += 1
                    if not comes_back(t, text):
                        sys.exit(f"{name}: {text!r} does not come back: {t.encode(text, add_special_tokens=False).tokens}\n{describe(t)}")
            elif said["counterexample"]:
                seen["refuted"] += 1
                if comes_back(t, said["counterexample"]):
                    sys.exit(f"{name}: {said['counterexample']!r} comes back\n{describe(t)}")
            else:
                seen["neither"] += 1
                print(f"{name}: no text is found that is lost\n{describe(t)}")
    print(f"{dict(seen)}, {tried} texts came back where it was proved")
    if seen["proved"] < options.cases // 8 or seen["refuted"] < options.cases // 4 or tried < 1000:
        sys.exit("too few of a kind")


def describe(t):
    text = json.loads(t.to_str())
    del text["model"]["vocab"], text["model"]["merges"]
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main()
