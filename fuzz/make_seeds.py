#!/usr/bin/env python3
"""Writes the generated seeds of the fuzz targets, seeds/<target>/NAME, and dictionaries/<target>.dict.

    python3 fuzz/make_seeds.py          # in the project's folder; needs nothing but Python

A seed is a small input that takes one way through a reader: every component of a tokenizer, every type of a tensor,
every rule that a file can break. Files named found-* are not written here: they are inputs that once found a fault, or
that a fuzzer kept because they reach code which no other seed does (kept-*)."""
import bz2, gzip, io, itertools, json, lzma, pathlib, struct, zipfile, zlib

here = pathlib.Path(__file__).resolve().parent
data = here.parent / "tests" / "data"


def seed(target, name, *parts, ended=b""):
    """Writes one seed: its parts joined by `ended`."""
    folder = here / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    texts = [p if isinstance(p, bytes) else p.encode() if isinstance(p, str) else dump(p) for p in parts]
    (folder / name).write_bytes(ended.join(texts))


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# ------------------------------------------------------------------------------------------------------ tokenizers ---
CUTTERS = [
    {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
    {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": False},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": True},
    {"type": "CharDelimiterSplit", "delimiter": "-"}, {"type": "UnicodeScripts"},
    {"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False},
    {"type": "FixedLength", "length": 3},
    *({"type": "Punctuation", "behavior": b} for b in
      ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")),
    *({"type": "Split", "pattern": p, "behavior": b, "invert": i} for (p, b, i) in (
        ({"String": " "}, "Removed", False), ({"Regex": "\\s+"}, "Isolated", False),
        ({"Regex": "\\p{L}+|\\p{N}"}, "MergedWithPrevious", True), ({"String": "a"}, "MergedWithNext", False),
        ({"Regex": "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
         "Isolated", False), ({"Regex": "x*"}, "Contiguous", False))),
    {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "Digits", "individual_digits": True}]},
]
NORMALIZERS = [
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": True, "lowercase": False},
    *({"type": t} for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")),
    {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Strip", "strip_left": False, "strip_right": True},
    {"type": "Prepend", "prepend": "\u2581"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
    {"type": "Replace", "pattern": {"Regex": "[0-9]+|e\u0301"}, "content": "<n>"},
    {"type": "Replace", "pattern": {"Regex": "(a+)+"}, "content": ""},
    {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"String": "I"}, "content": "\u0131"},
                                         {"type": "Lowercase"}]},
    {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
]
DECODERS = [
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "BPEDecoder", "suffix": "</w>"},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
    {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True},
    {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 2},
    {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
    {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"},
    {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"},
                                      {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
]
TEMPLATE = {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                     {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1, 2], "tokens": ["[CLS]", "[SEP]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}}
PROCESSORS = [
    {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
    {"type": "RobertaProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1], "trim_offsets": True, "add_prefix_space": True},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, TEMPLATE,
    {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}, TEMPLATE]},
]
SPECIAL = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list("abehlnorw _") + ["\u2581", "\u0120", "\u00e7", "</w>"]
WORDS = ["he", "ll", "hell", "hello", "\u2581a", "an", "ab", "lo"]
VOCAB = {t: i for i, t in enumerate(SPECIAL + LETTERS + WORDS)}
MERGES = [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["\u2581", "a"], ["a", "n"], ["a", "b"], ["l", "o"]]
BPE = {"type": "BPE", "dropout": None, "unk_token": "[UNK]", "continuing_subword_prefix": None, "end_of_word_suffix": None,
       "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": VOCAB, "merges": MERGES}
PIECES = {t: i for i, t in enumerate(SPECIAL + list("abehlo") + ["##a", "##e", "##l", "##o", "he", "##ll", "hello", "\u00e7", "##\u00e7"])}
WORDPIECE = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
             "vocab": PIECES}


def added(content, number, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": True} | flags


ADDED = [added(t, i) for i, t in enumerate(SPECIAL)]


def tokenizer(**members):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": ADDED, "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": BPE} | members


def tokenizer_seeds():
    put = lambda name, **members: seed("tokenizer_json", name, tokenizer(**members))
    for kind, rows in (("pre_tokenizer", CUTTERS), ("normalizer", NORMALIZERS), ("decoder", DECODERS), ("post_processor", PROCESSORS)):
        for i, row in enumerate(rows):
            put(f"{kind}-{i:02}", **{kind: row})
            if kind != "post_processor" and i % 3 == 0:
                put(f"{kind}-{i:02}-wordpiece", model=WORDPIECE, **{kind: row})
    bytes_ = {f"<0x{b:02X}>": len(VOCAB) + b for b in range(256)}
    put("byte-fallback", model=BPE | {"byte_fallback": True, "fuse_unk": True, "vocab": VOCAB | bytes_}, decoder=DECODERS[10],
        pre_tokenizer=CUTTERS[5])
    put("suffix", model=BPE | {"end_of_word_suffix": "</w>", "vocab": VOCAB | {"o</w>": 60, "a</w>": 61, "lo</w>": 62},
                               "merges": [["l", "o</w>"]]}, decoder=DECODERS[2], pre_tokenizer=CUTTERS[2])
    put("prefix", model=BPE | {"continuing_subword_prefix": "##", "vocab": PIECES, "merges": [["h", "##e"]]}, decoder=DECODERS[1])
    put("merges-as-text", model=BPE | {"merges": ["#version: 0.2"] + [" ".join(m) for m in MERGES]})
    put("ignore-merges", model=BPE | {"ignore_merges": True, "dropout": 0.1})
    put("no-unk", model=BPE | {"unk_token": None})
    put("lost-unk", model=BPE | {"unk_token": "<none>"})
    put("no-type-bpe", model={k: v for k, v in BPE.items() if k != "type"})
    put("no-type-wordpiece", model={k: v for k, v in WORDPIECE.items() if k != "type"})
    put("unigram", model={"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0]]})
    put("wordlevel", model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"})
    put("wordpiece-short", model=WORDPIECE | {"max_input_chars_per_word": 2})
    put("wordpiece-none", model=WORDPIECE | {"max_input_chars_per_word": 0, "continuing_subword_prefix": ""})
    put("wordpiece-no-unk", model=WORDPIECE | {"unk_token": "none"})
    for side, strategy in itertools.product(("Right", "Left"), ("LongestFirst", "OnlyFirst", "OnlySecond")):
        put(f"truncation-{side}-{strategy}", post_processor=PROCESSORS[0],
            truncation={"direction": side, "max_length": 5, "strategy": strategy, "stride": 1})
    for side, strategy, multiple in (("Right", "BatchLongest", 8), ("Left", {"Fixed": 20}, None), ("Right", {"Fixed": 1}, 7)):
        put(f"padding-{side}-{multiple}", padding={"strategy": strategy, "direction": side, "pad_to_multiple_of": multiple,
                                                   "pad_id": 0, "pad_type_id": 3, "pad_token": "[PAD]"})
    flags = [dict(zip(("single_word", "lstrip", "rstrip", "normalized"), bits))
             for bits in itertools.product((False, True), repeat=4)]
    put("added-flags", added_tokens=ADDED + [added(f"x{i}", 90 + i, **f) for i, f in enumerate(flags)] +
        [added(" ", 200, lstrip=True), added("hello", 201, normalized=True, special=False), added("\u2581", 202),
         added("Ankara", 203, single_word=True, normalized=True), added("var", 204, single_word=True, rstrip=True),
         added("wor", 205, single_word=True), added("[CLS]", 1, lstrip=True), added("A\u011ea", 206, normalized=True)],
        normalizer=NORMALIZERS[0])
    put("holes", model=BPE | {"vocab": VOCAB | {"far": 5000}}, added_tokens=ADDED + [added("near", 27)])
    # What must be refused, one fault each.
    put("bad-id", model=BPE | {"vocab": {"a": -1}})
    put("far-id", model=BPE | {"vocab": {"a": 16777215}, "merges": []})
    put("over-id", model=BPE | {"vocab": {"a": 16777216}, "merges": []})
    put("same-id", model=BPE | {"vocab": {"a": 1, "b": 1}, "merges": []})
    put("real-id", model=BPE | {"vocab": {"a": 1.0}, "merges": []})
    put("lost-half", model=BPE | {"merges": [["h", "z"]]})
    put("lost-join", model=BPE | {"merges": [["h", "o"]]})
    put("half-merge", model=BPE | {"merges": [["h"]]})
    put("mixed-merges", model=BPE | {"merges": [["h", "e"], "l l"]})
    put("spaces-in-merge", model=BPE | {"merges": ["h e ", "l  l"]})
    put("merge-shorter-than-prefix", model=BPE | {"continuing_subword_prefix": "long prefix", "merges": [["h", "e"]]})
    put("empty-added", added_tokens=[added("", 0)])
    put("lost-template", post_processor=TEMPLATE | {"special_tokens": {}})
    put("template-id", post_processor=TEMPLATE | {"special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [999999], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [-1], "tokens": []}}})
    put("stride", truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 2})
    put("long-padding", padding={"strategy": {"Fixed": 2 ** 40}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                                 "pad_type_id": 0, "pad_token": ""})
    put("unknown-component", pre_tokenizer={"type": "Magic"})
    put("zero-length", pre_tokenizer={"type": "FixedLength", "length": 0})
    deep = {"type": "Digits", "individual_digits": False}
    for _ in range(20):
        deep = {"type": "Sequence", "pretokenizers": [deep]}
    put("deep-sequence", pre_tokenizer=deep)
    put("bad-regex", pre_tokenizer={"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": False})
    put("slow-regex", pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a|a)*$"}, "behavior": "Isolated", "invert": False})
    put("long-regex", pre_tokenizer={"type": "Split", "pattern": {"Regex": "a" * 4097}, "behavior": "Isolated", "invert": False})
    put("byte-names", model=BPE | {"byte_fallback": True, "vocab": VOCAB | {"<0x-1>": 40, "<0xg0>": 41, "<0x0A>": 42, "<0x0a>": 43}})
    seed("tokenizer_json", "not-an-object", b"[]")
    seed("tokenizer_json", "twice", b'{"model":{},"model":{}}')
    seed("tokenizer_json", "nul-key", b'{"model":{"type":"BPE","vocab":{"\\u0000":0},"merges":[]}}')
    seed("tokenizer_json", "deep-json", b'{"a":' + b"[" * 3000)
    for name in ("bytelevel", "metaspace", "wordpiece"):
        seed("tokenizer_json", f"real-{name}", (data / "tasks" / name / "tokenizer.json").read_bytes())
    texts = ["hello a\u00e7b  e\u0301 \u0130I\u0131 12-34 \u65e5\u672c\u8a9e \U0001F642\u200d\U0001F642 x_y\n\tz", "\u0958\u0344\uff21\ufb01\u1e9b\u0323\u00a0",
             "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0e44\u0e17\u0e22 \ud55c\uad6d\uc5b4 don't we'll", "a" * 300, " \u2581 \u2581\u2581", ""]
    for i, row in enumerate(NORMALIZERS):
        seed("normalize", f"json-{i:02}", row, texts[i % len(texts)], ended=b"\0")
        seed("normalize", f"json-{i:02}-b", row, texts[(i + 1) % len(texts)] + texts[0], ended=b"\0")
    for i, row in enumerate(CUTTERS):
        seed("pre_tokenize", f"json-{i:02}", row, texts[i % len(texts)], ended=b"\0")
        seed("pre_tokenize", f"json-{i:02}-b", row, texts[(i + 1) % len(texts)] + texts[0], ended=b"\0")
    for which, text in itertools.product(range(6), range(3)):
        seed("normalize", f"named-{which}-{text}", bytes([which + 48]), texts[text] + " \u212b\u1100\u1161\u11a8 \u0041\u030a", ended=b"\0")
        if which < 4:
            seed("pre_tokenize", f"named-{which}-{text}", bytes([which + 48]), texts[text], ended=b"\0")
    for which in range(27):
        seed("encode", f"every-{which:02}", bytes([which, which % 8]), texts[0] + texts[2] + " [MASK] <unk>[CLS]x")
    for i, text in enumerate(texts):
        for which in (0, 1, 2, 6):
            seed("encode", f"text-{i}-{which}", bytes([which, 0]), text)
    seed("encode", "wrong-bytes", bytes([0, 0]), b"a\xff\xed\xa0\x80\xf4\x90\x80\x80 z\xc3")
    for which in range(27):
        seed("decode", f"every-{which:02}", bytes([which, 1]), struct.pack("<40H", *range(0, 400, 10)))
    seed("decode", "outside", bytes([1, 2]), struct.pack("<8i", 0, -1, 5, 2 ** 31 - 1, -2 ** 31, 419, 420, 421))
    seed("decode", "bytes", bytes([9, 1]), struct.pack("<60H", *range(5, 65)))


def old_tokenizer_seeds():
    merges = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in MERGES)
    config = {"do_lower_case": False, "model_max_length": int(1e30), "unk_token": "[UNK]", "cls_token": {"content": "[CLS]", "lstrip": True},
              "add_prefix_space": True, "strip_accents": True, "tokenize_chinese_chars": False,
              "added_tokens_decoder": {"3": {"content": "[MASK]", "lstrip": True, "special": True}, "x": {}, "99": {"content": "new"}}}
    roles = {"pad_token": "[PAD]", "mask_token": {"content": "[MASK]"}, "sep_token": "[SEP]"}
    put = lambda name, *parts: seed("vocab_merges", name, *parts, ended=b"\0")
    put("both", VOCAB, merges)
    put("rebuilt", VOCAB, "")
    put("config", VOCAB, merges, config, roles)
    put("config-only", VOCAB, "", config)
    put("byte-level", {chr(c): i for i, c in enumerate(range(33, 127))} | {"\u0120": 94, "ab": 95, "\u0120a": 96}, "a b\n\u0120 a")
    put("fallback", {f"<0x{b:02X}>": b for b in range(256)} | {"\u2581": 256, "a": 257, "\u2581a": 258, "<unk>": 259}, "\u2581 a")
    put("suffix", {"a": 0, "b</w>": 1, "ab</w>": 2, "<unk>": 3}, "a b</w>")
    put("crlf", VOCAB, merges.replace("\n", "\r\n"))
    put("no-space", VOCAB, "he\n")
    put("two-spaces", VOCAB, "h  e\n")
    put("unknown-half", VOCAB, "q z\n")
    put("empty-line", VOCAB, "h e\n\nl l\n")
    put("bad-vocab", b'{"a": "b"}', merges)
    put("many-ids", b'{"a": 0, "b": 16777215}', "")
    put("wrong-utf8", VOCAB, b"\xff \xfe\n")
    put("bad-config", VOCAB, merges, b'{"model_max_length": -1, "added_tokens_decoder": []}', b"[]")
    put("config-not-json", VOCAB, merges, b"{", b"")
    put("tokens-far", VOCAB, merges, {"added_tokens_decoder": {"16777216": {"content": "far"}, "-1": {"content": "less"},
                                                               "26": {"content": ""}, "27": "plain"}})
    lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhe\n##llo\n##l\nw\n\u00e7\na\n##b\n"
    put = lambda name, *parts: seed("vocab_txt", name, *parts, ended=b"\0")
    put("plain", lines)
    put("config", lines, config, roles)
    put("crlf", lines.replace("\n", "\r\n"))
    put("no-end", lines + "last")
    put("repeated", lines + "he\nhe\n")
    put("empty-lines", lines + "\n\nx\n")
    put("no-unk", "a\nb\n")
    put("other-unk", "<unk>\na\n", {"unk_token": "<unk>"})
    put("wrong-utf8", b"a\n\xff\n")
    put("long-line", lines + "x" * 3000)
    put("mask", lines, {"do_lower_case": True, "added_tokens_decoder": {"4": {"content": "[MASK]", "lstrip": True}}}, roles)


def class_seeds():
    put = lambda name, *parts: seed("tokenizer_class", name, *parts, ended=b"\0")
    pieces = tokenizer(model=WORDPIECE, normalizer=NORMALIZERS[0], pre_tokenizer=CUTTERS[0], decoder=DECODERS[1])
    letters = {chr(c): i for i, c in enumerate(range(33, 127))} | {"\u0120": 94, "ab": 95, "\u0120a": 96, "<s>": 97, "</s>": 98}
    bytes_ = tokenizer(model=BPE | {"unk_token": None, "vocab": letters, "merges": [["a", "b"], ["\u0120", "a"]]}, added_tokens=[],
                       pre_tokenizer=CUTTERS[3], decoder=DECODERS[0])
    for model, file in (("pieces", pieces), ("bytes", bytes_), ("other", tokenizer(pre_tokenizer=CUTTERS[5]))):
        put(f"{model}-alone", file)
        for name in ("BertTokenizer", "RobertaTokenizerFast", "GPT2Tokenizer", "PreTrainedTokenizerFast", "CLIPTokenizer"):
            put(f"{model}-{name}", file, {"tokenizer_class": name, "do_lower_case": False, "strip_accents": True, "add_prefix_space": True})
        for kind in ("bert", "roberta", "gpt2", "modernbert"):
            put(f"{model}-{kind}", file, b"", {"model_type": kind})
    put("roles", pieces, {"tokenizer_class": "BertTokenizer", "mask_token": {"content": "[MASK]", "lstrip": True}, "cls_token": "<s>",
                          "pad_token": None, "extra_special_tokens": ["<x>", {"content": "<y>", "single_word": True}]}, b"",
        {"sep_token": "he", "mask_token": "<mask>", "additional_special_tokens": ["<z>"]}, {"<added>": 40, "hello": 41})
    put("decoder", pieces, {"added_tokens_decoder": {"4": {"content": "a", "special": False}, "3": {"content": "[MASK]", "lstrip": True},
                                                     "99": {"content": "far"}}, "image_token": "<image>"})
    put("split", pieces, {"split_special_tokens": True, "extra_special_tokens": {"image_token": "<image>", "eos_token": "[SEP]"}})
    put("no-json", pieces, b"{", b"[]")
    put("no-texts", bytes_, {"tokenizer_class": 3, "add_prefix_space": "yes", "bos_token": 7}, {"model_type": []}, {"bos_token": {"content": ""}})


def regex_seeds():
    put = lambda name, expression, text: seed("regex", name, b"R" + expression.encode(), text, ended=b"\0")
    words = "Hello w\u00f6rld 123 don't  \n\t x\u0301 \u65e5\u672c"
    gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
    for i, expression in enumerate((
            gpt2, "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+", "(a+)+$", "(a|aa)+b", "x*", "^|$", "\\b", "(?<=o)\\s", "(?<!o)r",
            "(?>a+)b", "\\X", "[[:alpha:]&&[^a-f]]+", "\\h+\\R", "(?<n>a)\\k<n>", "(?:\\g<0>)?a", "[\u00e0-\u00ff]", "\\p{Han}+", "\\p{^L}",
            "(?m:.)", ".{2,3}?", "\\x{1F642}", "\\u00e7", "(?~abc)", "\\G.", "a{0,100000}", "[a-z&&aeiou]", "(", "[", "a{2,1}", "\\p{Nope}",
            "(?<=a+)", "*", "\\", "(?i)STRASSE|stra\u00dfe", "((((((((((a*)*)*)*)*)*)*)*)*)*)b", "\\d\\D\\w\\W\\s\\S")):
        put(f"expression-{i:02}", expression, words if i % 3 else words + "a" * 40)
    put("letters", gpt2, "a" * 500)
    put("runaway", "(a|a)*b", "a" * 60)
    put("nested", "(" * 300 + "a" + ")" * 300, "aaa")
    seed("regex", "literal", b"So\0", words)
    seed("regex", "literal-empty", b"S\0", words)
    seed("regex", "literal-long", b"S" + b"ab" * 3000 + b"\0", words)


# ----------------------------------------------------------------------------------------------------- safetensors ---
def safetensors(tensors, metadata=None, tail=b"", header=None, length=None):
    """tensors: {name: (dtype, shape, bytes)}."""
    rows, body = {}, b""
    if metadata is not None:
        rows["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        rows[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = dump(rows) if header is None else header
    return struct.pack("<Q", len(text) if length is None else length) + text + body + tail


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def safetensors_seeds():
    put = lambda name, value: seed("safetensors", name, value)
    bits = {"BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64, "U64": 64, "F16": 16, "BF16": 16,
            "F32": 32, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4}
    for dtype, size in bits.items():
        put(f"type-{dtype}", safetensors({"t": (dtype, [2, 4], bytes(range(size)))}))
    put("several", safetensors({"b": ("F32", [2], floats(1, -0.0)), "a": ("I64", [1], b"\1" + bytes(7)), "s": ("F32", [], floats(3)),
                                "e": ("F32", [0, 5], b"")}, {"format": "pt", "other": "text"}))
    put("none", safetensors({}))
    put("null-metadata", safetensors({}, header=b'{"__metadata__":null}'))
    put("padded", safetensors({}, header=b"{}      "))
    put("unaligned", safetensors({"u": ("U8", [1], b"x"), "f": ("F32", [1], floats(2)), "d": ("F64", [1], struct.pack("<d", 1e300))}))
    put("not-a-number", safetensors({"f": ("F32", [3], floats(float("nan"), float("inf"), 1e-45))}))
    put("wide", safetensors({"w": ("U64", [2], b"\xff" * 16), "i": ("I64", [1], b"\0" * 7 + b"\x80")}))
    put("rank-8", safetensors({"r": ("U8", [1] * 8, b"x")}))
    # One broken rule each.
    row = lambda **other: dump({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | other})
    put("rank-9", safetensors({"r": ("U8", [1] * 9, b"x")}))
    put("short", b"\1\2\3")
    put("header-longer-than-file", safetensors({}, header=b"{}", length=3))
    put("header-endless", safetensors({}, header=b"{}", length=2 ** 63))
    put("header-16m", safetensors({}, header=b"{}", length=2 ** 24))
    put("header-empty", struct.pack("<Q", 0))
    put("no-brace", safetensors({}, header=b" {}"))
    put("not-json", safetensors({}, header=b"{x}"))
    put("not-utf8", safetensors({}, header=b'{"\xff":{}}'))
    put("array", safetensors({}, header=b"[]"))
    put("twice", safetensors({}, header=b'{"a\\"b":{},"a\\"b":{}}'))
    put("bad-metadata", safetensors({}, metadata={"a": 1}))
    put("metadata-array", safetensors({}, header=b'{"__metadata__":[]}'))
    put("member-array", safetensors({}, header=b'{"t":[]}'))
    for name, other in (("unknown-type", {"dtype": "F128"}), ("type-number", {"dtype": 3}), ("no-shape", {"shape": None}),
                        ("negative", {"shape": [-1]}), ("real", {"shape": [1.0]}), ("product-wraps", {"shape": [2 ** 62, 2 ** 62]}),
                        ("size-wraps", {"shape": [2 ** 62]}), ("zero-then-wraps", {"shape": [2 ** 63 - 1, 2 ** 63 - 1, 0]}),
                        ("larger-than-file", {"shape": [2 ** 40], "data_offsets": [0, 2 ** 42]}), ("one-offset", {"data_offsets": [0]}),
                        ("backwards", {"data_offsets": [4, 0]}), ("text-offset", {"data_offsets": ["0", 4]}), ("hole-first", {"data_offsets": [1, 5]}),
                        ("half-byte", {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}), ("too-small", {"data_offsets": [0, 3]})):
        put("bad-" + name, safetensors({}, header=row(**other), tail=bytes(8)))
    put("tail", safetensors({"t": ("U8", [1], b"x")}, tail=b"y"))
    put("overlap", safetensors({}, header=dump({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]},
                                                "b": {"dtype": "U8", "shape": [2], "data_offsets": [1, 3]}}), tail=b"xyz"))
    put("hole", safetensors({}, header=dump({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
                                             "b": {"dtype": "U8", "shape": [1], "data_offsets": [2, 3]}}), tail=b"xyz"))
    put("long-name", safetensors({"n" * 2000: ("U8", [1], b"x")}))


def pickled(entries, kind="FloatStorage", wrap=False):
    """data.pkl of {name: (storage's name, elements, offset, shape, stride)}, as torch.save writes it."""
    number = lambda n: (b"K" + bytes([n])) if 0 <= n < 256 else b"J" + struct.pack("<i", n) if abs(n) < 2 ** 31 else b"\x8a\x08" + struct.pack("<q", n)
    text = lambda t: b"X" + struct.pack("<I", len(t)) + t.encode()
    numbers = lambda row: b"(" + b"".join(number(n) for n in row) + b"t"
    order = b"ccollections\nOrderedDict\n)R"
    out = b"\x80\x02" + (order if wrap else b"}") + b"q\x00("
    for name, (storage, elements, offset, shape, stride) in entries.items():
        tensor = (b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(storage) + text("cpu") +
                  number(elements) + b"tQ" + number(offset) + numbers(shape) + numbers(stride) + b"\x89" + order + b"tR")
        if wrap:
            tensor = b"ctorch._utils\n_rebuild_parameter\n(" + tensor + b"\x88" + order + b"tR"
        out += text(name) + tensor
    return out + b"u."


def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, content in members.items():
            z.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def pytorch_seeds():
    put = lambda name, value: seed("pytorch", name, value)
    tensor = {"w": ("0", 6, 0, [2, 3], [3, 1])}
    archive = lambda program, **more: zipped({"m/data.pkl": program, "m/byteorder": b"little", "m/data/0": bytes(24)} | more)
    put("one", archive(pickled(tensor)))
    put("wrapped", archive(pickled(tensor, wrap=True)))
    for kind in ("DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage"):
        put(f"type-{kind}", archive(pickled({"w": ("0", 2, 0, [2], [1])}, kind)))
    put("shared", archive(pickled(tensor | {"v": ("0", 6, 3, [3], [1]), "s": ("0", 6, 5, [], []), "e": ("0", 6, 0, [0, 4], [4, 1])})))
    for name, row in (("view", ("0", 6, 0, [3, 2], [1, 3])), ("offset", ("0", 6, 1, [2, 3], [3, 1])), ("elements", ("0", 7, 0, [2, 3], [3, 1])),
                      ("no-storage", ("1", 6, 0, [2, 3], [3, 1])), ("rank", ("0", 6, 0, [1] * 9, [1] * 9)), ("wraps", ("0", 6, 0, [2 ** 62, 2 ** 62], [1, 1])),
                      ("negative", ("0", 6, -1, [2, 3], [3, 1])), ("long-storage", ("0" * 5000, 6, 0, [2, 3], [3, 1]))):
        put("bad-" + name, archive(pickled({"w": row})))
    for name, program in (("empty", b""), ("start", b"\x80\x03}."), ("no-end", b"\x80\x02}"), ("behind", b"\x80\x02}.x"), ("two", b"\x80\x02}}."), ("mark", b"\x80\x02(."),
                          ("runs", b"\x80\x02cos\nsystem\n(X\2\0\0\0lstR."), ("unknown", b"\x80\x02\x95."), ("memo", b"\x80\x02h\5."), ("memo-order", b"\x80\x02}q\5."),
                          ("long", b"\x80\x02\x8a\x09" + bytes(9) + b"."), ("number", b"\x80\x02G" + bytes(8) + b"."), ("list", b"\x80\x02](K\1K\2eK\3a."),
                          ("odd-items", b"\x80\x02}(K\1u."), ("items-of-none", b"\x80\x02N(K\1K\2u."), ("key", b"\x80\x02}K\1K\2s."), ("value", b"\x80\x02}X\1\0\0\0aK\2s."),
                          ("tuple", b"\x80\x02K\1K\2\x86K\1\x85\x86."), ("reduce", b"\x80\x02K\1)R."), ("build", b"\x80\x02ccollections\nOrderedDict\n)R}b."),
                          ("text-cut", b"\x80\x02X\xff\0\0\0a"), ("name-cut", b"\x80\x02ctorch\nFloat"), ("reference", b"\x80\x02NQ."), ("big-memo", b"\x80\x02}r\0\0\0\0j\0\0\0\0\x86.")):
        put("pickle-" + name, archive(program))
    whole = archive(pickled(tensor))
    put("zip-cut", whole[:-10])
    put("zip-deflated", zipped({"m/data.pkl": pickled(tensor) * 5}, zipfile.ZIP_DEFLATED))
    put("zip-none", zipped({}))
    put("zip-no-pickle", zipped({"a": b"x"}))
    put("zip-big-endian", archive(pickled(tensor), **{"m/byteorder": b"big"}))
    put("zip-comment", whole[:-2] + b"\4\0text")
    at = whole.index(b"PK\1\2")
    for i, (place, value) in enumerate(((8, b"\1\0"), (20, b"\xff" * 4), (24, b"\xff" * 4), (28, b"\xff\xff"), (42, b"\xff" * 4), (46, b"\0"))):
        put(f"zip-entry-{i}", whole[:at + place] + value + whole[at + place + len(value):])
    end = whole.index(b"PK\5\6")
    for i, (place, value) in enumerate(((10, b"\xff\xff"), (12, b"\xff" * 4), (16, b"\xff" * 4))):
        put(f"zip-end-{i}", whole[:end + place] + value + whole[end + place + len(value):])
    far = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, end - at, at)
    put("zip-64", whole[:end] + far + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1) + whole[end:])
    put("zip-64-lost", whole[:end] + far + struct.pack("<4sIQI", b"PK\6\7", 0, 2 ** 63, 1) + whole[end:])
    def wide_entry(extra):      # the first entry of the directory with sizes that do not fit, and an extra field
        size, name = struct.unpack("<I", whole[at + 24:at + 28])[0], struct.unpack("<H", whole[at + 28:at + 30])[0]
        extra = extra(size)
        entry = whole[at:at + 20] + b"\xff" * 8 + whole[at + 28:at + 30] + struct.pack("<H", len(extra)) + whole[at + 32:at + 46 + name] + extra
        tail = entry + whole[at + 46 + name:end]
        return whole[:at] + tail + whole[end:end + 12] + struct.pack("<I", len(tail)) + whole[end + 16:]
    put("zip-wide", wide_entry(lambda size: struct.pack("<HHHHQQ", 7, 0, 1, 16, size, size)))
    put("zip-wide-cut", wide_entry(lambda size: struct.pack("<HHQ", 1, 8, size)))
    put("zip-wide-long", wide_entry(lambda size: struct.pack("<HH", 1, 99)))
    put("not-a-zip", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.")
    put("same-name", zipped({"m/data.pkl": pickled(tensor), "m/xata.pkl": b""}).replace(b"m/xata.pkl", b"m/data.pkl"))
    put = lambda name, index, file: seed("weight_files", name, index, file, ended=b"\0")
    file = safetensors({"w": ("F32", [1], floats(1)), "v": ("U8", [1], b"x")})
    put("one", {"weight_map": {"w": "a.safetensors", "v": "a.safetensors"}}, file)
    put("bin", {"weight_map": {"w": "a.bin"}}, whole)
    put("both", {"weight_map": {"w": "a.bin", "v": "a.safetensors"}}, file)
    for i, index in enumerate(({}, {"weight_map": []}, {"weight_map": {"w": 1}}, {"weight_map": {"w": "../a.safetensors"}}, {"weight_map": {"w": ""}},
                               {"weight_map": {"w": ".hidden"}}, {"weight_map": {"w": "none.safetensors"}}, {"weight_map": {"z": "a.safetensors"}}, {"weight_map": {}})):
        put(f"bad-{i}", index, file)
    put("no-json", "{", file)


CONFIG = {"model_type": "bert", "vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
          "intermediate_size": 12, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_act": "gelu",
          "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
          "pad_token_id": 0}


def config_seeds():
    put = lambda name, **other: seed("config_json", name, CONFIG | other)
    put("tiny")
    seed("config_json", "least", {"model_type": "bert"})
    seed("config_json", "real", (data / "bert" / "one_layer" / "config.json").read_bytes())
    largest = dict(vocab_size=2 ** 22, hidden_size=2 ** 16, num_hidden_layers=1024, num_attention_heads=1024,
                   intermediate_size=2 ** 20, max_position_embeddings=2 ** 20, type_vocab_size=1024)
    put("largest", **largest)
    for key, most in largest.items():
        for value in (0, -1, most + 1, 2 ** 63 - 1, 1.0, "8", None):
            put(f"{key}-{value}", **{key: value})
    for key in ("hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range", "layer_norm_eps"):
        for value in (0, 1, -0.1, 1e308, "x"):
            put(f"{key}-{value}", **{key: value})
    put("heads-do-not-divide", num_attention_heads=3)
    put("pad-none", pad_token_id=None)
    put("pad-outside", pad_token_id=20)
    for act in ("gelu_new", "gelu_pytorch_tanh", "relu", "silu", 3):
        put(f"act-{act}", hidden_act=act)
    put("decoder", is_decoder=True)
    put("cross", add_cross_attention=1)
    put("untied", tie_word_embeddings=False)
    put("relative", position_embedding_type="relative_key")
    put("roberta", model_type="roberta")
    for family in ("roberta", "xlm-roberta", "camembert", "distilbert", "electra", "gpt2"):
        put(f"family-{family}", model_type=family)
        put(f"family-{family}-pad", model_type=family, pad_token_id=1)
        put(f"family-{family}-no-pad", model_type=family, pad_token_id=None)
        put(f"family-{family}-few-positions", model_type=family, pad_token_id=3, max_position_embeddings=4)
    for act in ("tanh", "swish"):
        put(f"act-{act}", hidden_act=act)
    seed("config_json", "not-json", b"{")
    seed("config_json", "twice", b'{"model_type":"bert","model_type":"bert"}')
    seed("config_json", "endless-number", b'{"model_type":"bert","layer_norm_eps":1e999}')


# ---------------------------------------------------------------------------------------------------------- corpora ---
def lzma_block(dictionary):
    """An xz file whose one block asks for this dictionary (the property byte of LZMA2), sums right, no data behind."""
    flags = b"\x00\x04"
    head = b"\xfd7zXZ\x00" + flags + struct.pack("<I", zlib.crc32(flags))
    block = bytes([2, 0, 0x21, 1, dictionary, 0, 0, 0])
    return head + block + struct.pack("<I", zlib.crc32(block))


def stored_zstd(content, window=0x58):
    """A zstd frame with one raw block and a window that its header chooses."""
    return b"\x28\xb5\x2f\xfd\x00" + bytes([window]) + struct.pack("<I", len(content) << 3 | 1)[:3] + content


def corpus_seeds():
    text = "bir sat\u0131r\r\n\niki \u00e7ok uzun bir sat\u0131r daha\n\u00fc\u00e7".encode()
    put = lambda name, value, kind=b"t": seed("corpus", name, kind + value)
    kinds = {"raw": lambda t: t, "gz": lambda t: gzip.compress(t, mtime=0), "bz2": bz2.compress, "xz": lzma.compress,
             "zst": stored_zstd}
    for kind, squeeze in kinds.items():
        whole = squeeze(text)
        put(f"{kind}", whole)
        put(f"{kind}-joined", whole + whole)
        put(f"{kind}-empty", squeeze(b""))
        put(f"{kind}-cut", whole[:-5])
        put(f"{kind}-flipped", whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 4]) + whole[len(whole) // 2 + 1:])
        put(f"{kind}-garbage-behind", whole + b"garbage")
        put(f"{kind}-lines", squeeze(b'{"text": "bir\\niki"}\n\n{"text": "\xc3\xa7"}\n'), b"j")
        for other, again in kinds.items():
            if other != "raw" and kind != "raw":
                put(f"{kind}-in-{other}", again(whole))
    for kind in ("gz", "bz2", "xz"):
        put(f"{kind}-bomb", kinds[kind](b"a" * (1 << 20)))
    for size in (0, 18, 32, 33, 40, 41):
        put(f"xz-dictionary-{size}", lzma_block(size))
    for window in (0x00, 0x88, 0x89, 0xA0, 0xFF):
        put(f"zst-window-{window:02x}", stored_zstd(text, window))
    for kind in (b"p", b"q"):
        for i in range(5):
            put(f"edge-{kind.decode()}-{i}", bytes([i + 1]) + "\u2581\U0001F642\r\n\u00e7x\n".encode() + b"\xe2\x96z", kind)
    put("two-files", text, b"2")
    put("two-compressed", gzip.compress(text, mtime=0), b"2")
    put("mark", b"\xef\xbb\xbfx\n")
    for longest in (0, 1, 5):
        put(f"cut-lines-{longest}", bytes([longest]) + text + b"\n\r\n" + b"a" * 40, b"l")
    put("standard-input", text, b"i")
    put("standard-input-compressed", gzip.compress(text, mtime=0), b"i")
    put("standard-input-empty", b"", b"i")
    put("utf16", "bir iki".encode("utf-16"))
    put("utf16-big", b"\xfe\xff" + "bir iki".encode("utf-16-be"))
    put("nul", b"a\0b")
    put("wrong", b"fine text here\xff\xfe and there\xed\xa0\x80\n\xf0\x9f")
    put("binary", bytes(range(256)))
    put("returns", b"\r\r\n\ra\r")
    put("blank", b"\n \n\t\n")
    line = lambda name, value: seed("jsonl", name, b"\1" + value)
    for name, value in (("one", b'{"text":"a"}'), ("two", b'{"text":"a\\n\\nb"}\n\n{"x":1,"text":"c\\r\\nd"}\n'), ("empty", b'{"text":""}\n'),
                        ("escapes", b'{"text":"\\u00e7\\ud83d\\ude42\\t"}'), ("half-pair", b'{"text":"\\ud83d"}'), ("nul", b'{"text":"\\u0000"}'),
                        ("missing", b'{"other":1,"more":2}'), ("not-text", b'{"text":3}'), ("array", b"[1]"), ("no-json", b"hello"),
                        ("twice", b'{"text":"a","text":"b"}'), ("deep", b'{"a":' + b"[" * 63 + b"]" * 63 + b',"text":"x"}'),
                        ("too-deep", b'{"a":' + b"[" * 64 + b"]" * 64 + b',"text":"x"}'), ("nested", b'{"a":{"text":"no"},"text":"yes"}'),
                        ("brackets-in-text", b'{"text":"' + b"[" * 100 + b'"}'), ("tail", b'{"text":"a"} x'), ("crlf", b'{"text":"a"}\r\n')):
        line(name, value)
    for i, text in enumerate(('{"a":[1,-2.5e-3,true,false,null,"\\u00e7\\n\\"\\\\/\\b\\f\\r\\t"],"b":{}}', '[]', ' [ ] ', '[1,]', '{"a":1,}', '{"a" 1}', '{a:1}', '{"a":1,"a":2}',
                              '["\\ud83d\\ude42"]', '["\\ud83d"]', '["\\ude42"]', '["\\ud83d\\u0041"]', '["\\u00"]', '["\\x"]', '["\\u0000"]', '{"\\u0000":1}', '[01]', '[-]', '[1.]',
                              '[1e]', '[1e+]', '[1e999]', '[1e-999]', '[9223372036854775807]', '[9223372036854775808]', '[-9223372036854775808]', '[-0]', '[-0.0]', '["a\tb"]', '["a', '[tru]',
                              '[nul', 'null', '1', '"x"', '[1] x', '[1][2]', '', ' ', '[' * 2048 + ']' * 2048, '[' * 2049 + ']' * 2049, '{"a":{"a":{"a":[[[{}]]]}}}')):
        for flags in (1, 4) if i % 4 else (0, 2, 6, 9):
            seed("json", f"text-{i:02}-{flags}", bytes([flags]), text)
    seed("json", "not-utf8", b"\1[\"\xff\"]")
    seed("json", "mark", b"\1\xef\xbb\xbf[]")
    seed("json", "nul", b"\1[\0]")
    seed("jsonl", "other-field", b"\0" + b'{"a\\"b":"x"}')
    seed("utf8", "valid", "a\u00e7\u2581\U0001F642\U0010FFFF\ud7ff\ue000".encode())
    seed("utf8", "wrong", b"\x80\xc0\xaf\xc1\xbf\xe0\x80\xaf\xed\xa0\x80\xf0\x8f\xbf\xbf\xf4\x90\x80\x80\xf8\xff\xe2\x82\xf0\x9f\x98")
    seed("utf8", "long", ("abc\u00e7" * 40).encode() + b"\xe2" + b"z" * 70)
    seed("utf8", "utf16", "bir".encode("utf-16"))
    for i, number in enumerate(("0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.1", "-0", "1e308", "1e999",
                                "1e-320", "5e-324", "0x10", "inf", "nan", " 1", "1 ", "", "512M", "1.5G", "2TiB", "1e30K", "9007199254740993",
                                "1" * 400, "0." + "0" * 400 + "1", "1e", "+5", ".5", "5.", "1,5", "1e+16", "123456789012345680.0")):
        seed("numbers", f"number-{i:02}", number)


# ------------------------------------------------------------------------------------------- models and their runs ---
def parameters(config):
    """Names and shapes of a BertForMaskedLM's tensors, as bert/parameters.h has them."""
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    norm = lambda name: [(name + ".weight", [hidden]), (name + ".bias", [hidden])]
    linear = lambda name, out, into: [(name + ".weight", [out, into]), (name + ".bias", [out])]
    rows = [("bert.embeddings.word_embeddings.weight", [config["vocab_size"], hidden]),
            ("bert.embeddings.position_embeddings.weight", [config["max_position_embeddings"], hidden]),
            ("bert.embeddings.token_type_embeddings.weight", [config["type_vocab_size"], hidden])]
    rows += norm("bert.embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        at = f"bert.encoder.layer.{layer}."
        for part in ("query", "key", "value"):
            rows += linear(at + "attention.self." + part, hidden, hidden)
        rows += linear(at + "attention.output.dense", hidden, hidden) + norm(at + "attention.output.LayerNorm")
        rows += linear(at + "intermediate.dense", wide, hidden) + linear(at + "output.dense", hidden, wide)
        rows += norm(at + "output.LayerNorm")
    rows += linear("cls.predictions.transform.dense", hidden, hidden) + norm("cls.predictions.transform.LayerNorm")
    return rows + [("cls.predictions.bias", [config["vocab_size"]])]


def count(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def model_tensors(dtype="F32", pattern=b"\0\0\0\x3f"):
    width = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8}[dtype]
    return {name: (dtype, shape, (pattern * 2)[:width] * count(shape)) for name, shape in parameters(CONFIG)}


def moment_tensors(pattern=b"\0\0\0\0"):
    return {prefix + name: ("F32", shape, pattern * count(shape))
            for prefix in ("exp_avg.", "exp_avg_sq.") for name, shape in parameters(CONFIG)}


def without(tensors, name):
    return {key: value for key, value in tensors.items() if key != name}


def model_seeds():
    put = lambda name, tensors: seed("weights", name, safetensors(tensors, {"format": "pt"}))
    whole, first = model_tensors(), "bert.embeddings.word_embeddings.weight"
    for dtype in ("F32", "F16", "BF16", "F64"):
        put(f"type-{dtype}", model_tensors(dtype))
    put("no-prefix", {name.removeprefix("bert."): value for name, value in whole.items()})
    put("old-names", {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
                      for name, value in whole.items()})
    put("no-head", {name: value for name, value in whole.items() if not name.startswith("cls.")})
    put("pooler", whole | {"bert.pooler.dense.weight": ("F32", [8, 8], bytes(256)), "bert.pooler.dense.bias": ("F32", [8], bytes(32))})
    put("tied-copy", whole | {"cls.predictions.decoder.weight": whole[first], "cls.predictions.decoder.bias": whole["cls.predictions.bias"]})
    put("untied", whole | {"cls.predictions.decoder.weight": ("F32", [20, 8], bytes(640))})
    put("bias-by-its-copy", without(whole, "cls.predictions.bias") | {"cls.predictions.decoder.bias": whole["cls.predictions.bias"]})
    put("two-spellings", whole | {"embeddings.word_embeddings.weight": whole[first]})
    put("buffers", whole | {"bert.embeddings.position_ids": ("I64", [1, 16], bytes(128)), "cls.seq_relationship.bias": ("F32", [2], bytes(8))})
    put("strangers", whole | {f"classifier.{i}": ("F32", [1], bytes(4)) for i in range(6)})
    put("no-place", whole | {"bert.encoder.layer.1.output.dense.bias": ("F32", [8], bytes(32))})
    put("missing", without(whole, first))
    put("other-shape", whole | {first: ("F32", [8, 20], bytes(640))})
    put("integers", whole | {first: ("I32", [20, 8], bytes(640))})
    put("not-a-number", whole | {first: ("F32", [20, 8], b"\0\0\xc0\x7f" * 160)})
    integers = lambda *values: struct.pack(f"<{len(values)}q", *values)
    put = lambda name, tensors: seed("run_inputs", name, safetensors(tensors))
    ids = {"input_ids": ("I64", [2, 3], integers(1, 2, 3, 4, 5, 19))}
    embeds = {"inputs_embeds": ("F32", [2, 3, 8], bytes(192))}
    rest = {"attention_mask": ("U8", [2, 3], b"\1\1\0\1\1\1"), "token_type_ids": ("I32", [2, 3], bytes(24)),
            "labels": ("I64", [2, 3], integers(-100, 1, 2, -100, -100, 19)), "head_mask": ("F32", [1, 2], floats(1, 0))}
    put("ids", ids)
    put("embeds", embeds)
    put("all", ids | rest)
    put("all-embeds", embeds | rest)
    put("heads-once", ids | {"head_mask": ("F16", [2], bytes(4))})
    put("both", ids | embeds)
    put("neither", rest)
    put("unknown", ids | {"input_id": ("U8", [1], b"x")})
    for name, tensors in (("empty", {"input_ids": ("I64", [0, 3], b"")}), ("too-long", {"input_ids": ("U8", [1, 17], bytes(17))}),
                          ("rank", {"input_ids": ("U8", [3], bytes(3))}), ("id-outside", {"input_ids": ("U8", [1, 1], b"\x14")}),
                          ("id-negative", {"input_ids": ("I8", [1, 1], b"\xff")}), ("id-real", {"input_ids": ("F32", [1, 1], bytes(4))}),
                          ("mask-two", ids | {"attention_mask": ("U8", [2, 3], b"\2" * 6)}), ("mask-shape", ids | {"attention_mask": ("U8", [3, 2], bytes(6))}),
                          ("type-two", ids | {"token_type_ids": ("U8", [2, 3], b"\2" * 6)}), ("label", ids | {"labels": ("I8", [2, 3], b"\xff" * 6)}),
                          ("heads", ids | {"head_mask": ("F32", [3], bytes(12))}), ("layers", ids | {"head_mask": ("F32", [2, 2], bytes(16))}),
                          ("embeds-width", {"inputs_embeds": ("F32", [1, 1, 7], bytes(28))}), ("embeds-integers", {"inputs_embeds": ("I32", [1, 1, 8], bytes(32))})):
        put("bad-" + name, tensors)


SETTINGS = {"size": "tiny", "steps": 10, "learning-rate": 0.001, "dropout": 0.1, "valid": None, "line-by-line": True}
STATE = {"format": 1, "step": 5, "updates": 4, "skipped_in_a_row": 1, "tokens": 100, "seconds": 0.5, "epoch_loss_sum": 1.5,
         "epoch_predicted": 3, "epoch_correct": 1, "over": False, "finished": False, "evaluation_due": True, "best_step": 0,
         "best_loss": 0.0, "best_accuracy": 0.0, "time_budget": 0.0, "evaluations_by_clock": 0, "evaluation_seconds": 0.0,
         "save_seconds": 0.0, "metrics_bytes": 0, "settings": SETTINGS,
         "identity": {"corpus": "0000000000000001", "valid": "0" * 16, "tokenizer": "f" * 16, "threads": 2, "cpu": "plain", "version": "0"}}


def run_seeds():
    put = lambda name, kind, value: seed("checkpoint", name, bytes([kind]), value)
    put("state", 0, STATE)
    for key, values in (("step", (6, -1, 5.0, 2 ** 63)), ("updates", (6,)), ("seconds", ("0", -1, 1e308)), ("finished", (0,)), ("format", (0, 2)),
                        ("settings", (None, {"none": 1}, {"size": "huge"}, {"steps": 1, "epochs": 1})), ("best_step", (9,)),
                        ("identity", (None, {}, STATE["identity"] | {"corpus": "1"}, STATE["identity"] | {"threads": 0}))):
        for i, value in enumerate(values):
            put(f"state-{key}-{i}", 0, STATE | {key: value})
    put("state-no-json", 0, b"{")
    put("state-alone", 4, STATE)
    put("state-files", 4, STATE | {"fingerprint": "0" * 16, "files": [{"name": "../x", "bytes": 1, "fingerprint": "0" * 16}]})
    put("state-no-fingerprint", 4, b'{"format":1}')
    moments = moment_tensors()
    put("moments", 1, safetensors(moments))
    put("moments-average", 1, safetensors(moments | {"average." + name: ("F32", shape, bytes(4 * count(shape)))
                                                     for name, shape in parameters(CONFIG)}))
    for i, averaged in enumerate((1, 7, -1)):
        put(f"state-averaged-{i}", 0, STATE | {"averaged": averaged})
    put("moments-missing", 1, safetensors(without(moments, "exp_avg.cls.predictions.bias")))
    put("moments-named-else", 1, safetensors(without(moments, "exp_avg.cls.predictions.bias") | {"x": ("F32", [20], bytes(80))}))
    put("moments-shape", 1, safetensors(moments | {"exp_avg.cls.predictions.bias": ("F32", [2, 10], bytes(80))}))
    put("moments-type", 1, safetensors(moments | {"exp_avg.cls.predictions.bias": ("I32", [20], bytes(80))}))
    put("moments-endless", 1, safetensors(moments | {"exp_avg.cls.predictions.bias": ("F32", [20], b"\0\0\x80\x7f" * 20)}))
    put("moments-negative", 1, safetensors(moments | {"exp_avg_sq.cls.predictions.bias": ("F32", [20], b"\0\0\x80\xbf" * 20)}))
    put("model", 2, safetensors(model_tensors(), {"format": "pt"}))
    put("model-not-a-number", 2, safetensors(model_tensors(pattern=b"\0\0\xc0\x7f"), {"format": "pt"}))
    put("model-none", 2, safetensors({}))
    put("config", 3, CONFIG)
    put("config-larger", 3, CONFIG | {"hidden_size": 16})
    put("config-no-json", 3, b"[]")
    put = lambda name, kind, value: seed("run_files", name, kind, value)
    for i, other in enumerate(({"average": 0.3, "mask-probability-end": 0.15, "batch-warmup-ratio": 0.5, "length-warmup-ratio": 1}, {"average": 1.1},
                               {"recipe": False, "minutes": 5}, {"dry-run": True}, {"optimizer": "muon", "accumulate": 2}, {"length-warmup-ratio": -1})):
        put(f"settings-late-{i}", b"t", SETTINGS | other)
    put("settings", b"t", SETTINGS)
    put("settings-none", b"t", {})
    for i, other in enumerate(({"steps": 1, "minutes": 1}, {"learning-rate": "0.1"}, {"size": 3}, {"dropout": 1}, {"seed": -1}, {"seed": 1.5}, {"force": True},
                               {"line-by-line": 1}, {"hidden-size": 10, "num-attention-heads": 3}, {"max-length": 1024}, {"valid": ""}, {"size": None},
                               {"schedule": "none"}, {"batch-size": 0}, {"learning-rate": 1e-320}, {"minutes": 0.1, "size": "base"}, {"valid": "x" * 3000})):
        put(f"settings-{i:02}", b"t", SETTINGS | other)
    file = {"path": "/a/text.txt", "bytes": 10, "fingerprint": "0123456789abcdef"}
    for name, text in (("text", b"bir\r\niki \xff\n"), ("empty", b""), ("lines", b'{"text":"bir"}\n{"text":3}\n'), ("utf16", "bir".encode("utf-16")),
                       ("gz", gzip.compress(b"bir\niki\n", mtime=0)), ("gz-cut", gzip.compress(b"bir\niki\n", mtime=0)[:-6])):
        put("text-" + name, b"i", text)
    put("sources", b"c", {"field": None, "files": [file, file | {"path": "-"}]})
    for i, other in enumerate(({"field": 3}, {"field": "body"}, {"files": None}, {"files": [1]}, {"files": [file | {"bytes": -1}]},
                               {"files": [file | {"fingerprint": "0"}]}, {"files": [file | {"fingerprint": "g" * 16}]}, {"files": [file | {"path": 1}]},
                               {"files": []}, {"files": [file | {"path": "-"}] * 2})):
        put(f"sources-{i}", b"c", {"field": None, "files": [file]} | other)
    put = lambda name, config, *words: seed("options", name, config, *words, ended=b"\0")
    put("all", "", "--top-k", "5", "--memory=512M", "--temperature", "0.25", "--byte-fallback", "no", "--force", "--model", "dir", "--pooling=max", "text", "-", "--", "--x")
    put("config", {"top-k": 7, "memory": "1G", "temperature": 1, "byte_fallback": False, "force": True, "model": "m", "pooling": "mean"}, "--top-k=8")
    put("help", "", "--top-k", "--help")
    for i, words in enumerate((["--top-k"], ["--top-k", "0"], ["--top-k", "1001"], ["--top-k="], ["--memory", "1e30"], ["--memory=1K"], ["--temperature", "nan"],
                               ["--temperature", "1e999"], ["--model", ""], ["--model", "--force"], ["--pooling", "cl"], ["--force=maybe"], ["-x"], ["--nothing"],
                               ["--tokp-k=1"], ["--byte-fallback"], ["--byte-fallback", "later"], ["--help=yes"], ["--top-k", "9223372036854775808"],
                               ["--" + "x" * 200], ["--pooling", "max" + "y" * 400], ["--config", "/nowhere"])):
        put(f"words-{i:02}", "", *words)
    for i, config in enumerate(({"top-k": "5"}, {"top-k": 0}, {"top-k": 5.5}, {"model": 3}, {"temperature": "x"}, {"help": True}, {"config": "x"}, {"none": 1},
                                {"top-k": None}, {"top-k": []}, {"memory": 2 ** 62}, {"temperature": 1e-320})):
        put(f"config-{i:02}", config)
    put("config-no-json", "{")
    seed("token_store", "narrow", bytes([0]) + bytes(range(40)))
    seed("token_store", "wide", bytes([1]) + bytes(range(60, 100)) * 3)
    seed("token_store", "empty", bytes([0, 0, 0]))


def folder_seeds():
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
               {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
               {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
    old = {"word_embedding_dimension": 8, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    put = lambda name, kind, *values: seed("sentence", name, kind, values[0], *(b"\0" if len(values) > 1 else b"",), *values[1:])
    put("modules", b"m", modules, old)
    put("pooling", b"p", old)
    put("pooling-named", b"p", {"pooling_mode": "lasttoken"})
    for i, pooling in enumerate((old | {"pooling_mode_cls_token": True}, {}, {"pooling_mode": "none"}, {"pooling_mode_max_tokens": 1}, [])):
        put(f"pooling-{i}", b"p", pooling)
    for i, other in enumerate((modules[::-1], modules[:1], [], {}, [1], [{"type": 3}], [modules[0] | {"path": "../x"}], [modules[0] | {"path": ".."}],
                               [modules[0] | {"path": "0_Transformer"}] * 2, [{"type": "x.Dense", "path": "3"}], [modules[0] | {"type": "x." + "\u00e7" * 70}])):
        put(f"modules-{i:02}", b"m", other, old)
    put("modules-no-json", b"m", b"[", old)
    step = {"step": 1, "epoch": 1, "loss": 4.5, "accuracy": 0.1, "learning_rate": 1e-3, "tokens": 10, "tokens_per_second": 100.5, "seconds": 0.1}
    evaluation = {"step": 2, "valid_loss": 4.0, "valid_accuracy": 0.2, "unigram_loss": 5, "unigram_accuracy": 0.1,
                  "examples": [{"text": "<img src=x> [MASK] & \"\u00e7\"", "expected": "a<b", "filled": "</td><script>"}]}
    lines = lambda *values: b"".join(dump(v) + b"\n" for v in values)
    put = lambda name, metrics, settings: seed("report", name, metrics, b"\0", settings)
    put("run", lines(step, step | {"step": 2, "loss": 3}, evaluation, step | {"step": 3}), SETTINGS)
    put("markup", lines(step, evaluation), {"size": "<script>alert(1)</script>", "<img>": ["&", {"\"": "'"}]})
    put("cut", lines(step) + b'{"step": 2, "lo', SETTINGS)
    put("huge", lines(step | {"loss": 1e308}, step | {"step": 2, "loss": -1e308}, evaluation | {"valid_loss": 1e-320}), {})
    put("null", lines({"step": None, "loss": None}, {"valid_loss": None}, {}), {})
    for i, examples in enumerate(([], [1], [{}], [{"text": 3, "expected": None, "filled": "x"}], {"text": "x"}, [{"text": "no mask", "expected": "a", "filled": "b"}])):
        put(f"examples-{i}", lines(step, evaluation | {"examples": examples}), SETTINGS)
    put("empty", b"", SETTINGS)
    put("no-settings", lines(step), b"")
    put("wrong-line", b"[1]\n", SETTINGS)


def learning_seeds():
    for i, words in enumerate(("ab\nab\nabab\naaaa\nba", "\u00e7\u015f\u00e7\n\u00e7\u015fe\n\u65e5\u672c\u8a9e\n\u65e5\u672c", "--==--\n==--\n----", "the\nin\nthing\nsing\nthe",
                               " a\n b\n ab\n a a", "a" * 48 + "\n" + "ab" * 24)):
        for j, head in enumerate((b"\x14\0\0\0\0\0", b"\x40\1\1\0\0\x13", b"\x7f\2\2\3\4\x48")):
            seed("bpe_train", f"words-{i}-{j}", head, words)
    first = "kale kaleler kalede mi no tu\n\n\u015fule \u0130stanbul'da  kalemler 12\n"
    second = "kalemde \u015fuler no-no kaleler kaleler mino \U0001F642\n"
    for choice in range(0, 64, 3):
        seed("extend", f"choice-{choice:02}", bytes([choice, 120 + choice, choice * 3 % 256]), first, b"\0", second)
    seed("extend", "bytes", bytes([0, 200, 90]), first, b"\0", second)
    seed("extend", "fallback", bytes([17, 160, 60]), first, b"\0", second)
    seed("extend", "nothing-new", bytes([1, 90, 100]), first, b"\0", first)
    seed("extend", "no-old-text", bytes([1, 90, 100]), "", b"\0", second)


if __name__ == "__main__":
    folder_seeds()
    tokenizer_seeds()
    old_tokenizer_seeds()
    class_seeds()
    regex_seeds()
    safetensors_seeds()
    pytorch_seeds()
    config_seeds()
    corpus_seeds()
    model_seeds()
    run_seeds()
    learning_seeds()
