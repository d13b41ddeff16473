/* tasks/candidates.h: the likeliest entries for one mask, out of the logits of the whole vocabulary. */
#ifndef MASKE_TASKS_CANDIDATES_H
#define MASKE_TASKS_CANDIDATES_H

#include "data/token_texts.h"

typedef struct candidate {
    int32_t id;
    double score;               /* its probability: softmax over the whole vocabulary, at temperature 1 */
    float logit;
    char *text;                 /* what token_text gives; the list's own */
    size_t length;
} candidate;
/* Zeroed: empty. Used again and again. */
typedef struct candidates {
    candidate *items;           /* [count] best first; of equal logits, the lower id first */
    size_t count, capacity;
    buffer text;                /* every text, end to end */
    buffer scratch;
    int32_t *heap;
    size_t heap_capacity;
} candidates;

/* The best `limit` of the entries that can fill a mask; of `allowed` alone ([allowed_count], NULL: all); words: of those
 * that begin a word alone, with a letter or a digit. logits: [vocab_size]. Fails with MASKE_DIVERGED if the best logit is not finite. */
MASKE_MUST_USE maske_status candidates_find(candidates *out, const token_texts *p, const float *logits,
                                            size_t vocab_size, const int32_t *allowed, size_t allowed_count,
                                            size_t limit, bool words);
void candidates_free(candidates *c);

/* The place of the one to take: 0 at temperature 0; else drawn by softmax(logit / temperature) over the list, as (seed,
 * draw) decides. The list must not be empty. */
size_t candidates_draw(const candidates *c, double temperature, uint64_t seed, uint64_t draw);

#endif
