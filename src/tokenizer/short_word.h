/* tokenizer/short_word.h: a word of at most SHORT_WORD bytes as two numbers.
 *
 * Its bytes, zeros behind them and its length in the last byte: compared at once, hashed by one multiplication. Nearly
 * every word of a text is that short. */
#ifndef MASKE_TOKENIZER_SHORT_WORD_H
#define MASKE_TOKENIZER_SHORT_WORD_H

#include "base/hash.h"

#include <stdbool.h>

enum { SHORT_WORD = 15 };

typedef struct short_key {
    uint64_t low, high;
} short_key;

/* The key of text[0..length). Bytes from `begin` up to `end` may be read: the more of them, the faster. */
static inline short_key short_key_load(const char *text, size_t length, const char *begin, const char *end) {
    static const unsigned char mask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                           255, 255, 255, 255, 255, 255, 255, 255};
    unsigned char copy[32] = {0}, tail[8] = {0};
    short_key key;
    uint64_t keep[2], last;
    if (end - text >= 16) { /* what stands behind the word is masked out */
        memcpy(&key, text, 16);
        memcpy(keep, mask + 16 - length, 16);
        key.low &= keep[0];
        key.high &= keep[1];
    } else if (text + length - begin >= 16) { /* what stands before it is left behind */
        memcpy(copy, text + length - 16, 16);
        memcpy(&key, copy + 16 - length, 16);
    } else {
        memcpy(copy, text, length);
        memcpy(&key, copy, 16);
    }
    tail[7] = (unsigned char)length;
    memcpy(&last, tail, 8);
    key.high |= last;
    return key;
}
static inline uint64_t short_key_hash(short_key key) {
    return hash_mix(key.low ^ 0x9E3779B97F4A7C15u, key.high ^ 0xD6E8FEB86659FD93u);
}
static inline bool short_key_equal(short_key a, short_key b) { return ((a.low ^ b.low) | (a.high ^ b.high)) == 0; }
/* The word itself: borrowed from the key. */
static inline const char *short_key_text(const short_key *key, size_t *length) {
    *length = ((const unsigned char *)key)[SHORT_WORD];
    return (const char *)key;
}

#endif
