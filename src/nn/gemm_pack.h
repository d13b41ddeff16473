/* nn/gemm_pack.h: packing for the float kernels, included by each CPU level's file so that it is compiled with that
 * level's vectors. The including file defines TILE_ROWS and TILE_COLUMNS. */
#include "nn/gemm_kernel.h"
#include "nn/transpose_body.h"

/* panel[k][rows] from a[rows, k], or from a[k, rows] when transposed. */
static void pack_a(float *restrict panel, const float *restrict a, size_t lda, bool transposed, size_t rows, size_t k) {
    if (transposed) {
        for (size_t p = 0; p < k; p++)
            for (size_t i = 0; i < rows; i++) panel[p * rows + i] = a[p * lda + i];
        return;
    }
    /* Eight k at a time: reads stay in the rows' cache lines, writes in a few lines of the panel. */
    size_t p = 0;
    for (; p + 8 <= k; p += 8)
        for (size_t i = 0; i < rows; i++)
            for (size_t q = 0; q < 8; q++) panel[(p + q) * rows + i] = a[i * lda + p + q];
    for (; p < k; p++)
        for (size_t i = 0; i < rows; i++) panel[p * rows + i] = a[i * lda + p];
}

/* panel[k][TILE_COLUMNS] from b[k, columns], or from b[columns, k] when transposed; missing columns are 0. */
static void pack_b(float *restrict panel, const float *restrict b, size_t ldb, bool transposed, size_t columns, size_t k) {
    if (columns < TILE_COLUMNS)
        for (size_t i = 0; i < k * TILE_COLUMNS; i++) panel[i] = 0.0f;
    if (!transposed) {
        if (columns == TILE_COLUMNS) {
            /* of a constant size: moves, no call */
            for (size_t p = 0; p < k; p++) __builtin_memcpy(panel + p * TILE_COLUMNS, b + p * ldb, TILE_COLUMNS * sizeof *b);
            return;
        }
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < columns; j++) panel[p * TILE_COLUMNS + j] = b[p * ldb + j];
        return;
    }
    transpose(panel, TILE_COLUMNS, b, ldb, columns, k);
}
