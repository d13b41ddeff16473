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
} vocabulary;

/* Fails if there is no [MASK], or nothing but special tokens. End with vocabulary_free. */
MASKE_MUST_USE maske_status vocabulary_of(vocabulary *out, const maske_tokenizer *tokenizer);
void vocabulary_free(vocabulary *v);

#endif
