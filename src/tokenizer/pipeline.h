/* tokenizer/pipeline.h: a text through the components, in the library's order (tokenizer.h shows it). */
#ifndef MASKE_TOKENIZER_PIPELINE_H
#define MASKE_TOKENIZER_PIPELINE_H

#include "tokenizer/aligned_text.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/word_cache.h"

/* Everything that encoding needs besides the tokenizer; used again and again by one thread, so that a warm one allocates
 * nothing. A zeroed structure is fresh. It may serve several tokenizers in turn. */
typedef struct pipeline {
    aligned_text text;              /* the pieces; a piece with a token id is an added token, not for the model */
    aligned_text spare;
    added_splits splits;
    bpe_word word;
    word_cache cache;
    output_tokens first, second, out, steps;
    uint32_t *characters;           /* [length + 1] characters before each byte of the original */
    size_t character_capacity;
} pipeline;

/* Leaves in p->text the pieces of a text: added tokens, and what the model (or the trainer's word counts) gets. aligned:
 * keep each byte's place in the original; without, offsets are not there and it is faster. */
MASKE_MUST_USE maske_status pipeline_pieces(const maske_tokenizer *t, pipeline *p, const char *text, size_t length, bool aligned);
/* One word (a piece) through the model: p->word. */
MASKE_MUST_USE maske_status pipeline_word(const maske_tokenizer *t, pipeline *p, const char *text, size_t length);
void pipeline_free(pipeline *p);

#endif
