/* nn/gemm_pack.h: packing for the float kernels, included by each CPU level's file so that it is compiled with that
 * level's vectors. The including file defines TILE_ROWS and TILE_COLUMNS.
 *
 * What lies in memory as it is packed (a transposed A, a straight B) is read along its rows, several panels at a time:
 * reading panel by panel would jump from row to row for a cache line each, which no prefetcher follows. */
#include "nn/gemm_kernel.h"
#include "nn/transpose_body.h"

/* `panels` panels [k][rows] from a[k, panels * rows]. With a constant number of rows a copy is a few moves, no call. */
INLINE void copy_panels(float *restrict to, const float *restrict a, size_t lda, size_t panels, const size_t rows, size_t k) {
    for (size_t p = 0; p < k; p++)
        for (size_t i = 0; i < panels; i++)
            __builtin_memcpy(to + i * rows * k + p * rows, a + p * lda + i * rows, rows * sizeof *a);
}
static void copy_panels_of(float *to, const float *a, size_t lda, size_t panels, size_t rows, size_t k) {
    /* rows are shared evenly: nearly all panels have one of these sizes */
    if (rows == TILE_ROWS) copy_panels(to, a, lda, panels, TILE_ROWS, k);
    else if (rows == TILE_ROWS - 1) copy_panels(to, a, lda, panels, TILE_ROWS - 1, k);
    else if (rows == TILE_ROWS - 2) copy_panels(to, a, lda, panels, TILE_ROWS - 2, k);
    else copy_panels(to, a, lda, panels, rows, k);
}

/* panel[k][rows] from a[rows, k]. Four rows at a time; what is left of them first, as four with the last repeated: what
 * that writes too much belongs to the next k, or to the next panel or the slack, and is written over. */
static void transpose_panel(float *restrict panel, const float *restrict a, size_t lda, size_t rows, size_t k) {
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

static void pack_a(float *restrict panels, const float *restrict a, size_t lda, bool transposed, row_split split,
                   size_t k) {
    size_t longer = split.longer * (split.rows + 1);        /* rows in the longer panels */
    if (transposed) {
        copy_panels_of(panels, a, lda, split.longer, split.rows + 1, k);
        copy_panels_of(panels + longer * k, a + longer, lda, split.panels - split.longer, split.rows, k);
        return;
    }
    for (size_t p = 0, row = 0; p < split.panels; p++) {
        size_t rows = split.rows + (p < split.longer);
        transpose_panel(panels + row * k, a + row * lda, lda, rows, k);
        row += rows;
    }
}

/* Panels [k][TILE_COLUMNS] from b[k, columns], or from b[columns, k] when transposed; missing columns are 0. */
static void pack_b(float *restrict panels, const float *restrict b, size_t ldb, bool transposed, size_t columns,
                   size_t k) {
    enum { TOGETHER = 256 / TILE_COLUMNS };     /* panels: a kilobyte of each row */
    size_t whole = columns / TILE_COLUMNS, rest = columns % TILE_COLUMNS;
    for (size_t j = 0; j < whole && transposed; j++)
        transpose(panels + j * TILE_COLUMNS * k, TILE_COLUMNS, b + j * TILE_COLUMNS * ldb, ldb, TILE_COLUMNS, k);
    for (size_t j = 0; j < whole && !transposed; j += TOGETHER)
        copy_panels(panels + j * TILE_COLUMNS * k, b + j * TILE_COLUMNS, ldb,
                    whole - j < TOGETHER ? whole - j : TOGETHER, TILE_COLUMNS, k);
    if (rest == 0) return;
    panels += whole * TILE_COLUMNS * k;
    b += transposed ? whole * TILE_COLUMNS * ldb : whole * TILE_COLUMNS;
    for (size_t i = 0; i < k * TILE_COLUMNS; i++) panels[i] = 0.0f;
    if (transposed) transpose(panels, TILE_COLUMNS, b, ldb, rest, k);
    else
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < rest; j++) panels[p * TILE_COLUMNS + j] = b[p * ldb + j];
}
