/* base/utf8.c: checking and repairing UTF-8. */
#include "base/utf8.h"
#include "base/cpu.h"
#include "base/utf8_vector.h"

/* Bytes of the character at text if it is valid and whole, else 0. *wrong: how many bytes belong to the fault. */
static size_t check_one(const unsigned char *s, size_t length, size_t *wrong) {
    *wrong = 1;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    size_t size = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    unsigned char low = 0x80, high = 0xBF;      /* the second byte's range rules out overlong forms and surrogates */
    if (s[0] == 0xE0) low = 0xA0;
    if (s[0] == 0xED) high = 0x9F;
    if (s[0] == 0xF0) low = 0x90;
    if (s[0] == 0xF4) high = 0x8F;
    for (size_t i = 1; i < size; i++) {
        if (i >= length || s[i] < low || s[i] > high) { *wrong = i; return 0; }
        low = 0x80;
        high = 0xBF;
    }
    return size;
}

/* Without wider instructions (utf8_vector.h) the fast path is an automaton in one shift a byte: a state is how far the
 * table's row for a byte is shifted to the right, and the lowest six bits of what comes out are the next state. No branch
 * depends on the text, so that mixed text is as fast as any. A state says what may follow: nothing owed, one to three
 * continuation bytes, or a second byte of a narrower range. */
enum { WRONG = 0, START = 6, ONE = 12, TWO = 18, THREE = 24, AFTER_E0 = 30, AFTER_ED = 36, AFTER_F0 = 42, AFTER_F4 = 48 };
#define FROM(state, next) ((uint64_t)(next) << (state))
#define CONTINUES (FROM(ONE, START) | FROM(TWO, ONE) | FROM(THREE, TWO))
static const uint64_t rows[256] = {
    [0x00 ... 0x7F] = FROM(START, START),
    [0x80 ... 0x8F] = CONTINUES | FROM(AFTER_ED, ONE) | FROM(AFTER_F4, TWO),
    [0x90 ... 0x9F] = CONTINUES | FROM(AFTER_ED, ONE) | FROM(AFTER_F0, TWO),
    [0xA0 ... 0xBF] = CONTINUES | FROM(AFTER_E0, ONE) | FROM(AFTER_F0, TWO),
    [0xC2 ... 0xDF] = FROM(START, ONE),
    [0xE0] = FROM(START, AFTER_E0), [0xE1 ... 0xEC] = FROM(START, TWO), [0xED] = FROM(START, AFTER_ED), [0xEE ... 0xEF] = FROM(START, TWO),
    [0xF0] = FROM(START, AFTER_F0), [0xF1 ... 0xF3] = FROM(START, THREE), [0xF4] = FROM(START, AFTER_F4),
};

/* Bytes in whole blocks up to the first block with a fault, less a character that the last of them cuts. */
static size_t valid_blocks(const unsigned char *s, size_t length) {
    enum { BLOCK = 64 };
    uint64_t state = START;
    size_t at = 0;
    for (; length - at >= BLOCK; at += BLOCK) {
        uint64_t words[BLOCK / 8], high = 0;
        memcpy(words, s + at, BLOCK);
        for (size_t i = 0; i < BLOCK / 8; i++) high |= words[i];
        if ((state & 63) == START && !(high & 0x8080808080808080u)) continue;      /* plain ASCII */
        uint64_t next = state;
        for (size_t i = 0; i < BLOCK; i++) next = rows[s[at + i]] >> (next & 63);
        if ((next & 63) == WRONG) break;
        state = next;
    }
    if ((state & 63) != START)
        do at--; while (s[at] < 0xC0);          /* back to the first byte of the character that is cut */
    return at;
}

enum { REST = 128 };    /* bytes: a fault may be found again and again, so only a short rest is gone through twice */
/* Whether the rest of a text is valid: plain ASCII by eights, from the first other character on by the automaton. */
static bool ends_well(const unsigned char *s, size_t length) {
    uint64_t state = START, eight = 0;
    size_t at = 0;
    for (; length - at >= 8; at += 8) {
        memcpy(&eight, s + at, 8);
        if (eight & 0x8080808080808080u) break;
    }
    for (; at < length; at++) state = rows[s[at]] >> (state & 63);
    return (state & 63) == START;
}

size_t utf8_valid_prefix(const char *text, size_t length) {
    if (length == 0) return 0;      /* of NULL perhaps, to which C adds not even 0 */
    const unsigned char *s = (const unsigned char *)text;
    size_t at, wrong;
#ifdef MASKE_X86
    if (cpu_flags() & CPU_AVX2) at = utf8_valid_blocks_avx2(s, length);
    else
#endif
    at = valid_blocks(s, length);
    if (length - at < REST && ends_well(s + at, length - at)) return length;
    while (at < length) {
        uint64_t eight = 0;
        if (length - at >= 8) memcpy(&eight, s + at, 8);
        bool ascii = length - at >= 8 && !(eight & 0x8080808080808080u);
        size_t size = ascii ? 8 : check_one(s + at, length - at, &wrong);
        if (size == 0) break;
        at += size;
    }
    return at;
}

size_t utf8_invalid_size(const char *text, size_t length) {
    size_t wrong;
    return check_one((const unsigned char *)text, length, &wrong) ? 0 : wrong;
}

maske_status utf8_repair(buffer *out, const char *text, size_t length, int64_t *replaced) {
    size_t at = 0;
    while (at < length) {
        size_t valid = utf8_valid_prefix(text + at, length - at);
        TRY(buffer_add(out, text + at, valid));
        at += valid;
        if (at == length) break;
        TRY(buffer_add(out, "\xEF\xBF\xBD", 3));
        if (replaced) ++*replaced;
        at += utf8_invalid_size(text + at, length - at);
    }
    return MASKE_OK;
}

size_t utf8_count(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += !utf8_is_continuation(text[i]);
    return count;
}
