/* tokenizer/truncation.h: the truncation and padding that a tokenizer.json asks for. */
#ifndef MASKE_TOKENIZER_TRUNCATION_H
#define MASKE_TOKENIZER_TRUNCATION_H

#include "base/json.h"

typedef enum text_direction { DIRECTION_RIGHT, DIRECTION_LEFT } text_direction;
typedef enum truncation_strategy {
    TRUNCATE_LONGEST_FIRST, TRUNCATE_ONLY_FIRST, TRUNCATE_ONLY_SECOND
} truncation_strategy;
typedef struct truncation {
    bool set;
    text_direction direction;
    truncation_strategy strategy;
    int64_t max_length, stride;     /* tokens, what the post-processor adds included */
} truncation;
typedef struct padding {
    bool set, fixed;                /* not fixed: to the longest of a batch; of one text, to itself */
    int64_t length;                 /* fixed */
    text_direction direction;
    int64_t pad_to_multiple_of;     /* 0: null */
    int32_t pad_id, pad_type_id;
    char *pad_token;                /* the structure's own */
} padding;

/* value: the member of tokenizer.json, null or missing: not set. name: "x/tokenizer.json: truncation". */
MASKE_MUST_USE maske_status truncation_read(truncation *out, const json_t *value, const char *name);
void truncation_write(json_writer *w, const truncation *t);
MASKE_MUST_USE maske_status padding_read(padding *out, const json_t *value, const char *name);
void padding_write(json_writer *w, const padding *p);
void padding_free(padding *p);

/* How many tokens of each sequence stay: *first and *second (0 without a pair) are lowered. room: max_length less what
 * the post-processor adds. Fails where the library does: the strategy's sequence is missing or too short, or a window
 * of that length cannot hold the stride. */
MASKE_MUST_USE maske_status truncation_lengths(const truncation *t, size_t room, bool pair, size_t *first,
                                               size_t *second);
/* A text of `count` tokens of which `keep` stay is a row of windows that overlap by the stride, the first of them what
 * stays: how many, and the tokens of one (ends first where the direction is left). */
size_t truncation_windows(const truncation *t, size_t count, size_t keep);
void truncation_window(const truncation *t, size_t count, size_t keep, size_t window, size_t *begin, size_t *end);
/* The length that `count` tokens are padded to; longest: the most tokens of all that are padded together. */
size_t padding_length(const padding *p, size_t longest, size_t count);

#endif
