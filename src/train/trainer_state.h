/* train/trainer_state.h: all that a run is, beside weights and moments: where it stands, and what it was made of. Kept
 * in a checkpoint as trainer_state.json. */
#ifndef MASKE_TRAIN_TRAINER_STATE_H
#define MASKE_TRAIN_TRAINER_STATE_H

#include "base/json.h"

enum { TRAINER_STATE_FORMAT = 1 };      /* of the file; a newer one is refused */

/* Where a run stands after `step` steps. */
typedef struct trainer_state {
    int64_t step;               /* optimizer steps done, skipped ones counted */
    int64_t updates;            /* of these: steps that changed the weights; AdamW's own count */
    int64_t skipped_in_a_row;
    int64_t skipped;            /* all of them */
    double gradient_norm;       /* running mean of the steps that were not skipped; 0: not known yet */
    int64_t tokens;             /* trained on */
    int64_t epoch, sequence;    /* where the next step begins in the data (feeder.h); epoch 0: it follows from the step,
                                 * in a checkpoint that is older than these two */
    int64_t mix_epoch, mix_sequence;    /* the same in the text that is mixed in */
    int64_t averaged;           /* steps whose weights are in the average */
    double seconds;             /* spent training */
    /* of the epoch so far, for the averages: losses in nats, tokens that were predicted, and rightly */
    double epoch_loss_sum;
    int64_t epoch_predicted, epoch_correct;
    bool over;                  /* no step follows; what is left is the last evaluation and saving */
    bool finished;              /* all of it is done */
    bool evaluation_due;        /* the evaluation at this step was not done any more */
    int64_t best_step;          /* 0: no evaluation yet */
    double best_loss, best_accuracy;
    bool best_is_average;       /* they are of the averaged weights */
    /* what the clock decided (--minutes) */
    double time_budget;         /* seconds of training; 0: by steps */
    int64_t evaluations_by_clock;
    double evaluation_seconds, save_seconds;        /* what one took; 0: not known yet */
    double evaluating_seconds;  /* what all evaluations took so far */
    int64_t evaluated_sequences;        /* of what is held out, so that the time suffices; 0: all */
    int64_t metrics_bytes;      /* of metrics.jsonl */
} trainer_state;

/* What a run was made of, and by what. */
typedef struct run_identity {
    uint64_t corpus, valid_corpus, tokenizer;   /* fingerprints; valid_corpus 0: no file of its own */
    uint64_t mix_corpus;        /* 0: none */
    int64_t threads;
    char cpu[32];               /* level of the kernels */
    char precision[8];          /* of the matrix products: "f32", "bf16" */
    char version[256];          /* maske_version() */
} run_identity;

/* Members of an object that was begun. */
void trainer_state_write(json_writer *w, const trainer_state *state);
MASKE_MUST_USE maske_status trainer_state_read(trainer_state *out, const json_t *object, const char *place);
void run_identity_write(json_writer *w, const run_identity *identity);
MASKE_MUST_USE maske_status run_identity_read(run_identity *out, const json_t *object, const char *place);

#endif
