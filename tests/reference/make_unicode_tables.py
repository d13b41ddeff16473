#!/usr/bin/env python3
"""Writes src/tokenizer/unicode_tables.c by asking Hugging Face's `tokenizers` about every code point.

The library mixes Unicode versions: 9.0 for normalization and marks, an old one for punctuation, 16 for regular
expressions, the newest for lower case. Ids depend on each, so the wheel itself is the source of these tables, and none of
them depends on the Unicode version of a system library. Needs: pip install tokenizers==0.23.3, and a Python 3.11, whose
Unicode 14.0 is that of Oniguruma 6.9.8 (Debian 12): the table of what is newer is made against it.

    python3 tests/reference/make_unicode_tables.py > src/tokenizer/unicode_tables.c
"""
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def matches(expression):
    """The code points that a class of the wheel's regular expressions holds."""
    split = pre_tokenizers.Split(Regex(expression), "removed")
    return {c for c in CODE_POINTS if not split.pre_tokenize_str(chr(c))}


def scan_classes():
    """Bits of unicode_scan() in order (unicode.h)."""
    whitespace = pre_tokenizers.Whitespace()
    punctuation = pre_tokenizers.Punctuation("removed")
    digits = pre_tokenizers.Digits(True)
    split = pre_tokenizers.WhitespaceSplit()
    space = matches(r"\s")
    assert space == {c for c in CODE_POINTS if not split.pre_tokenize_str(chr(c))}
    assert space == {c for c in CODE_POINTS if not whitespace.pre_tokenize_str(chr(c))}
    return [
        matches(r"\p{L}"),
        matches(r"\p{N}"),
        space,
        {c for c in CODE_POINTS if whitespace.pre_tokenize_str("a" + chr(c))[0][0] == "a" + chr(c)},
        {c for c in CODE_POINTS if not punctuation.pre_tokenize_str(chr(c))},
        {c for c in CODE_POINTS if len(digits.pre_tokenize_str("a" + chr(c))) == 2},
    ]


def canonical_order():
    """Code points with a combining class that is not 0: they change places with a mark of class 240 or 1."""
    nfd = normalizers.NFD()
    low, high = "\u0334", "\u0345"          # classes 1 and 240
    found = {0x0334, 0x0345}
    for c in CODE_POINTS:
        if nfd.normalize_str(high + chr(c)) != high + nfd.normalize_str(chr(c)):
            found.add(c)
        elif nfd.normalize_str(chr(c) + low) != nfd.normalize_str(chr(c)) + low:
            found.add(c)
    return found


def composes_backwards():
    """Code points that NFC joins to the character before them."""
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    found = set()
    for c in CODE_POINTS:
        if 0xAC00 <= c <= 0xD7A3:
            continue
        parts = nfd.normalize_str(chr(c))
        if len(parts) > 1 and nfc.normalize_str(chr(c)) == chr(c):
            found.add(ord(parts[-1]))
            # The last step joins a composed character and the last part, or, where marks were put in order, another part.
            found.update(ord(part) for part in parts[1:])
    found.update(range(0x1161, 0x1176))     # Hangul vowels and final consonants
    found.update(range(0x11A8, 0x11C3))
    return found


def normal_classes(lower):
    """Bits of unicode_normal() in order (unicode.h)."""
    order, backwards = canonical_order(), composes_backwards()

    def changed(name):
        form = getattr(normalizers, name)()
        return {c for c in CODE_POINTS if form.normalize_str(chr(c)) != chr(c)}

    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
    strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    marks = normalizers.StripAccents()
    return [
        changed("NFD") | order,
        changed("NFKD") | order,
        changed("NFC") | order | backwards,
        changed("NFKC") | order | backwards,
        {c for c in CODE_POINTS if marks.normalize_str(chr(c)) == ""},
        {c for c in CODE_POINTS if strip.normalize_str(chr(c)) == ""},
        {c for c in CODE_POINTS if clean.normalize_str(chr(c)) == ""},
        {c for c in CODE_POINTS if clean.normalize_str(chr(c)) == " "},
        {c for c in CODE_POINTS if chinese.normalize_str(chr(c)) != chr(c)},
        set(lower) | {0x130},
    ]


def lower_mapping():
    lowercase = normalizers.Lowercase()
    mapping = {}
    for c in CODE_POINTS:
        lower = lowercase.normalize_str(chr(c))
        if len(lower) > 1:
            assert (c, lower) == (0x130, "i\u0307"), hex(c)
        elif lower != chr(c):
            mapping[c] = ord(lower)
    return mapping


def lower_ranges(mapping):
    """(first, last, step, difference): as few as a greedy walk finds."""
    ranges = []
    for c in sorted(mapping):
        difference = mapping[c] - c
        if ranges:
            first, last, step, same = ranges[-1]
            if same == difference and (c - last == step or (first == last and c - last <= 2)):
                ranges[-1] = (first, c, c - last, same)
                continue
        ranges.append((c, c, 1, difference))
    return ranges


def script_ranges():
    """(last, number): scripts as UnicodeScripts tells them apart; 0 goes with every script (and is dropped in front)."""
    scripts = pre_tokenizers.UnicodeScripts()
    known, ranges, last_number = [], [], None
    for c in CODE_POINTS:
        if not scripts.pre_tokenize_str(chr(c)):
            number = 0
        else:
            order = ([last_number] if last_number else []) + [n for n in range(1, len(known) + 1) if n != last_number]
            number = next((n for n in order if len(scripts.pre_tokenize_str(known[n - 1] + chr(c))) == 1), None)
            if number is None:
                known.append(chr(c))
                number = len(known)
        if ranges and ranges[-1][1] == number:
            ranges[-1] = (c, number)
        else:
            ranges.append((c, number))
        last_number = number or last_number
    return ranges


CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
SCRIPTS = """Latin Greek Cyrillic Armenian Hebrew Arabic Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada
    Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Khmer Mongolian Hiragana Katakana Bopomofo Han Yi
    Common Inherited""".split()
# Older characters that became alphabetic, lower case or of another category after Unicode 14.0.
CHANGED = [*range(0x363, 0x370), 0xC04, 0xF82, 0xF83, *range(0x1DD3, 0x1DE7), 0x10FC, 0xA7F2, 0xA7F3, 0xA7F4, 0xAB69,
           0x11080, 0x11081, 0x1171E]


def newer_ranges():
    """(first, last, category, alphabetic, lower, script) of characters that the wheel's expressions know and Unicode 14.0 does not."""
    assert unicodedata.unidata_version == "14.0.0"
    unassigned = matches(r"\p{Cn}")
    newer = sorted(set(CHANGED) | {c for c in CODE_POINTS if unicodedata.category(chr(c)) == "Cn" and c not in unassigned})

    def among(expression):
        split = pre_tokenizers.Split(Regex(expression), "removed")
        return {c for c in newer if not split.pre_tokenize_str(chr(c))}

    categories = {name: among(f"\\p{{{name}}}") for name in CATEGORIES}
    scripts = {name: among(f"\\p{{{name}}}") for name in SCRIPTS}
    alphabetic, lower = among("[[:alpha:]]"), among("[[:lower:]]")
    ranges = []
    for c in newer:
        category = next(name for name in CATEGORIES if c in categories[name])
        script = next((name for name in SCRIPTS if c in scripts[name]), "")
        kind = (category, int(c in alphabetic), int(c in lower), script)
        if ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == kind:
            ranges[-1] = (ranges[-1][0], c, kind)
        else:
            ranges.append((c, c, kind))
    return ranges


def pages(classes):
    """Two stages: a page of 256 entries for each 256 code points, equal pages once."""
    values = [0] * 0x110000
    for bit, members in enumerate(classes):
        for c in members:
            values[c] |= 1 << bit
    unique, index = {}, []
    for start in range(0, 0x110000, 256):
        page = tuple(values[start:start + 256])
        index.append(unique.setdefault(page, len(unique)))
    assert len(unique) <= 256
    return index, list(unique)


def write_numbers(numbers):
    line = "   "
    for number in numbers:
        text = f" {number},"
        if len(line) + len(text) > 120:
            print(line)
            line = "   "
        line += text
    print(line)


def write_pages(name, element, classes):
    index, unique = pages(classes)
    print(f"\nconst uint8_t unicode_{name}_index[0x1100] = {{")
    write_numbers(index)
    print(f"}};\nconst {element} unicode_{name}_pages[{len(unique)}][256] = {{")
    for page in unique:
        print("    {")
        write_numbers(page)
        print("    },")
    print("};")


def main():
    lower = lower_mapping()
    print(f"""/* tokenizer/unicode_tables.c: written by tests/reference/make_unicode_tables.py from what the wheel tokenizers
 * {tokenizers.__version__} does with every code point; not to be edited. The meaning of the bits is in unicode.h. */
#include "tokenizer/unicode.h\"""")
    write_pages("scan", "uint8_t", scan_classes())
    write_pages("normal", "uint16_t", normal_classes(lower))
    ranges = lower_ranges(lower)
    print(f"\nconst size_t unicode_lower_count = {len(ranges)};")
    print(f"const unicode_lower_range unicode_lower_ranges[{len(ranges)}] = {{")
    write_numbers(f"{{0x{first:X}, 0x{last:X}, {step}, {difference}}}" for first, last, step, difference in ranges)
    print("};")
    ranges = script_ranges()
    print(f"\nconst size_t unicode_script_count = {len(ranges)};")
    print(f"const unicode_script_range unicode_script_ranges[{len(ranges)}] = {{")
    write_numbers(f"{{0x{last:X}, {number}}}" for last, number in ranges)
    print("};")
    ranges = newer_ranges()
    print(f"\nconst size_t unicode_newer_count = {len(ranges)};")
    print(f"const unicode_newer_range unicode_newer_ranges[{len(ranges)}] = {{")
    write_numbers(f'{{0x{first:X}, 0x{last:X}, "{category}", {alphabetic}, {lower}, "{script}"}}'
                  for first, last, (category, alphabetic, lower, script) in ranges)
    print("};")


if __name__ == "__main__":
    if tokenizers.__version__ != "0.23.3":
        sys.exit(f"tokenizers is {tokenizers.__version__}, this script wants 0.23.3")
    main()
