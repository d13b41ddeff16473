/* tasks/bench_infer.c: how fast this machine runs a model: passes over batches of made-up tokens, every position of the
 * last layer computed, as maske_embed does. The yardstick is bert/product_speed.h, measured between the passes. */
#include "base/cpu.h"
#include "base/clock.h"
#include "base/log.h"
#include "bert/product_speed.h"
#include "tasks/model.h"

#include <stdlib.h>

static const struct { int64_t sequences, length; } works[MASKE_BENCH_WORKS] = {{1, 16}, {1, 128}, {32, 32}, {32, 128}};
#define SECONDS_EACH 0.6                /* of passes, by default */


static double gflop_of(const bert_config *c, double tokens, double length) {
    double h = (double)c->hidden_size, i = (double)c->intermediate_size;
    return 1e-9 * (double)c->num_hidden_layers * tokens * (8 * h * h + 4 * h * i + 4 * length * h);
}

typedef struct made_up { int32_t *ids; uint32_t *starts; batch batch; } made_up;

static maske_status make(made_up *m, const maske_model *model, size_t sequences, size_t length) {
    size_t tokens = sequences * length;
    TRY(memory_new(&m->ids, tokens, sizeof *m->ids, "a batch"));
    TRY(memory_new(&m->starts, sequences + 1, sizeof *m->starts, "a batch"));
    for (size_t i = 0; i < tokens; i++)
        m->ids[i] = (int32_t)((i * 7919 + 1) % (size_t)model->network->config.vocab_size);
    for (size_t i = 0; i <= sequences; i++) m->starts[i] = (uint32_t)(i * length);
    m->batch = (batch){.tokens = tokens, .sequences = sequences, .input_ids = m->ids, .sequence_start = m->starts};
    return MASKE_OK;
}

/* Passes until the time is up, the first of them apart: it packs weights and touches memory. */
static maske_status measure(maske_bench_infer_report *out, maske_bench_work *work, const maske_model *model,
                            const made_up *m, product_speed *yardstick, double seconds, const maske_control *control) {
    pooled_context *context = NULL;
    TRY(model_take_context(model, m->batch.tokens, m->batch.sequences, 0, true, false, &context));
    maske_status status = MASKE_OK;
    double begun = clock_now();
    for (int64_t pass = -2; status == MASKE_OK && (pass < 3 || clock_now() - begun < seconds); pass++) {
        masked_lm_result result;
        if (control_stopped(control)) status = error_set(MASKE_STOPPED, "stopped by a signal");
        product_gflops speed = {0};
        if (pass % 16 == 0) speed = product_speed_measure(yardstick);
        if (speed.by_clock > out->product_gflops) out->product_gflops = speed.by_clock;
        if (speed.by_processor > out->product_processor_gflops) out->product_processor_gflops = speed.by_processor;
        double from = clock_now(), processor = clock_processor();
        if (status == MASKE_OK)
            status = masked_lm_forward(model->network, context->context, &m->batch,
                                       &(masked_lm_mode){.every_position = true}, &result);
        double now = clock_now() - from;
        processor = clock_processor() - processor;
        if (pass == 0 || (pass > 0 && now < work->seconds)) work->seconds = now;
        if (pass == 0 || (pass > 0 && processor < work->processor_seconds)) work->processor_seconds = processor;
    }
    context_pool_give(model->pool, context);
    return status;
}

static maske_status measure_all(maske_bench_infer_report *out, const maske_model *model, product_speed *yardstick,
                                double seconds, const maske_control *control) {
    for (int i = 0; i < MASKE_BENCH_WORKS; i++) {
        maske_bench_work *work = &out->works[i];
        size_t sequences = (size_t)works[i].sequences, length = (size_t)works[i].length;
        if (length > model->max_length) length = model->max_length;
        made_up m = {0};
        maske_status status = make(&m, model, sequences, length);
        work->sequences = (int64_t)sequences;
        work->length = (int64_t)length;
        work->gflop = gflop_of(&model->network->config, (double)m.batch.tokens, (double)length);
        if (status == MASKE_OK) status = measure(out, work, model, &m, yardstick, seconds, control);
        free(m.ids);
        free(m.starts);
        TRY(status);
    }
    return MASKE_OK;
}

maske_status maske_bench_infer(maske_bench_infer_report *out, const maske_model *model, double seconds,
                               const maske_control *control) {
    gemm_precision precision = model->network->packed.precision;
    maske_bench_infer_report report = {.precision = gemm_precision_name(precision), .level = cpu_level_name(),
                                       .threads = model->threads};
    product_speed yardstick = {0};
    maske_status status = product_speed_new(&yardstick, precision, model->threads);
    if (status == MASKE_OK)
        status = measure_all(&report, model, &yardstick, seconds > 0 ? seconds : SECONDS_EACH, control);
    product_speed_free(&yardstick);
    if (status == MASKE_OK) *out = report;
    return status;
}
