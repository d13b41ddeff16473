/* nn/gemm_plain.c: the float kernel in plain C: the reference, and the kernel of CPUs that have no file of their own
 * (compilers turn the inner loop into the vectors of the target's base level). */
#define TILE_ROWS    4
#define TILE_COLUMNS 16
#include "nn/gemm_pack.h"

static void tile(float *c, size_t ldc, bool accumulate, const float *a, const float *b, size_t rows, size_t k, gemm_ahead ahead) {
    (void)ahead;
    float sum[TILE_ROWS][TILE_COLUMNS] = {{0}};
    for (size_t p = 0; p < k; p++)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < TILE_COLUMNS; j++) sum[i][j] += a[p * rows + i] * b[p * TILE_COLUMNS + j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < TILE_COLUMNS; j++) c[i * ldc + j] = (accumulate ? c[i * ldc + j] : 0.0f) + sum[i][j];
}

const gemm_kernel gemm_kernel_plain = {TILE_ROWS, TILE_COLUMNS, tile, NULL, pack_a, pack_b};
