/* train/checkpoint.h: DIR/checkpoints/step-N/: all that a run needs to go on as if it had never stopped.
 *
 *   config.json, model.safetensors, tokenizer.json, ...     a model directory like any other
 *   optimizer.safetensors       the optimizer's moments: exp_avg.NAME and exp_avg_sq.NAME for each parameter (Muon's second
 *                               stays 0); average.NAME where weights are averaged and some are in it
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
/* The same in two parts. After the first the system has every weight and moment, and they may change; the second syncs,
 * fingerprints, lists and renames. A failure of either leaves nothing but what was there; `parts` of the second differ
 * in the state alone. */
typedef struct checkpoint_writing {
    char *path, *part;          /* the checkpoint and its staging folder; part NULL: it is there already */
    safetensors_writer weights, moments;
} checkpoint_writing;
MASKE_MUST_USE maske_status checkpoint_save_begin(checkpoint_writing *out, const char *folder,
                                                  const checkpoint_parts *parts);
MASKE_MUST_USE maske_status checkpoint_save_end(checkpoint_writing *w, const checkpoint_parts *parts);
/* Instead of the second: leaves nothing, and gives the failure that led here, whose sentence stays. */
maske_status checkpoint_abandon(checkpoint_writing *w, maske_status status);
/* Removes all but the newest `keep`. */
MASKE_MUST_USE maske_status checkpoint_prune(const char *folder, int64_t keep);
/* Removes those after `step`. */
MASKE_MUST_USE maske_status checkpoint_remove_after(const char *folder, int64_t step);

/* How many there are, whole or not. */
MASKE_MUST_USE maske_status checkpoint_count(size_t *count, const char *folder);
/* Removes what a kill left of one that was being written, and all but the newest `keep`. Nobody else may be writing. */
MASKE_MUST_USE maske_status checkpoint_tidy(const char *folder, int64_t keep);

/* A checkpoint that was read; a zeroed structure: none. */
typedef struct checkpoint {
    char *path;                 /* NULL: none */
    trainer_state state;
    maske_train_options settings;
    run_identity identity;
} checkpoint;
/* FOLDER/step-N, every byte of which is checked. */
MASKE_MUST_USE maske_status checkpoint_open(checkpoint *out, const char *folder, int64_t step);
/* The newest whole one. Damaged newer ones are named in warnings and passed over; one that cannot be read (MASKE_IO) or that a
 * newer version wrote (MASKE_UNSUPPORTED) is not. None at all is no failure. */
MASKE_MUST_USE maske_status checkpoint_newest(checkpoint *out, const char *folder);
/* The model and its moments, whose names and shapes must be those of the model's table. Both yours. */
MASKE_MUST_USE maske_status checkpoint_load(const checkpoint *c, masked_lm **model, optimizer *o, int muon_threads);
void checkpoint_free(checkpoint *c);

/* optimizer.safetensors of a folder by itself: its moments alone, whose names and shapes must be those of the table. */
#define CHECKPOINT_MOMENTS "optimizer.safetensors"
MASKE_MUST_USE maske_status checkpoint_load_moments(const char *folder, const parameters *table, optimizer *o);
MASKE_MUST_USE maske_status checkpoint_save_moments(const char *folder, const parameters *table, const optimizer *o);

#endif
