/* train/schedule.h: the learning rate over a run: it rises in the warm-up, may stay up, then falls.
 *
 * Position and total are in steps, or in seconds where the run goes by the clock. At the whole steps the values are
 * those of transformers' get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup and
 * get_constant_schedule_with_warmup, and for wsd (warm-up, stable, decay) of get_wsd_schedule with decay_type "linear";
 * the optimizer's step k (from 1) uses position k - 1, as there. */
#ifndef MASKE_TRAIN_SCHEDULE_H
#define MASKE_TRAIN_SCHEDULE_H

#include "base/status.h"

typedef enum schedule_kind { SCHEDULE_LINEAR, SCHEDULE_COSINE, SCHEDULE_CONSTANT } schedule_kind;

typedef struct schedule {
    schedule_kind kind;
    double warmup, fall, total; /* where the warm-up ends, the fall begins and ends */
    double highest;             /* the learning rate at the end of the warm-up */
} schedule;

/* By steps: the shares of warm-up and decay are rounded up to whole steps. */
schedule schedule_by_steps(const maske_train_options *settings, int64_t steps);
schedule schedule_by_seconds(const maske_train_options *settings, double seconds);
double schedule_learning_rate(const schedule *s, double position);

#endif
