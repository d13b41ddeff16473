"""Small tokenizers for tests/tasks and tests/cli, by the tokenizers library (0.23.3): tests/data/tasks/KIND/tokenizer.json.

    python tests/reference/make_task_tokenizers.py tests/data/tasks

metaspace   as maske writes it: [MASK] swallows white space before it, prepend_scheme "first", byte fallback
bytelevel   every text can be encoded; [MASK] swallows white space before it
wordpiece   as Google's BERT: lower case, "##"
"""
import json, os, sys
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = """Ankara Türkiye'nin başkentidir ve en kalabalık ikinci ilidir.
İstanbul büyük bir şehirdir; denizi, tarihi ve insanlarıyla güzeldir.
Kitap okumak güzel bir alışkanlıktır. Kitaplar (romanlar, öyküler) okunur.
Üniversite öğrencileri kütüphanede çalışır, "sessiz olun" denir.
Mert Akçay bir üniversite öğrencisidir. Bilgisayar mühendisliği okuyor.
Bugün hava çok güzel, yarın yağmur yağacak. Hava-su-toprak...
New York is a large city; the university is in the city of Ankara.
The books (novels, stories) are read in the library. It's a good habit.
""".splitlines() * 3
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def added():
    return [AddedToken(t, special=True, normalized=False, lstrip=t == "[MASK]") for t in SPECIAL]


def finish(tokenizer, folder, mask):
    tokenizer.add_special_tokens([AddedToken("[MASK]", special=True, normalized=False, lstrip=mask)])
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    state = json.loads(tokenizer.to_str())
    # Bytes are entries of the model, not added tokens: the trainer knows no other way to give them their ids.
    state["added_tokens"] = [t for t in state["added_tokens"] if not t["content"].startswith("<0x")]
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False, separators=(",", ":"))


def metaspace():
    t = Tokenizer(models.BPE(unk_token="[UNK]", byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    bytes_ = ["<0x%02X>" % b for b in range(256)]
    t.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=600, special_tokens=added() + bytes_, show_progress=False))
    return t


def bytelevel():
    t = Tokenizer(models.BPE(unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=550, special_tokens=added(), show_progress=False,
                                                    initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def wordpiece():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False))
    return t


if __name__ == "__main__":
    for name, make, mask in (("metaspace", metaspace, True), ("bytelevel", bytelevel, True), ("wordpiece", wordpiece, False)):
        finish(make(), os.path.join(sys.argv[1], name), mask)
