/* train/checkpoint.h: DIR/checkpoints/step-N/: all that a run needs to go on as if it had never stopped.
 *
 *   config.json, model.safetensors, tokenizer.json, ...     a model directory like any other
 *   optimizer.safetensors       AdamW's moments: exp_avg.NAME and exp_avg_sq.NAME for each parameter
 *   trainer_state.json          state, settings, identity; length and fingerprint of every other file, and last the
 *                               fingerprint of its own text before that
 *
 * A checkpoint is written beside, synced and renamed, so it is there whole or not at all; one that was damaged later is
 * seen by lengths and fingerprints. */
#ifndef MASKE_TRAIN_CHECKPOINT_H
#define MASKE_TRAIN_CHECKPOINT_H

#include "bert/masked_lm.h"
#include "train/optimizer.h"
#include "train/trainer_state.h"

/* What goes in: all borrowed. */
typedef struct checkpoint_parts {
    const masked_lm *model;
    const optimizer *optimizer;
    const maske_tokenizer *tokenizer;
    const trainer_state *state;
    const maske_train_options *settings;
    const run_identity *identity;
} checkpoint_parts;

/* Writes FOLDER/step-N. Where it is there already, weights and moments are these, and only its state is written. */
MASKE_MUST_USE maske_status checkpoint_save(const char *folder, const checkpoint_parts *parts);
/* Removes all but the newest `keep`. */
MASKE_MUST_USE maske_status checkpoint_prune(const char *folder, int64_t keep);
/* Removes those after `step`. */
MASKE_MUST_USE maske_status checkpoint_remove_after(const char *folder, int64_t step);

/* A checkpoint that was read; a zeroed structure: none. */
typedef struct checkpoint {
    char *path;                 /* NULL: none */
    trainer_state state;
    maske_train_options settings;
    run_identity identity;
} checkpoint;
/* The newest whole one. Damaged newer ones are named in warnings and passed over. None at all is no failure. */
MASKE_MUST_USE maske_status checkpoint_newest(checkpoint *out, const char *folder);
/* The model and its moments, whose names and shapes must be those of the model's table. Both yours. */
MASKE_MUST_USE maske_status checkpoint_load(const checkpoint *c, masked_lm **model, optimizer *o, int muon_threads);
void checkpoint_free(checkpoint *c);

#endif
