/* nn/gemm_f32_body.h: the float kernel over vectors (nn/vector.h): a tile of sums as large as the registers allow, 6 rows
 * by 16 columns in 12 of AVX2's 16 registers or 24 of NEON's 32, 14 by 32 in 28 of AVX-512's 32. The including file names
 * its table. */
#include "nn/vector.h"

enum { TILE_ROWS = LANES == 16 ? 14 : 6, TILE_VECTORS = LANES == 4 ? 4 : 2, TILE_COLUMNS = TILE_VECTORS * LANES };
#include "nn/gemm_pack.h"

/* A row of a panel, a vector after the other. */
typedef struct panel_row { floats part[TILE_VECTORS]; } panel_row;
INLINE panel_row panel_row_load(const float *p) {
    panel_row row;
#pragma GCC unroll 4
    for (size_t h = 0; h < TILE_VECTORS; h++) row.part[h] = *(const floats *)(p + LANES * h);
    return row;
}

/* `rows` is a constant at every place of use, and every loop over it unrolls: an index that is left over would put the
 * sums into memory. */
INLINE void tile_of(float *c, size_t ldc, bool accumulate, const float *a, const float *b, const size_t rows, size_t k, gemm_ahead ahead) {
    floats sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t h = 0; h < TILE_VECTORS; h++) sum[i][h] = floats_all(0.0f);
    for (size_t p = 0; p < k; p++, a += rows, b += TILE_COLUMNS, ahead = gemm_ahead_pass(ahead, 1)) {
        gemm_ahead_ask(ahead, TILE_COLUMNS * sizeof *b);
        panel_row row = panel_row_load(b);
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            floats value = floats_all(a[i]);
#pragma GCC unroll 4
            for (size_t h = 0; h < TILE_VECTORS; h++) sum[i][h] = fused(value, row.part[h], sum[i][h]);
        }
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++, c += ldc)
#pragma GCC unroll 4
        for (size_t h = 0; h < TILE_VECTORS; h++) {
            if (accumulate) sum[i][h] = load(c + LANES * h, LANES) + sum[i][h];
            store(c + LANES * h, sum[i][h], LANES);
        }
}

/* Sums over a block of GEMM_DEPTH of k, then these, as where C is read and written between the blocks. */
INLINE void straight_of(float *c, size_t ldc, bool accumulate, const float *x, size_t columns, const float *w, size_t ldw,
                        const size_t rows, size_t k) {
    float total[TILE_ROWS][TILE_COLUMNS];
    for (size_t j = 0; j < columns && accumulate; j++)
        for (size_t i = 0; i < rows; i++) total[i][j] = c[j * ldc + i];
    for (size_t k0 = 0; k0 < k; k0 += GEMM_DEPTH) {
        size_t end = k - k0 < GEMM_DEPTH ? k : k0 + GEMM_DEPTH;
        floats sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (size_t h = 0; h < TILE_VECTORS; h++) sum[i][h] = floats_all(0.0f);
        for (size_t p = k0; p < end; p++) {
            panel_row row = panel_row_load(x + p * TILE_COLUMNS);
#pragma GCC unroll 14
            for (size_t i = 0; i < rows; i++) {
                floats value = floats_all(w[i * ldw + p]);
#pragma GCC unroll 4
                for (size_t h = 0; h < TILE_VECTORS; h++) sum[i][h] = fused(value, row.part[h], sum[i][h]);
            }
        }
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (size_t h = 0; h < TILE_VECTORS; h++) {
                if (accumulate || k0 > 0) sum[i][h] = load(total[i] + LANES * h, LANES) + sum[i][h];
                store(total[i] + LANES * h, sum[i][h], LANES);
            }
    }
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++) c[j * ldc + i] = total[i][j];
}

static void straight(float *c, size_t ldc, bool accumulate, const float *x, size_t columns, const float *w, size_t ldw, size_t rows,
                     size_t k) {
    for (size_t i = 0, here; i < rows; i += here) {
        here = rows - i < TILE_ROWS ? rows - i : TILE_ROWS;
        GEMM_CONSTANT_ROWS(here, n, straight_of(c + i, ldc, accumulate, x, columns, w + i * ldw, ldw, n, k);)
    }
}

static void tile(float *c, size_t ldc, bool accumulate, const float *a, const float *b, size_t rows, size_t k, gemm_ahead ahead) {
    GEMM_CONSTANT_ROWS(rows, n, tile_of(c, ldc, accumulate, a, b, n, k, ahead);)
}
