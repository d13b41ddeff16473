/* tasks/model.h: what a maske_model is: a network, its tokenizer, and what both allow. Read-only once opened, but for
 * the pool of contexts, which has a lock; so threads share it. */
#ifndef MASKE_TASKS_MODEL_H
#define MASKE_TASKS_MODEL_H

#include "bert/masked_lm.h"
#include "data/token_texts.h"
#include "tasks/context_pool.h"
#include "tasks/sentence.h"

#include <stdatomic.h>

struct maske_model {
    char *folder;               /* for sentences */
    masked_lm *network;         /* for forward */
    maske_tokenizer *tokenizer;
    token_texts texts;              /* what the tokenizer's entries put into a text */
    context_pool *pool;
    _Atomic bool memory_said;
    int threads;
    size_t
        max_length; /* tokens of a text, [CLS] and [SEP] included: as sentence-transformers has it, else every position */
    /* of the texts that the model was trained on (config.json, train.json), at most max_length; not known: max_length */
    size_t trained_length;
    sentence_modules sentence;  /* how texts are embedded */
};

/* Fails with MASKE_BAD_FILE for a model that predicts no tokens. */
MASKE_MUST_USE maske_status model_expect_head(const maske_model *m);
/* Warns where a result is not finite: NaN is legal in a file of weights, and mapped weights are not looked through before. */
void model_expect_finite(const maske_model *m, const char *what, const float *values, size_t count);

/* A precision's name; "auto" and NULL are f32 (but for a model that only gives vectors, maske.h). */
MASKE_MUST_USE maske_status model_precision(gemm_precision *out, const char *name);
/* A context for such a batch, from the pool or new; goes back by context_pool_give(model->pool, context). */
MASKE_MUST_USE maske_status model_take_context(const maske_model *model, size_t tokens, size_t sequences,
                                               size_t predictions, bool every_position, bool logits,
                                               pooled_context **out);

/* Once, before the first pass of such a batch: how much memory the process will have at its peak (MASKE_LOG_DETAIL). */
void model_say_memory(const maske_model *model, size_t tokens, size_t sequences, size_t predictions);

#endif
