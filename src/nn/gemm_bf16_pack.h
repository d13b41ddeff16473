/* nn/gemm_bf16_pack.h: rounding to bfloat16 while packing, included by the bfloat16 kernels' files.
 * Layouts: nn/gemm_kernel.h. */
#include "nn/gemm_kernel.h"

#include <immintrin.h>
#include <string.h>

static inline __mmask16 column_mask(size_t columns) { return columns >= 16 ? 0xFFFF : (__mmask16)((1u << columns) - 1); }

/* 16 and 16 floats rounded: nearest, ties to even; the instruction flushes denormals to zero, which no product here can
 * tell. */
static inline __m512i round_bf16(__m512 first, __m512 second) { return (__m512i)_mm512_cvtne2ps_pbh(second, first); }

/* Sixteen floats of two rows as pairs: (low[0], high[0]), (low[1], high[1]), ... */
static inline __m512i pair_bf16(__m512 low, __m512 high) {
    const __m512i order = _mm512_set_epi32(0x001F000F, 0x001E000E, 0x001D000D, 0x001C000C, 0x001B000B, 0x001A000A,
                                           0x00190009, 0x00180008, 0x00170007, 0x00160006, 0x00150005, 0x00140004,
                                           0x00130003, 0x00120002, 0x00110001, 0x00100000);
    return _mm512_permutexvar_epi16(order, round_bf16(low, high));
}

/* Transposes 16 rows of 16 floats, or of 16 pairs, in place. */
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

/* Elements of a row of the source, from a place on, as bfloat16; `count` of 32 are there, the others are 0. */
static inline __m512i row_bf16(gemm_source s, size_t place, size_t count) {
    if (s.rounded) {
        __mmask32 mask = count >= 32 ? 0xFFFFFFFF : (1u << count) - 1;
        return _mm512_maskz_loadu_epi16(mask, (const uint16_t *)s.at + place);
    }
    const float *from = (const float *)s.at + place;
    return round_bf16(_mm512_maskz_loadu_ps(column_mask(count), from),
                      _mm512_maskz_loadu_ps(count > 16 ? column_mask(count - 16) : 0, from + 16));
}
/* Sixteen elements (those of the mask) of rows p and p + 1 of the source as pairs; rows from k on are 0. */
static inline __m512i pair_at(gemm_source s, size_t p, size_t k, size_t column, __mmask16 mask) {
    size_t place = p * s.stride + column;
    __mmask16 first = p < k ? mask : 0, second = p + 1 < k ? mask : 0;
    if (s.rounded) {
        const uint16_t *from = (const uint16_t *)s.at + place;
        __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first, from)),
                high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(second, from + s.stride));
        return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
    }
    const float *from = (const float *)s.at + place;
    return pair_bf16(_mm512_maskz_loadu_ps(first, from), _mm512_maskz_loadu_ps(second, from + s.stride));
}

static void round_row_bf16(uint16_t *out, const float *in, size_t count) {
    gemm_source s = {in, false, 0};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) _mm512_storeu_si512(out + i, row_bf16(s, i, 32));
    if (i < count) _mm512_mask_storeu_epi16(out + i, (1u << (count - i)) - 1, row_bf16(s, i, count - i));
}

/* Panels [depth / 2][32][2] from b[k, columns], 256 columns at a time (nn/gemm_pack.h says why); what is missing is 0. */
static inline void pack_b_straight(uint16_t *panels, gemm_source b, size_t columns, size_t k, size_t depth) {
    size_t padded = (columns + 31) / 32 * 32;
    for (size_t j0 = 0; j0 < padded; j0 += 256) {
        size_t end = padded - j0 < 256 ? padded : j0 + 256;
        for (size_t p = 0; p < depth; p += 2)
            for (size_t j = j0; j < end; j += 16) {
                __mmask16 mask = j < columns ? column_mask(columns - j) : 0;
                _mm512_storeu_si512(panels + j / 32 * 32 * depth + p * 32 + j % 32 * 2, pair_at(b, p, k, j, mask));
            }
    }
}

/* The same from b[columns, k]. Rounded first, two k of a row are one number to transpose. */
static inline void pack_b_transposed(uint16_t *panels, gemm_source b, size_t columns, size_t k, size_t depth) {
    size_t padded = (columns + 31) / 32 * 32;
    for (size_t j = 0; j < padded; j += 16) {
        uint16_t *panel = panels + j / 32 * 32 * depth + j % 32 * 2;
        for (size_t p = 0; p < depth; p += 32) {
            __m512 r[16];
            for (size_t i = 0; i < 16; i++)
                r[i] = j + i >= columns ? _mm512_setzero_ps()
                                        : _mm512_castsi512_ps(row_bf16(b, (j + i) * b.stride + p, k - p));
            transpose_16(r);
            for (size_t q = 0; q < 16; q++) _mm512_storeu_ps(panel + (p + 2 * q) * 32, r[q]);
        }
    }
}

/* A loop for each kind of source out of one. */
static void pack_b_bf16(uint16_t *panels, gemm_source b, bool transposed, size_t columns, size_t k, size_t depth) {
    gemm_source rounded = {b.at, true, b.stride}, plain = {b.at, false, b.stride};
    if (transposed && b.rounded) pack_b_transposed(panels, rounded, columns, k, depth);
    else if (transposed) pack_b_transposed(panels, plain, columns, k, depth);
    else if (b.rounded) pack_b_straight(panels, rounded, columns, k, depth);
    else pack_b_straight(panels, plain, columns, k, depth);
}
