/* tokenizer/pre_tokenizer_types.h: what a pre-tokenizer is inside, and the table of its types. For pre_tokenizer*.c.
 *
 * A type works on one piece after the other, in up to three steps: `prepare` rewrites the piece (puts a space in front),
 * `cut` says which ranges of it are kept, `finish` rewrites each of those. Only Metaspace and ByteLevel rewrite. */
#ifndef MASKE_TOKENIZER_PRE_TOKENIZER_TYPES_H
#define MASKE_TOKENIZER_PRE_TOKENIZER_TYPES_H

#include "tokenizer/pattern.h"
#include "tokenizer/pre_tokenizer.h"

typedef struct pre_tokenizer_type pre_tokenizer_type;

/* What becomes of the matches of a pattern (see split_rule in split_rule.h). */
typedef enum split_behavior { SPLIT_REMOVED, SPLIT_ISOLATED, SPLIT_MERGED_WITH_PREVIOUS, SPLIT_MERGED_WITH_NEXT, SPLIT_CONTIGUOUS } split_behavior;
typedef enum prepend_scheme { PREPEND_FIRST, PREPEND_NEVER, PREPEND_ALWAYS } prepend_scheme;

struct pre_tokenizer {
    const pre_tokenizer_type *type;
    union {
        struct { bool add_prefix_space, trim_offsets, use_regex; } byte_level;
        struct { char replacement[5]; size_t size; prepend_scheme scheme; bool split; } metaspace;
        struct { split_behavior behavior; } punctuation;
        struct { bool individual; } digits;
        struct { pattern pattern; } delimiter;
        struct { pattern pattern; split_behavior behavior; bool invert; } split;
        struct { size_t length; } fixed_length;
        struct { pre_tokenizer **items; size_t count; } sequence;
    };
};

struct pre_tokenizer_type {
    const char *name;
    /* Members, from a checked object; NULL: there are none. What it allocates is freed by `free` also if it fails. */
    maske_status (*read)(pre_tokenizer *self, const json_t *json, const char *name, int depth);
    void (*write)(json_writer *w, const pre_tokenizer *self);       /* members behind "type"; NULL: none */
    void (*free)(pre_tokenizer *self);                              /* NULL: nothing to free */
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

/* One level of reading: Sequence calls it for its members. */
maske_status pre_tokenizer_read_nested(pre_tokenizer **out, const json_t *json, const char *name, int depth);

/* Metaspace's cut of text in which U+0020 may still stand for the replacement. */
maske_status metaspace_cut_spaces(const pre_tokenizer *self, const char *text, size_t length, range_list *out);

/* "behavior" of a JSON object; fallback -1: it must be there. */
maske_status split_behavior_read(split_behavior *out, int fallback, const json_t *json, const char *name);
const char *split_behavior_name(split_behavior behavior);

#endif
