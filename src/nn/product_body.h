/* nn/product_body.h: small matrix products whose right factor is read where it lies (nn/vector.h).
 *
 * Attention multiplies matrices of a few dozen columns, each used once; packing them for nn/gemm.h would cost as much
 * as a third of the product. Here only a factor that must be transposed is copied. */
#ifndef MASKE_NN_PRODUCT_BODY_H
#define MASKE_NN_PRODUCT_BODY_H

#include "nn/transpose_body.h"
#include "nn/vector.h"

/* Rows and vectors of C kept in registers. */
enum { TILE_ROWS = LANES == 16 ? 8 : LANES == 8 ? 6 : 4, TILE_VECTORS = 2, TILE_COLUMNS = TILE_VECTORS * LANES };

/* A matrix as rows `row` and columns `column` elements apart: transposed by exchanging the two. */
typedef struct strided { const float *at; size_t row, column; } strided;

/* One tile; rows is a constant where this is used, and columns, too, but at the right edge. */
INLINE void product_tile(float *c, size_t c_row, bool accumulate, strided a, const float *b, size_t b_row, const size_t rows,
                         size_t columns, size_t depth) {
    floats sum[TILE_ROWS][TILE_VECTORS];
    const size_t first = columns < LANES ? columns : LANES, second = columns - first;
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = floats_all(0.0f);
    for (size_t p = 0; p < depth; p++, b += b_row) {
        floats b0 = load(b, first), b1 = floats_all(0.0f);
        if (second > 0) b1 = load(b + LANES, second);
        const float *column = a.at + p * a.column;
#pragma GCC unroll 8
        for (size_t i = 0; i < rows; i++) {
            floats value = floats_all(column[i * a.row]);
            sum[i][0] = fused(value, b0, sum[i][0]);
            sum[i][1] = fused(value, b1, sum[i][1]);
        }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++, c += c_row) {
        if (accumulate) {
            sum[i][0] += load(c, first);
            if (second > 0) sum[i][1] += load(c + LANES, second);
        }
        store(c, sum[i][0], first);
        if (second > 0) store(c + LANES, sum[i][1], second);
    }
}
INLINE void product_rows(float *c, size_t c_row, bool accumulate, strided a, const float *b, size_t b_row, size_t rows,
                         size_t columns, size_t depth) {
    size_t i = 0;
#define PRODUCT_STEP(count)                                                                                        \
    for (; i + (count) <= rows; i += (count))                                                                      \
        product_tile(c + i * c_row, c_row, accumulate, (strided){a.at + i * a.row, a.row, a.column}, b, b_row, count, columns, depth);
    PRODUCT_STEP(TILE_ROWS)
    if (TILE_ROWS > 4) PRODUCT_STEP(4)
    PRODUCT_STEP(2)
    PRODUCT_STEP(1)
#undef PRODUCT_STEP
}

/* c[rows, columns] = a[rows, depth] b[depth, columns], or += with accumulate; sums run over depth in order, so that a row
 * of c does not depend on the others. */
static void product(float *c, size_t c_row, bool accumulate, strided a, const float *b, size_t b_row, size_t rows,
                    size_t columns, size_t depth) {
    EACH_STEP(TILE_COLUMNS, j, n, columns, { product_rows(c + j, c_row, accumulate, a, b + j, b_row, rows, n, depth); });
}

#endif
