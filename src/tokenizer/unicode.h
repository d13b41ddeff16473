/* tokenizer/unicode.h: what a character is, as the library's wheel sees it.
 *
 * The library asks several Unicode versions at once: 9.0 for normalization forms and combining marks, one of 2016 for
 * punctuation and control characters, 16.0 in regular expressions, 17.0 for lower case and numbers. All of it shows in
 * ids, so the answers are kept in tables made by asking the wheel (unicode_tables.c), and a newer system library cannot
 * change an id. What a character decomposes to, and combining classes, come from utf8proc: for the characters that
 * Unicode 9.0 knows, these are frozen by Unicode's stability policy; the tables say which those are.
 *
 * Two stages: 256 code points a page, equal pages once; a lookup is two loads. */
#ifndef MASKE_TOKENIZER_UNICODE_H
#define MASKE_TOKENIZER_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For cutting text. */
enum {
    SCAN_LETTER  = 1 << 0,          /* \p{L} */
    SCAN_NUMBER  = 1 << 1,          /* \p{N} */
    SCAN_SPACE   = 1 << 2,          /* White_Space, the same in every engine */
    SCAN_WORD    = 1 << 3,          /* \w of the Whitespace pre-tokenizer */
    SCAN_PUNCT   = 1 << 4,          /* punctuation of BERT */
    SCAN_NUMERIC = 1 << 5           /* of Digits */
};
/* For normalizing. STEADY under a form = alone unchanged, and neither moved nor joined by what is beside it. */
enum {
    NORMAL_NOT_NFD  = 1 << 0,       /* not steady under NFD, ... */
    NORMAL_NOT_NFKD = 1 << 1,
    NORMAL_NOT_NFC  = 1 << 2,
    NORMAL_NOT_NFKC = 1 << 3,
    NORMAL_MARK     = 1 << 4,       /* general category M: StripAccents */
    NORMAL_ACCENT   = 1 << 5,       /* Mn: BertNormalizer's accents */
    NORMAL_CONTROL  = 1 << 6,       /* deleted by BertNormalizer's clean_text */
    NORMAL_SPACE    = 1 << 7,       /* made U+0020 by it */
    NORMAL_CHINESE  = 1 << 8,       /* spaced by handle_chinese_chars */
    NORMAL_UPPER    = 1 << 9        /* changed by Lowercase */
};

extern const uint8_t unicode_scan_index[0x1100];
extern const uint8_t unicode_scan_pages[][256];
extern const uint8_t unicode_normal_index[0x1100];
extern const uint16_t unicode_normal_pages[][256];

/* Characters first, first + step, ... last become themselves + difference in lower case. */
typedef struct unicode_lower_range { uint32_t first, last, step; int32_t difference; } unicode_lower_range;
extern const size_t unicode_lower_count;
extern const unicode_lower_range unicode_lower_ranges[];
/* Characters behind the range before, up to last, have this script (a number without further meaning). */
typedef struct unicode_script_range { uint32_t last; uint8_t script; } unicode_script_range;
extern const size_t unicode_script_count;
extern const unicode_script_range unicode_script_ranges[];
/* What the wheel's regular expressions know beyond Unicode 14.0 (see pattern_classes.c). */
typedef struct unicode_newer_range { uint32_t first, last; char category[3]; bool alphabetic, lower; const char *script; } unicode_newer_range;
extern const size_t unicode_newer_count;
extern const unicode_newer_range unicode_newer_ranges[];

static inline unsigned unicode_scan(uint32_t character) {
    return unicode_scan_pages[unicode_scan_index[character >> 8]][character & 0xFF];
}
static inline unsigned unicode_normal(uint32_t character) {
    return unicode_normal_pages[unicode_normal_index[character >> 8]][character & 0xFF];
}
/* White_Space, which Unicode has not changed since 6.3. */
static inline bool unicode_is_space(uint32_t character) { return unicode_scan(character) & SCAN_SPACE; }
/* A letter or a digit, or a mark that belongs to one. */
static inline bool unicode_in_word(uint32_t character) {
    return character != '_' && (unicode_scan(character) & SCAN_WORD);
}

/* Lower case of a character with NORMAL_UPPER, 1 or 2 characters (only U+0130 has 2); returns their number. */
size_t unicode_lower(uint32_t out[2], uint32_t character);
/* The script of a character as UnicodeScripts tells them apart; 0 (the space, unassigned characters) goes with any. */
unsigned unicode_script(uint32_t character);

#endif
