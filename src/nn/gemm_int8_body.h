/* nn/gemm_int8_body.h: the int8 kernel over vectors: a tile of sums as large as the registers allow, four k a step. With
 * VNNI a step is one instruction; without it three: products of two k added in 16 bits (nn/gemm_int8.h: they fit), these
 * added in pairs to 32. The including file names its table. */
#include "nn/gemm_int8_pack.h"
#include "nn/gemm_kernel.h"

#if defined(__AVX512VNNI__)
enum { TILE_ROWS = 14 };
INLINE integers dot(integers sum, integers a, integers b) { return (integers)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b); }
#elif defined(__AVX512F__)
enum { TILE_ROWS = 12 };
INLINE integers dot(integers sum, integers a, integers b) {
    __m512i pairs = _mm512_maddubs_epi16((__m512i)a, (__m512i)b);
    return sum + (integers)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}
#elif defined(__AVXVNNI__)
enum { TILE_ROWS = 6 };
INLINE integers dot(integers sum, integers a, integers b) { return (integers)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b); }
#else
enum { TILE_ROWS = 4 };
INLINE integers dot(integers sum, integers a, integers b) {
    __m256i pairs = _mm256_maddubs_epi16((__m256i)a, (__m256i)b);
    return sum + (integers)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
#endif
enum { TILE_VECTORS = 2, TILE_COLUMNS = TILE_VECTORS * LANES };

INLINE integers all_of(const uint8_t *four) {
    int32_t value;
    memcpy(&value, four, sizeof value);
#if defined(__AVX512F__)
    return (integers)_mm512_set1_epi32(value);
#else
    return (integers)_mm256_set1_epi32(value);
#endif
}

/* Rows from `first` on, TILE_COLUMNS columns from j on. `rows` is a constant at every place of use. */
INLINE void tile_of(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, size_t first, const int8_t *panel, size_t j,
                    size_t columns, const size_t rows, size_t depth, gemm_ahead ahead) {
    const uint8_t *values = a->values + first * depth;
    const int8_t *b = panel + 4 * j;
    integers sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (integers){0};
    for (size_t p = 0; p < depth; p += 4, b += 4 * GEMM_INT8_COLUMNS, ahead = gemm_ahead_pass(ahead, 1)) {
        gemm_ahead_ask(ahead, 4 * TILE_COLUMNS);
        integers b0 = *(const integers *)b, b1 = *(const integers *)(b + 4 * LANES);
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            integers value = all_of(values + i * depth + p);
            sum[i][0] = dot(sum[i][0], value, b0);
            sum[i][1] = dot(sum[i][1], value, b1);
        }
    }
    const gemm_int8_scales *scales = scales_of(panel, depth);
    const size_t n0 = columns < LANES ? columns : LANES, n1 = columns < TILE_COLUMNS ? columns - n0 : LANES;
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++, c += ldc) {
        row_steps row = row_steps_of(a, first + i);
        put(c, accumulate, sum[i][0], row, scales, j, n0);
        if (n1 > 0) put(c + LANES, accumulate, sum[i][1], row, scales, j + LANES, n1);
    }
}

static void tile(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, size_t first, const int8_t *panel, size_t j,
                 size_t columns, size_t rows, size_t depth, gemm_ahead ahead) {
    GEMM_CONSTANT_ROWS(rows, n, tile_of(c, ldc, accumulate, a, first, panel, j, columns, n, depth, ahead);)
}

/* Each tile asks for its share of the next panel. */
static void multiply(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, const int8_t *next,
                     row_split split, size_t columns, size_t depth) {
    gemm_ahead ahead = gemm_ahead_start(panel, next, 4 * TILE_COLUMNS, split.panels);
    for (size_t j = 0; j < columns; j += TILE_COLUMNS) {
        size_t width = columns - j < TILE_COLUMNS ? columns - j : TILE_COLUMNS;
        for (size_t p = 0, row = 0; p < split.panels; p++) {
            size_t rows = split.rows + (p < split.longer);
            tile(c + row * ldc + j, ldc, accumulate, a, row, panel, j, width, rows, depth, ahead);
            ahead = gemm_ahead_pass(ahead, depth / 4);
            row += rows;
        }
    }
}

static void block(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, size_t count,
                  size_t columns, size_t depth) {
    row_split split = split_rows(count, TILE_ROWS);
    EACH_PANEL(panel, next, j, n, columns, depth, { multiply(c + j, ldc, accumulate, a, panel, next, split, n, depth); });
}
