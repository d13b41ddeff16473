"""bench/tokenizer_peers.py WHAT ARGUMENTS: one measurement of another library, by its own interface, in a process of its
own. Prints one JSON object: seconds by the clock, and of the processor, of what is timed inside (imports and the reading
of model files are not)."""
import json
import os
import sys
import time
from pathlib import Path

what, *arguments = sys.argv[1:]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
report = {}


def timed(name, work):
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    report[name] = [time.perf_counter() - clock, time.process_time() - processor]
    return result


def lines_of(path):
    return Path(path).read_text("utf-8").split("\n")[:-1]


if what == "train-gigatoken":
    import gigatoken
    text, size = arguments
    timed("train", lambda: gigatoken.train_bpe(gigatoken.TextFileSource([text], separator=b"\n"), int(size), SPECIAL))
elif what == "train-tokenizers":
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    text, size = arguments
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=int(size), special_tokens=SPECIAL, show_progress=False, min_frequency=2,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    timed("train", lambda: tokenizer.train([text], trainer))
elif what == "train-sentencepiece":
    import sentencepiece
    text, size, prefix = arguments
    timed("train", lambda: sentencepiece.SentencePieceTrainer.train(
        input=text, model_prefix=prefix, vocab_size=int(size), model_type="bpe", byte_fallback=True,
        character_coverage=1.0, num_threads=os.cpu_count(), minloglevel=2, max_sentence_length=1 << 20))
elif what == "train-wordpiece":             # bert-base-uncased's components; for the comparison only
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    text, size, out = arguments
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train([text], trainers.WordPieceTrainer(vocab_size=int(size), special_tokens=SPECIAL, show_progress=False))
    Path(out).mkdir(exist_ok=True)
    tokenizer.save(f"{out}/tokenizer.json")
elif what == "encode-gigatoken":
    import awkward  # noqa: F401  (what encode_files returns: its import is no part of the first pass)
    import gigatoken
    import numpy
    model, text, out = arguments
    tokenizer = gigatoken.Tokenizer(f"{model}/tokenizer.json")
    source = gigatoken.TextFileSource([text], separator="\n")

    def encode():
        return numpy.asarray(tokenizer.encode_files(source).layout.content.data)

    ids = timed("first", encode)
    report["tokens"] = len(ids)
    if out != "-":                                                # the whole process: ids to disk, and that is all
        ids.tofile(out)
    else:
        del ids
        timed("again", encode)
elif what == "encode-tokenizers":
    import numpy
    from tokenizers import Tokenizer
    model, text, out = arguments
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    lines = lines_of(text)
    encodings = timed("first", lambda: tokenizer.encode_batch_fast(lines, add_special_tokens=False))
    ids = numpy.concatenate([numpy.asarray(e.ids, dtype=numpy.uint32) for e in encodings])
    report["tokens"] = len(ids)
    ids.tofile(out)
elif what == "encode-sentencepiece":
    import numpy
    import sentencepiece
    model, text, out = arguments
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    lines = lines_of(text)
    encoded = timed("first", lambda: processor.encode(lines, num_threads=os.cpu_count()))
    numpy.concatenate([numpy.asarray(e, dtype=numpy.uint32) for e in encoded]).tofile(out)
print(json.dumps(report))
