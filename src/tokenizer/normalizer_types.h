/* tokenizer/normalizer_types.h: what a normalizer is inside, and the table of its types. For normalizer*.c only. */
#ifndef MASKE_TOKENIZER_NORMALIZER_TYPES_H
#define MASKE_TOKENIZER_NORMALIZER_TYPES_H

#include "tokenizer/normalizer.h"
#include "tokenizer/pattern.h"

typedef struct normalizer_type normalizer_type;

struct normalizer {
    const normalizer_type *type;
    union {
        struct { bool clean_text, handle_chinese_chars, lowercase; int strip_accents; } bert;   /* strip_accents -1: null */
        struct { bool left, right; } strip;
        struct { char *text; size_t length; } prepend;
        struct { pattern pattern; char *content; size_t content_length; } replace;
        struct { normalizer **items; size_t count; } sequence;
    };
};

struct normalizer_type {
    const char *name;
    /* Members, from a checked object; NULL: there are none. What it allocates is freed by `free` also if it fails. */
    maske_status (*read)(normalizer *self, const json_t *json, const char *name, int depth);
    /* Members behind "type"; NULL: none. */
    void (*write)(json_writer *w, const normalizer *self);
    void (*free)(normalizer *self);         /* NULL: nothing to free */
    maske_status (*apply)(const normalizer *self, aligned_text *text);
    /* Bytes at the start that surely stay as they are. Reaching the end means that apply would change nothing.
     * NULL: not known (0). */
    size_t (*steady)(const normalizer *self, const char *text, size_t length);
};

extern const normalizer_type normalizer_bert, normalizer_nfc, normalizer_nfd, normalizer_nfkc, normalizer_nfkd,
    normalizer_lowercase, normalizer_strip_accents, normalizer_nmt, normalizer_strip, normalizer_prepend,
    normalizer_replace, normalizer_byte_level, normalizer_sequence;

/* One level of reading: Sequence calls it for its members. */
maske_status normalizer_read_nested(normalizer **out, const json_t *json, const char *name, int depth);

#endif
