/* train/saver.h: checkpoints and models, written by a thread of its own while the training goes on.
 *
 * Nothing is copied. Weights and moments change in the update alone, the last and shortest part of a step; until then
 * the thread hands them to the system as they are, and only an update that comes before the last byte waits. Syncing,
 * fingerprints and renaming follow while the training is steps ahead. So saving takes no memory of its own, and hardly
 * any time (docs/reliability.md has the figures).
 *
 *     saver_start;
 *     between two steps:  saver_begin
 *     in a step:          saver_wait_values, then the update
 *     later:              saver_collect says what became of it
 *     saver_stop
 *
 * One thing is saved at a time. All functions belong to the thread that trains; what the other one meets is told by
 * saver_collect, since the caller's log function is for the caller's thread. */
#ifndef MASKE_TRAIN_SAVER_H
#define MASKE_TRAIN_SAVER_H

#include "train/checkpoint.h"
#include "train/metrics.h"
#include "train/run_folder.h"

/* What to save. */
typedef struct save_request {
    bool model;                 /* config.json and model.safetensors of the run's folder */
    bool checkpoint;            /* of `state`, once the metrics up to there are on the disk */
    trainer_state state;
    /* The best evaluation before the one that `model` stands for: where the model cannot be written, the checkpoint has
     * this one. */
    int64_t best_step;
    double best_loss, best_accuracy;
    bool best_is_average;
} save_request;

typedef struct save_outcome {
    save_request request;
    bool model_failed, checkpoint_failed;
    bool prune_failed;          /* the checkpoint is there, and older ones as well that should not be */
    error_text error;           /* of the last failure */
    double seconds;             /* that it took */
} save_outcome;

typedef struct saver saver;
/* `parts` without a state; all borrowed until saver_stop. keep: checkpoints that stay. */
MASKE_MUST_USE maske_status saver_start(saver **out, const run_folder *folder, const metrics *m,
                                        const checkpoint_parts *parts, int64_t keep);
/* What was begun before must have been collected. */
void saver_begin(saver *s, const save_request *request);
/* Returns once weights and moments may change. */
void saver_wait_values(saver *s);
/* What became of the last saver_begin, once; with `wait` it is waited for. False: nothing to tell (yet). */
bool saver_collect(saver *s, bool wait, save_outcome *out);
/* Seconds spent waiting in the two functions above, since saver_start. */
double saver_waited(const saver *s);
/* Waits for what was begun. NULL is fine. */
void saver_stop(saver *s);

#endif
