"""Writes tests/data/tokenizer/golden/components.json: what each normalizer and pre-tokenizer of the tokenizers library
(0.23.3) does by itself, for tests/tokenizer/test_normalizer.c and test_pre_tokenizer.c, which run without it.

    python tests/reference/make_component_golden.py tests/data/tokenizer/golden

A normalizer's case is [text, normalized text, origins]: for each character the bytes of the original it stands for, begin
and end. A pre-tokenizer's case is [text, piece, begin, end, piece, begin, end ...], in bytes of the original.
"""
import itertools
import json
import os
import sys

from tokenizers import PreTokenizedString, Regex, Tokenizer, models, normalizers, pre_tokenizers

BEHAVIORS = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
TEXTS = [
    "", " ", "a", "Merhaba dünya,  İstanbul'da I ığdır!", "  two\tlines\r\n\u00a0and\u3000spaces ", "\u0301a\u0301 é e\u0301 A\u030a Å q\u0323\u0307 q\u0307\u0323",
    "a\x00b\x07c\ufffdd\u200be\u00adf\ufeffg\u0085h\x0bi\U000F0000j\u0378k\x7fl\u200f", "日本a漢\U0002B81F\U0002B820\U0002B91F\U0002B920\U0002CEAF\U0002CEB0b\uF900カ한국 각",
    "ﬁ ½ Ⅷ ㎏ Ａ ² ẛ\u0323", "I'm they'll DON'T 's'S--don't ", "12 a3 ٣½Ⅳ x_y_1", "👩\u200d👩 😀!", "ΑΣ ς ẞß ŉ ǰ", "...a..b. ,c!? $€+ «x»", "▁a▁▁b ▁c", "eeaeb e", "мир שלום नमस्ते ก็ abcмир",
    "a" * 70 + " " * 66 + "'s" * 33 + "é" * 35 + "1" * 3,
]


def all_normalizers():
    for clean, chinese, strip, lower in itertools.product((False, True), (False, True), (None, False, True), (False, True)):
        yield normalizers.BertNormalizer(clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower)
    for make in (normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Lowercase, normalizers.StripAccents, normalizers.ByteLevel, normalizers.Nmt):
        yield make()
    for left, right in itertools.product((False, True), repeat=2):
        yield normalizers.Strip(left=left, right=right)
    for text in ("▁", "x y", ""):
        yield normalizers.Prepend(text)
    for pattern, content in (("e", ""), ("e", "Eé"), ("ee", "x"), (" ", "▁"), ("é", "e"), ("a", "aa"), (Regex(r"\s+"), " "), (Regex(r"[A-Z]\p{L}*"), "<>"), (Regex(r"x*"), "-"), (Regex(r"^\s+|\s+$"), ""), (Regex(r"\p{M}"), "")):
        yield normalizers.Replace(pattern, content)
    yield normalizers.Sequence([])
    yield normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    yield normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    yield normalizers.Sequence([normalizers.Strip(), normalizers.NFKC(), normalizers.Sequence([normalizers.Replace(Regex(" {2,}"), " "), normalizers.ByteLevel()])])
    yield normalizers.Sequence([normalizers.NFC(), normalizers.Replace("İ", "i"), normalizers.Replace("I", "ı"), normalizers.Lowercase()])


def all_pre_tokenizers():
    yield pre_tokenizers.BertPreTokenizer()
    for prefix, regex in itertools.product((False, True), repeat=2):
        yield pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)
    for scheme, split in itertools.product(("always", "first", "never"), (False, True)):
        yield pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split)
    yield pre_tokenizers.Metaspace(replacement="_", prepend_scheme="always")
    yield pre_tokenizers.Whitespace()
    yield pre_tokenizers.WhitespaceSplit()
    for behavior in BEHAVIORS:
        yield pre_tokenizers.Punctuation(behavior)
    for individual in (False, True):
        yield pre_tokenizers.Digits(individual_digits=individual)
    for delimiter in ("e", "▁"):
        yield pre_tokenizers.CharDelimiterSplit(delimiter)
    for pattern, behavior, invert in itertools.product((" ", "ee", Regex(r"[\s_]|\d+"), Regex(r"\w+|[^\w\s]+"), Regex(r"b*")), BEHAVIORS, (False, True)):
        yield pre_tokenizers.Split(pattern, behavior, invert)
    yield pre_tokenizers.UnicodeScripts()
    for length in (1, 3, 5):
        yield pre_tokenizers.FixedLength(length)
    yield pre_tokenizers.Sequence([])
    yield pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    yield pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    yield pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), pre_tokenizers.Digits()])])
    yield pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def normalized(normalizer, text):
    whole = PreTokenizedString(text)
    whole.normalize(normalizer.normalize)
    whole.split(lambda _, piece: [piece[at:at + 1] for at in range(len(piece.normalized))])
    characters = whole.get_splits("original", "byte")
    return [text, "".join(piece for piece, _, _ in characters), [place for _, places, _ in characters for place in places]]


def pieces(pre_tokenizer, text):
    whole = PreTokenizedString(text)
    pre_tokenizer.pre_tokenize(whole)
    return [text] + [value for piece, places, _ in whole.get_splits("original", "byte") if piece for value in (piece, *places)]


def written(kind, component, case):
    """The component as the library saves it, and its cases."""
    t = Tokenizer(models.BPE())
    setattr(t, kind, component)
    saved = json.dumps(json.loads(t.to_str())[kind], ensure_ascii=False, separators=(",", ":"))
    return json.dumps({"json": saved, "cases": [case(component, text) for text in TEXTS]}, ensure_ascii=False, separators=(",", ":"))


def main():
    lists = {"normalizers": [written("normalizer", c, normalized) for c in all_normalizers()],
             "pre_tokenizers": [written("pre_tokenizer", c, pieces) for c in all_pre_tokenizers()]}
    with open(os.path.join(sys.argv[1], "components.json"), "w", encoding="utf-8") as out:
        out.write("{" + ",\n".join(f"\"{name}\":[\n" + ",\n".join(items) + "\n]" for name, items in lists.items()) + "}\n")


if __name__ == "__main__":
    main()
