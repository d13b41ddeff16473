/* train/validation.c: the held-out evaluation of a run. */
#include "train/validation.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

typedef maske_status visit_batch(void *user, const batch *b);

/* Every batch of the held-out text in its order. */
static maske_status for_each_batch(validation *v, const maske_control *control, visit_batch *visit, void *user) {
    size_t sequences = v->sequences;
    for (size_t first = 0; first < sequences; first += v->batch_size) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "stopped during an evaluation");
        control_progress(control, "evaluating", (double)first, (double)sequences, "sequences");
        size_t left = sequences - first;
        TRY(dataset_make_batch(v->data, v->order + first, left < v->batch_size ? left : v->batch_size, 0, &v->masking,
                               &v->batch));
        TRY(visit(user, &v->batch.batch));
    }
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------- the baseline --- */

typedef struct unigram {
    int64_t *counts;
    int64_t all;
    int32_t most;
    double loss;
    int64_t predicted, correct, tokens;
} unigram;

static maske_status add_unigram(void *user, const batch *b) {
    unigram *u = user;
    for (size_t i = 0; i < b->predictions; i++) {
        u->loss -= log((double)u->counts[b->labels[i]] / (double)u->all);
        u->correct += b->labels[i] == u->most;
    }
    u->predicted += (int64_t)b->predictions;
    u->tokens += (int64_t)b->tokens;
    return MASKE_OK;
}

static maske_status measure_unigram(validation *v, const dataset *training, size_t vocab_size) {
    unigram u = {0};
    TRY(memory_new(&u.counts, vocab_size, sizeof *u.counts, "token counts"));
    u.all = dataset_unigram_expected(training, u.counts, vocab_size);
    for (size_t i = 0; i < vocab_size; i++)
        if (u.counts[i] > u.counts[u.most]) u.most = (int32_t)i;
    maske_status status = for_each_batch(v, NULL, add_unigram, &u);
    free(u.counts);
    if (status != MASKE_OK) return status;
    if (u.predicted > 0) {
        v->unigram_loss = u.loss / (double)u.predicted;
        v->unigram_accuracy = (double)u.correct / (double)u.predicted;
    }
    v->tokens = u.tokens;
    return MASKE_OK;
}

maske_status validation_new(validation *out, const dataset *data, const dataset *training, size_t vocab_size,
                            uint64_t seed, size_t batch_size, size_t most) {
    validation v = {.data = data, .masking = {seed, VALIDATION_PROBABILITY, false}, .batch_size = batch_size};
    size_t all = (size_t)dataset_describe(data)->sequences;
    v.sequences = all < most ? all : most;
    TRY(memory_new(&v.order, v.sequences, sizeof *v.order, "the order of the held-out text"));
    for (size_t i = 0; i < v.sequences; i++) v.order[i] = (uint32_t)((uint64_t)i * all / v.sequences);
    maske_status status = measure_unigram(&v, training, vocab_size);
    if (status != MASKE_OK) validation_free(&v);
    else *out = v;
    return status;
}

void validation_free(validation *v) {
    free(v->order);
    dataset_batch_free(&v->batch);
    *v = (validation){0};
}

/* -------------------------------------------------------------------------------------------------- the model --- */

typedef struct evaluation {
    const masked_lm *model;
    masked_lm_context *context;
    double loss;
    int64_t predicted, correct;
} evaluation;

static maske_status add_model(void *user, const batch *b) {
    evaluation *e = user;
    masked_lm_result result = {0};
    TRY(masked_lm_forward(e->model, e->context, b, &(masked_lm_mode){0}, &result));
    e->loss += result.loss_sum;
    e->predicted += result.predicted;
    e->correct += result.correct;
    return MASKE_OK;
}

maske_status validation_run(validation *v, const masked_lm *model, masked_lm_context *context,
                            const maske_control *control, maske_train_evaluation *out) {
    evaluation e = {.model = model, .context = context};
    TRY(for_each_batch(v, control, add_model, &e));
    double predicted = e.predicted > 0 ? (double)e.predicted : 1;
    out->valid_loss = e.loss / predicted;
    out->valid_accuracy = (double)e.correct / predicted;
    out->unigram_loss = v->unigram_loss;
    out->unigram_accuracy = v->unigram_accuracy;
    return MASKE_OK;
}

/* The fastest of three, the first of which finds nothing in the caches: what is slower was another program's doing. */
static maske_status measure_batch(double *seconds, validation *v, const masked_lm *model, masked_lm_context *context,
                                  const maske_control *control) {
    maske_train_evaluation unused;
    *seconds = INFINITY;
    for (int i = 0; i < 3; i++) {
        double begun = clock_now();
        TRY(validation_run(v, model, context, control, &unused));
        *seconds = fmin(*seconds, clock_now() - begun);
    }
    return MASKE_OK;
}

maske_status validation_limit(int64_t *evaluated, double seconds, const dataset *data, const dataset *training,
                              uint64_t seed, size_t batch_size, const masked_lm *model, masked_lm_context *context,
                              const maske_control *control) {
    validation v;
    double took;
    TRY(validation_new(&v, data, training, (size_t)model->config.vocab_size, seed, batch_size, batch_size));
    maske_status status = measure_batch(&took, &v, model, context, control);
    int64_t least = (int64_t)v.sequences;       /* a batch: of less a loss says too little */
    double suffices = seconds / took * (double)v.sequences;
    validation_free(&v);
    TRY(status);
    int64_t all = dataset_describe(data)->sequences;
    if (suffices >= (double)all || least >= all) return MASKE_OK;
    *evaluated = suffices > (double)least ? (int64_t)suffices : least;
    log_say(MASKE_LOG_NOTE,
            "held out: %lld of %lld sequences are evaluated, so that ten evaluations take at most a tenth of the time",
            (long long)*evaluated, (long long)all);
    return MASKE_OK;
}
