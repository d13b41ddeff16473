/* train/run_clock.h: when things are due: the learning rate, the end, evaluations, checkpoints; by steps, or by the
 * time spent where the run has so many minutes.
 *
 * A run by steps decides by the step alone, so that it is the same run every time. A run by the clock is to end when
 * its time is over, the last evaluation and the last saving included (of the model, where it is the best, and then of a
 * checkpoint): what these take is measured the first time (and guessed from the sizes before), and the learning rate
 * reaches its end when they begin. */
#ifndef MASKE_TRAIN_RUN_CLOCK_H
#define MASKE_TRAIN_RUN_CLOCK_H

#include "train/trainer_state.h"

typedef struct run_clock {
    const maske_train_options *settings;
    int64_t steps;              /* of the whole run; 0: by the clock */
    trainer_state *state;       /* time_budget, evaluations_by_clock, the seconds of evaluations and saving are kept there */
    double started;             /* the clock's time at which state->seconds was 0 */
    double step_seconds;        /* of one step, the latest counting most; 0: not known yet */
    double last_save;           /* the clock's time */
    bool evaluates;
    double evaluation_guess, save_guess;        /* seconds, while nothing was measured */
    double model_seconds;       /* what saving the model alone took; 0: not known yet */
} run_clock;

/* The clock goes on from state->seconds. */
void run_clock_start(run_clock *c);
/* So many seconds of the budget are gone before the first step; half of it stays for training. */
void run_clock_spend(run_clock *c, double seconds);
/* What one evaluation may take, so that ten take at most a tenth of so many seconds. */
double run_clock_evaluation_seconds(double budget);
double run_clock_elapsed(const run_clock *c);
/* For the step after `step` steps, `elapsed` seconds into the training. */
double run_clock_learning_rate(const run_clock *c, int64_t step, double elapsed);
/* The share of the run that is behind then, 0 to 1. */
double run_clock_done(const run_clock *c, int64_t step, double elapsed);
void run_clock_add_step(run_clock *c, double seconds);
/* Whether the step that was just done is the run's last one. */
bool run_clock_is_last(const run_clock *c, int64_t step, double elapsed);
bool run_clock_evaluation_is_due(run_clock *c, int64_t step, double elapsed, bool last);
bool run_clock_save_is_due(const run_clock *c, int64_t step);
/* Until the end of the run; below 0: not known yet. */
double run_clock_seconds_left(const run_clock *c, int64_t step, double elapsed);

#endif
