/* nn/gemm_pack.h: packing for the float kernels, included by each CPU level's file so that it is compiled with that
 * level's vectors. The including file defines TILE_ROWS and TILE_COLUMNS. */
#include "nn/gemm_kernel.h"
#include "nn/transpose_body.h"

/* panel[k][rows] from a[k, rows]. With a constant number of rows a copy is a few moves, no call. */
static inline __attribute__((always_inline)) void copy_rows(float *restrict panel, const float *restrict a, size_t lda,
                                                            const size_t rows, size_t k) {
    for (size_t p = 0; p < k; p++) __builtin_memcpy(panel + p * rows, a + p * lda, rows * sizeof *a);
}

/* panel[k][rows] from a[rows, k], or from a[k, rows] when transposed. */
static void pack_a(float *restrict panel, const float *restrict a, size_t lda, bool transposed, size_t rows, size_t k) {
    if (transposed) {
        /* rows are shared evenly among panels: nearly all have one of these sizes */
        if (rows == TILE_ROWS) copy_rows(panel, a, lda, TILE_ROWS, k);
        else if (rows == TILE_ROWS - 1) copy_rows(panel, a, lda, TILE_ROWS - 1, k);
        else if (rows == TILE_ROWS - 2) copy_rows(panel, a, lda, TILE_ROWS - 2, k);
        else copy_rows(panel, a, lda, rows, k);
        return;
    }
    /* Four rows at a time; what is left of them first, as four with the last repeated: what that writes too much
     * belongs to the next k, or to the next panel, and is written over. */
    size_t left = rows % 4, p = 0;
    for (; p + 4 <= k; p += 4) {
        float *to = panel + p * rows;
        const float *from = a + p;
        if (left > 0) {
            const float *last = from + (rows - left) * lda;
            transpose_four(to + rows - left, rows, last, last + (left > 1 ? 1 : 0) * lda,
                           last + (left > 2 ? 2 : 0) * lda, last);
        }
        for (size_t i = 0; i + 4 <= rows; i += 4, from += 4 * lda)
            transpose_four(to + i, rows, from, from + lda, from + 2 * lda, from + 3 * lda);
    }
    for (; p < k; p++)
        for (size_t i = 0; i < rows; i++) panel[p * rows + i] = a[i * lda + p];
}

/* panel[k][TILE_COLUMNS] from b[k, columns], or from b[columns, k] when transposed; missing columns are 0. */
static void pack_b(float *restrict panel, const float *restrict b, size_t ldb, bool transposed, size_t columns,
                   size_t k) {
    if (columns < TILE_COLUMNS)
        for (size_t i = 0; i < k * TILE_COLUMNS; i++) panel[i] = 0.0f;
    if (!transposed) {
        if (columns == TILE_COLUMNS) {
            /* of a constant size: moves, no call */
            for (size_t p = 0; p < k; p++)
                __builtin_memcpy(panel + p * TILE_COLUMNS, b + p * ldb, TILE_COLUMNS * sizeof *b);
            return;
        }
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < columns; j++) panel[p * TILE_COLUMNS + j] = b[p * ldb + j];
        return;
    }
    transpose(panel, TILE_COLUMNS, b, ldb, columns, k);
}
