/* nn/gemm_avx512.c: the float kernel for AVX-512: 14 rows by 32 columns, 28 of the 32 registers hold sums. */
#define TILE_ROWS    14
#define TILE_COLUMNS 32
#include "nn/gemm_pack.h"

#include <immintrin.h>

/* `rows` is a constant at every place of use, and every loop over it unrolls: an index that is left over would put the
 * sums into memory. */
static inline __attribute__((always_inline)) void tile_of(float *c, size_t ldc, bool accumulate, const float *a, const float *b,
                                                          const size_t rows, size_t k) {
    __m512 sum[TILE_ROWS][2];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (size_t p = 0; p < k; p++, a += rows, b += TILE_COLUMNS) {
        __m512 b0 = _mm512_load_ps(b), b1 = _mm512_load_ps(b + 16);
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            __m512 value = _mm512_set1_ps(a[i]);
            sum[i][0] = _mm512_fmadd_ps(value, b0, sum[i][0]);
            sum[i][1] = _mm512_fmadd_ps(value, b1, sum[i][1]);
        }
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++, c += ldc)
#pragma GCC unroll 2
        for (size_t h = 0; h < 2; h++)
            _mm512_storeu_ps(c + 16 * h, accumulate ? _mm512_add_ps(_mm512_loadu_ps(c + 16 * h), sum[i][h]) : sum[i][h]);
}

static void tile(float *c, size_t ldc, bool accumulate, const float *a, const float *b, size_t rows, size_t k) {
    switch (rows) {
    case 1: tile_of(c, ldc, accumulate, a, b, 1, k); break;
    case 2: tile_of(c, ldc, accumulate, a, b, 2, k); break;
    case 3: tile_of(c, ldc, accumulate, a, b, 3, k); break;
    case 4: tile_of(c, ldc, accumulate, a, b, 4, k); break;
    case 5: tile_of(c, ldc, accumulate, a, b, 5, k); break;
    case 6: tile_of(c, ldc, accumulate, a, b, 6, k); break;
    case 7: tile_of(c, ldc, accumulate, a, b, 7, k); break;
    case 8: tile_of(c, ldc, accumulate, a, b, 8, k); break;
    case 9: tile_of(c, ldc, accumulate, a, b, 9, k); break;
    case 10: tile_of(c, ldc, accumulate, a, b, 10, k); break;
    case 11: tile_of(c, ldc, accumulate, a, b, 11, k); break;
    case 12: tile_of(c, ldc, accumulate, a, b, 12, k); break;
    case 13: tile_of(c, ldc, accumulate, a, b, 13, k); break;
    default: tile_of(c, ldc, accumulate, a, b, 14, k); break;
    }
}

const gemm_kernel gemm_kernel_avx512 = {TILE_ROWS, TILE_COLUMNS, tile, pack_a, pack_b};
