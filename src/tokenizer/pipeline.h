/* tokenizer/pipeline.h: a text through the components, in the library's order (tokenizer.h shows it). */
#ifndef MASKE_TOKENIZER_PIPELINE_H
#define MASKE_TOKENIZER_PIPELINE_H

#include "tokenizer/tokenizer.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/word_ids.h"

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
    word_cache pieces_seen;         /* keyed by pieces, with lengths */
    word_ids_holder words_seen;     /* words as they stand in the text, of the tokenizer */
    buffer block;                   /* of pipeline_batch: texts end to end, their words, and where each ends */
    range_list block_ranges;
    size_t *block_ends, block_end_capacity;
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
/* The same for many texts, with the frame's ids around each; id_ends[count]: where each text's ids end. */
MASKE_MUST_USE maske_status pipeline_batch(const maske_tokenizer *t, pipeline *p, const char *const *texts,
    const size_t *lengths, size_t count, const tokenizer_frame *frame, id_list *out, size_t *id_ends);
/* The same with places, into `out` (emptied first): characters of the original. trims: fill leading and trailing. */
MASKE_MUST_USE maske_status pipeline_tokens(const maske_tokenizer *t, pipeline *p, const char *text, size_t length,
                                            bool trims, output_tokens *out);
/* ---- words to ids (pipeline_words.c) ---- */
/* The words of some texts, all of them ranges of the same bytes. */
typedef struct pipeline_texts {
    const char *bytes;
    const text_range *ranges;       /* [range_count], none empty */
    size_t range_count;
    const size_t *range_ends;       /* [count] where each text's words end */
    size_t count;
    const tokenizer_frame *frame;   /* around each text, NULL: nothing */
    size_t *id_ends;                /* [count] out, may be NULL */
} pipeline_texts;
/* Before the first word of a call: the words seen are those of this tokenizer. */
void pipeline_use(pipeline *p, const maske_tokenizer *t);
MASKE_MUST_USE maske_status pipeline_add_words(const maske_tokenizer *t, pipeline *p, const pipeline_texts *texts,
                                               id_list *out);
/* The frame's ids that stand before or behind the text. */
MASKE_MUST_USE maske_status pipeline_add_frame(const tokenizer_frame *frame, bool behind, id_list *out);
MASKE_MUST_USE maske_status pipeline_add_id(id_list *out, int32_t id);
/* A new text: what patterns may cost begins anew. */
void pipeline_start_text(pipeline *p);
/* Refuses a text that passes PIPELINE_TEXT_LIMIT. */
MASKE_MUST_USE maske_status pipeline_check_length(size_t length);
void pipeline_free(pipeline *p);

#endif
