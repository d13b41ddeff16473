/* nn/gemm_avx2.c: the float kernel for AVX2 with FMA: 6 rows by 16 columns, 12 of the 16 registers hold sums. */
#define TILE_ROWS    6
#define TILE_COLUMNS 16
#include "nn/gemm_pack.h"

#include <immintrin.h>

/* `rows` is a constant at every place of use, and every loop over it unrolls: an index that is left over would put the
 * sums into memory. */
static inline __attribute__((always_inline)) void tile_of(float *c, size_t ldc, bool accumulate, const float *a, const float *b,
                                                          const size_t rows, size_t k) {
    __m256 sum[TILE_ROWS][2];
#pragma GCC unroll 6
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (size_t p = 0; p < k; p++, a += rows, b += TILE_COLUMNS) {
        __m256 b0 = _mm256_load_ps(b), b1 = _mm256_load_ps(b + 8);
#pragma GCC unroll 6
        for (size_t i = 0; i < rows; i++) {
            __m256 value = _mm256_broadcast_ss(a + i);
            sum[i][0] = _mm256_fmadd_ps(value, b0, sum[i][0]);
            sum[i][1] = _mm256_fmadd_ps(value, b1, sum[i][1]);
        }
    }
#pragma GCC unroll 6
    for (size_t i = 0; i < rows; i++, c += ldc)
#pragma GCC unroll 2
        for (size_t h = 0; h < 2; h++)
            _mm256_storeu_ps(c + 8 * h, accumulate ? _mm256_add_ps(_mm256_loadu_ps(c + 8 * h), sum[i][h]) : sum[i][h]);
}

static void tile(float *c, size_t ldc, bool accumulate, const float *a, const float *b, size_t rows, size_t k) {
    switch (rows) {
    case 1: tile_of(c, ldc, accumulate, a, b, 1, k); break;
    case 2: tile_of(c, ldc, accumulate, a, b, 2, k); break;
    case 3: tile_of(c, ldc, accumulate, a, b, 3, k); break;
    case 4: tile_of(c, ldc, accumulate, a, b, 4, k); break;
    case 5: tile_of(c, ldc, accumulate, a, b, 5, k); break;
    default: tile_of(c, ldc, accumulate, a, b, 6, k); break;
    }
}

const gemm_kernel gemm_kernel_avx2 = {TILE_ROWS, TILE_COLUMNS, tile, pack_a, pack_b};
