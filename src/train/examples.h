/* train/examples.h: a few places of the held-out text, one piece masked in each, filled at every evaluation: not to
 * measure anything, but for people to see what the model has learned. */
#ifndef MASKE_TRAIN_EXAMPLES_H
#define MASKE_TRAIN_EXAMPLES_H

#include "bert/masked_lm.h"
#include "data/dataset.h"

enum { EXAMPLES = 5 };

typedef struct example {
    int32_t *ids;               /* [count] the sequence, masked */
    size_t count, place;        /* which token is masked */
    char *text, *expected;      /* what stands around the mask, and what stood there */
    char *filled;               /* the likeliest piece at the last evaluation */
} example;

/* Zeroed: empty. */
typedef struct examples {
    const maske_tokenizer *tokenizer;   /* borrowed */
    example items[EXAMPLES];
    size_t count;
    masked_lm_context *context;
} examples;

/* Chosen by the text alone. */
MASKE_MUST_USE maske_status examples_new(examples *out, const dataset *held_out, const maske_tokenizer *tokenizer,
                                         const masked_lm *model, int threads);
MASKE_MUST_USE maske_status examples_fill(examples *e, const masked_lm *model);
void examples_free(examples *e);

#endif
