/* train/step.h: one optimizer step: forward and backward of its batches, clipping, the update of the weights (AdamW, Muon). */
#ifndef MASKE_TRAIN_STEP_H
#define MASKE_TRAIN_STEP_H

#include "bert/masked_lm.h"
#include "train/feeder.h"
#include "train/micro_batch.h"
#include "train/optimizer.h"
#include "train/saver.h"

/* What a step works on: all borrowed. */
typedef struct step_room {
    masked_lm *model;
    masked_lm_context *context;
    optimizer *optimizer;
    const micro_batches *parts;         /* how a batch is cut; NULL: not at all */
    const maske_train_options *settings;
    gemm_precision precision;
    int threads;
    saver *saver;               /* that the update waits for; NULL: none */
    double norm_limit, loss_limit;      /* beyond them a step has exploded; 0: there is none */
} step_room;

typedef struct step_result {
    double loss_sum;            /* nats over the predicted tokens of all batches */
    int64_t predicted, correct;
    double gradient_norm;       /* before clipping */
    bool skipped;               /* the loss or the norm is not finite or beyond its limit: the weights are as they were */
} step_result;

/* `update`: which change of the weights this is, from 1, skipped steps not counted. The gradients are those of the mean
 * loss over all predicted tokens of the step, however they are divided into batches. */
MASKE_MUST_USE maske_status step_run(const step_room *room, const step_input *input, double learning_rate,
                                     uint64_t update, step_result *out);

#endif
