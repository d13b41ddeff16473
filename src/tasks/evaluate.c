/* tasks/evaluate.c: how well a model guesses masked pieces of a text, beside guessing by frequency. */
#include "base/log.h"
#include "data/dataset.h"
#include "tasks/evaluate_words.h"

#include <math.h>
#include <stdlib.h>

void maske_evaluate_options_defaults(maske_evaluate_options *options) {
    *options = (maske_evaluate_options){.seed = 1, .mask_probability = 0.15, .words = 1000};
}

enum { BATCH_SEQUENCES = 32 };

typedef struct evaluating {
    const maske_model *model;
    dataset *data;
    dataset_batch batch;
    pooled_context *context;
    int64_t *counts;            /* [vocab] how often each id stands in the text */
    int64_t *characters;        /* [vocab] of each id; -1: not asked for yet */
    buffer text;
    int32_t most_frequent;
    int64_t total;              /* of counts */
    double loss, unigram_loss;  /* sums over the predicted pieces */
    int64_t predicted, correct, correct_top5, unigram_correct, character_sum;
} evaluating;

static maske_status count_unigrams(evaluating *e) {
    size_t size = (size_t)e->model->network->config.vocab_size;
    TRY(memory_new(&e->counts, size, sizeof *e->counts, "counts"));
    TRY(memory_new(&e->characters, size, sizeof *e->characters, "counts"));
    dataset_unigram_counts(e->data, e->counts, size);
    for (size_t i = 0; i < size; i++) {
        e->characters[i] = -1;
        e->total += e->counts[i];
        if (e->counts[i] > e->counts[e->most_frequent]) e->most_frequent = (int32_t)i;
    }
    return MASKE_OK;
}

static maske_status add_label(evaluating *e, int32_t label) {
    if (e->characters[label] < 0) TRY(token_characters(&e->model->texts, label, &e->text, &e->characters[label]));
    e->character_sum += e->characters[label];
    e->unigram_loss -= log((double)e->counts[label] / (double)e->total);
    e->unigram_correct += label == e->most_frequent;
    return MASKE_OK;
}

/* Sequences first..first + count - 1 in reading order, masked as in the first epoch. */
static maske_status evaluate_batch(evaluating *e, size_t first, size_t count, const dataset_masking *masking) {
    uint32_t order[BATCH_SEQUENCES];
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)(first + i);
    TRY(dataset_make_batch(e->data, order, count, 1, masking, &e->batch));
    const batch *b = &e->batch.batch;
    masked_lm_result result;
    TRY(masked_lm_forward(e->model->network, e->context->context, b, &(masked_lm_mode){0}, &result));
    e->loss += result.loss_sum;
    e->predicted += result.predicted;
    e->correct += result.correct;
    e->correct_top5 += result.correct_top5;
    for (size_t i = 0; i < b->predictions; i++) TRY(add_label(e, b->labels[i]));
    return MASKE_OK;
}

static maske_status evaluate_all(evaluating *e, const maske_evaluate_options *o, const maske_control *control) {
    const dataset_masking masking = {(uint64_t)o->seed, o->mask_probability, false};
    size_t sequences = (size_t)dataset_describe(e->data)->sequences;
    size_t room = BATCH_SEQUENCES * e->model->trained_length;
    TRY(count_unigrams(e));
    TRY(model_take_context(e->model, room, BATCH_SEQUENCES, room, false, false, &e->context));
    for (size_t i = 0; i < sequences; i += BATCH_SEQUENCES) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "evaluating was stopped");
        TRY(evaluate_batch(e, i, sequences - i < BATCH_SEQUENCES ? sequences - i : BATCH_SEQUENCES, &masking));
        control_progress(control, "evaluating",
                         (double)(i + BATCH_SEQUENCES < sequences ? i + BATCH_SEQUENCES : sequences), (double)sequences,
                         "sequences");
    }
    if (e->predicted == 0) return error_set(MASKE_BAD_FILE, "the text has no token that could be predicted");
    return MASKE_OK;
}

static maske_evaluation figures(const evaluating *e) {
    const dataset_totals *totals = dataset_describe(e->data);
    double n = (double)e->predicted;
    return (maske_evaluation){
        .sequences = totals->sequences,
        .tokens = totals->tokens,
        .predicted = e->predicted,
        .truncated = totals->truncated_lines,
        .loss = e->loss / n,
        .perplexity = exp(e->loss / n),
        .accuracy = (double)e->correct / n,
        .top5_accuracy = (double)e->correct_top5 / n,
        .bits_per_character = e->character_sum > 0 ? e->loss / log(2) / (double)e->character_sum : 0,
        .unigram_loss = e->unigram_loss / n,
        .unigram_accuracy = (double)e->unigram_correct / n,
    };
}

/* Standard input is read once, and the words would need it again. */
static bool is_kept(const maske_text *text) {
    for (size_t i = 0; i < text->count; i++)
        if (strcmp(text->paths[i], "-") == 0) return false;
    return true;
}

maske_status maske_evaluate(const maske_model *model, const maske_text *text, const maske_evaluate_options *options,
                            const maske_control *control, maske_evaluation *out) {
    maske_evaluate_options o;
    maske_evaluate_options_defaults(&o);
    if (options != NULL) o = *options;
    TRY(model_expect_head(model));
    /* Sequences as long as those it was trained on: places it has never seen would measure something else. */
    const dataset_options packing = {.max_length = (int64_t)model->trained_length};
    evaluating e = {.model = model};
    maske_status status = dataset_build(&e.data, NULL, model->tokenizer, text, &packing, control);
    if (status == MASKE_OK) status = evaluate_all(&e, &o, control);
    maske_evaluation found = {0};
    if (status == MASKE_OK) found = figures(&e);
    if (status == MASKE_OK && o.words > 0 && is_kept(text)) status = evaluate_words(model, text, &o, control, &found);
    float loss = (float)found.loss;
    if (status == MASKE_OK) model_expect_finite(model, "the loss is", &loss, 1);
    if (status == MASKE_OK) *out = found;
    context_pool_give(model->pool, e.context);
    dataset_free(e.data);
    dataset_batch_free(&e.batch);
    buffer_free(&e.text);
    free(e.counts);
    free(e.characters);
    return status;
}
