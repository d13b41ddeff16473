/* nn/gemm_bf16_pack.h: rounding to bfloat16 while packing, included by the bfloat16 kernels' files.
 * Layouts: nn/gemm_kernel.h. */
#include "nn/gemm_kernel.h"

#include <immintrin.h>
#include <string.h>

static inline __mmask16 column_mask(size_t columns) { return columns >= 16 ? 0xFFFF : (__mmask16)((1u << columns) - 1); }

/* Nearest, ties to even; the instruction flushes denormals to zero, which no product here can tell. */
static inline __m256i round_bf16(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

/* Sixteen floats of two rows as pairs: (low[0], high[0]), (low[1], high[1]), ... */
static inline __m512i pair_bf16(__m512 low, __m512 high) {
    __m512i l = _mm512_cvtepu16_epi32(round_bf16(low)), h = _mm512_cvtepu16_epi32(round_bf16(high));
    return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

/* Transposes 16 rows of 16 floats in place. */
static inline void transpose_16(__m512 r[16]) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
        r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
        r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
        r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xDD);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xDD);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xDD);
    }
}

/* packed[rows up to 16s][depth]; columns k..depth-1 and the rows that fill up are zeros. */
static void pack_a_bf16(uint16_t *packed, const float *a, size_t lda, bool transposed, size_t rows, size_t k, size_t depth) {
    size_t padded = (rows + 15) / 16 * 16;
    for (size_t i0 = 0; i0 < padded; i0 += 16) {
        size_t here = rows - i0 < 16 ? rows - i0 : 16;
        for (size_t p = 0; p < depth; p += 16) {
            __mmask16 valid = p < k ? column_mask(k - p) : 0;
            if (!transposed) {
                for (size_t i = 0; i < 16; i++) {
                    __m512 row = i < here ? _mm512_maskz_loadu_ps(valid, a + (i0 + i) * lda + p) : _mm512_setzero_ps();
                    _mm256_storeu_si256((__m256i *)(packed + (i0 + i) * depth + p), round_bf16(row));
                }
                continue;
            }
            __m512 r[16];
            __mmask16 columns = column_mask(here);
            for (size_t q = 0; q < 16; q++)
                r[q] = p + q < k ? _mm512_maskz_loadu_ps(columns, a + (p + q) * lda + i0) : _mm512_setzero_ps();
            transpose_16(r);
            for (size_t i = 0; i < 16; i++) _mm256_storeu_si256((__m256i *)(packed + (i0 + i) * depth + p), round_bf16(r[i]));
        }
    }
}

/* panel[depth / 2][32][2]; missing rows and columns are zeros. */
static void pack_b_bf16(uint16_t *panel, const float *b, size_t ldb, bool transposed, size_t columns, size_t k, size_t depth) {
    for (size_t half = 0; half < 32; half += 16) {
        size_t here = columns > half ? (columns - half < 16 ? columns - half : 16) : 0;
        __mmask16 mask = column_mask(here);
        if (!transposed) {
            for (size_t p = 0; p < depth; p += 2) {
                __m512 low = p < k ? _mm512_maskz_loadu_ps(mask, b + p * ldb + half) : _mm512_setzero_ps();
                __m512 high = p + 1 < k ? _mm512_maskz_loadu_ps(mask, b + (p + 1) * ldb + half) : _mm512_setzero_ps();
                _mm512_storeu_si512(panel + p * 32 + half * 2, pair_bf16(low, high));
            }
            continue;
        }
        for (size_t p = 0; p < depth; p += 16) {
            __mmask16 valid = p < k ? column_mask(k - p) : 0;
            __m512 r[16];
            for (size_t j = 0; j < 16; j++)
                r[j] = j < here ? _mm512_maskz_loadu_ps(valid, b + (half + j) * ldb + p) : _mm512_setzero_ps();
            transpose_16(r);
            for (size_t q = 0; q < 16; q += 2) _mm512_storeu_si512(panel + (p + q) * 32 + half * 2, pair_bf16(r[q], r[q + 1]));
        }
    }
}
