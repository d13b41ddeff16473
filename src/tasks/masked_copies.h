/* tasks/masked_copies.h: batches of copies of texts, in each of which some tokens are masked and one is predicted.
 *
 * Copies of all texts fill the batches, whichever text they are of, so that short texts do not leave the cores idle. */
#ifndef MASKE_TASKS_MASKED_COPIES_H
#define MASKE_TASKS_MASKED_COPIES_H

#include "tasks/model.h"

enum { MASKED_COPIES_TOKENS = 4096, MASKED_COPIES_SEQUENCES = 64 };

/* What the model says where a copy is predicted: logits[vocab_size], borrowed for the call. */
typedef maske_status masked_copy_result(void *user, size_t owner, int32_t label, const float *logits,
                                        size_t vocab_size);

/* Zeroed: not open. */
typedef struct masked_copies {
    const maske_model *model;
    masked_copy_result *result;
    void *user;
    const maske_control *control;   /* NULL, or: looked at before each batch; set after masked_copies_open */
    int32_t mask;
    pooled_context *context;
    int32_t *ids;                   /* [room] */
    size_t room, tokens, sequences;
    uint32_t starts[MASKED_COPIES_SEQUENCES + 1], places[MASKED_COPIES_SEQUENCES];
    int32_t labels[MASKED_COPIES_SEQUENCES];
    size_t owners[MASKED_COPIES_SEQUENCES];
} masked_copies;

/* Fails for a model without a head or a mask token. */
MASKE_MUST_USE maske_status masked_copies_check(const maske_model *model);
/* room: tokens of a batch (at least those of the longest copy). */
MASKE_MUST_USE maske_status masked_copies_open(masked_copies *out, const maske_model *model, size_t room,
                                               masked_copy_result *result, void *user);
/* A copy of ids[count] with tokens mask_begin..mask_end-1 masked, of which `place` is predicted. Copies that were added
 * before may be computed now, in their order. */
MASKE_MUST_USE maske_status masked_copies_add(masked_copies *c, size_t owner, const int32_t *ids, size_t count,
                                              size_t mask_begin, size_t mask_end, size_t place);
/* Computes what is left. */
MASKE_MUST_USE maske_status masked_copies_finish(masked_copies *c);
void masked_copies_close(masked_copies *c);

/* log softmax(logits)[label] */
double logits_log_probability(const float *logits, size_t count, int32_t label);

#endif
