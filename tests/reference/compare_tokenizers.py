"""Compares maske's tokenizer with the tokenizers library: ids, offsets, type ids, masks, decoded text, saved files.

    compare_tokenizers.py --driver build/release/tests/tokenizer_driver [--only NAME] [--fuzz N] [--sweep STEP] [--seed S] [--jobs N]

Tokenizers are built with the library, one for each variant of the components; the same texts then go through the library
and through the driver (JSON lines; variants are dealt out to as many processes as there are cores). Prints variants that
differ with the first differences; exit 1 if there was one. Sections of the rules it covers: models, added tokens,
normalizers, pre-tokenizers, post-processors, decoders, truncation and its windows, padding, pairs, files, and the
tokenizers of well-known families (tokenizer_families.py).
"""
import argparse
import itertools
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading

from tokenizers import AddedToken, BertWordPieceTokenizer, ByteLevelBPETokenizer, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tokenizer_families

SENTENCES = """Merhaba dünya, bugün hava çok güzel ve İstanbul'da ılık bir rüzgâr esiyor.
Mert Akçay üniversite sınavına hazırlanıyor; kitaplarının çoğunu kütüphaneden aldı.
Ankara'nın başkent oluşu 13 Ekim 1923 tarihinde kabul edildi, o günden beri öyledir.
The quick brown fox doesn't jump over the lazy dog's bed; it's they're who've said so.
We'll see: 1,234.56 dollars (or 12%) -- "quoted" text, e.g. http://example.com/a?b=c&d#e !
Größe, Straße, Übermut und Äpfel: die süßen Früchte des Gärtners sind überall beliebt.
L'été, les élèves mangeaient des crêpes à Noël ; où ça ? « Là-bas », dit-il en français.
El niño comió piñas y habló con la señora: ¿cómo está usted? ¡Muy bien, gracias!
Привет, мир! Съешь ещё этих мягких французских булок, да выпей же чаю.
Γειά σου Κόσμε, η γλώσσα των Ελλήνων είναι παλιά και όμορφη.
مرحبا بالعالم، كيف حالك اليوم؟ اللغة العربية جميلة جداً.
שלום עולם, מה שלומך היום? השפה העברית עתיקה.
नमस्ते दुनिया, आज मौसम बहुत अच्छा है और हम खुश हैं।
สวัสดีชาวโลก วันนี้อากาศดีมาก
你好，世界！今天天气很好，我们去公园散步吧。
こんにちは世界、今日はとても天気がいいですね。カタカナもあります。
안녕하세요 세계, 오늘은 날씨가 정말 좋네요.
Việt Nam là một quốc gia nằm ở phía đông bán đảo Đông Dương.
def f(x):\n    return x ** 2 + 3 * x - 1  # comment\n\tif x == y: pass
aaaa aaa aa a bbbb abab ababab ---- ==== .... ____ 1111 2222 3333 44444444""".split("\n")

TEXTS = SENTENCES + [
    "", " ", "  ", "   leading", "trailing   ", "two  spaces   three", "\t", "\n", "\r\n", "a\tb\nc\r\nd\x0be\x0cf", "a\u00a0b\u3000c\u2003d\u200be",
    "a", "ab", "aaa", "a" * 40, "a" * 101, "a" * 300, "ab" * 200, "-" * 77, "x" * 1000, "é" * 60, "e\u0301" * 30, "'" * 9, ".,;:!?" * 5,
    "I'm you're he's we've they'll I'd don't DON'T 'S", "Ankara'da Ahmet'te Kemal'den Ali'nin Ankara\u2019da", "İIıi İSTANBUL ISPARTA ığdır", "i\u0307stanbul",
    "👩‍👩‍👧‍👦 family 🇹🇷 flag 👍🏽 thumb 😀😀", "\U0001F600", "a\U0001F600b", "ﬁ ﬂ ½ ² Ⅷ ㎏ Ａｂｃ", "A\u0300\u0301\u0302 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "\ufeffBOM", "a\ufffdb", "a\x00b", "\u200d\u200c\u00ad",
    "[CLS] in the text [SEP]", "[MASK]", " [MASK] ", "a [MASK] b", "a[MASK]b", "[MASK][MASK]", "  [MASK]  [MASK]  ", "Ankara [MASK] başkentidir.", "[PAD] [UNK] [mask]",
    "a<s>b</s> <mask> <pad>", "hello world Hello World HELLO", "▁ already ▁here▁", "a▁b", "▁", "▁▁a", " ▁", "▁ ", "Ġ Ċ literal Ġb", "<0x41> <0xE2><0x96>",
    "do not do n't it 's we 've they 're I 'm a . b ? c ! d , e ' f ' g", "日本 and 中文mixed漢字kana", "\U0002B740\U0002B820\U0002B920\U0002CEA1 rare",
    "9³٣৩ ½ Ⅳ 12a34", "\u0e00\u0e01 mix \u0600\u0601", "x\u0301y", "\u0301start", "tab\there", "new\nline\n\nblank", "ends with newline\n", "\u1680\u2028\u2029\u0085",
    "snake_case CamelCase kebab-case dot.case", "c++ c# f# .net", "$5 €6 £7 ¥8", "a=b+c*d/e^f|g&h~i`j", "\\ \" quotes \" \\", "a" + " " * 30 + "b", "ÀÉÎÕÜ àéîõü ÇĞİÖŞÜ çğıöşü",
    "Å Å Å", "ΑΣ ΑΣ. Σ ς", "ß ẞ ŉ ǰ ΐ", "\u1e9e\u0130\u0149", "가각갂 \u1100\u1161\u11a8",
]
ALPHABET = list("abcdeiış ğüABI  \t\n.,'-_0129!?▁Ġé") + ["\u0301", "\u0307", "\u00a0", "\u3000", "中", "日", "カ", "한", "ф", "ع", "ก", "😀", "👍🏽", "\u200d", "\u00ad", "\ufeff", "½", "İ",
            "[MASK]", "[CLS]", "<s>", "hello", "##", "</w>", "n't", " 's", "\u0130", "\ufb01", "\u1e9e", "\u0345", "\u0e33", "\U0002F800"]


def fuzz_texts(count, seed):
    draw = random.Random(seed)
    texts = []
    for _ in range(count):
        kind = draw.random()
        length = draw.choice([1, 2, 3, 5, 8, 13, 30])
        if kind < 0.7:
            texts.append("".join(draw.choice(ALPHABET) for _ in range(length)))
        elif kind < 0.85:
            texts.append(" ".join(draw.choice(draw.choice(SENTENCES).split(" ")) for _ in range(length)))
        else:
            points = [draw.choice([draw.randrange(0x20, 0x250), draw.randrange(0x250, 0x3000), draw.randrange(0x3000, 0xD800), draw.randrange(0xE000, 0x110000)])
                      for _ in range(length)]
            texts.append("".join(map(chr, points)))
    return texts


def sweep_texts(step):
    """Code points alone, between letters, doubled: `step` of them in one text. All of the first two planes; of the others,
    where long ranges are alike, every 61st and the ends of ranges that some component knows."""
    edges = [0x20000, 0x2A6DF, 0x2A700, 0x2B73F, 0x2B740, 0x2B81F, 0x2B820, 0x2B920, 0x2CEA1, 0x2CEAF, 0x2CEB0, 0x2EBE0, 0x2F800, 0x2FA1F, 0x30000, 0x323AF, 0xE0001, 0xE007F, 0xE01EF,
             0xF0000, 0xFFFFD, 0x10FFFD, 0x10FFFF]
    points = {c for c in range(0x20000) if not 0xD800 <= c < 0xE000} | set(range(0x20000, 0x110000, 61))
    points |= {c + d for c in edges for d in (-1, 0, 1) if c + d < 0x110000}
    points = sorted(points)
    return [" ".join(f"{c} a{c}{c}b" for c in map(chr, points[at:at + step])) for at in range(0, len(points), step)]


# ------------------------------------------------------------------------------------------------------------ variants

def train_bpe(pre, vocab_size=700, limit=None, initial=(), normalizer=None, specials=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), sentences=SENTENCES * 2, **options):
    t = Tokenizer(models.BPE())
    if normalizer is not None:
        t.normalizer = normalizer
    if pre is not None:
        t.pre_tokenizer = pre
    if limit is not None:
        options["limit_alphabet"] = limit
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, min_frequency=1, show_progress=False, initial_alphabet=list(initial),
                                  special_tokens=list(specials), **options)
    t.train_from_iterator(sentences, trainer)
    return t


def with_model(t, **options):
    """The same tokenizer with other options of its BPE, and byte tokens if asked for."""
    state = json.loads(t.to_str())
    if options.pop("bytes", False):
        for byte in range(256):
            state["model"]["vocab"].setdefault(f"<0x{byte:02X}>", len(state["model"]["vocab"]))
    state["model"].update(options)
    return Tokenizer.from_str(json.dumps(state))


def train_wordpiece(normalizer, pre=None):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizer
    t.pre_tokenizer = pre or pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(SENTENCES * 2, trainers.WordPieceTrainer(vocab_size=900, min_frequency=1, limit_alphabet=300, show_progress=False,
                                                                   special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.decoder = decoders.WordPiece()
    return t


def template():
    return processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])


def model_variants():
    small = train_bpe(pre_tokenizers.Whitespace(), limit=60)
    for unk, fuse, fallback, ignore in itertools.product([None, "[UNK]"], [False, True], [False, True], [False, True]):
        yield (f"bpe unk={unk} fuse={fuse} fallback={fallback} ignore_merges={ignore}",
               with_model(small, unk_token=unk, fuse_unk=fuse, byte_fallback=fallback, ignore_merges=ignore, bytes=fallback))
    for prefix, suffix in [("##", None), (None, "</w>"), ("##", "</w>"), ("", ""), ("é", None)]:
        options = {k: v for k, v in (("continuing_subword_prefix", prefix), ("end_of_word_suffix", suffix)) if v}
        t = train_bpe(pre_tokenizers.Whitespace(), limit=70, **options)
        for fuse, fallback in itertools.product([False, True], [False, True]):
            name = f"bpe prefix={prefix} suffix={suffix} fuse={fuse} fallback={fallback}"
            yield name, with_model(t, unk_token="[UNK]", fuse_unk=fuse, byte_fallback=fallback, continuing_subword_prefix=prefix, end_of_word_suffix=suffix, bytes=fallback)
    state = json.loads(small.to_str())
    draw = random.Random(5)
    merges = state["model"]["merges"]
    state["model"]["merges"] = merges + [draw.choice(merges) for _ in range(200)]
    yield "bpe merges listed twice", Tokenizer.from_str(json.dumps(state))
    draw.shuffle(merges)
    state["model"]["merges"] = merges
    yield "bpe merges shuffled", Tokenizer.from_str(json.dumps(state))
    yield "bpe without pre-tokenizer", with_model(train_bpe(None, 500), unk_token="[UNK]")
    # few letters, deep merges: every order of ties
    letters = {c: i for i, c in enumerate("ab")}
    state = {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": letters, "merges": []}}
    while len(letters) < 300:
        a, b = draw.choice(list(letters)), draw.choice(list(letters))
        if len(a + b) <= 12:
            letters.setdefault(a + b, len(letters))
            state["model"]["merges"].append([a, b])
    yield "bpe of two letters", Tokenizer.from_str(json.dumps(state))
    for lower, strip in itertools.product([False, True], [None, False, True]):
        t = train_wordpiece(normalizers.BertNormalizer(lowercase=lower, strip_accents=strip))
        t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        yield f"wordpiece lower={lower} strip={strip}", t
    t = train_wordpiece(normalizers.BertNormalizer())
    state = json.loads(t.to_str())
    state["model"]["max_input_chars_per_word"] = 5
    yield "wordpiece of 5 characters", Tokenizer.from_str(json.dumps(state))
    state["model"]["max_input_chars_per_word"] = 2000
    state["model"]["continuing_subword_prefix"] = ""
    yield "wordpiece without prefix", Tokenizer.from_str(json.dumps(state))


NORMALIZERS = {
    "nfc": normalizers.NFC, "nfd": normalizers.NFD, "nfkc": normalizers.NFKC, "nfkd": normalizers.NFKD, "lowercase": normalizers.Lowercase,
    "strip accents": normalizers.StripAccents, "strip": normalizers.Strip, "strip left": lambda: normalizers.Strip(left=True, right=False),
    "prepend": lambda: normalizers.Prepend("▁"), "nmt": normalizers.Nmt, "byte level": normalizers.ByteLevel,
    "replace": lambda: normalizers.Replace("a", "xyz"), "replace regex": lambda: normalizers.Replace(Regex(r"\s+"), " "), "replace by nothing": lambda: normalizers.Replace("b", ""),
    "nfd, strip accents, lowercase": lambda: normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()]),
    "llama": lambda: normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
    "turkish": lambda: normalizers.Sequence([normalizers.NFC(), normalizers.Replace("İ", "i"), normalizers.Replace("I", "ı"), normalizers.Lowercase()]),
    "bert": normalizers.BertNormalizer,
}
PRE_TOKENIZERS = {
    "bert": pre_tokenizers.BertPreTokenizer, "whitespace": pre_tokenizers.Whitespace, "whitespace split": pre_tokenizers.WhitespaceSplit, "punctuation": pre_tokenizers.Punctuation,
    "punctuation contiguous": lambda: pre_tokenizers.Punctuation("contiguous"), "punctuation removed": lambda: pre_tokenizers.Punctuation("removed"),
    "digits": pre_tokenizers.Digits, "digits one by one": lambda: pre_tokenizers.Digits(individual_digits=True),
    "byte level": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False), "byte level prefix": lambda: pre_tokenizers.ByteLevel(add_prefix_space=True),
    "byte level without pattern": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), "delimiter": lambda: pre_tokenizers.CharDelimiterSplit("e"),
    "scripts": pre_tokenizers.UnicodeScripts, "fixed length": lambda: pre_tokenizers.FixedLength(3),
    "gpt-4": lambda: pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
    "metaspace then digits": lambda: pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Digits()]),
    "split then metaspace": lambda: pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")]),
    "bytes twice": lambda: pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=True)]),
}
PRE_TOKENIZERS.update({f"metaspace {scheme} split={split}": (lambda scheme=scheme, split=split: pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split))
                       for scheme in ("always", "first", "never") for split in (False, True)})
PRE_TOKENIZERS.update({f"split {name} {behavior} invert={invert}": (lambda pattern=pattern, behavior=behavior, invert=invert: pre_tokenizers.Split(pattern, behavior, invert))
                       for name, pattern in (("a", "a"), ("regex", Regex(r"[\s_]|\d+")))
                       for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous") for invert in (False, True)})


def text_variants():
    base = train_bpe(pre_tokenizers.WhitespaceSplit(), limit=120)
    for name, make in NORMALIZERS.items():
        t = with_model(base, unk_token="[UNK]")
        t.normalizer = make()
        yield f"normalizer {name}", t
        t = with_model(base, unk_token="[UNK]")
        t.normalizer = make()
        t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        t.add_tokens([AddedToken("Hello", normalized=True), AddedToken("é", normalized=True, rstrip=True), AddedToken("ab", normalized=True, single_word=True)])
        yield f"normalizer {name}, metaspace first, normalized tokens", t
    for name, make in PRE_TOKENIZERS.items():
        t = train_bpe(make(), limit=400)
        yield f"pre-tokenizer {name}", with_model(t, unk_token="[UNK]")
    t = train_bpe(pre_tokenizers.Metaspace(prepend_scheme="first"), limit=90)
    for scheme in ("always", "first", "never"):
        t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        yield f"metaspace {scheme} with bytes", with_model(t, unk_token="[UNK]", byte_fallback=True, bytes=True)


def added_variants():
    base = train_bpe(pre_tokenizers.Metaspace(prepend_scheme="first"), limit=200)
    lower = normalizers.Sequence([normalizers.Lowercase(), normalizers.StripAccents()])
    contents = ["[MASK]", "hello", "World", "a", "ab", "é", " ", "  ", "##", "-", "ababab", "Ahmet", "n't"]
    for flags in itertools.product([False, True], repeat=5):
        names = ("single_word", "lstrip", "rstrip", "normalized", "special")
        for normal in (None, lower):
            t = with_model(base, unk_token="[UNK]")
            if normal is not None:
                t.normalizer = normal
            tokens = [AddedToken(content, **dict(zip(names, flags))) for content in contents]
            t.add_tokens(tokens)
            yield f"added {' '.join(n for n, f in zip(names, flags) if f)} lower={normal is not None}", t
    draw = random.Random(3)
    for i in range(12):
        t = with_model(base, unk_token="[UNK]")
        t.normalizer = draw.choice([lower, normalizers.NFD(), normalizers.Prepend("▁")])
        t.pre_tokenizer = draw.choice([pre_tokenizers.ByteLevel(add_prefix_space=True), pre_tokenizers.Metaspace(prepend_scheme="first"), pre_tokenizers.BertPreTokenizer()])
        for content in draw.sample(contents + ["abab", "a b", "the", " the", "The", "İ", "中", "😀", "\t"], 10):
            t.add_tokens([AddedToken(content, **{n: draw.random() < 0.5 for n in ("single_word", "lstrip", "rstrip", "normalized", "special")})])
        yield f"added mixed {i}", t


def post_variants():
    byte_level = train_bpe(pre_tokenizers.ByteLevel(add_prefix_space=True), initial=pre_tokenizers.ByteLevel.alphabet())
    plain = with_model(train_bpe(pre_tokenizers.Whitespace(), limit=100), unk_token="[UNK]")
    makers = {
        "none": None, "bert": lambda: processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)), "template": template,
        "template odd": lambda: processors.TemplateProcessing(single="[CLS]:3 $A:2 [SEP] [SEP]:1 $A:5", pair="$B:1 [SEP] $A:4 [CLS]:9", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]),
        "template of several ids": lambda: processors.TemplateProcessing(single="<x> $0", pair="<x> $A $B:1 <x>:1",
                                                                         special_tokens=[{"id": "<x>", "ids": [2, 3, 4], "tokens": ["[CLS]", "[SEP]", "[MASK]"]}]),
        "byte level": lambda: processors.ByteLevel(trim_offsets=True), "byte level untrimmed": lambda: processors.ByteLevel(trim_offsets=False),
        "byte level no prefix": lambda: processors.ByteLevel(trim_offsets=True, add_prefix_space=False),
        "byte level, template": lambda: processors.Sequence([processors.ByteLevel(trim_offsets=True), template()]),
        "template, byte level": lambda: processors.Sequence([template(), processors.ByteLevel(trim_offsets=True)]),
        "template, bert": lambda: processors.Sequence([template(), processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))]),
        "bert, roberta": lambda: processors.Sequence([processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)), processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2))]),
    }
    makers.update({f"roberta trim={trim} prefix={prefix}": (lambda trim=trim, prefix=prefix: processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2), trim_offsets=trim, add_prefix_space=prefix))
                   for trim in (False, True) for prefix in (False, True)})
    for (kind, base), (name, make) in itertools.product((("bytes", byte_level), ("words", plain)), makers.items()):
        t = Tokenizer.from_str(base.to_str())
        t.add_tokens([AddedToken("hello", lstrip=True, rstrip=True)])
        if make is not None:
            t.post_processor = make()
        yield f"post-processor {name}, {kind}", t


def length_variants():
    base = with_model(train_bpe(pre_tokenizers.Whitespace(), limit=100), unk_token="[UNK]")
    for processor, length, strategy, direction, stride in itertools.product(
            ("none", "bert"), (2, 3, 4, 5, 8, 9, 16, 17), ("longest_first", "only_first", "only_second"), ("right", "left"), (0, 1)):
        t = Tokenizer.from_str(base.to_str())
        if processor == "bert":
            t.post_processor = template()
        if stride >= length - (2 if processor == "bert" else 0):
            continue
        t.enable_truncation(length, stride=stride, strategy=strategy, direction=direction)
        yield f"truncation {processor} {length} {strategy} {direction} stride={stride}", t
    for direction, length, multiple in itertools.product(("right", "left"), (None, 1, 10, 33), (None, 1, 7, 8)):
        t = Tokenizer.from_str(base.to_str())
        t.post_processor = template()
        t.enable_padding(direction=direction, pad_id=0, pad_type_id=3, pad_token="[PAD]", length=length, pad_to_multiple_of=multiple)
        t.enable_truncation(12, direction=direction)
        yield f"padding {direction} {length} {multiple}", t


def decoder_variants():
    words = with_model(train_bpe(pre_tokenizers.Metaspace(prepend_scheme="first"), limit=120, specials=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "</w>", "##a", "n't", ".", " ")),
                       unk_token="[UNK]", byte_fallback=True, bytes=True)
    suffixed = train_bpe(pre_tokenizers.Whitespace(), end_of_word_suffix="</w>")
    continued = train_wordpiece(normalizers.BertNormalizer())
    byte_level = train_bpe(pre_tokenizers.ByteLevel(), initial=pre_tokenizers.ByteLevel.alphabet())
    makers = {
        "none": None, "byte level": decoders.ByteLevel, "wordpiece": decoders.WordPiece, "wordpiece untidied": lambda: decoders.WordPiece(cleanup=False),
        "wordpiece prefix a": lambda: decoders.WordPiece(prefix="a"), "bpe": decoders.BPEDecoder, "bpe of a": lambda: decoders.BPEDecoder(suffix="a"), "bpe of nothing": lambda: decoders.BPEDecoder(suffix=""),
        "ctc": decoders.CTC, "ctc of a": lambda: decoders.CTC(pad_token="a", word_delimiter_token="▁"), "ctc untidied": lambda: decoders.CTC(cleanup=False), "bytes": decoders.ByteFallback,
        "fuse": decoders.Fuse, "replace": lambda: decoders.Replace("a", "[]"), "replace regex": lambda: decoders.Replace(Regex("[aeı]+"), "V"), "replace nothing": lambda: decoders.Replace("", "-"),
        "strip": lambda: decoders.Sequence([decoders.Fuse(), decoders.Strip("▁", 1, 0)]), "strip more": lambda: decoders.Sequence([decoders.Fuse(), decoders.Strip("a", 3, 0)]),
        "llama": lambda: decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
        "metaspace, bytes": lambda: decoders.Sequence([decoders.Metaspace(), decoders.ByteFallback()]),
        "wordpiece, fuse, replace": lambda: decoders.Sequence([decoders.WordPiece(), decoders.Fuse(), decoders.Replace("e", "E")]),
    }
    makers.update({f"metaspace {scheme}": (lambda scheme=scheme: decoders.Metaspace(prepend_scheme=scheme)) for scheme in ("always", "first", "never")})
    makers["metaspace of a"] = lambda: decoders.Metaspace(replacement="a")
    bases = (("words", words), ("suffixed", suffixed), ("continued", continued), ("byte level", byte_level))
    for (kind, base), (name, make) in itertools.product(bases, makers.items()):
        t = Tokenizer.from_str(base.to_str())
        if make is not None:
            t.decoder = make()
        yield f"decoder {name}, {kind}", t


# ------------------------------------------------------------------------------------------------------------ comparing

class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, requests):
        data = "".join(json.dumps(r) + "\n" for r in requests).encode()
        writer = threading.Thread(target=lambda: (self.process.stdin.write(data), self.process.stdin.flush()))
        writer.start()
        answers = []
        for request in requests:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"the driver died at {request!r}")
            answers.append(json.loads(line))
        writer.join()
        return answers

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def attempt(function):
    try:
        return function()
    except BaseException as error:                  # a panic of the library is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return {"error": str(error)}


def byte_offsets(e, text, pair):
    """What the character offsets are in bytes; an offset past the text is its end. Of pairs (where the library at times
    forgets which text a token is of) None."""
    if pair is not None:
        return None
    ends = list(itertools.accumulate((len(c.encode()) for c in text), initial=0))
    return str([(ends[min(begin, len(text))], ends[min(end, len(text))]) for begin, end in e.offsets])


def encoding_of(e):
    return {"ids": str(e.ids), "type_ids": str(e.type_ids), "special": str(e.special_tokens_mask), "attention": str(e.attention_mask), "chars": str(e.offsets)}


def expected_encoding(t, text, pair, special, brief=False, windows=False):
    """The library's answer in the driver's words (lists as strings)."""
    def run():
        e = t.encode(text, pair, add_special_tokens=special)
        if brief:
            ids = str(e.ids)
            return {"ids": ids, "chars": str(e.offsets), "fast": ids}
        answer = encoding_of(e)
        answer |= {"fast": answer["ids"], "bytes": byte_offsets(e, text, pair)}
        if windows:
            answer["windows"] = [encoding_of(part) for part in [e] + e.overflowing]
        return answer
    return attempt(run)


def same(expected, got):
    """Whether all that is expected was got; None: anything."""
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(same(value, got.get(key)) for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(same, expected, got))
    return expected is None or expected == got


class Comparison:
    def __init__(self, driver, shown):
        self.driver, self.shown, self.cases, self.failures = driver, shown, 0, 0

    def differ(self, name, what, case, expected, got):
        self.failures += 1
        self.shown -= 1
        if self.shown >= 0:
            print(f"DIFFERENT {name}: {what}\n  case     {case!r:.600}\n  expected {expected!r:.1200}\n  got      {got!r:.1200}", flush=True)

    def check_files(self, name, t, folder):
        """What maske saves is what the library saves, and what the library saves again. The tokenizer as a file has it (a
        token that was special once stays so in memory only), or None."""
        source, saved = os.path.join(folder, "source.json"), os.path.join(folder, "saved")
        os.makedirs(saved, exist_ok=True)
        if isinstance(t, str):                      # a file that the library itself would write otherwise
            with open(source, "w", encoding="utf-8") as out:
                out.write(t)
            t = Tokenizer.from_str(t)
        else:
            t.save(source)
        opened, wrote = self.driver.ask([{"open": source}, {"save": saved}])
        self.cases += 1
        if "error" in opened or "error" in wrote:
            self.differ(name, "opening or saving", source, {}, [opened, wrote])
            return None
        mine = open(os.path.join(saved, "tokenizer.json"), encoding="utf-8").read()
        again = Tokenizer.from_file(os.path.join(saved, "tokenizer.json")).to_str(pretty=True)
        for what, theirs in (("saved file", t.to_str(pretty=True)), ("file saved again", again)):
            if mine != theirs:
                at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
                self.differ(name, what, source, theirs[max(0, at - 200):at + 200], mine[max(0, at - 200):at + 200])
        self.check_model_files(name, t, folder, saved)
        return Tokenizer.from_file(source)

    def check_model_files(self, name, t, folder, saved):
        t.model.save(folder)
        for file in ("vocab.json", "merges.txt", "vocab.txt"):
            theirs, mine = os.path.join(folder, file), os.path.join(saved, file)
            if os.path.exists(theirs) and os.path.exists(mine) and open(theirs, "rb").read() != open(mine, "rb").read():
                self.differ(name, file, theirs, "", "")
            for path in (theirs, mine):
                if os.path.exists(path):
                    os.remove(path)

    def check_texts(self, name, t, cases, decode=True, windows=False):
        """cases: text, second text or None, with special tokens. Without decode: ids and offsets alone, for many texts."""
        shared = {"brief": not decode, "windows": windows}
        requests = [{"text": a, "pair": b, "no_special": not special} | shared for a, b, special in cases]
        decodes = []
        for (a, b, special), answer in zip(cases, self.driver.ask(requests)):
            self.cases += 1
            expected = expected_encoding(t, a, b, special, **shared)
            if "error" in expected:                 # where the library fails or panics, maske fails
                if "error" not in answer:
                    self.differ(name, "no failure", (a, b, special), expected, answer)
                continue
            wrong = [key for key in expected if not same(expected[key], answer.get(key))]
            if wrong:
                self.differ(name, ", ".join(wrong), (a, b, special), {k: expected[k] for k in wrong}, {k: answer.get(k) for k in wrong} | ({"error": answer["error"]} if "error" in answer else {}))
            if decode:
                decodes.append(json.loads(expected["ids"]))
        self.check_decoding(name, t, decodes)

    def check_decoding(self, name, t, lists):
        requests = [{"decode": ids, "skip_special": skip} for ids in lists for skip in (False, True)]
        for request, answer in zip(requests, self.driver.ask(requests)):
            self.cases += 1
            expected = attempt(lambda: {"text": t.decode(request["decode"], skip_special_tokens=request["skip_special"])})
            if "error" not in expected and answer != expected:
                self.differ(name, "decoding", request, expected, answer)


def file_variants():
    """Files of other versions and hands: merges as lines, no type, keys that are not known, ids with holes."""
    t = with_model(train_bpe(pre_tokenizers.Whitespace(), limit=60), unk_token="[UNK]")
    state = json.loads(t.to_str())
    lines = state | {"model": state["model"] | {"merges": [" ".join(pair) for pair in state["model"]["merges"]]}}
    yield "file with merges as lines", json.dumps(lines)
    lines["model"]["merges"].insert(3, "#version: 0.2")
    yield "file with a version line", json.dumps(lines)
    untyped = {key: value for key, value in state["model"].items() if key not in ("type", "ignore_merges", "byte_fallback", "fuse_unk", "dropout")}
    yield "file without type", json.dumps(state | {"model": untyped})
    yield "file with unknown keys", json.dumps({key: value for key, value in state.items() if key not in ("truncation", "padding")} | {"pre_tokenizer": state["pre_tokenizer"] | {"colour": 1}})
    yield "file in one line, with escapes", json.dumps(state, ensure_ascii=True, separators=(",", ":"))
    for step in (2, 3):
        spread = state["model"] | {"vocab": {token: i if i < 5 else 5 + step * (i - 5) for token, i in state["model"]["vocab"].items()}}
        yield f"file with ids {step} apart", json.dumps(state | {"model": spread})
        yield f"file with ids {step} apart, no added tokens", json.dumps(state | {"model": spread, "added_tokens": []})
    t = train_wordpiece(normalizers.BertNormalizer())
    state = json.loads(t.to_str())
    state["model"]["vocab"] = {token: i if i < 5 else 2 * i for token, i in state["model"]["vocab"].items()}
    yield "file of a wordpiece with holes", json.dumps(state)
    moved = [token | {"id": 7000 + i, "content": f"<{i}>"} for i, token in enumerate(state["added_tokens"])]
    yield "file with added ids that are passed over", json.dumps(state | {"added_tokens": state["added_tokens"] + moved})


FAMILY_ROUNDS = 4


def all_variants():
    yield from model_variants()
    yield from text_variants()
    yield from added_variants()
    yield from post_variants()
    yield from length_variants()
    yield from decoder_variants()
    yield from file_variants()
    for seed in range(FAMILY_ROUNDS):
        yield from tokenizer_families.variants(SENTENCES, seed)


def sweep_variants():
    for name, make in list(NORMALIZERS.items()):
        t = train_bpe(pre_tokenizers.WhitespaceSplit(), limit=120)
        t.normalizer = make()
        yield f"normalizer {name}", with_model(t, unk_token="[UNK]", byte_fallback=True, bytes=True)
    for name in ("bert", "whitespace", "whitespace split", "punctuation", "digits", "byte level", "scripts", "gpt-4", "metaspace first split=True"):
        t = train_bpe(PRE_TOKENIZERS[name](), limit=400)
        yield f"pre-tokenizer {name}", with_model(t, unk_token="[UNK]")
    yield "wordpiece", train_wordpiece(normalizers.BertNormalizer())
    t = with_model(train_bpe(pre_tokenizers.Whitespace()), unk_token="[UNK]")
    t.add_tokens([AddedToken("a", single_word=True), AddedToken("b", lstrip=True, rstrip=True)])
    yield "added single word and strip", t


def old_files(folder):
    """vocab.json with merges.txt, and vocab.txt, and what the library's own classes for them are."""
    byte_level = train_bpe(pre_tokenizers.ByteLevel(add_prefix_space=False), initial=pre_tokenizers.ByteLevel.alphabet(), specials=())
    path = os.path.join(folder, "bytes")
    os.makedirs(path)
    byte_level.model.save(path)
    yield "vocab.json, merges.txt", path, ByteLevelBPETokenizer(os.path.join(path, "vocab.json"), os.path.join(path, "merges.txt"))
    for lower, strip in itertools.product([False, True], [None, False, True]):
        path = os.path.join(folder, f"words {lower} {strip}")
        os.makedirs(path)
        train_wordpiece(normalizers.BertNormalizer(lowercase=lower, strip_accents=strip)).model.save(path)
        with open(os.path.join(path, "tokenizer_config.json"), "w") as out:
            json.dump({"do_lower_case": lower, "strip_accents": strip, "model_max_length": int(1e30)}, out)
        t = BertWordPieceTokenizer(os.path.join(path, "vocab.txt"), lowercase=lower, strip_accents=strip)
        t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        yield f"vocab.txt lower={lower} strip={strip}", path, t


def window_cases(texts):
    """Texts alone, and short ones by twos: of a pair there are as many windows as those of one times those of the other."""
    short = [text for text in texts if len(text) < 30]
    return [(text, None, i % 5 != 0) for i, text in enumerate(texts)] + [(a, b, i % 3 != 0) for i, (a, b) in enumerate(zip(short, short[7:]))]


LONG_TEXTS = ["a" * 1_000_000, "ab" * 400_000, "".join(random.Random(7).choice("abcdefgş") for _ in range(300_000)), " " * 200_000, "[MASK]" * 50_000]


def random_ids(t, count, seed):
    draw = random.Random(seed)
    size = t.get_vocab_size()
    return [[draw.randrange(size + 3) for _ in range(draw.choice([0, 1, 2, 3, 7, 20]))] for _ in range(count)]


def compare_variants(comparison, options, mine):
    """All sections but the sweep: the variants whose number is `mine`."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, t) in enumerate(all_variants()):
            t = comparison.check_files(name, t, folder) if options.only in name and mine(number) else None
            if t is None:
                continue
            texts = TEXTS + fuzz_texts(options.fuzz, options.seed * 1000 + number)
            cases = [(text, None, i % 5 != 0) for i, text in enumerate(texts)]
            cases += [(texts[i], texts[-i - 1], i % 3 != 0) for i in range(0, len(texts), 2)]
            before = comparison.failures
            comparison.check_texts(name, t, cases)
            if name.startswith(("truncation", "padding")):
                comparison.check_texts(name + ", windows", t, window_cases(texts), windows=True)
            comparison.check_decoding(name, t, random_ids(t, 100, number))
            if name in ("bpe of two letters", "bpe without pre-tokenizer", "metaspace first with bytes", "wordpiece lower=True strip=None", "pre-tokenizer byte level"):
                comparison.check_texts(name + ", long", t, [(text, None, True) for text in LONG_TEXTS], decode=False)
            if comparison.failures > before:
                print(f"{name}: {comparison.failures - before} differences", flush=True)
        for number, (name, path, t) in enumerate(old_files(folder)):
            if options.only in name and mine(number) and "error" not in comparison.driver.ask([{"open": path}])[0]:
                comparison.check_texts(name, t, [(text, None, True) for text in TEXTS + fuzz_texts(options.fuzz, options.seed)] + [(TEXTS[0], TEXTS[3], True)])


def sweep_characters(comparison, options, mine):
    texts = sweep_texts(options.sweep)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, t) in enumerate(sweep_variants()):
            t = comparison.check_files(name, t, folder) if options.only in name and mine(number) else None
            if t is None:
                continue
            before = comparison.failures
            comparison.check_texts("sweep " + name, t, [(text, None, True) for text in texts], decode=False)
            if comparison.failures > before:
                print(f"sweep {name}: {comparison.failures - before} differences", flush=True)


def run_job(job, options, report):
    """One process' share of the variants."""
    if options.jobs > 1:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)        # the library prints each of its panics
    comparison = Comparison(Driver(options.driver), options.shown)
    compare_variants(comparison, options, lambda number: number % options.jobs == job)
    if options.sweep:
        sweep_characters(comparison, options, lambda number: number % options.jobs == job)
    comparison.driver.close()
    report.put((comparison.cases, comparison.failures))


def main():
    os.environ["RUST_BACKTRACE"] = "0"
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--only", default="", help="variants whose name holds this")
    parser.add_argument("--fuzz", type=int, default=60, help="random texts a variant")
    parser.add_argument("--sweep", type=int, default=64, help="code points a text; 0: no sweep")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shown", type=int, default=25)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    report = multiprocessing.Queue()
    jobs = [multiprocessing.Process(target=run_job, args=(job, options, report)) for job in range(options.jobs)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if any(job.exitcode != 0 for job in jobs):
        raise SystemExit("a process of the comparison failed")
    cases, failures = map(sum, zip(*[report.get() for _ in jobs]))
    print(f"{cases} cases, {failures} different")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
