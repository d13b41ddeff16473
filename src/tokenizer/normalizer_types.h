/* tokenizer/normalizer_types.h: what a normalizer is inside, and the table of its types. For normalizer*.c only. */
#ifndef MASKE_TOKENIZER_NORMALIZER_TYPES_H
#define MASKE_TOKENIZER_NORMALIZER_TYPES_H

#include "tokenizer/component.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/pattern.h"

typedef struct normalizer_type normalizer_type;

struct normalizer {
    component base;
    union {
        struct { bool clean_text, handle_chinese_chars, lowercase; int strip_accents; } bert;   /* strip_accents -1: null */
        struct { bool left, right; } strip;
        struct { char *text; } prepend;
        struct { pattern pattern; char *content; } replace;
    };
};

struct normalizer_type {
    component_type base;
    maske_status (*apply)(const normalizer *self, aligned_text *text);
    /* Bytes at the start that surely stay as they are. Reaching the end means that apply would change nothing.
     * NULL: not known (0). */
    size_t (*steady)(const normalizer *self, const char *text, size_t length);
};

extern const normalizer_type normalizer_bert, normalizer_nfc, normalizer_nfd, normalizer_nfkc, normalizer_nfkd,
    normalizer_lowercase, normalizer_strip_accents, normalizer_nmt, normalizer_strip, normalizer_prepend,
    normalizer_replace, normalizer_byte_level, normalizer_sequence;

#endif
