/* train/plan.h: the memory and the disk that a run will need, told before it starts. */
#ifndef MASKE_TRAIN_PLAN_H
#define MASKE_TRAIN_PLAN_H

#include "bert/masked_lm.h"

/* The largest batch that these settings can give; every activation is planned for it. */
masked_lm_capacity plan_capacity(const maske_train_options *settings, gemm_precision precision, int threads);

typedef struct run_plan {
    size_t weights, optimizer, activations, data;   /* bytes of memory */
    size_t memory;              /* all of them, and what the process holds already */
    uint64_t checkpoint;        /* bytes of one on the disk */
    uint64_t disk;              /* of all that the run leaves, at its largest */
} run_plan;

/* What it follows from beside the settings. */
typedef struct plan_inputs {
    const bert_config *config;
    gemm_precision precision;
    int threads;
    int64_t sequences, tokens;  /* of the whole text */
    int64_t kept;               /* checkpoints that are there already */
    bool new_model;             /* goes on from none: word vectors may be counted first */
    bool trials;                /* come first: the weights that they begin with stand beside those that they train */
} plan_inputs;
MASKE_MUST_USE maske_status plan_make(run_plan *out, const maske_train_options *settings, const plan_inputs *in);
/* Where settings->memory is given: sets micro_batch and recompute so that the run fits into it, the fastest way first;
 * fails with the least that it needs. What was given stays. */
MASKE_MUST_USE maske_status plan_fit(maske_train_options *settings, const plan_inputs *in);
/* Before the text is tokenized: says what about so many tokens take on the disk; fails if `available` bytes, which are
 * free where `folder` is, are less. */
MASKE_MUST_USE maske_status plan_check_store(double tokens, int64_t vocab_size, uint64_t available, const char *folder);
/* Says it; fails if the memory or the disk of `folder` has not so much left. */
MASKE_MUST_USE maske_status plan_check(const run_plan *plan, const char *folder);

#endif
