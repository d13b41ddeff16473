/* tasks/word_sample.h: words of a text, drawn by a seed, with the text around them.
 *
 * Words are what white space parts, with at least one letter or number. Which are drawn depends on the text and the
 * seed alone, not on a tokenizer: so models with different tokenizers are asked for the same words. */
#ifndef MASKE_TASKS_WORD_SAMPLE_H
#define MASKE_TASKS_WORD_SAMPLE_H

#include "base/log.h"
#include "tasks/word_statistics.h"

/* Bytes of the line kept before and behind a word, cut at white space: more than any model reads. */
enum { WORD_SAMPLE_AROUND = 8192 };

typedef struct sampled_word {
    uint64_t number;                /* of all words of the text, from 0 */
    uint32_t priority;              /* the lowest are drawn */
    uint32_t previous, word;        /* of the statistics */
    char *line;                     /* [length] the word's line, or what is kept of it */
    size_t length, begin, end;      /* the word: bytes begin..end-1 of it */
} sampled_word;

/* Zeroed: empty. */
typedef struct word_sample {
    sampled_word *items;            /* [count] in the order of the text */
    size_t count;
    word_statistics statistics;     /* of every word of the text */
} word_sample;

/* Draws at most `limit` words (at least 1). */
MASKE_MUST_USE maske_status word_sample_read(word_sample *out, const maske_text *text, uint64_t seed, size_t limit,
                                             const maske_control *control);
void word_sample_free(word_sample *s);

#endif
