/* bench/bench_step.c: one training step of the whole model: forward, backward, AdamW, packing.
 *
 *     cmake --build build/release --target bench_step
 *     MASKE_CPU=avx2 build/release/bench/bench_step [threads] [hidden] [layers] [f32|bf16] [length] [steps] [vocab]
 *
 * 4096 tokens a step (32 sequences of 128), 15 % predicted, dropout 0.1, vocabulary 16,000. Prints the fastest step's
 * tokens a second, processor time a step (what a busy machine cannot change much), and where the step's time went. */
#include "base/memory.h"
#include "base/number.h"
#include "base/parallel.h"
#include "base/random.h"
#include "bert/masked_lm.h"
#include "nn/adamw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TOKENS = 4096 };

static double clock_seconds(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(maske_status status) {
    if (status == MASKE_OK) return;
    fprintf(stderr, "%s\n", maske_error());
    exit(1);
}

static int32_t ids[TOKENS], labels[TOKENS];
static uint32_t start[TOKENS + 1], chosen[TOKENS];

static batch make_batch(size_t length, size_t vocab) {
    batch b = {.tokens = TOKENS,
               .sequences = TOKENS / length,
               .input_ids = ids,
               .labels = labels,
               .sequence_start = start,
               .prediction_index = chosen};
    for (size_t i = 0; i <= b.sequences; i++) start[i] = (uint32_t)(i * length);
    for (size_t i = 0; i < TOKENS; i++) {
        random_bits r = random_philox(1, RANDOM_TEST, 0, i);
        double zipf = pow((double)vocab, random_unit(r.word[0], r.word[1])); /* few ids are frequent, many are rare */
        ids[i] = (int32_t)zipf - 1;
        if (random_unit_float(r.word[2]) >= 0.15f) continue;
        chosen[b.predictions] = (uint32_t)i;
        labels[b.predictions++] = (int32_t)random_below((uint32_t)vocab, r.word[3]);
    }
    return b;
}

typedef struct optimizer { masked_lm *model; float *gradients, *first, *second; adamw settings; } optimizer;

static void step_task(void *user, size_t i, int thread) {
    optimizer *o = user;
    (void)thread;
    size_t from = i * GRADIENT_NORM_BLOCK, left = o->model->table.total - from,
           count = left < GRADIENT_NORM_BLOCK ? left : GRADIENT_NORM_BLOCK;
    adamw_step(o->model->weights + from, o->gradients + from, o->first + from, o->second + from, &o->settings, count);
}

int main(int argc, char **argv) {
    long given[8] = {0, 2, 256, 4, 0, 128, 12, 16000};
    for (int i = 1; i < argc && i < 8; i++) given[i] = i == 4 ? argv[i][0] == 'b' : strtol(argv[i], NULL, 10);
    int threads = (int)given[1];
    bert_config config = bert_config_defaults();
    config.hidden_size = given[2];
    config.num_hidden_layers = given[3];
    config.num_attention_heads = given[2] / 64 > 0 ? given[2] / 64 : 1;
    config.intermediate_size = 4 * given[2];
    config.vocab_size = given[7];
    masked_lm *model = NULL;
    masked_lm_context *context = NULL;
    need(masked_lm_new(&model, &config, 1));
    batch b = make_batch((size_t)given[5], (size_t)given[7]);
    masked_lm_capacity capacity = {.tokens = b.tokens, .sequences = b.sequences, .sequence_length = (size_t)given[5],
                                   .predictions = b.predictions, .backward = true, .threads = threads,
                                   .precision = given[4] ? GEMM_BF16 : GEMM_F32};
    need(masked_lm_pack(model, given[4] ? GEMM_BF16 : GEMM_F32, true, threads));
    need(masked_lm_context_new(&context, model, &capacity));
    optimizer o = {.model = model,
                   .settings = {.learning_rate = 1e-4,
                                .beta1 = 0.9,
                                .beta2 = 0.98,
                                .epsilon = 1e-6,
                                .weight_decay = 0.01,
                                .gradient_scale = 1}};
    size_t bytes = model->table.total * sizeof(float);
    need(memory_pages_new(&o.gradients, bytes, "gradients"));
    need(memory_pages_new(&o.first, bytes, "moments"));
    need(memory_pages_new(&o.second, bytes, "moments"));
    double best = 1e9, best_processor = 1e9, loss = 0, part[3] = {0, 0, 0};
    for (long step = 0; step < given[6]; step++) {
        masked_lm_mode mode = {.dropout = true, .seed = 1, .step = (uint64_t)step, .set_gradients = true};
        masked_lm_result result;
        double at[4] = {clock_seconds(CLOCK_MONOTONIC)}, processor = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
        need(masked_lm_train(model, context, &b, &mode, 1.0f / (float)b.predictions, o.gradients, NULL, &result));
        at[1] = clock_seconds(CLOCK_MONOTONIC);
        o.settings.step = (uint64_t)step + 1;
        parallel_for(threads, (model->table.total + GRADIENT_NORM_BLOCK - 1) / GRADIENT_NORM_BLOCK, step_task, &o);
        at[2] = clock_seconds(CLOCK_MONOTONIC);
        need(masked_lm_pack(model, given[4] ? GEMM_BF16 : GEMM_F32, true, threads));
        at[3] = clock_seconds(CLOCK_MONOTONIC);
        processor = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
        loss = result.loss_sum / (double)result.predicted;
        if (processor < best_processor) best_processor = processor;
        if (at[3] - at[0] >= best) continue;
        best = at[3] - at[0];
        for (int i = 0; i < 3; i++) part[i] = at[i + 1] - at[i];
    }
    printf("%.0f tokens/s; %.1f ms a step: passes %.1f, AdamW %.1f, packing %.1f; processor %.1f ms; loss %.4f; room "
           "%.0f MiB, peak %.0f MiB\n",
           TOKENS / best, best * 1e3, part[0] * 1e3, part[1] * 1e3, part[2] * 1e3, best_processor * 1e3, loss,
           (double)masked_lm_context_bytes(&config, &capacity) / 0x1p20, (double)memory_peak() / 0x1p20);
    masked_lm_context_free(context);
    masked_lm_free(model);
    return 0;
}
