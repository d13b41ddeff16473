/* train/bench_train.c: how fast this machine trains: steps of a model on made-up tokens, taken apart.
 *
 * The steps are those of a run (train/step.h), their parts timed where they are made (masked_lm_phase_seconds). The
 * yardstick is what all threads reach when each multiplies matrices that stay in its own cache, at the same precision,
 * between the steps: what a step would take if it were nothing but products. Products are counted as they are made: the
 * last layer and the head for predicted tokens alone, attention's probabilities twice. */
#include "base/cpu.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "bert/product_speed.h"
#include "train/bench_train.h"
#include "train/plan.h"
#include "train/run.h"
#include "train/settings.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 10, VOCABULARY = 16000, OPTIMIZER = MASKED_LM_PHASES };
_Static_assert(MASKE_BENCH_PHASES == MASKED_LM_PHASES + 1, "a pass's phases and the optimizer");


/* --------------------------------------------------------------------------------------------------- made-up text --- */

/* Full sequences whose ids are spread as words are, a few frequent, many rare; the masks are as many as in training. */
static maske_status make_batch(dataset_batch *out, const masked_lm_capacity *capacity, double mask_probability,
                               int64_t vocab) {
    TRY(memory_new(&out->input_ids, capacity->tokens, sizeof(int32_t), "a batch"));
    TRY(memory_new(&out->labels, capacity->tokens, sizeof(int32_t), "a batch"));
    TRY(memory_new(&out->prediction_index, capacity->tokens, sizeof(uint32_t), "a batch"));
    TRY(memory_new(&out->sequence_start, capacity->sequences + 1, sizeof(uint32_t), "a batch"));
    batch *b = &out->batch;
    *b = (batch){.tokens = capacity->tokens, .sequences = capacity->sequences, .input_ids = out->input_ids,
                 .labels = out->labels, .sequence_start = out->sequence_start,
                 .prediction_index = out->prediction_index};
    for (size_t i = 0; i <= b->sequences; i++) out->sequence_start[i] = (uint32_t)(i * capacity->sequence_length);
    for (size_t i = 0; i < b->tokens; i++) {
        random_bits r = random_philox(1, RANDOM_SAMPLE, 0, i);
        out->input_ids[i] = (int32_t)pow((double)vocab, random_unit(r.word[0], r.word[1])) - 1;
        bool chosen = (double)random_unit_float(r.word[2]) < mask_probability && b->predictions < capacity->predictions;
        if (!chosen && !(i + 1 == b->tokens && b->predictions == 0)) continue;
        out->prediction_index[b->predictions] = (uint32_t)i;
        out->labels[b->predictions++] = (int32_t)random_below((uint32_t)vocab, r.word[3]);
    }
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- products --- */

/* 10^9 operations of a step in each phase; an addition and a multiplication are two. */
static void count_products(double gflop[MASKE_BENCH_PHASES], const bert_config *config, const batch *b) {
    double h = (double)config->hidden_size, i = (double)config->intermediate_size, tokens = (double)b->tokens,
           predicted = (double)b->predictions, length = tokens / (double)b->sequences;
    for (int p = 0; p < MASKE_BENCH_PHASES; p++) gflop[p] = 0;
    for (int64_t layer = 0; layer < config->num_hidden_layers; layer++) {
        double rows = layer + 1 < config->num_hidden_layers ? tokens : predicted;
        double projections = 2 * h * h * (2 * tokens + 2 * rows), feed_forward = 4 * rows * h * i;
        /* scores and values; backward makes the scores again, and four products of gradients */
        gflop[PHASE_ATTENTION] += 2 * projections + 7 * 2 * rows * length * h;
        gflop[PHASE_FEED_FORWARD] += 2 * feed_forward;
        gflop[PHASE_MATRIX_GRADIENTS] += projections + feed_forward;
    }
    gflop[PHASE_HEAD] = 3 * 2 * predicted * h * (h + (double)config->vocab_size);
    for (int p = 0; p < MASKE_BENCH_PHASES; p++) gflop[p] *= 1e-9;
}

/* ---------------------------------------------------------------------------------------------------------- steps --- */

typedef struct bench { run run; masked_lm_context *context; dataset_batch batch; product_speed yardstick; } bench;

static maske_status configure(run *r, const maske_train_options *options) {
    TRY(settings_copy(&r->settings, options));
    if (r->settings.steps == 0) r->settings.steps = STEPS;
    if (r->settings.max_position_embeddings < r->settings.max_length)
        r->settings.max_position_embeddings = r->settings.max_length;
    TRY(settings_check(&r->settings));
    TRY(settings_complete(&r->settings));
    TRY(run_choose_machine(r));
    return run_configure_for(r, r->settings.vocab_size > 0 ? r->settings.vocab_size : VOCABULARY, -1);
}

static maske_status prepare(bench *b, const maske_train_options *options) {
    run *r = &b->run;
    TRY(configure(r, options));
    masked_lm_capacity capacity = plan_capacity(&r->settings, r->precision, r->threads);
    TRY(make_batch(&b->batch, &capacity, r->settings.mask_probability, r->config.vocab_size));
    TRY(run_new_model(r));
    TRY(masked_lm_pack(r->lm, r->precision, true, r->threads));
    TRY(masked_lm_context_new(&b->context, r->lm, &capacity));
    return product_speed_new(&b->yardstick, r->precision, r->threads);
}

static void keep_least(double *least, double now, bool first) {
    if (first || now < *least) *least = now;
}

/* One step; the report keeps the least time of each part: what the others took may be another program's doing. */
static maske_status measure_step(maske_bench_train_report *out, bench *b, int64_t number) {
    run *r = &b->run;
    step_room room = {.model = r->lm, .context = b->context, .optimizer = &r->optimizer, .settings = &r->settings,
                      .precision = r->precision, .threads = r->threads};
    step_input input = {.place = {.step = number, .epoch = 1}, .count = 1, .most = 1, .batches = &b->batch,
                        .tokens = (int64_t)b->batch.batch.tokens, .predicted = (int64_t)b->batch.batch.predictions};
    step_result result;
    const double *phases = masked_lm_phase_seconds(b->context);
    double before[MASKED_LM_PHASES], passes = 0;
    memcpy(before, phases, sizeof before);
    double begun = clock_now(), processor = clock_processor();
    TRY(step_run(&room, &input, r->settings.learning_rate, (uint64_t)number, &result));
    double seconds = clock_now() - begun;
    processor = clock_processor() - processor;
    keep_least(&out->processor_seconds, processor, number == 1);
    keep_least(&out->seconds, seconds, number == 1);
    for (int p = 0; p < MASKED_LM_PHASES; p++) {
        keep_least(&out->phases[p].seconds, phases[p] - before[p], number == 1);
        passes += phases[p] - before[p];
    }
    keep_least(&out->phases[OPTIMIZER].seconds, seconds - passes, number == 1);
    return MASKE_OK;
}

static maske_status measure(maske_bench_train_report *out, bench *b) {
    static const char *const names[MASKE_BENCH_PHASES] = {"embeddings", "packing", "attention", "feed-forward",
                                                          "matrix gradients", "head", "optimizer"};
    run *r = &b->run;
    double gflop[MASKE_BENCH_PHASES];
    count_products(gflop, &r->config, &b->batch.batch);
    out->precision = gemm_precision_name(r->precision);
    out->level = cpu_level_name();
    out->threads = r->threads;
    out->tokens = (int64_t)b->batch.batch.tokens;
    for (size_t i = 0; i < r->lm->table.count; i++) out->parameters += (int64_t)r->lm->table.rows[i].elements;
    for (int p = 0; p < MASKE_BENCH_PHASES; p++) {
        out->phases[p] = (maske_bench_phase){.name = names[p], .gflop = gflop[p]};
        out->gflop += gflop[p];
    }
    for (int64_t step = 1; step <= r->settings.steps; step++) {
        if (control_stopped(r->control)) return error_set(MASKE_STOPPED, "stopped by a signal");
        double speed = product_speed_measure(&b->yardstick).by_clock;
        if (speed > out->product_gflops) out->product_gflops = speed;
        TRY(measure_step(out, b, step));
    }
    return MASKE_OK;
}

maske_status bench_train_memory(size_t *out, const maske_train_options *options, const maske_control *control) {
    run r = run_new(control);
    run_plan plan = {0};
    maske_status status = configure(&r, options);
    const plan_inputs in = {.config = &r.config, .precision = r.precision, .threads = r.threads};
    if (status == MASKE_OK) status = plan_make(&plan, &r.settings, &in);
    run_free(&r);
    if (status == MASKE_OK) *out = plan.memory;
    return status;
}

maske_status maske_bench_train(maske_bench_train_report *out, const maske_train_options *options,
                               const maske_control *control) {
    bench b = {.run = run_new(control)};
    maske_bench_train_report report = {0};
    maske_status status = prepare(&b, options);
    if (status == MASKE_OK) status = measure(&report, &b);
    if (status == MASKE_OK) *out = report;
    product_speed_free(&b.yardstick);
    masked_lm_context_free(b.context);
    dataset_batch_free(&b.batch);
    run_free(&b.run);
    return status;
}
