/* train/feeder.h: the input side: a thread of its own makes the masked batches of the next steps while this one trains.
 *
 * What it gives depends on the settings and the step alone. An epoch's sequences are in the order random_order(seed,
 * epoch); its batch k holds order[k * batch_size ...], the last one what is left. A step takes `accumulate` batches,
 * the last one of an epoch what is left: steps do not reach over epochs. */
#ifndef MASKE_TRAIN_FEEDER_H
#define MASKE_TRAIN_FEEDER_H

#include "data/dataset.h"

/* How an epoch is divided. */
typedef struct epoch_plan {
    int64_t sequences, batch_size, accumulate;
    int64_t batches, steps;     /* of one epoch */
} epoch_plan;
epoch_plan epoch_plan_make(int64_t sequences, int64_t batch_size, int64_t accumulate);

/* The batches of one optimizer step. */
typedef struct step_input {
    int64_t step;               /* from 1 */
    int64_t epoch;              /* from 1 */
    int64_t first_batch;        /* of the epoch, from 0 */
    size_t count;               /* batches */
    dataset_batch *batches;     /* [count] */
    int64_t tokens, predicted;  /* of all of them */
} step_input;

typedef struct feeder feeder;
/* Starts the thread; the first step it gives is `first_step`. The data set and the masking must outlive it. */
MASKE_MUST_USE maske_status feeder_start(feeder **out, const dataset *data, const epoch_plan *plan,
                                         const dataset_masking *masking, int64_t first_step);
/* The next step's input: borrowed until the next call. */
MASKE_MUST_USE maske_status feeder_next(feeder *f, const step_input **out);
/* Ends the thread and frees everything. */
void feeder_stop(feeder *f);

#endif
