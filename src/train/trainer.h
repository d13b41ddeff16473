/* train/trainer.h: the loop: steps, log lines, evaluations, checkpoints, the end. */
#ifndef MASKE_TRAIN_TRAINER_H
#define MASKE_TRAIN_TRAINER_H

#include "train/checkpoint.h"
#include "train/run_folder.h"
#include "data/dataset.h"

/* A run that is ready to go on from `state`: all borrowed, model, optimizer and state are changed. */
typedef struct trainer_job {
    const run_folder *folder;
    const maske_train_options *settings;
    const run_identity *identity;
    const maske_tokenizer *tokenizer;
    const dataset *training, *held_out, *mix;       /* held_out NULL: no evaluation; mix NULL: none */
    const dataset *mix_held_out;                    /* evaluated beside held_out; NULL: nothing */
    masked_lm *model;
    optimizer *optimizer;
    trainer_state *state;
    double budget_since;                    /* the clock's time when state->time_budget was set: what passes from then to
                                             * the first step is taken off it; 0: nothing is */
    gemm_precision precision;
    int threads;
    const maske_control *control;
    const maske_train_watch *watch;         /* may be NULL */
} trainer_job;

/* Trains until the end. MASKE_STOPPED: the stop flag was raised and a checkpoint written. MASKE_DIVERGED: ten steps in
 * a row had no finite loss or gradient, or exploded. Another failure: the last checkpoint stands. */
MASKE_MUST_USE maske_status trainer_run(const trainer_job *run);

#endif
