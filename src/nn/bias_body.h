/* nn/bias_body.h: biases and column sums over vectors (nn/vector.h). Every sum goes row by row in its column. */
#ifndef MASKE_NN_BIAS_BODY_H
#define MASKE_NN_BIAS_BODY_H

#include "nn/bias.h"
#include "nn/vector.h"

static void bias_forward_body(float *x, size_t stride, const float *bias, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, x += stride)
        EACH_VECTOR(i, n, columns, { store(x + i, load(x + i, n) + load(bias + i, n), n); });
}

/* total += four rows at a time (or the one to three that are left): a quarter of the trips to total. x is of floats, or of
 * bfloat16; `rounded` and the number of rows are constants where these are used. */
INLINE void add_rows(float *total, const void *x, const bool rounded, size_t first, size_t stride, size_t rows, size_t columns) {
    EACH_VECTOR(i, n, columns, {
        floats sum = load(total + i, n);
        for (size_t r = first; r < first + rows; r++) {
            if (rounded) sum += load_rounded((const uint16_t *)x + r * stride + i, n);
            else sum += load((const float *)x + r * stride + i, n);
        }
        store(total + i, sum, n);
    });
}
INLINE void add_all_rows(float *total, const void *x, const bool rounded, size_t stride, size_t rows, size_t columns) {
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) add_rows(total, x, rounded, r, stride, 4, columns);
    for (; r < rows; r++) add_rows(total, x, rounded, r, stride, 1, columns);
}
static void bias_backward_body(float *d_bias, const float *d_out, size_t stride, size_t rows, size_t columns) {
    add_all_rows(d_bias, d_out, false, stride, rows, columns);
}
static void partials_add_body(float *total, const float *partials, size_t stride, size_t blocks, size_t count) {
    bias_backward_body(total, partials, stride, blocks, count);
}

static void bias_forward_rounded_body(uint16_t *out, size_t stride, const float *x, const float *bias, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, out += stride, x += columns)
        EACH_VECTOR(i, n, columns, { store_rounded(out + i, load(x + i, n) + load(bias + i, n), n); });
}
static void bias_backward_rounded_body(float *d_bias, const uint16_t *d_out, size_t stride, size_t rows, size_t columns) {
    add_all_rows(d_bias, d_out, true, stride, rows, columns);
}

#endif
