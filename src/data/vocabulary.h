/* data/vocabulary.h: what packing and masking need to know of a tokenizer, as plain arrays. */
#ifndef MASKE_DATA_VOCABULARY_H
#define MASKE_DATA_VOCABULARY_H

#include "maske.h"

typedef struct vocabulary {
    size_t size;                /* 1 + the largest id */
    uint8_t *special;           /* [size] 1: a special token: never chosen, never predicted */
    int32_t *ordinary;          /* [ordinary_count], ascending: the ids that a random replacement is drawn from: not */
    size_t ordinary_count;      /* special, and with a token (an id may be a hole in the vocabulary) */
    int32_t cls, sep, mask, pad;        /* -1: the tokenizer has none */
    uint8_t *joins;             /* [size], NULL before vocabulary_find_words: how a token stands in a word, bits of */
} vocabulary;
enum {
    JOINS_BEFORE = 1,           /* no space comes before it, and it begins with a letter, a mark or a number */
    JOINS_BEHIND = 2            /* it ends with one */
};

/* Fails if there is no [MASK], or nothing but special tokens. End with vocabulary_free. */
MASKE_MUST_USE maske_status vocabulary_of(vocabulary *out, const maske_tokenizer *tokenizer);
/* Fills `joins`, whatever the kind of tokenizer. */
MASKE_MUST_USE maske_status vocabulary_find_words(vocabulary *v, const maske_tokenizer *tokenizer);
/* Whether the second of two neighbours goes on with the word of the first, as "##da" or "da" does behind "▁Ankara". An
 * apostrophe or another mark of punctuation is a word by itself. */
static inline bool vocabulary_same_word(const vocabulary *v, int32_t first, int32_t second) {
    return (v->joins[first] & JOINS_BEHIND) && (v->joins[second] & JOINS_BEFORE);
}
void vocabulary_free(vocabulary *v);

#endif
