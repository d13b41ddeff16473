/* train/feeder.h: the input side: a thread of its own makes the masked batches of the next steps while this one trains.
 *
 * What it gives depends on the settings, the step and how much of the run is behind. An epoch's sequences are in the
 * order random_order(seed, epoch), and each batch takes the next ones of it, as many as the batch has then
 * (progression.h); the last one of an epoch takes what is left. A step takes `accumulate` batches, the last one of an
 * epoch what is left: steps do not reach over epochs.
 *
 * With a second text mixed in, so many sequences of each batch come from that, in an order and with epochs of its own,
 * as a batch beside: the share of them, rounded up or down at random so that its mean is exact. */
#ifndef MASKE_TRAIN_FEEDER_H
#define MASKE_TRAIN_FEEDER_H

#include "data/dataset.h"

/* How an epoch is divided, by whole batches. */
typedef struct epoch_plan {
    int64_t sequences, batch_size, accumulate;
    int64_t batches, steps;     /* of one epoch */
} epoch_plan;
epoch_plan epoch_plan_make(int64_t sequences, int64_t batch_size, int64_t accumulate);

/* Where a step begins. */
typedef struct feed_place {
    int64_t step;               /* from 1 */
    int64_t epoch, sequence;    /* from 1; from 0, in the epoch's order */
    int64_t mix_epoch, mix_sequence;    /* the same of the text that is mixed in */
} feed_place;
/* After `step` steps of whole batches. */
feed_place feed_place_after(const epoch_plan *plan, int64_t step);

/* The batches of one optimizer step. */
typedef struct step_input {
    feed_place place, next;     /* of this step, of the one behind it */
    int64_t batch;              /* how many whole batches of the epoch are begun with it, for people to see */
    size_t count, most;         /* batches; so many are in no step more */
    dataset_batch *batches;     /* [count] */
    int64_t tokens, predicted;  /* of all of them */
} step_input;

/* What is read, and how; all borrowed, and must outlive the feeder. */
typedef struct feed {
    const dataset *data, *mix;  /* mix NULL: none */
    const maske_train_options *settings;
    int64_t steps;              /* of the run: then its share follows from the step; 0: by the clock, it is told */
    double done;                /* by the clock: the share that is behind at the start */
} feed;

typedef struct feeder feeder;
/* Starts the thread; the first step it gives begins at `first`. */
MASKE_MUST_USE maske_status feeder_start(feeder **out, const feed *what, const feed_place *first);
/* The next step's input: borrowed until the next call. done: the share of the run that is behind, for the steps made
 * from now on, where it goes by the clock. */
MASKE_MUST_USE maske_status feeder_next(feeder *f, double done, const step_input **out);
/* Ends the thread and frees everything. */
void feeder_stop(feeder *f);

#endif
