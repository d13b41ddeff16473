"""Tokenizers as well-known families of models have them, trained on a few sentences with a random size and random details:
the components, their order and their settings are those of the families' own tokenizer.json. For compare_tokenizers.py.
"""
import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
DEEPSEEK = (r"[\r\n]", r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", r"[一-龥ࠀ-一가-퟿]+")


def special(*contents, **flags):
    return [AddedToken(content, special=True, normalized=False, **flags) for content in contents]


def changed(t, **model):
    """The same tokenizer with other settings of its model; where bytes are wanted, their tokens come first."""
    state = json.loads(t.to_str())
    if model.get("byte_fallback"):
        bytes_first = {f"<0x{byte:02X}>": byte for byte in range(256)}
        state["model"]["vocab"] = bytes_first | {token: i + 256 for token, i in state["model"]["vocab"].items() if token not in bytes_first}
        state["added_tokens"] = []
    state["model"].update(model)
    return Tokenizer.from_str(json.dumps(state))


def bpe(sentences, size, normalizer=None, pre=None, initial=(), specials=(), **options):
    t = Tokenizer(models.BPE())
    if normalizer is not None:
        t.normalizer = normalizer
    if pre is not None:
        t.pre_tokenizer = pre
    t.train_from_iterator(sentences, trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=list(initial), special_tokens=list(specials), **options))
    return t


def byte_level_bpe(sentences, size, pre, **options):
    return bpe(sentences, size, pre=pre, initial=pre_tokenizers.ByteLevel.alphabet(), **options)


def llama(sentences, size, draw):
    """Prepend and Replace, no pre-tokenizer, bytes for what is unknown; or the newer form with Metaspace."""
    legacy = draw.random() < 0.5
    normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t = bpe(sentences, size, *((normalizer, None) if legacy else (None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))), specials=["<unk>", "<s>", "</s>"], max_token_length=8)
    t = changed(t, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    t.add_special_tokens(special("<unk>", "<s>", "</s>"))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", t.token_to_id("<s>"))])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return t


def mistral(sentences, size, draw):
    t = llama(sentences, size, draw)
    t.add_special_tokens(special("[INST]", "[/INST]", "[TOOL_CALLS]"))
    return t


def gpt2(sentences, size, draw):
    t = byte_level_bpe(sentences, size, pre_tokenizers.ByteLevel(add_prefix_space=draw.random() < 0.3))
    t.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=True)])
    t.post_processor = processors.ByteLevel(trim_offsets=draw.random() < 0.5)
    t.decoder = decoders.ByteLevel()
    return t


def phi(sentences, size, draw):
    """GPT-2's with many added runs of spaces and tabs."""
    t = gpt2(sentences, size, draw)
    t.add_tokens([AddedToken(" " * n, normalized=True) for n in range(31, 1, -1)] + [AddedToken("\t" * n, normalized=True) for n in range(9, 1, -1)])
    return t


def roberta(sentences, size, draw):
    t = byte_level_bpe(sentences, size, pre_tokenizers.ByteLevel(add_prefix_space=False), specials=["<s>", "<pad>", "</s>", "<unk>"])
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    if draw.random() < 0.5:
        t.enable_truncation(draw.randrange(6, 30), stride=draw.randrange(2))
    return t


def bert(sentences, size, draw):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=draw.random() < 0.5, strip_accents=draw.choice([None, False, True]), handle_chinese_chars=draw.random() < 0.7)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(sentences, trainers.WordPieceTrainer(vocab_size=size, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece()
    if draw.random() < 0.5:
        t.enable_padding(pad_id=0, pad_token="[PAD]", pad_to_multiple_of=draw.choice([None, 8]))
    return t


def xlm(sentences, size, draw):
    """Suffix </w>, Moses-like cutting, </s> on both sides."""
    t = bpe(sentences, size, normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()]), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]),
            specials=["<s>", "</s>", "<pad>", "<unk>"], end_of_word_suffix="</w>")
    t = changed(t, unk_token="<unk>")
    t.post_processor = processors.TemplateProcessing(single="</s> $A </s>", pair="</s> $A </s> $B </s>", special_tokens=[("</s>", 1)])
    t.decoder = decoders.BPEDecoder()
    return t


def split_and_bytes(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama3(sentences, size, draw):
    t = byte_level_bpe(sentences, size, split_and_bytes(GPT4))
    t = changed(t, ignore_merges=True)
    t.add_special_tokens(special("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"))
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=draw.random() < 0.5), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1", special_tokens=[("<|begin_of_text|>", t.token_to_id("<|begin_of_text|>"))])])
    t.decoder = decoders.ByteLevel()
    return t


def qwen(sentences, size, draw):
    t = byte_level_bpe(sentences, size, split_and_bytes(QWEN), normalizer=normalizers.NFC())
    t.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    t.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    t.decoder = decoders.ByteLevel()
    return t


def deepseek(sentences, size, draw):
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in DEEPSEEK] + [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t = byte_level_bpe(sentences, size, pre, normalizer=normalizers.Sequence([]))
    t.add_special_tokens(special("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"))
    t.add_tokens([AddedToken("<｜User｜>", normalized=True), AddedToken("<｜Assistant｜>", normalized=True)])
    t.post_processor = processors.TemplateProcessing(single="<｜begin▁of▁sentence｜> $A", pair="<｜begin▁of▁sentence｜> $A <｜begin▁of▁sentence｜>:1 $B:1",
                                                     special_tokens=[("<｜begin▁of▁sentence｜>", t.token_to_id("<｜begin▁of▁sentence｜>"))])
    t.decoder = decoders.ByteLevel()
    return t


def clip(sentences, size, draw):
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(CLIP), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t = byte_level_bpe(sentences, size, pre, normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
                       specials=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>")
    t = changed(t, unk_token="<|endoftext|>")
    t.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0), trim_offsets=False, add_prefix_space=draw.random() < 0.5)
    t.decoder = decoders.ByteLevel()
    return t


FAMILIES = (llama, mistral, gpt2, phi, roberta, bert, xlm, llama3, qwen, deepseek, clip)


def variants(sentences, seed):
    """A tokenizer of each family, its size and details drawn with the seed."""
    for family in FAMILIES:
        draw = random.Random(f"{family.__name__} {seed}")
        yield f"family {family.__name__} {seed}", family(sentences, draw.randrange(350, 1500), draw)
