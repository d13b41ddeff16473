/* bench/bench_gemm.c: one thread's speed at the shapes of the network, ours beside oneDNN's dnnl_sgemm, in turn.
 *
 *     cmake --build build/release --target bench_gemm && build/release/bench/bench_gemm
 *     MASKE_CPU=avx2 DNNL_MAX_CPU_ISA=AVX2 build/release/bench/bench_gemm
 *
 * Each figure is the fastest of nine rounds: what the code can do when nobody disturbs it. */
#include "base/memory.h"
#include "base/random.h"
#include "base/cpu.h"
#include "nn/gemm.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, WAYS = 7 };
typedef struct product { size_t m, n, k; float *a, *b, *c; void *packed, *packed_bf16, *packed_int8; } product;

static const struct { size_t m, n, k; const char *where; } shapes[] = {
    {128, 384, 128, "tiny qkv"},     {128, 512, 128, "tiny intermediate"},  {128, 128, 512, "tiny output"},
    {128, 768, 256, "mini qkv"},     {128, 1024, 256, "mini intermediate"}, {128, 256, 1024, "mini output"},
    {128, 1536, 512, "small qkv"},   {128, 2048, 512, "small intermediate"},{128, 512, 2048, "small output"},
    {128, 2304, 768, "base qkv"},    {128, 3072, 768, "base intermediate"}, {128, 768, 3072, "base output"},
    {16, 1152, 384, "16 rows, 384 qkv"}, {16, 1536, 384, "16 rows, 384 inter."}, {16, 384, 1536, "16 rows, 384 output"},
    {64, 1152, 384, "64 rows, 384 qkv"}, {64, 1536, 384, "64 rows, 384 inter."}, {64, 384, 1536, "64 rows, 384 output"},
    {128, 128, 64, "scores, length 128"}, {128, 16000, 256, "mini decoder"},
};

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One product in one of the ways; false: this CPU has not that way. */
static bool multiply(const product *p, int way) {
    dnnl_dim_t m = (dnnl_dim_t)p->m, n = (dnnl_dim_t)p->n, k = (dnnl_dim_t)p->k;
    bool bf16 = gemm_has_bf16();
    switch (way) {
    case 0: gemm_packed(p->c, p->n, false, p->a, p->k, false, p->packed, GEMM_F32, p->m, p->n, p->k); return true;
    case 1: return dnnl_sgemm('N', 'T', m, n, k, 1, p->a, k, p->b, k, 0, p->c, n) == dnnl_success;
    case 2: if (bf16) gemm_packed(p->c, p->n, false, p->a, p->k, false, p->packed_bf16, GEMM_BF16, p->m, p->n, p->k); return bf16;
    case 3: gemm(p->c, p->n, true, p->a, p->m, true, p->b, p->n, false, GEMM_F32, p->m, p->n, p->k); return true;
    case 4: return dnnl_sgemm('T', 'N', m, n, k, 1, p->a, m, p->b, n, 1, p->c, n) == dnnl_success;
    case 5: gemm_packed(p->c, p->n, false, p->a, p->k, false, p->packed_int8, GEMM_INT8, p->m, p->n, p->k); return true;
    default: if (bf16) gemm(p->c, p->n, true, p->a, p->m, true, p->b, p->n, false, GEMM_BF16, p->m, p->n, p->k); return bf16;
    }
}

static maske_status measure(size_t m, size_t n, size_t k, const char *where) {
    product p = {.m = m, .n = n, .k = k};
    TRY(memory_new(&p.a, m * k, sizeof(float), "a"));
    TRY(memory_new(&p.b, n * k, sizeof(float), "b"));
    TRY(memory_new(&p.c, m * n, sizeof(float), "c"));
    random_normal(p.a, m * k, 1, 1, 0);
    random_normal(p.b, n * k, 1, 2, 0);
    TRY(memory_new(&p.packed, gemm_packed_bytes(GEMM_F32, n, k), 1, "packed"));
    gemm_pack(p.packed, GEMM_F32, p.b, k, true, n, k);
    if (gemm_has_bf16()) {
        TRY(memory_new(&p.packed_bf16, gemm_packed_bytes(GEMM_BF16, n, k), 1, "packed"));
        gemm_pack(p.packed_bf16, GEMM_BF16, p.b, k, true, n, k);
    }
    TRY(memory_new(&p.packed_int8, gemm_packed_bytes(GEMM_INT8, n, k), 1, "packed"));
    gemm_pack(p.packed_int8, GEMM_INT8, p.b, k, true, n, k);
    double best[WAYS] = {0}, flops = 2.0 * (double)m * (double)n * (double)k;
    int repeats = (int)(2e8 / flops) + 1;
    for (int round = 0; round < ROUNDS; round++)
        for (int way = 0; way < WAYS; way++) {
            double start = seconds();
            bool has = true;
            for (int i = 0; has && i < repeats; i++) has = multiply(&p, way);
            double speed = flops * repeats / (seconds() - start) * 1e-9;
            if (has && speed > best[way]) best[way] = speed;
        }
    printf("%-20s %5zu %5zu %5zu  %8.0f %8.0f %8.0f %8.0f   %8.0f %8.0f %8.0f\n", where, m, n, k, best[0], best[1], best[2], best[5],
           best[3], best[4], best[6]);
    free(p.a); free(p.b); free(p.c); free(p.packed); free(p.packed_bf16); free(p.packed_int8);
    return MASKE_OK;
}

int main(void) {
    omp_set_num_threads(1);
    printf("GFLOP/s of one thread, %s\n", maske_version());
    printf("%-20s %5s %5s %5s  %35s   %26s\n", "", "m", "n", "k", "x W^T: packed, oneDNN, bf16, int8", "dY^T x: ours, oneDNN, bf16");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (measure(shapes[i].m, shapes[i].n, shapes[i].k, shapes[i].where) != MASKE_OK) {
            fprintf(stderr, "%s\n", maske_error());
            return 1;
        }
    return 0;
}
