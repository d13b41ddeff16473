/* bench/bench_operations.c: one thread's speed of nn's operations on blocks that fit the second level cache.
 *
 *     cmake --build build/release --target bench_operations && build/release/bench/bench_operations
 *     MASKE_CPU=avx2 build/release/bench/bench_operations
 *
 * Elements a nanosecond of this thread's CPU time, and a cycle of the time stamp counter where there is one (not the
 * core's own clock, which turbo moves). Each figure is the fastest of nine rounds. */
#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/attention.h"
#include "nn/cross_entropy.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

enum { ROUNDS = 9, TOKENS = 64, HIDDEN = 256, WIDE = 1024, VOCAB = 16000, COUNT = TOKENS * WIDE, ARRAY = 512 * 768 * 4,
       MOST_ROWS = 256 };

static float *a, *b, *c, *d, *e, *big, *grads, *weights, *scratch;

static double clock_seconds(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
/* Of this thread on its core: what other programs take of the machine does not count. */
static double seconds(void) { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }

/* Ticks of the time stamp counter a nanosecond; 0 where there is none. */
static double tick_rate(void) {
#ifdef __x86_64__
    double start = clock_seconds(CLOCK_MONOTONIC), begin = (double)__rdtsc(), now;
    do now = clock_seconds(CLOCK_MONOTONIC);
    while (now - start < 0.02);
    return ((double)__rdtsc() - begin) / (now - start) * 1e-9;
#else
    return 0;
#endif
}
static double ticks;

static void measure(const char *name, double elements, void (*operation)(void)) {
    double best = 1e9;
    operation();
    for (int round = 0; round < ROUNDS; round++) {
        int calls = 0;
        double start = seconds(), now;
        do operation();
        while (calls++, (now = seconds()) - start < 0.01);
        best = fmin(best, (now - start) / calls);
    }
    double rate = elements / best * 1e-9;
    printf("%-60s %8.3f a ns", name, rate);
    if (ticks > 0) printf(" %8.3f a cycle", rate / ticks);
    printf("\n");
}

static dropout_mask mask, none;
static void layer_norm_f(void) { layer_norm_forward(a, d, e, b, c, c, 1e-12f, TOKENS, HIDDEN); }
static void layer_norm_b(void) { layer_norm_backward(a, grads, grads + HIDDEN, b, c, d, e, c, TOKENS, HIDDEN); }
static void residual_f(void) { residual_layer_norm_forward(a, NULL, big, d, e, b, c, c, c, c, 1e-12f, &mask, 0, TOKENS, HIDDEN); }
static void residual_b(void) {
    residual_layer_norm_backward(a, NULL, big, grads, grads + HIDDEN, grads + 2 * HIDDEN, b, c, d, e, c, &mask, 0, TOKENS, HIDDEN);
}
static void residual_f_none(void) { residual_layer_norm_forward(a, NULL, big, d, e, b, c, c, c, c, 1e-12f, &none, 0, TOKENS, HIDDEN); }
static void gelu_f(void) { bias_activation_forward(a, d, b, c, ACTIVATION_GELU, TOKENS, WIDE); }
static void gelu_b(void) { bias_activation_backward(a, grads, NULL, b, c, ACTIVATION_GELU, TOKENS, WIDE); }
static void gelu_rounded_f(void) {
    bias_activation_forward_rounded((uint16_t *)a, (uint16_t *)d, b, c, ACTIVATION_GELU, TOKENS, WIDE);
}
static void gelu_rounded_b(void) {
    uint16_t *out = (uint16_t *)e;
    bias_activation_backward_rounded((uint16_t *)a, grads, out, b, (const uint16_t *)d, ACTIVATION_GELU, TOKENS, WIDE);
}
static void gelu_new_f(void) { bias_activation_forward(a, d, b, c, ACTIVATION_GELU_NEW, TOKENS, WIDE); }
static void relu_f(void) { bias_activation_forward(a, d, b, c, ACTIVATION_RELU, TOKENS, WIDE); }
static void dropout_f(void) { dropout_forward(a, b, &mask, 0, TOKENS, WIDE); }
static void tanh_f(void) { tanh_forward(a, b, COUNT); }
static void bias_f(void) { bias_forward(a, WIDE, b, TOKENS, WIDE); }
static void bias_b(void) { bias_backward(grads, a, WIDE, TOKENS, WIDE); }
static void exp_f(void) { kernels_of_cpu()->exponential(a, b, COUNT); }
static void adamw_f(void) {
    static const adamw settings = {1e-4, 0.9, 0.999, 1e-8, 0.01, 1.0f, 100};
    adamw_step(a, b, c, d, &settings, COUNT);
}
static void norm_f(void) { e[0] += (float)gradient_square_sum(a, COUNT); }

static attention_shape shape;
static void attention_f(void) { attention_forward(a, d, NULL, b, b + shape.head_size * 4, b + shape.head_size * 8, &shape, scratch); }
static void attention_b(void) {
    attention_backward(grads, grads + shape.head_size * 4, grads + shape.head_size * 8, c, a, d, b, b + shape.head_size * 4,
                       b + shape.head_size * 8, &shape, scratch);
}
static void measure_attention(size_t length, size_t head_size, const dropout_mask *dropout) {
    char name[96];
    size_t stride = head_size * 4 * 3;
    shape = (attention_shape){length, length, head_size, stride, stride, head_size * 4, NULL, 1, *dropout, 0, NULL, GEMM_F32};
    const char *with = dropout->threshold > 0 ? "with dropout" : "without";
    snprintf(name, sizeof name, "attention forward, length %zu, head %zu, %s (flop)", length, head_size, with);
    measure(name, 4.0 * (double)(length * length * head_size), attention_f);
    snprintf(name, sizeof name, "attention backward (flop)");
    measure(name, 10.0 * (double)(length * length * head_size), attention_b);
}

static cross_entropy head;
static void head_logits(void) { for (size_t t = 0; t < cross_entropy_tasks(VOCAB); t++) cross_entropy_logits(&head, t, scratch); }
static void head_gradient(void) {
    for (size_t t = 0; t < cross_entropy_tasks(VOCAB); t++) cross_entropy_gradient(&head, t, scratch);
    cross_entropy_finish(&head, 0, head.rows);
}
static maske_status measure_head(gemm_precision precision) {
    static int32_t labels[MOST_ROWS];
    size_t rows = smaller(cross_entropy_rows(VOCAB), MOST_ROWS);
    head = (cross_entropy){.rows = rows, .hidden = HIDDEN, .vocab = VOCAB, .input = a, .weight = weights, .bias = b, .labels = labels,
                           .precision = precision, .training = true, .scale = 1e-3f, .d_input = c, .d_bias = d, .logits = big};
    TRY(memory_new(&head.scratch, cross_entropy_scratch(rows, HIDDEN, VOCAB, true), sizeof(float), "scratch"));
    TRY(memory_new(&head.d_weight, VOCAB * HIDDEN, sizeof(float), "gradients"));
    double flop = 2.0 * (double)rows * HIDDEN * VOCAB;
    printf("in %s:\n", precision == GEMM_F32 ? "f32" : "bf16");
    measure("head logits, hidden 256, vocab 16000 (flop)", flop, head_logits);
    cross_entropy_loss(&head);
    measure("head gradient (flop)", 2 * flop, head_gradient);
    free(head.scratch);
    free(head.d_weight);
    return MASKE_OK;
}

/* Anew before each kind: what AdamW leaves (zeros, moments that fade to denormal numbers) would slow what follows. */
static void fill(void) {
    float *arrays[] = {a, b, c, d, e, grads};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) random_normal(arrays[i], ARRAY, 0.5f, i, 0);
}

static maske_status run(void) {
    float **arrays[] = {&a, &b, &c, &d, &e, &grads};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) TRY(memory_new(arrays[i], ARRAY, sizeof(float), "array"));
    fill();
    ticks = tick_rate();
    TRY(memory_new(&big, (size_t)MOST_ROWS * VOCAB, sizeof(float), "logits"));
    TRY(memory_new(&weights, (size_t)HIDDEN * VOCAB, sizeof(float), "weights"));
    TRY(memory_new(&scratch, 4 << 20, sizeof(float), "scratch"));
    random_normal(weights, (size_t)HIDDEN * VOCAB, 0.02f, 7, 0);
    mask = dropout_mask_new(0.1, 1, 2, 3);
    none = dropout_mask_new(0, 1, 2, 3);
    printf("level %s\n", cpu_level_name());
    measure("layer_norm forward", TOKENS * HIDDEN, layer_norm_f);
    measure("layer_norm backward", TOKENS * HIDDEN, layer_norm_b);
    measure("residual_layer_norm forward, dropout", TOKENS * HIDDEN, residual_f);
    measure("residual_layer_norm forward, none", TOKENS * HIDDEN, residual_f_none);
    measure("residual_layer_norm backward, dropout", TOKENS * HIDDEN, residual_b);
    measure("bias + gelu forward", COUNT, gelu_f);
    measure("bias + gelu backward", COUNT, gelu_b);
    measure("bias + gelu forward, rounded", COUNT, gelu_rounded_f);
    measure("bias + gelu backward, rounded, with the result again", COUNT, gelu_rounded_b);
    measure("bias + gelu_new forward", COUNT, gelu_new_f);
    measure("bias + relu forward", COUNT, relu_f);
    measure("dropout", COUNT, dropout_f);
    measure("exp", COUNT, exp_f);
    measure("tanh", COUNT, tanh_f);
    measure("bias forward", COUNT, bias_f);
    measure("bias backward", COUNT, bias_b);
    measure("adamw", COUNT, adamw_f);
    measure("gradient norm", COUNT, norm_f);
    fill();
    static const size_t lengths[] = {128, 512}, sizes[] = {32, 64};
    for (int l = 0; l < 2; l++)
        for (int s = 0; s < 2; s++) {
            measure_attention(lengths[l], sizes[s], &none);
            measure_attention(lengths[l], sizes[s], &mask);
        }
    fill();
    TRY(measure_head(GEMM_F32));
    return gemm_has_bf16() ? measure_head(GEMM_BF16) : MASKE_OK;
}

int main(void) {
    if (run() == MASKE_OK) return 0;
    fprintf(stderr, "%s\n", maske_error());
    return 1;
}
