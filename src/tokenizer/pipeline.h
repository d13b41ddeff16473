/* tokenizer/pipeline.h: a text through the components, in the library's order (tokenizer.h shows it). */
#ifndef MASKE_TOKENIZER_PIPELINE_H
#define MASKE_TOKENIZER_PIPELINE_H

#include "tokenizer/tokenizer.h"
#include "tokenizer/word_cache.h"

#define PIPELINE_TEXT_LIMIT ((size_t)1 << 30)       /* bytes of one text: positions stay far from 32 bits */

typedef struct id_list { int32_t *items; size_t count, capacity; } id_list;

/* Everything that encoding needs besides the tokenizer; used again and again by one thread, so that a warm one
 * allocates nothing. A zeroed structure is fresh. It may serve several tokenizers in turn. */
typedef struct pipeline {
    pieces pieces;                  /* of pipeline_pieces: words, and added tokens by their id */
    aligned_text text;              /* the stretch being normalised */
    added_splits raw_splits, normalized_splits;
    word_list words;
    bpe_word word;                  /* of pipeline_word */
    buffer form;                    /* a word in the form that the model knows */
    word_cache pieces_seen, words_seen;         /* keyed by pieces, and by words as they stand in the text */
    id_list ids[2];                 /* of the first and second text */
    output_tokens tokens[2];        /* the same with their places */
    post_process process;
} pipeline;

/* Leaves in p->pieces the pieces of a text: added tokens, and the words that the model (or the trainer's counts) gets,
 * in the model's form. aligned: keep each byte's place in the original; without it is faster. */
MASKE_MUST_USE maske_status pipeline_pieces(const maske_tokenizer *t, pipeline *p, const char *text, size_t length,
                                            bool aligned);
/* One word, in the model's form, through the model: p->word. */
MASKE_MUST_USE maske_status pipeline_word(const maske_tokenizer *t, pipeline *p, const char *text, size_t length);
/* Ids of a text alone, added tokens cut out, nothing around them; appended to `out`. */
MASKE_MUST_USE maske_status pipeline_ids(const maske_tokenizer *t, pipeline *p, const char *text, size_t length,
                                         id_list *out);
/* The same with places, into `out` (emptied first): characters of the original. trims: fill leading and trailing. */
MASKE_MUST_USE maske_status pipeline_tokens(const maske_tokenizer *t, pipeline *p, const char *text, size_t length,
                                            bool trims, output_tokens *out);
void pipeline_free(pipeline *p);

#endif
