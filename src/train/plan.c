/* train/plan.c: sizes added up before the start. */
#include "train/plan.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "data/token_store.h"
#include "train/feeder.h"
#include "train/first_weights.h"
#include "train/optimizer.h"
#include "train/progression.h"
#include "train/validation.h"

#include <math.h>

enum {
    STEPS_AHEAD = 3,            /* of batches, feeder.c's slots */
    SAVING = 5 << 20,           /* what a checkpoint is written through: the files' buffers, texts, the thread's heap */
};

/* How many of n tokens are predicted is binomial; twelve deviations above the mean is out of reach. At least one a
 * sequence comes on top. */
static size_t most_predictions(size_t tokens, size_t sequences, double probability) {
    double mean = (double)tokens * probability;
    double most = mean + 12 * sqrt(mean) + 16 + (double)sequences;
    return most < (double)tokens ? (size_t)most : tokens;
}

masked_lm_capacity plan_capacity(const maske_train_options *settings, gemm_precision precision, int threads) {
    masked_lm_capacity capacity = {.backward = true, .recompute = settings->recompute, .precision = precision,
                                   .threads = threads};
    int64_t part = settings->micro_batch;
    capacity.sequences = (size_t)(part > 0 && part < settings->batch_size ? part : settings->batch_size);
    capacity.sequence_length = (size_t)settings->max_length;
    capacity.tokens = capacity.sequences * capacity.sequence_length;
    /* Evaluations have their own share of masks. */
    double share = fmax(fmax(settings->mask_probability, settings->mask_probability_end), VALIDATION_PROBABILITY);
    /* Sequences that are cut are more, and each piece brings its own [CLS] and [SEP]. */
    int64_t shortest = progression_length(settings, 0), around = 2;
    if (shortest < settings->max_length && shortest > around) {
        size_t pieces = (size_t)((settings->max_length - around + shortest - around - 1) / (shortest - around));
        capacity.tokens += capacity.sequences * (pieces - 1) * (size_t)around;
        capacity.sequences *= pieces;
    }
    capacity.predictions = most_predictions(capacity.tokens, capacity.sequences, share);
    return capacity;
}

/* Adds a to *sum, or says false where either is out of range. */
static bool add(size_t *sum, size_t a) { return a != SIZE_MAX && size_add(sum, *sum, a); }

maske_status plan_make(run_plan *out, const maske_train_options *settings, const plan_inputs *in) {
    parameters table;
    TRY(parameters_build(&table, in->config, true, false));
    masked_lm_capacity capacity = plan_capacity(settings, in->precision, in->threads);
    size_t batch_tokens = (size_t)settings->batch_size * capacity.sequence_length;
    size_t bytes = table.total * sizeof(float), width = token_store_width((size_t)in->config->vocab_size);
    run_plan plan = {
        .weights = bytes,
        .optimizer = optimizer_bytes(&table, optimizer_muon_threads(settings, in->threads)),
        .activations = masked_lm_context_bytes(in->config, &capacity),
        /* tokens (mapped) and places of the sequences, their order, batches made ahead and the evaluation's */
        .data = (size_t)in->tokens * width + (size_t)in->sequences * 12 +
                (STEPS_AHEAD * (size_t)settings->accumulate + 1) * batch_tokens * 6 * sizeof(int32_t) + SAVING,
    };
    parameters_free(&table);
    if (settings->average > 0) plan.optimizer += bytes;
    else if (in->trials) plan.weights += bytes;     /* trials keep no average, so one of both */
    size_t packed = packed_weights_bytes(in->config, in->precision);
    if (in->new_model) {        /* before the packed weights, the optimizer and the rest */
        size_t first = first_weights_bytes(in->config, settings, in->tokens),
               later = packed + plan.optimizer + plan.activations;
        if (first > later && !add(&plan.data, first - later)) plan.data = SIZE_MAX;
    }
    bool fits = add(&plan.weights, packed) &&
                add(&plan.memory, memory_resident()) && add(&plan.memory, plan.weights) &&
                add(&plan.memory, plan.optimizer) && add(&plan.memory, plan.activations) &&
                add(&plan.memory, plan.data);
    if (!fits)
        return error_set(MASKE_OUT_OF_MEMORY,
                         "a batch of %lld sequences of %lld tokens needs more memory than can be addressed",
                         (long long)settings->batch_size, (long long)settings->max_length);
    /* weights and two moments; the model beside its old version; one checkpoint more than is kept, while writing */
    plan.checkpoint = (settings->average > 0 ? 4 : 3) * (uint64_t)bytes + (8u << 20);
    int64_t more = settings->keep + 1 - in->kept;
    plan.disk = 2 * (uint64_t)bytes + (more > 0 ? (uint64_t)more : 1) * plan.checkpoint;
    *out = plan;
    return MASKE_OK;
}

maske_status plan_check_store(double tokens, int64_t vocab_size, uint64_t available, const char *folder) {
    double bytes = tokens * (double)token_store_width((size_t)vocab_size);
    log_say(MASKE_LOG_NOTE, "the text's tokens will take about %s of disk", number_size(bytes).text);
    if (available == UINT64_MAX || bytes <= (double)available) return MASKE_OK;
    return error_set(MASKE_IO, "%s: the text's tokens need about %s of disk, but %s are free; less text needs less",
                     folder, number_size(bytes).text, number_size((double)available).text);
}

maske_status plan_check(const run_plan *plan, const char *folder) {
    size_t memory = memory_available();
    uint64_t disk = disk_available(folder);
    size_t more = plan->memory - memory_resident();
    log_say(
        MASKE_LOG_NOTE,
        "needs %s of memory (weights %s, gradients and moments %s, activations %s, data %s) and %s of disk; free are "
        "%s and %s",
        number_size((double)plan->memory).text, number_size((double)plan->weights).text, number_size((double)plan->optimizer).text,
        number_size((double)plan->activations).text, number_size((double)plan->data).text, number_size((double)plan->disk).text,
        memory == SIZE_MAX ? "?" : number_size((double)memory).text, disk == UINT64_MAX ? "?" : number_size((double)disk).text);
    if (more > memory)
        return error_set(
            MASKE_OUT_OF_MEMORY,
            "the run needs %s of memory more, but %s are free; --memory SIZE makes it fit if it can, a smaller "
            "max-length or size needs less",
            number_size((double)more).text, number_size((double)memory).text);
    if (plan->disk > disk)
        return error_set(MASKE_IO, "%s: the run needs %s of disk, but %s are free; a smaller keep or size needs less",
                         folder, number_size((double)plan->disk).text, number_size((double)disk).text);
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------ fitting --- */

enum { EFFICIENT_TOKENS = 512 };        /* fewer at once leave cores without work: rather compute layers again */

static bool fits(const run_plan *plan, const maske_train_options *settings) {
    return plan->memory <= (size_t)settings->memory;
}

/* The largest part of a batch, by halves, that fits. *out: the plan of the last one tried. */
static maske_status fit_parts(run_plan *out, maske_train_options *settings, const plan_inputs *in, int64_t least) {
    for (int64_t part = settings->batch_size;; part = (part + 1) / 2) {
        settings->micro_batch = part;
        TRY(plan_make(out, settings, in));
        if (fits(out, settings) || part <= least || part == 1) return MASKE_OK;
    }
}

maske_status plan_fit(maske_train_options *settings, const plan_inputs *in) {
    if (settings->memory == 0) return MASKE_OK;
    maske_train_options tried = *settings;
    run_plan plan;
    int64_t efficient = (EFFICIENT_TOKENS + settings->max_length - 1) / settings->max_length;
    if (settings->micro_batch > 0) TRY(plan_make(&plan, &tried, in));
    else TRY(fit_parts(&plan, &tried, in, tried.recompute ? 1 : efficient));
    if (!fits(&plan, settings) && !settings->recompute) {
        tried.recompute = true;
        if (settings->micro_batch > 0) TRY(plan_make(&plan, &tried, in));
        else TRY(fit_parts(&plan, &tried, in, 1));
    }
    if (!fits(&plan, settings))
        return error_set(MASKE_OUT_OF_MEMORY,
                         "memory: found %s, but the least that this run needs is %s, with %lld sequences at once and "
                         "its layers computed again; a smaller size, max-length or vocabulary needs less",
                         number_size((double)settings->memory).text, number_size((double)plan.memory).text,
                         (long long)tried.micro_batch);
    if (tried.recompute != settings->recompute || tried.micro_batch < settings->batch_size)
        log_say(MASKE_LOG_NOTE, "to fit into %s: %lld of %lld sequences at once%s",
                number_size((double)settings->memory).text, (long long)tried.micro_batch, (long long)tried.batch_size,
                tried.recompute ? ", layers computed again in the backward pass" : "");
    settings->recompute = tried.recompute;
    settings->micro_batch = tried.micro_batch;
    return MASKE_OK;
}
