/* nn/gemm_int8_plain.c: the int8 kernel in plain C. */
#include "nn/gemm_int8_pack.h"

static void multiply(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, size_t count,
                     size_t columns, size_t depth) {
    for (size_t i = 0; i < count; i++) {
        _Alignas(64) int32_t sums[GEMM_INT8_COLUMNS] = {0};
        const uint8_t *row = a->values + i * depth;
        const int8_t *b = panel;
        for (size_t p = 0; p < depth; p += 4, b += 4 * GEMM_INT8_COLUMNS)
            for (size_t j = 0; j < GEMM_INT8_COLUMNS; j++)
                sums[j] += row[p] * b[4 * j] + row[p + 1] * b[4 * j + 1] + row[p + 2] * b[4 * j + 2] + row[p + 3] * b[4 * j + 3];
        put_row(c + i * ldc, accumulate, sums, row_steps_of(a, i), scales_of(panel, depth), columns);
    }
}

static void block(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, size_t count,
                  size_t columns, size_t depth) {
    EACH_PANEL(panel, next, j, n, columns, depth, {
        (void)next; /* compilers' vectors do not wait for memory as long as they compute */
        multiply(c + j, ldc, accumulate, a, panel, count, n, depth);
    });
}

const gemm_int8_kernel gemm_int8_plain = {pack_a, pack_b, block};
