/* tokenizer/pre_tokenizer_types.h: what a pre-tokenizer is inside, and the table of its types. For pre_tokenizer*.c.
 *
 * A type works on one piece after the other, in up to three steps: `prepare` rewrites the piece (puts a space in front),
 * `cut` says which ranges of it are kept, `finish` rewrites each of those. Only Metaspace and ByteLevel rewrite. */
#ifndef MASKE_TOKENIZER_PRE_TOKENIZER_TYPES_H
#define MASKE_TOKENIZER_PRE_TOKENIZER_TYPES_H

#include "tokenizer/component.h"
#include "tokenizer/pattern.h"
#include "tokenizer/pre_tokenizer.h"

typedef struct pre_tokenizer_type pre_tokenizer_type;

/* What becomes of the matches of a pattern (see split_rule in split_rule.h). */
typedef enum split_behavior { SPLIT_REMOVED, SPLIT_ISOLATED, SPLIT_MERGED_WITH_PREVIOUS, SPLIT_MERGED_WITH_NEXT, SPLIT_CONTIGUOUS } split_behavior;
extern const char *const split_behavior_names[];

struct pre_tokenizer {
    component base;
    union {
        byte_level_settings byte_level;
        struct { metaspace_settings settings; size_t size; } metaspace;     /* size: of the replacement, in bytes */
        struct { split_behavior behavior; } punctuation;
        struct { bool individual; } digits;
        struct { char *character; pattern pattern; } delimiter;
        struct {
            pattern pattern;
            split_behavior behavior;
            bool invert, suffixes;          /* suffixes: see below */
            size_t digits;                  /* split_scan.h; 0: the pattern is matched as it is */
        } split;
        struct { int64_t length; } fixed_length;
    };
};

struct pre_tokenizer_type {
    component_type base;
    /* Rewrites a whole piece; NULL, or *needs false: it stays. origin_begin: where the piece begins in the original. */
    bool (*needs_prepare)(const pre_tokenizer *self, const char *text, size_t length, uint32_t origin_begin);
    void (*prepare)(const pre_tokenizer *self, text_edit *edit);
    /* Adds the ranges of text to keep; empty ones are dropped by the caller. NULL: one range, all of it. `search` is
     * scratch of patterns. */
    maske_status (*cut)(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out);
    void (*finish)(text_edit *edit);                                /* rewrites a piece after the cut; NULL: it stays */
};

extern const pre_tokenizer_type pre_tokenizer_bert, pre_tokenizer_byte_level, pre_tokenizer_metaspace, pre_tokenizer_whitespace,
    pre_tokenizer_whitespace_split, pre_tokenizer_punctuation, pre_tokenizer_digits, pre_tokenizer_delimiter, pre_tokenizer_pattern,
    pre_tokenizer_scripts, pre_tokenizer_fixed_length, pre_tokenizer_sequence;

static inline const pre_tokenizer_type *pre_tokenizer_type_of(const pre_tokenizer *self) {
    return (const pre_tokenizer_type *)self->base.type;
}
static inline bool pre_tokenizer_is(const pre_tokenizer *self, const pre_tokenizer_type *type) {
    return pre_tokenizer_type_of(self) == type;
}
/* Of a Sequence. */
static inline const pre_tokenizer *pre_tokenizer_item(const pre_tokenizer *self, size_t i) {
    return (const pre_tokenizer *)self->base.items[i];
}

/* GPT-2's pattern with suffixes behind an apostrophe in place of English contractions, as a regular expression, and the
 * cut it makes where it is a Split's, isolated, by hand. */
#define BYTE_LEVEL_SUFFIXES \
    "(?<=[\\p{L}\\p{N}])['\xE2\x80\x99]\\p{L}+| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define BYTE_LEVEL_SUFFIXES_JSON                                                                                       \
    "(?<=[\\\\p{L}\\\\p{N}])['\xE2\x80\x99]\\\\p{L}+| ?\\\\p{L}+| ?\\\\p{N}+| ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+(?!\\\\S)|\\\\s+"
maske_status byte_level_cut_suffixes(const char *text, size_t length, range_list *out);

/* Metaspace's cut of text in which U+0020 may still stand for the replacement. */
maske_status metaspace_cut_spaces(const pre_tokenizer *self, const char *text, size_t length, range_list *out);

#endif
