"""Makes folders at random, of BERT's, RoBERTa's and GPT-2's classes and of none, and reads them with AutoTokenizer and with maske.

    compare_folders.py build/release/maske [FIRST_SEED [COUNT]]

A folder has a tokenizer.json or the older files; a class in tokenizer_config.json, in config.json, by its model or not at
all; settings, named and extra tokens, a list of added tokens, a special_tokens_map.json, an added_tokens.json.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

LINES = ["the quick brown fox jumps over the lazy dog. The Quick Brown Fox!", "İstanbul'da güzel bir gün, café naïve",
         "hello world Hello HELLO it's we're don't", "中文字符 测试", "".join(map(chr, range(33, 127))).replace("", " ")] * 20
TEXTS = ["Hello World", "İstanbul'da café naïve", "中文 test字符", "The [MASK] fox", "The[MASK]fox", "a <mask> b", "a<mask> b", " leading",
         "x <extra> y", "<s>a</s>", "don't we're!", "[CLS] a [SEP]", "x <|endoftext|> y<|endoftext|>", "ﬁ Å ẞ x", "<EXTRA> q",
         "[BOS]x [EOS] <FOO> foo", "a [PAD] <pad><unk>"]
BERT_NAMES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def pieces(lower):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.train_from_iterator(LINES, trainers.WordPieceTrainer(vocab_size=300, special_tokens=BERT_NAMES, show_progress=False))
    t.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
    return json.loads(t.to_str())


def byte_level(names, prefix_space=False, normalizer=None):
    t = Tokenizer(models.BPE())
    if normalizer is not None:
        t.normalizer = normalizer
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    t.decoder = decoders.ByteLevel()
    tokens = [AddedToken(n, lstrip=n == "<mask>", special=True, normalized=False) for n in names]
    t.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=400, special_tokens=tokens, show_progress=False,
                                                     initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    if "<s>" in names:
        t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, prefix_space)
    return json.loads(t.to_str())


def random_token(r):
    content = r.choice(["<extra>", "<s>", "[MASK]", "<mask>", "<Extra>", "[BOS]", "foo", "<|endoftext|>"])
    chances = {"lstrip": .4, "rstrip": 0, "single_word": .2, "normalized": .4, "special": .7}
    return {"content": content, **{flag: r.random() < chance for flag, chance in chances.items()}}


def model_files(r, file):
    if r.random() < .5:
        return {"tokenizer.json": file}
    vocab = file["model"]["vocab"]
    if file["model"]["type"] == "WordPiece":
        return {"vocab.txt": "".join(token + "\n" for token in sorted(vocab, key=vocab.get))}
    merges = "".join(" ".join(pair) + "\n" for pair in file["model"]["merges"])
    return {"vocab.json": vocab, "merges.txt": "#version: 0.2\n" + merges}


def settings(r):
    choices = {"do_lower_case": [True, False], "strip_accents": [None, True, False], "tokenize_chinese_chars": [True, False],
               "add_prefix_space": [True, False], "add_bos_token": [True], "add_eos_token": [True], "split_special_tokens": [True]}
    found = {key: r.choice(values) for key, values in choices.items() if r.random() < (.1 if key[0] == "s" else .35)}
    if r.random() < .3:
        found[r.choice(["bos_token", "eos_token", "mask_token"])] = r.choice(["<extra>", "[BOS]", {"__type": "AddedToken", **random_token(r)}])
    if r.random() < .2:
        found["extra_special_tokens"] = r.choice([["<extra>", "foo"], {"foo_token": "foo"}])
    if r.random() < .15:
        found["additional_special_tokens"] = ["<FOO>"]
    if r.random() < .15:
        found["baz_token"] = "[EOS]"
    if r.random() < .3:
        found["added_tokens_decoder"] = {str(r.choice([4, 400, 1000, 999, 7])): random_token(r) for _ in range(r.randint(0, 3))}
    return found


def token_map(r):
    token = {key: value for key, value in random_token(r).items() if key != "special"}
    found = {r.choice(["bos_token", "mask_token", "eos_token", "foo_token"]): r.choice(["<extra>", "<mask>", token])}
    if r.random() < .4:
        found["additional_special_tokens"] = ["foo"]
    if r.random() < .3:
        found["extra_special_tokens"] = ["<FOO>"]
    return found


def folder_files(r, files):
    file = r.choice(files)
    found = model_files(r, file)
    whole = "tokenizer.json" in found
    if file["model"]["type"] == "WordPiece":
        types = ["bert", "distilbert", "electra", "nomic_bert"]
        classes = ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "ElectraTokenizerFast"]
    else:
        types = ["roberta", "bart", "longformer", "gpt2"]
        classes = ["RobertaTokenizer", "RobertaTokenizerFast", "GPT2Tokenizer", "LongformerTokenizerFast", "BartTokenizer"]
    if r.random() < .7:
        found["config.json"] = {"model_type": r.choice(types + ["modernbert"] * whole)}
    config = settings(r)
    if r.random() < .5 or "config.json" not in found:
        config["tokenizer_class"] = r.choice(classes + ["PreTrainedTokenizerFast", "TokenizersBackend", "NoSuchTokenizer"] * whole)
    if config or r.random() < .5:
        found["tokenizer_config.json"] = config
    if r.random() < .3:
        found["special_tokens_map.json"] = token_map(r)
    if r.random() < .2:
        found["added_tokens.json"] = {"<FOO>": r.choice([400, 300]), "[EOS]": 401}
    return found


def ids_of_maske(maske, folder, lines, pair):
    command = [maske, "tokenizer", "encode", "--quiet", "--model", folder] + ["--pair"] * pair
    output = subprocess.run(command, input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=True).stdout
    return [[int(id) for id in line.split()] for line in output.split("\n")[:-1]]


def main():
    maske = sys.argv[1]
    first, count = (int(value) for value in (sys.argv[2:] + ["1", "300"][len(sys.argv) - 2:])[:2])
    roberta = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    files = [pieces(False), pieces(True), byte_level(roberta), byte_level(roberta, prefix_space=True),
             byte_level(roberta, normalizer=normalizers.NFKC()), byte_level(["<|endoftext|>"])]
    read = 0
    for seed in range(first, first + count):
        made = folder_files(random.Random(seed), files)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in made.items():
                text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            config = made.get("tokenizer_config.json", {})
            if "tokenizer.json" in made and "tokenizer_class" not in config:    # as the file has it: see docs/tokenizer.md
                asked = json.dumps(config | {"tokenizer_class": "PreTrainedTokenizerFast"})
                pathlib.Path(folder, "tokenizer_config.json").write_text(asked, encoding="utf-8")
            try:
                peer = AutoTokenizer.from_pretrained(folder)
            except Exception:                   # what transformers does not read is not compared
                continue
            read += 1
            pathlib.Path(folder, "tokenizer_config.json").unlink(missing_ok=True)
            if "tokenizer_config.json" in made:
                pathlib.Path(folder, "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
            expected = [peer(text)["input_ids"] for text in TEXTS] + [peer("Hello", text)["input_ids"] for text in TEXTS]
            found = ids_of_maske(maske, folder, TEXTS, False) + ids_of_maske(maske, folder, ["Hello\t" + text for text in TEXTS], True)
        for text, theirs, ours in zip(TEXTS + TEXTS, expected, found, strict=True):
            if theirs != ours:
                shown = {name: content for name, content in made.items() if "config" in name or "tokens" in name}
                sys.exit(f"seed {seed}, {type(peer).__name__}: {text!r}: found {ours}, expected {theirs}; {shown}")
    if read < count * 3 // 4:
        sys.exit(f"transformers read {read} of {count} folders, expected three quarters of them at least")
    print(f"{read} folders, the same ids")


main()
