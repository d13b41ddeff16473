/* train/run.h: a run as a whole, and what starting one and resuming one have in common. */
#ifndef MASKE_TRAIN_RUN_H
#define MASKE_TRAIN_RUN_H

#include "train/sources.h"
#include "train/trainer.h"

typedef struct run {
    const maske_control *control;           /* borrowed, may be NULL */
    maske_train_options settings;           /* complete */
    sources text, valid, mix;               /* valid.count 0: no file of its own; mix.count 0: none */
    run_folder folder;
    maske_tokenizer *tokenizer;
    char *model;                            /* absolute path of the model that it went on from, NULL: none */
    bert_config config;                     /* of the model that is trained */
    masked_lm *lm;
    optimizer optimizer;
    dataset *training, *held_out, *mixed, *mixed_held_out;
    run_identity identity;
    trainer_state state;
    double budget_since;                    /* trainer_job's */
    gemm_precision precision;
    int threads;
} run;

/* An empty run that run_free takes. */
run run_new(const maske_control *control);
void run_free(run *r);

/* Threads, and the precision asked for or the best there is. */
MASKE_MUST_USE maske_status run_choose_machine(run *r);
/* Reads and tokenizes the text, and what is held out; tokens go to files in `folder`. */
MASKE_MUST_USE maske_status run_build_data(run *r, const char *folder);
/* config: of the settings' shape, for the tokenizer. */
MASKE_MUST_USE maske_status run_configure(run *r);
/* The same without a tokenizer: for a vocabulary of so many entries. */
MASKE_MUST_USE maske_status run_configure_for(run *r, int64_t vocab_size, int64_t pad_token_id);
/* Says what memory and disk the config and the data need, and fails if they are not there: before the model takes any.
 * kept: checkpoints on the disk already. fresh: no run to be resumed; its settings are made to fit into the memory that
 * they name. trials: some come first. */
MASKE_MUST_USE maske_status run_check_plan(run *r, int64_t kept, bool fresh, bool trials);
/* A model of the config with its first weights. Yours. */
MASKE_MUST_USE maske_status run_first_model(masked_lm **out, const run *r);
/* The run's, and its optimizer. */
MASKE_MUST_USE maske_status run_new_model(run *r);
/* Who the run is; the tokenizer's file must lie in `folder`. */
MASKE_MUST_USE maske_status run_identify(run *r, const char *folder);
/* trainer_run with all of it. */
MASKE_MUST_USE maske_status run_train(run *r, const maske_train_watch *watch);

/* corpus.json and train.json, in `folder`. */
MASKE_MUST_USE maske_status run_write_sources(const run *r, const char *folder);
MASKE_MUST_USE maske_status run_write_settings(const run *r, const char *folder);

#endif
