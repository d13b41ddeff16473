/* nn/gemm_avx512bf16.c: the bfloat16 kernel for AVX-512 BF16: up to 14 rows by 32 columns, two k a dot product.
 *
 * A straight A is packed as it lies, [rows][depth]. Of a transposed one two consecutive rows of memory are the two k of a
 * dot product: they are laid side by side, panels [depth / 2][rows][2], without transposing anything. */
#include "nn/gemm_bf16_pack.h"

enum { TILE_ROWS = 14, PAIR_BYTES = 2 * 32 * sizeof(uint16_t) };   /* of a panel, two k of it */

/* rows and transposed are constants where this is used. */
static inline __attribute__((always_inline)) void tile_of(float *c, size_t ldc, bool accumulate, const uint16_t *a,
                                                          size_t a_stride, const bool transposed, const uint16_t *b, const size_t rows,
                                                          __mmask16 left, __mmask16 right, size_t depth, gemm_ahead ahead) {
    __m512 sum[TILE_ROWS][2];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (size_t p = 0; p < depth; p += 2, b += 64, ahead = gemm_ahead_pass(ahead, 1)) {
        gemm_ahead_ask(ahead, PAIR_BYTES);
        __m512bh b0 = (__m512bh)_mm512_load_si512(b), b1 = (__m512bh)_mm512_load_si512(b + 32);
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            int32_t pair;
            memcpy(&pair, transposed ? a + p * rows + i * 2 : a + i * a_stride + p, sizeof pair);
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

static inline __attribute__((always_inline)) void tile(float *c, size_t ldc, bool accumulate, const uint16_t *a,
                                                       size_t a_stride, const bool transposed, const uint16_t *b, size_t rows,
                                                       __mmask16 left, __mmask16 right, size_t depth, gemm_ahead ahead) {
    switch (rows) {
#define ROWS(count) \
    case count: tile_of(c, ldc, accumulate, a, a_stride, transposed, b, count, left, right, depth, ahead); break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)
        ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#undef ROWS
    default: break;
    }
}

static void block(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t a_stride, bool a_transposed,
                  const uint16_t *b, const uint16_t *next, size_t rows, size_t columns, size_t depth) {
    __mmask16 left = column_mask(columns), right = columns > 16 ? column_mask(columns - 16) : 0;
    row_split split = split_rows(rows, TILE_ROWS);
    gemm_ahead ahead = gemm_ahead_start(b, next, PAIR_BYTES, split.panels);
    for (size_t p = 0; p < split.panels; p++, ahead = gemm_ahead_pass(ahead, depth / 2)) {
        size_t here = split.rows + (p < split.longer);
        if (a_transposed) tile(c, ldc, accumulate, a, 0, true, b, here, left, right, depth, ahead);
        else tile(c, ldc, accumulate, a, a_stride, false, b, here, left, right, depth, ahead);
        c += here * ldc;
        a += here * (a_transposed ? depth : a_stride);
    }
}

/* A panel [depth / 2][rows][2] of rows k0.. of a[k, ..], from a column on; what is missing of k is 0. */
static inline void pair_panel(uint16_t *panel, gemm_source a, size_t column, size_t rows, size_t k0, size_t k, size_t end) {
    __mmask16 mask = column_mask(rows);
    for (size_t p = k0; p < end; p += 2, panel += 2 * rows)
        _mm512_mask_storeu_epi32(panel, mask, pair_at(a, p, k, column, mask));
}

/* packed[rows][depth] from a[rows, k]; columns k..depth-1 are zeros. */
static inline void pack_rows(uint16_t *packed, gemm_source a, size_t rows, size_t k, size_t depth) {
    for (size_t i = 0; i < rows; i++, packed += depth) {
        size_t p = 0;
        for (; p + 32 <= k; p += 32) _mm512_storeu_si512(packed + p, row_bf16(a, i * a.stride + p, 32));
        if (p < depth) _mm512_storeu_si512(packed + p, row_bf16(a, i * a.stride + p, k - p));
    }
}

static inline void pack_a_of(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth) {
    if (!transposed) {
        pack_rows(packed, a, rows, k, depth);
        return;
    }
    row_split split = split_rows(rows, TILE_ROWS);
    enum { TOGETHER = 32 };     /* k: what several panels share of these rows is still in the first level cache */
    for (size_t k0 = 0; k0 < depth; k0 += TOGETHER)
        for (size_t p = 0, row = 0; p < split.panels; p++) {
            size_t here = split.rows + (p < split.longer);
            pair_panel(packed + row * depth + k0 * here, a, row, here, k0, k, depth - k0 < TOGETHER ? depth : k0 + TOGETHER);
            row += here;
        }
}
static void pack_a(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth) {
    if (a.rounded) pack_a_of(packed, (gemm_source){a.at, true, a.stride}, transposed, rows, k, depth);
    else pack_a_of(packed, (gemm_source){a.at, false, a.stride}, transposed, rows, k, depth);
}

static void nothing(void) {}

const gemm_bf16_kernel gemm_kernel_avx512bf16 = {32, GEMM_ROWS, true, GEMM_SUMS, block, pack_a, pack_b_bf16, round_row_bf16, nothing, nothing};
