/* bert/product_speed.c */
#include "bert/product_speed.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"

#include <stdlib.h>

enum { PRODUCT_M = 128, PRODUCT_N = 512, PRODUCT_K = 256, PRODUCTS = 8 };

maske_status product_speed_new(product_speed *out, gemm_precision precision, int threads) {
    size_t count = (size_t)threads;
    *out = (product_speed){.precision = precision, .threads = threads};
    out->packed_bytes = (gemm_packed_bytes(precision, PRODUCT_N, PRODUCT_K) + 63) / 64 * 64;
    TRY(memory_new(&out->a, PRODUCT_M * PRODUCT_K, sizeof(float), "a product"));
    TRY(memory_new(&out->b, PRODUCT_N * PRODUCT_K, sizeof(float), "a product"));
    TRY(memory_new(&out->c, count * PRODUCT_M * PRODUCT_N, sizeof(float), "a product"));
    TRY(memory_new(&out->packed, count * out->packed_bytes, 1, "a product"));
    random_normal(out->a, PRODUCT_M * PRODUCT_K, 1, 1, 0);
    random_normal(out->b, PRODUCT_N * PRODUCT_K, 1, 2, 0);
    TRY(memory_new(&out->rounded, PRODUCT_M * PRODUCT_K, sizeof(uint16_t), "a product"));
    if (precision == GEMM_BF16) gemm_round(out->rounded, PRODUCT_K, out->a, PRODUCT_K, PRODUCT_M, PRODUCT_K);
    for (size_t i = 0; i < count; i++)
        gemm_pack((char *)out->packed + i * out->packed_bytes, precision, out->b, PRODUCT_K, true, PRODUCT_N, PRODUCT_K);
    return MASKE_OK;
}

void product_speed_free(product_speed *p) {
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->packed);
    free(p->rounded);
    *p = (product_speed){0};
}

static void multiply(void *user, size_t i, int thread) {
    const product_speed *p = user;
    (void)i;
    float *c = p->c + (size_t)thread * PRODUCT_M * PRODUCT_N;
    const void *packed = (char *)p->packed + (size_t)thread * p->packed_bytes;
    for (int k = 0; k < PRODUCTS; k++) {
        if (p->precision != GEMM_BF16)
            gemm_packed(c, PRODUCT_N, false, p->a, PRODUCT_K, false, packed, p->precision, PRODUCT_M, PRODUCT_N, PRODUCT_K);
        else
            gemm_packed_rounded(c, PRODUCT_N, false, p->rounded, PRODUCT_K, false, packed, PRODUCT_M, PRODUCT_N, PRODUCT_K);
    }
}


product_gflops product_speed_measure(const product_speed *p) {
    size_t tasks = 4 * (size_t)p->threads;
    double gflop = 2e-9 * PRODUCT_M * PRODUCT_N * PRODUCT_K * PRODUCTS * (double)tasks;
    double begun = clock_now(), processor = clock_processor();
    parallel_for(p->threads, tasks, multiply, (void *)(uintptr_t)p);
    return (product_gflops){gflop / (clock_now() - begun), gflop * p->threads / (clock_processor() - processor)};
}
