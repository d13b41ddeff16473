"""Asks the tokenizers library for vocabularies and merges of small corpora, as JSON for tests/tokenizer/test_bpe_training.c.

    python make_bpe_training_golden.py --cases 60 --seed 1 > tests/data/tokenizer/golden/bpe_training.json

A corpus is a list of words, each fed to the library as one sequence as often as it counts, without a pre-tokenizer, so
that a word may hold anything. Pieces are few and repeat, so that everything collides with everything: runs of - = . and
spaces, "aaaa", special tokens equal to what merges make, several scripts, long words. A limit on the alphabet is only
used where no two characters at its edge are equally frequent, since the library then keeps any.

    [{"vocab_size", "min_frequency", "alphabet_limit", "max_token_length", "special_tokens": [...], "initial_alphabet": "...",
      "words": [["text", count], ...], "vocab": ["token by id", ...], "merges": [[left id, right id, id], ...]}, ...]
"""
import argparse
import collections
import json
import random

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

PIECES = [
    ["a", "b"], ["a"], ["-", "=", "--", "----"], [".", "..", " ", "-"], [" ", "a", "b", " a"], ["a", "b", "c", "ab", "abab"],
    ["x", "aaaa", "y"], ["ç", "ş", "e", "r", "ler"], ["日", "本", "語", "a"], ["th", "e", "in", "g", "s", " the"],
    ["🙂", "é", "-"], ["п", "р", "и", "в", "ет"], ["ka", "le", "mi", "no", "tu", "da", "n"], ["0", "1", "00", "."],
]
SPECIAL = ["[PAD]", "[UNK]", "ab", "aa", "--", "a", "====", "abab", "[PAD]", "th"]


def draw_words(draw):
    pieces, words = draw.choice(PIECES), collections.Counter()
    longest = 200 if draw.random() < 0.1 else draw.randint(1, 14)
    for _ in range(draw.randint(1, 24)):
        source = [draw.choice(pieces)] if draw.random() < 0.25 else pieces
        words["".join(draw.choice(source) for _ in range(draw.randint(1, longest)))] = draw.randint(1, draw.choice([3, 40]))
    return words


def alphabet_limit(draw, words):
    counts = collections.Counter()
    for word, count in words.items():
        for character in word:
            counts[character] += count
    ordered = sorted(counts.values(), reverse=True)
    limits = [n for n in range(1, len(ordered)) if ordered[n - 1] != ordered[n]]
    return draw.choice(limits) if limits and draw.random() < 0.3 else 0


def make_case(draw):
    words = draw_words(draw)
    byte_level = draw.random() < 0.3
    if byte_level:
        split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        words = collections.Counter({split.pre_tokenize_str(word)[0][0]: count for word, count in words.items()})
    limit = alphabet_limit(draw, words)
    initial = sorted(pre_tokenizers.ByteLevel.alphabet()) if byte_level and limit == 0 else []
    case = {
        "vocab_size": draw.choice([1, 20, 40, 80, 300]) + len(initial), "min_frequency": draw.choice([0, 0, 2, 5]),
        "alphabet_limit": limit, "max_token_length": draw.choice([0, 0, 0, 2, 3, 16]),
        "special_tokens": draw.sample(SPECIAL, draw.randint(0, 5)), "initial_alphabet": "".join(initial),
        "words": sorted(words.items()),
    }
    limits = {"limit_alphabet": limit, "max_token_length": case["max_token_length"]}
    trainer = trainers.BpeTrainer(
        vocab_size=case["vocab_size"], min_frequency=case["min_frequency"], special_tokens=case["special_tokens"],
        initial_alphabet=initial, show_progress=False, **{name: value for name, value in limits.items() if value})
    tokenizer = Tokenizer(models.BPE())
    tokenizer.train_from_iterator([word for word, count in case["words"] for _ in range(count)], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    ids = model["vocab"]
    case["vocab"] = sorted(ids, key=ids.get)
    case["merges"] = [[ids[left], ids[right], ids[left + right]] for left, right in model["merges"]]
    return case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
    cases = [make_case(random.Random(options.seed * 100000 + number)) for number in range(options.cases)]
    print("[")
    print(",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases))
    print("]")


if __name__ == "__main__":
    main()
