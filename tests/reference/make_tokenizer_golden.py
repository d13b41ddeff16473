"""Writes tests/data/tokenizer/golden/: what the tokenizers library (0.23.3) answers, for the tests that run without it.

    python tests/reference/make_tokenizer_golden.py tests/data/tokenizer/golden

BASE.json are tokenizer files to the byte as the library saves them; cases.json holds, for each variant, its base, the
components put in place of the base's, and texts with all that the library says of them.
"""
import itertools
import json
import os
import sys

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors

import compare_tokenizers as compare

# What is learned from must not hang on the library's hash order: no alphabet limit (ties), no prefix. The other scripts
# are then unknown characters.
SENTENCES = compare.SENTENCES[:8]
TEXTS = ["Merhaba dünya,  İstanbul'da\tgüzel!\n", "  I'm sure they'll do n't ask: 1,23 ", "мир! 日本カ한국 नमस्ते", "👩‍👩 😀 e\u0301ﬁ½", "Ankara [MASK] bir[SEP]", "aaaaaa----  x", ""]
PAIR = "the second"


def metaspace():
    t = compare.train_bpe(pre_tokenizers.Metaspace(prepend_scheme="first"), vocab_size=300, sentences=SENTENCES)
    t = compare.with_model(t, unk_token="[UNK]", byte_fallback=True, bytes=True)
    state = json.loads(t.to_str())
    for token in state["added_tokens"]:
        token["lstrip"] = token["content"] == "[MASK]"
    t = Tokenizer.from_str(json.dumps(state))
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.post_processor = compare.template()
    return t


def bytelevel():
    t = compare.train_bpe(pre_tokenizers.ByteLevel(add_prefix_space=True), vocab_size=420, initial=pre_tokenizers.ByteLevel.alphabet(), sentences=SENTENCES)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2))
    return t


def words():
    return compare.with_model(compare.train_bpe(pre_tokenizers.Whitespace(), vocab_size=300, sentences=SENTENCES), unk_token="[UNK]")


def wordpiece():
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t = compare.train_bpe(pre_tokenizers.BertPreTokenizer(), vocab_size=220, specials=(), sentences=[s.lower() for s in SENTENCES])
    for token, _ in sorted(t.get_vocab().items(), key=lambda item: item[1]):
        vocab += [token, "##" + token]
    t = Tokenizer(compare.models.WordPiece({token: i for i, token in enumerate(vocab)}, unk_token="[UNK]"))
    t.normalizer = compare.normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.add_special_tokens(vocab[:5])
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return t


def component(t, name):
    return json.loads(t.to_str())[name]


def of(kind, value):
    """The JSON of a component."""
    t = Tokenizer(compare.models.BPE())
    setattr(t, kind, value)
    return component(t, kind)


def variants():
    for base in ("metaspace", "bytelevel", "words", "wordpiece"):
        yield base, base, {}
    for name, make in compare.NORMALIZERS.items():
        yield f"normalizer {name}", "metaspace", {"normalizer": of("normalizer", make())}
    for name in ("bert", "punctuation", "digits", "delimiter", "scripts", "fixed length", "gpt-4", "bytes twice", "metaspace always split=False", "split regex merged_with_next invert=False"):
        yield f"pre-tokenizer {name}", "words", {"pre_tokenizer": of("pre_tokenizer", compare.PRE_TOKENIZERS[name]())}
    for name, make in (("template odd", compare.processors.TemplateProcessing(single="[CLS]:3 $A:2 [SEP] $A:5", pair="$B:1 [SEP] $A:4", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])),
                       ("sequence", processors.Sequence([processors.ByteLevel(trim_offsets=True), compare.template()])),
                       ("roberta untrimmed", processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2), trim_offsets=False)), ("byte level", processors.ByteLevel(add_prefix_space=False))):
        yield f"post-processor {name}", "bytelevel", {"post_processor": of("post_processor", make)}
    for name, make in (("none", None), ("wordpiece", decoders.WordPiece()), ("metaspace", decoders.Metaspace()), ("bpe", decoders.BPEDecoder(suffix="a")), ("ctc", decoders.CTC()),
                       ("strip", decoders.Sequence([decoders.Fuse(), decoders.Strip("M", 1, 0)]))):
        yield f"decoder {name}", "metaspace", {"decoder": None if make is None else of("decoder", make)}
    for strategy, direction, length in itertools.product(("LongestFirst", "OnlyFirst", "OnlySecond"), ("Right", "Left"), (7, 12)):
        yield f"truncation {strategy} {direction} {length}", "metaspace", {"truncation": {"direction": direction, "max_length": length, "strategy": strategy, "stride": 0}}
    for direction, fixed in itertools.product(("Right", "Left"), (None, 20)):
        padding = None if fixed is None else {"strategy": {"Fixed": fixed}, "direction": direction, "pad_to_multiple_of": 3, "pad_id": 0, "pad_type_id": 1, "pad_token": "[PAD]"}
        yield f"windows {direction} {fixed}", "metaspace", {"truncation": {"direction": direction, "max_length": 9, "strategy": "LongestFirst", "stride": 1}, "padding": padding}
    odd = processors.TemplateProcessing(single="[CLS]:3 $A:2 [SEP]", pair="$B:1 [SEP] $A:4", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    for name, post in (("odd", odd), ("none", None), ("roberta", processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2)))):
        yield f"windows {name}", "bytelevel", {"truncation": {"direction": "Right", "max_length": 40, "strategy": "LongestFirst", "stride": 7},
                                               "post_processor": None if post is None else of("post_processor", post)}
    for strategy, direction, multiple in itertools.product(("BatchLongest", {"Fixed": 40}), ("Right", "Left"), (None, 8)):
        yield f"padding {strategy} {direction} {multiple}", "wordpiece", {"padding": {"strategy": strategy, "direction": direction, "pad_to_multiple_of": multiple, "pad_id": 0,
                                                                                    "pad_type_id": 1, "pad_token": "[PAD]"}}
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    for flags in ((1, 0, 0, 0, 0), (0, 1, 1, 0, 1), (1, 1, 0, 1, 0), (0, 0, 1, 1, 1), (0, 0, 0, 1, 0)):
        t = words()
        t.normalizer = compare.normalizers.Lowercase()
        t.add_tokens([AddedToken(content, **dict(zip(names, map(bool, flags)))) for content in ("hello", "a", "-", "  ", "Merhaba", "é")])
        yield f"added {flags}", "words", {"normalizer": {"type": "Lowercase"}, "added_tokens": component(t, "added_tokens")}


def parts(e):
    return {"ids": e.ids, "types": e.type_ids, "mask": "".join(map(str, e.special_tokens_mask)), "attention": "".join(map(str, e.attention_mask)), "offsets": [n for o in e.offsets for n in o]}


def case(t, text, pair, special):
    e = t.encode(text, pair, add_special_tokens=special)
    answer = {"text": text, "special": special} | parts(e) | {"decoded": t.decode(e.ids, skip_special_tokens=False)}
    skipped = t.decode(e.ids)
    if t.truncation is not None and t.truncation["stride"] > 0:
        answer["overflowing"] = [parts(o) for o in e.overflowing]
    return answer | ({"skipped": skipped} if skipped != answer["decoded"] else {}) | ({"pair": pair} if pair is not None else {})


def cases(t):
    wanted = [(text, None, True) for text in TEXTS] + [(TEXTS[0], PAIR, True), (TEXTS[1], TEXTS[4], False), ("", PAIR, True)]
    for text, pair, special in wanted:
        try:
            yield case(t, text, pair, special)
        except Exception as error:                  # OnlySecond without a second text
            yield {"text": text, "special": special, "error": str(error)} | ({"pair": pair} if pair is not None else {})


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    bases = {"metaspace": metaspace(), "bytelevel": bytelevel(), "words": words(), "wordpiece": wordpiece()}
    for name, t in bases.items():
        t.save(os.path.join(folder, name + ".json"))
    written = []
    for name, base, components in variants():
        t = Tokenizer.from_str(json.dumps(json.loads(bases[base].to_str()) | components))
        written.append({"name": name, "base": base, "components": components, "cases": list(cases(t))})
    with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as out:
        out.write("{\"variants\":[\n" + ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in written) + "\n]}\n")


if __name__ == "__main__":
    main()
