/* tokenizer/scan_block.h: text, 64 bytes at a time, as bits: which bytes belong to a letter, a number, a space ...
 *
 * A pre-tokenizer then finds its boundaries with a few operations on 64-bit masks instead of one branch a character.
 * Bit i of a mask is byte i of the block. All bytes of a character have the class of the character, so a change of class
 * between two bytes is a boundary between two characters; what a character has left over at the end of a block is carried
 * into the next. ASCII is classified by comparing sixteen bytes at once (eight where there is no SSE2), and so are, in
 * blocks that are full of them, letters that their first byte tells; other characters one by one in the tables of
 * unicode.h. */
#ifndef MASKE_TOKENIZER_SCAN_BLOCK_H
#define MASKE_TOKENIZER_SCAN_BLOCK_H

#include "tokenizer/aligned_text.h"
#include "tokenizer/unicode.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SCAN_BLOCK = 64, SCAN_CLASSES = 6 };     /* bytes; bits of unicode_scan() */

typedef struct scan_masks {
    uint64_t classes[SCAN_CLASSES];             /* by the bits of unicode_scan(): classes[0] are letters, ... */
    uint64_t high, continuation;                /* bytes that are not ASCII; those that do not begin a character */
} scan_masks;
typedef struct scan_carry { uint64_t classes[SCAN_CLASSES]; } scan_carry;    /* zeroed at the start of a text */

enum { SCAN_FEW = 6 };                          /* characters beyond ASCII in a block that are looked up one by one */
enum { SCAN_LETTER_LEAD = SCAN_LETTER | SCAN_WORD };    /* the class of what scan_letter_leads finds */

enum { MASK_LETTER, MASK_NUMBER, MASK_SPACE, MASK_WORD, MASK_PUNCT, MASK_NUMERIC };     /* indices of classes */

/* ---- ASCII, in plain C: eight bytes of a word at once ---- */

/* The highest bits of eight bytes, gathered: byte i of the word to bit i. */
static inline uint64_t scan_gather8(uint64_t word) { return ((word >> 7 & 0x0101010101010101u) * 0x0102040810204080u) >> 56; }
/* The highest bit of each byte >= first, for bytes below 0x80: no sum reaches the next byte. */
static inline uint64_t scan_from8(uint64_t low, unsigned char first) { return low + 0x0101010101010101u * (0x80u - first); }
static inline uint64_t scan_range8(uint64_t low, unsigned char first, unsigned char last) {
    return scan_gather8(scan_from8(low, first) & ~scan_from8(low, (unsigned char)(last + 1)));
}
static inline uint64_t scan_load8(const char *bytes) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);      /* in this order on every CPU */
    return word;
}
static inline void scan_ascii8(const char *bytes, int at, scan_masks *out, uint64_t *underscore, uint64_t *visible) {
    uint64_t word = scan_load8(bytes), low = word & 0x7F7F7F7F7F7F7F7Fu, high = scan_gather8(word);
    out->high |= high << at;
    out->continuation |= (high & ~scan_gather8(word << 1)) << at;
    out->classes[MASK_LETTER] |= (scan_range8(low | 0x2020202020202020u, 'a', 'z') & ~high) << at;
    out->classes[MASK_NUMBER] |= (scan_range8(low, '0', '9') & ~high) << at;
    out->classes[MASK_SPACE] |= ((scan_range8(low, 0x09, 0x0D) | scan_range8(low, ' ', ' ')) & ~high) << at;
    *underscore |= (scan_range8(low, '_', '_') & ~high) << at;
    *visible |= (scan_range8(low, 0x21, 0x7E) & ~high) << at;
}
static inline void scan_ascii_plain(const char *bytes, scan_masks *out, uint64_t *underscore, uint64_t *visible) {
    for (int at = 0; at < SCAN_BLOCK; at += 8) scan_ascii8(bytes + at, at, out, underscore, visible);
}
static inline uint64_t scan_byte_plain(const char *block, char byte) {
    uint64_t mask = 0;
    for (int at = 0; at < SCAN_BLOCK; at += 8) {
        uint64_t other = scan_load8(block + at) ^ 0x0101010101010101u * (unsigned char)byte;
        uint64_t low = other & 0x7F7F7F7F7F7F7F7Fu;                    /* a byte that is equal has become 0 */
        mask |= scan_gather8(~(scan_from8(low, 1) | other)) << at;
    }
    return mask;
}

/* ---- ASCII, sixteen bytes at once ---- */

#ifdef __SSE2__
/* One bit a byte: first <= byte <= last (unsigned). */
static inline uint64_t scan_range16(__m128i bytes, unsigned char first, unsigned char last) {
    __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8((char)first)), span = _mm_set1_epi8((char)(last - first));
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(shifted, span), shifted));
}
static inline void scan_ascii16(const char *bytes, int at, scan_masks *out, uint64_t *underscore, uint64_t *visible) {
    __m128i block = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    uint64_t high = (uint64_t)(unsigned)_mm_movemask_epi8(block);
    out->high |= high << at;
    out->continuation |= scan_range16(block, 0x80, 0xBF) << at;
    out->classes[MASK_LETTER] |= scan_range16(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 'z') << at;
    out->classes[MASK_NUMBER] |= scan_range16(block, '0', '9') << at;
    out->classes[MASK_SPACE] |= (scan_range16(block, 0x09, 0x0D) | scan_range16(block, ' ', ' ')) << at;
    *underscore |= scan_range16(block, '_', '_') << at;
    *visible |= scan_range16(block, 0x21, 0x7E) << at;
}
/* Bytes that begin a character of two bytes, or of three, which is a letter whatever follows: most of extended Latin and
 * Cyrillic; most of Han and Hangul (the test asks the tables). */
static inline void scan_letter_leads(const char *bytes, uint64_t *two, uint64_t *three) {
    for (int at = 0; at < SCAN_BLOCK; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
        *two |= (scan_range16(block, 0xC4, 0xCA) | scan_range16(block, 0xD0, 0xD1)) << at;
        *three |= (scan_range16(block, 0xE5, 0xE9) | scan_range16(block, 0xEB, 0xEC)) << at;
    }
}
static inline void scan_ascii(const char *bytes, scan_masks *out, uint64_t *underscore, uint64_t *visible) {
    for (int at = 0; at < SCAN_BLOCK; at += 16) scan_ascii16(bytes + at, at, out, underscore, visible);
}
/* The bytes equal to `byte`. */
static inline uint64_t scan_byte(const char *block, char byte) {
    uint64_t mask = 0;
    for (int at = 0; at < SCAN_BLOCK; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + at));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte))) << at;
    }
    return mask;
}
#else
static inline void scan_ascii(const char *bytes, scan_masks *out, uint64_t *underscore, uint64_t *visible) {
    scan_ascii_plain(bytes, out, underscore, visible);
}
static inline void scan_letter_leads(const char *bytes, uint64_t *two, uint64_t *three) { (void)bytes, (void)two, (void)three; }
static inline uint64_t scan_byte(const char *block, char byte) { return scan_byte_plain(block, byte); }
#endif

/* ---- blocks ---- */

/* The bytes at `base` of a text: those of the text, or, where fewer than 64 are left, a copy with zeros behind. */
static inline const char *scan_bytes(const char *text, size_t base, size_t length, char copy[SCAN_BLOCK]) {
    if (length - base >= SCAN_BLOCK) return text + base;
    memset(copy, 0, SCAN_BLOCK);
    memcpy(copy, text + base, length - base);
    return copy;
}
/* Which bits of the block at `base` are of the text. */
static inline uint64_t scan_valid(size_t base, size_t length) {
    return length - base >= SCAN_BLOCK ? ~(uint64_t)0 : ((uint64_t)1 << (length - base)) - 1;
}

/* Letters that their first byte tells, all at once; returns the bytes that begin other characters. */
static inline uint64_t scan_letters(const char *bytes, uint64_t leads, unsigned wanted, scan_carry *next, scan_masks *out) {
    uint64_t two = 0, three = 0;
    scan_letter_leads(bytes, &two, &three);
    uint64_t here = two | two << 1 | three | three << 1 | three << 2,
             behind = two >> 63 | (three >> 62 & 1) | (three >> 63) * 3;
    for (int k = 0; k < SCAN_CLASSES; k++) {
        if (!(wanted >> k & 1 & (SCAN_LETTER_LEAD >> k))) continue;
        out->classes[k] |= here;
        next->classes[k] |= behind;
    }
    return leads & ~(two | three);
}

/* Gives the bytes of characters beyond ASCII their classes. */
static inline void scan_others(const char *text, const char *block, size_t base, unsigned wanted, scan_carry *carry,
                               scan_masks *out) {
    scan_carry next = {{0}};
    uint64_t all = out->high & ~out->continuation, many = all;
    for (int i = 0; i < SCAN_FEW; i++) many &= many - 1;
    if (many != 0) all = scan_letters(block, all, wanted, &next, out);
    for (uint64_t leads = all; leads != 0; leads &= leads - 1) {
        int at = __builtin_ctzll(leads);
        size_t size;
        unsigned class = unicode_scan(utf8_next(text + base + at, &size));
        uint64_t bytes = ((uint64_t)1 << size) - 1, here = bytes << at, behind = bytes >> 1 >> (63 - at);
        for (int k = 0; k < SCAN_CLASSES; k++) {
            if (!(wanted >> k & 1)) continue;
            uint64_t member = -(uint64_t)(class >> k & 1);
            out->classes[k] |= here & member;
            next.classes[k] |= behind & member;
        }
    }
    for (int k = 0; k < SCAN_CLASSES; k++) {
        out->classes[k] |= carry->classes[k];
        carry->classes[k] = next.classes[k];
    }
}

/* The masks of the block at `base`; `wanted`: the SCAN_ classes asked for (a constant: the others cost nothing). Bits
 * behind the end of the text have no class. */
static inline void scan_block(const char *text, size_t base, size_t length, unsigned wanted, scan_carry *carry, scan_masks *out) {
    char copy[SCAN_BLOCK];
    const char *bytes = scan_bytes(text, base, length, copy);
    uint64_t underscore = 0, visible = 0;
    *out = (scan_masks){.high = 0};
    scan_ascii(bytes, out, &underscore, &visible);
    uint64_t alphanumeric = out->classes[MASK_LETTER] | out->classes[MASK_NUMBER];
    out->classes[MASK_NUMERIC] = out->classes[MASK_NUMBER];
    out->classes[MASK_WORD] = alphanumeric | underscore;
    out->classes[MASK_PUNCT] = visible & ~alphanumeric;
    if (out->high != 0) scan_others(text, bytes, base, wanted, carry, out);
}

/* The mask moved up by one byte: bit i is what byte i - 1 had; *last keeps the highest bit for the next block. */
static inline uint64_t scan_before(uint64_t mask, uint64_t *last) {
    uint64_t before = mask << 1 | *last;
    *last = mask >> 63;
    return before;
}

/* ---- from bits to ranges ---- */

/* Room for the boundaries of one more block. */
static inline MASKE_MUST_USE maske_status scan_reserve(range_list *out) {
    if (out->capacity - out->count > SCAN_BLOCK) return MASKE_OK;
    return memory_reserve(&out->items, &out->capacity, out->count + SCAN_BLOCK + 1, sizeof *out->items, "words");
}
/* Each bit begins a range. */
static inline void scan_add_begins(range_list *out, size_t base, uint64_t begins) {
    text_range *item = out->items + out->count;
    for (; begins != 0; begins &= begins - 1) (item++)->begin = (uint32_t)base + (uint32_t)__builtin_ctzll(begins);
    out->count = (size_t)(item - out->items);
}
/* Each bit ends the first range, from *ended on, that has no end yet. */
static inline void scan_add_ends(range_list *out, size_t *ended, size_t base, uint64_t ends) {
    text_range *item = out->items + *ended;
    for (; ends != 0; ends &= ends - 1) (item++)->end = (uint32_t)base + (uint32_t)__builtin_ctzll(ends);
    *ended = (size_t)(item - out->items);
}
/* Ranges from `first` on that cover the text: each ends where the next begins. */
static inline void scan_close(range_list *out, size_t first, size_t length) {
    for (size_t i = first; i + 1 < out->count; i++) out->items[i].end = out->items[i + 1].begin;
    if (out->count > first) out->items[out->count - 1].end = (uint32_t)length;
}

#endif
