/* train/validation.h: how well the model fills text that it was not trained on, with masks that never change (those of
 * epoch 0), beside guessing each token by its frequency in the training text. */
#ifndef MASKE_TRAIN_VALIDATION_H
#define MASKE_TRAIN_VALIDATION_H

#include "bert/masked_lm.h"
#include "data/dataset.h"

/* Tokens are chosen one by one, so many, however the run trains: so that runs can be compared. */
#define VALIDATION_PROBABILITY 0.15

typedef struct validation {
    const dataset *data;        /* borrowed */
    dataset_masking masking;
    size_t batch_size, sequences;
    uint32_t *order;            /* [sequences]: all as they come, or some from all over */
    dataset_batch batch;
    double unigram_loss, unigram_accuracy;
    int64_t tokens;             /* of an evaluation */
} validation;

/* `training`: whose counts the baseline is made of, each one up, so that no token is impossible.
 * most: sequences that are evaluated at most, evenly from all over the text. */
MASKE_MUST_USE maske_status validation_new(validation *out, const dataset *data, const dataset *training,
                                           size_t vocab_size, uint64_t seed, size_t batch_size, size_t most);
void validation_free(validation *v);
/* How many sequences the model evaluates in so many seconds, measured with a batch: *evaluated is set, to a batch at the
 * least, and that is said, unless the time suffices for all (then it stays). The other arguments as above. */
MASKE_MUST_USE maske_status validation_limit(int64_t *evaluated, double seconds, const dataset *data, const dataset *training,
                                             uint64_t seed, size_t batch_size, const masked_lm *model,
                                             masked_lm_context *context, const maske_control *control);
/* Fills the loss, the accuracy and the baseline; MASKE_STOPPED once control says so. */
MASKE_MUST_USE maske_status validation_run(validation *v, const masked_lm *model, masked_lm_context *context,
                                           const maske_control *control, maske_train_evaluation *out);

#endif
