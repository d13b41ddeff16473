/* base/utf8_avx2.c: checking UTF-8 with three tables of sixteen entries (Keiser and Lemire, "Validating UTF-8 in less than
 * one instruction per byte", 2021).
 *
 * Every fault but a missing third or fourth byte shows in two neighbouring bytes: in the high and low half of the first
 * and in the high half of the second. For each half a table has the set of faults that it allows, as bits; a fault that all
 * three allow is there. Two continuation bytes one after the other are such a "fault" too, and right exactly where the
 * byte two or three places before them asks for that many. */
#include "base/utf8.h"
#include "base/utf8_vector.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 64, LANES = 32 };
enum {
    TOO_SHORT = 1,              /* a first byte without a continuation */
    TOO_LONG = 1 << 1,          /* ASCII with one */
    OVERLONG_3 = 1 << 2,        /* E0 and less than A0 */
    TOO_LARGE = 1 << 3,         /* beyond U+10FFFF: F4 and more than 8F, or F5 and more with 9 to B */
    SURROGATE = 1 << 4,         /* ED and more than 9F */
    OVERLONG_2 = 1 << 5,        /* C0 or C1 */
    TOO_LARGE_8 = 1 << 6,       /* F5 and more with 8 */
    OVERLONG_4 = 1 << 6,        /* F0 and less than 90 */
    TWO_CONTINUATIONS = 1 << 7,
    ANY_LOW = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,     /* the first byte's low half says nothing about these */
    ANY_LARGE = ANY_LOW | TOO_LARGE | TOO_LARGE_8,
    CONTINUED = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS
};

#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define BITS(x)    ((char)(x))

/* The bytes `count` places before those of `now`. */
#define BEFORE(now, before, count) _mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - (count))

static inline __m256i high_half(__m256i bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/* Not zero where a byte is wrong beside those before it. */
static inline __m256i faults(__m256i now, __m256i before) {
    const __m256i first_high = TWICE(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
                                     BITS(TWO_CONTINUATIONS), BITS(TWO_CONTINUATIONS), BITS(TWO_CONTINUATIONS),
                                     BITS(TWO_CONTINUATIONS), TOO_SHORT | OVERLONG_2, TOO_SHORT,
                                     TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | TOO_LARGE_8 | OVERLONG_4);
    const __m256i first_low = TWICE(BITS(ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4), BITS(ANY_LOW | OVERLONG_2),
                                    BITS(ANY_LOW), BITS(ANY_LOW), BITS(ANY_LOW | TOO_LARGE), BITS(ANY_LARGE), BITS(ANY_LARGE),
                                    BITS(ANY_LARGE), BITS(ANY_LARGE), BITS(ANY_LARGE), BITS(ANY_LARGE), BITS(ANY_LARGE),
                                    BITS(ANY_LARGE), BITS(ANY_LARGE | SURROGATE), BITS(ANY_LARGE), BITS(ANY_LARGE));
    const __m256i second_high = TWICE(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
                                      BITS(CONTINUED | OVERLONG_3 | TOO_LARGE_8 | OVERLONG_4),
                                      BITS(CONTINUED | OVERLONG_3 | TOO_LARGE), BITS(CONTINUED | SURROGATE | TOO_LARGE),
                                      BITS(CONTINUED | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m256i one = BEFORE(now, before, 1), two = BEFORE(now, before, 2), three = BEFORE(now, before, 3);
    __m256i pair = _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high, high_half(one)),
                                                     _mm256_shuffle_epi8(first_low, _mm256_and_si256(one, _mm256_set1_epi8(15)))),
                                    _mm256_shuffle_epi8(second_high, high_half(now)));
    /* the highest bit: the byte two before begins three or more, or the one three before four */
    __m256i asked = _mm256_or_si256(_mm256_subs_epu8(two, _mm256_set1_epi8(0xE0 - 0x80)),
                                    _mm256_subs_epu8(three, _mm256_set1_epi8(0xF0 - 0x80)));
    return _mm256_xor_si256(pair, _mm256_and_si256(asked, _mm256_set1_epi8(BITS(0x80))));
}

size_t utf8_valid_blocks_avx2(const unsigned char *text, size_t length) {
    __m256i before = _mm256_setzero_si256();
    for (size_t at = 0; at < length; at += BLOCK) {
        unsigned char rest[BLOCK];
        const unsigned char *block = text + at;
        if (length - at < BLOCK) {      /* zeros end the text: a character that it cuts is too short */
            memset(rest, 0, BLOCK);
            memcpy(rest, block, length - at);
            block = rest;
        }
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)block);
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(block + LANES));
        if (_mm256_movemask_epi8(_mm256_or_si256(first, second)) == 0 && (at == 0 || text[at - 1] < 0x80)) {
            before = second;
            continue;
        }
        __m256i wrong = _mm256_or_si256(faults(first, before), faults(second, first));
        if (!_mm256_testz_si256(wrong, wrong)) return at - utf8_cut((const char *)text, at);
        before = second;
    }
    /* only a text of whole blocks can end in a character that is cut */
    return length - (length % BLOCK == 0 ? utf8_cut((const char *)text, length) : 0);
}
