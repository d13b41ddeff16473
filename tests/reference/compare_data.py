"""compare_data.py MODEL TEXT LENGTH packed|--line-by-line EPOCH1 EPOCH2: what check_data.sh says, for one setting."""
import collections
import math
import sys

import numpy
from safetensors.numpy import load_file
from tokenizers import Tokenizer

model, text, length, way, *files = sys.argv[1:]
length = int(length)
tokenizer = Tokenizer.from_file(model + "/tokenizer.json")
PAD, CLS, SEP, MASK = (tokenizer.token_to_id(token) for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]"))
special = [i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special]


def documents():
    lines = []
    for line in open(text, encoding="utf-8", newline="\n"):
        line = line.rstrip("\n")
        if line.strip(" \t"):
            lines.append(tokenizer.encode(line, add_special_tokens=False).ids)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def sequences():
    """The rule, the plain way."""
    room = length - 2
    for lines in documents():
        if way == "packed":
            ids = sum(lines, [])
            parts = [ids[i:i + room] for i in range(0, len(ids), room)]
        else:
            parts = [line[:room] for line in lines]
        for part in parts:
            if any(i not in special for i in part):
                yield (CLS, *part, SEP)


def near(name, count, of, share):
    sigmas = (count - share * of) / math.sqrt(of * share * (1 - share))
    print(f"  {name}: {count / of:.5f} of {of}, {sigmas:+.2f} standard deviations from {share}")
    assert abs(sigmas) < 5, name        # five, not four: the text is another one after each change of the project


in_order = list(sequences())
expected = collections.Counter(in_order)
originals, masks = [], []
for file in files:
    tensors = load_file(file)
    ids, attention, types, labels = (tensors[name] for name in ("input_ids", "attention_mask", "token_type_ids", "labels"))
    assert all(t.dtype == numpy.int64 and t.shape == (len(ids), length) for t in tensors.values()) and len(tensors) == 4
    lengths = attention.sum(1)
    assert (attention == (numpy.arange(length) < lengths[:, None])).all() and (types == 0).all()
    assert (ids[attention == 0] == PAD).all() and (labels[attention == 0] == -100).all()
    original = numpy.where(labels == -100, ids, labels)
    rows = [tuple(row[:n]) for row, n in zip(original.tolist(), lengths)]
    assert collections.Counter(rows) == expected, "the sequences are not those of the plain way"
    assert rows != in_order, "the sequences are not shuffled"

    chosen = labels != -100
    maskable = (attention == 1) & ~numpy.isin(original, special)
    assert not (chosen & ~maskable).any(), "a special token is chosen"
    assert chosen.any(1).all(), "a sequence has no mask"
    now, before = ids[chosen], labels[chosen]
    drawn = now[(now != MASK) & (now != before)]
    assert not numpy.isin(drawn, special).any(), "a special token is drawn"
    total = int(chosen.sum())
    print(f"{way} {length}: {len(ids)} sequences, {int(lengths.sum())} tokens, {total} chosen")
    # One mask at least makes more than 15 % of sequences with fewer than seven tokens.
    long = maskable.sum(1) >= 7
    near("chosen", int(chosen[long].sum()), int(maskable[long].sum()), 0.15)
    near("[MASK]", int((now == MASK).sum()), total, 0.8)
    near("kept", int((now == before).sum()), total, 0.1)
    near("random", len(drawn), total, 0.1)
    originals.append(rows)
    masks.append(dict(zip(rows, map(bytes, chosen.astype(numpy.uint8)))))
assert originals[0] != originals[1], "two epochs have the same order"
same = sum(masks[0][row] == masks[1][row] for row in masks[0])
print(f"  {same} of {len(masks[0])} sequences have the same places masked in both epochs")
assert same < len(masks[0]) / (10 if length > 100 else 2), "two epochs have the same masks"
