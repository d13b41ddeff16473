/* nn/gemm_avx512bf16.c: the bfloat16 kernel for AVX-512 BF16: 14 rows by 32 columns, two k a dot product. */
#include "nn/gemm_bf16_pack.h"

static inline __attribute__((always_inline)) void rows_of(float *c, size_t ldc, bool accumulate, const uint16_t *a, const uint16_t *b,
                                                          const size_t rows, __mmask16 left, __mmask16 right, size_t depth) {
    __m512 sum[14][2];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (size_t p = 0; p < depth; p += 2, b += 64) {
        __m512bh b0 = (__m512bh)_mm512_load_si512(b), b1 = (__m512bh)_mm512_load_si512(b + 32);
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            int32_t pair;
            memcpy(&pair, a + i * depth + p, sizeof pair);
            __m512bh value = (__m512bh)_mm512_set1_epi32(pair);
            sum[i][0] = _mm512_dpbf16_ps(sum[i][0], value, b0);
            sum[i][1] = _mm512_dpbf16_ps(sum[i][1], value, b1);
        }
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++, c += ldc) {
        __m512 low = sum[i][0], high = sum[i][1];
        if (accumulate) {
            low = _mm512_add_ps(low, _mm512_maskz_loadu_ps(left, c));
            high = _mm512_add_ps(high, _mm512_maskz_loadu_ps(right, c + 16));
        }
        _mm512_mask_storeu_ps(c, left, low);
        _mm512_mask_storeu_ps(c + 16, right, high);
    }
}

static void block(float *c, size_t ldc, bool accumulate, const uint16_t *a, const uint16_t *b, size_t rows, size_t columns, size_t depth) {
    __mmask16 left = column_mask(columns), right = columns > 16 ? column_mask(columns - 16) : 0;
    size_t i = 0;
    for (; i + 14 <= rows; i += 14) rows_of(c + i * ldc, ldc, accumulate, a + i * depth, b, 14, left, right, depth);
    for (; i + 4 <= rows; i += 4) rows_of(c + i * ldc, ldc, accumulate, a + i * depth, b, 4, left, right, depth);
    for (; i < rows; i++) rows_of(c + i * ldc, ldc, accumulate, a + i * depth, b, 1, left, right, depth);
}

const gemm_bf16_kernel gemm_kernel_avx512bf16 = {32, block, pack_a_bf16, pack_b_bf16};
