/* nn/gemm_plain_bf16.c: the bfloat16 kernel in plain C: the reference, and how a machine without such instructions tests what
 * trains in bfloat16 (MASKE_CPU=plainbf16). It is never chosen by itself: floats are faster there.
 *
 * A is packed as rows, [rows][depth], however it lay. */
#include "base/half.h"
#include "nn/gemm_kernel.h"

enum { COLUMNS = 32 };

static void round_row(uint16_t *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = float_to_bfloat16(in[i]);
}

static uint16_t element(gemm_source s, size_t row, size_t column) {
    size_t place = row * s.stride + column;
    return s.rounded ? ((const uint16_t *)s.at)[place] : float_to_bfloat16(((const float *)s.at)[place]);
}

static void pack_a(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth) {
    for (size_t i = 0; i < rows; i++)
        for (size_t p = 0; p < depth; p++)
            packed[i * depth + p] = p >= k ? 0 : transposed ? element(a, p, i) : element(a, i, p);
}

static void pack_b(uint16_t *panels, gemm_source b, bool transposed, size_t columns, size_t k, size_t depth) {
    for (size_t first = 0; first < columns; first += COLUMNS)
        for (size_t p = 0; p < depth; p += 2)
            for (size_t j = first; j < first + COLUMNS; j++)
                for (size_t half = p; half < p + 2; half++)
                    *panels++ = half >= k || j >= columns ? 0 : transposed ? element(b, j, half) : element(b, half, j);
}

static void block(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t a_stride, bool a_transposed,
                  const uint16_t *b, const uint16_t *next, size_t rows, size_t columns, size_t depth) {
    (void)a_transposed;
    (void)next;
    for (size_t i = 0; i < rows; i++, a += a_stride, c += ldc) {
        float sum[COLUMNS] = {0};
        for (size_t p = 0; p < depth; p += 2) {
            float first = bfloat16_to_float(a[p]), second = bfloat16_to_float(a[p + 1]);
            for (size_t j = 0; j < COLUMNS; j++) {
                const uint16_t *pair = b + (p / 2 * COLUMNS + j) * 2;
                sum[j] += first * bfloat16_to_float(pair[0]) + second * bfloat16_to_float(pair[1]);
            }
        }
        for (size_t j = 0; j < columns; j++) c[j] = (accumulate ? c[j] : 0.0f) + sum[j];
    }
}

static void nothing(void) {}

const gemm_bf16_kernel gemm_kernel_plain_bf16 = {COLUMNS, GEMM_ROWS, true, GEMM_SUMS, block, pack_a, pack_b, round_row, nothing, nothing};
