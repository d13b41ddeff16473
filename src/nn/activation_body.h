/* nn/activation_body.h: bias and activation over vectors (nn/vector.h). */
#ifndef MASKE_NN_ACTIVATION_BODY_H
#define MASKE_NN_ACTIVATION_BODY_H

#include "nn/activation.h"
#include "nn/vector_math_body.h"

INLINE floats activation_value(floats x, activation kind) {
    switch (kind) {
    case ACTIVATION_GELU_NEW: return gelu_new_value(x);
    case ACTIVATION_RELU: return larger(floats_all(0.0f), x);
    case ACTIVATION_SILU: return silu_value(x);
    case ACTIVATION_TANH: return hyperbolic_tangent(x);
    default: return gelu_value(x);
    }
}
INLINE floats activation_slope(floats x, activation kind) {
    switch (kind) {
    case ACTIVATION_GELU_NEW: return gelu_new_slope(x);
    case ACTIVATION_RELU: return keep(above(x, floats_all(0.0f)), floats_all(1.0f));
    case ACTIVATION_SILU: return silu_slope(x);
    case ACTIVATION_TANH: return hyperbolic_tangent_slope(x);
    default: return gelu_slope(x);
    }
}

/* kind is a constant where this is used: a loop for each kind out of one. */
INLINE void activation_forward_rows(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, out += columns, pre += columns, x += columns)
        EACH_VECTOR(i, n, columns, {
            floats value = load(x + i, n);
            if (bias != NULL) value += load(bias + i, n);
            store(pre + i, value, n);
            store(out + i, activation_value(value, kind), n);
        });
}
static void bias_activation_forward_body(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows, size_t columns) {
    switch (kind) {
    case ACTIVATION_GELU: activation_forward_rows(out, pre, x, bias, ACTIVATION_GELU, rows, columns); break;
    case ACTIVATION_GELU_NEW: activation_forward_rows(out, pre, x, bias, ACTIVATION_GELU_NEW, rows, columns); break;
    case ACTIVATION_RELU: activation_forward_rows(out, pre, x, bias, ACTIVATION_RELU, rows, columns); break;
    case ACTIVATION_SILU: activation_forward_rows(out, pre, x, bias, ACTIVATION_SILU, rows, columns); break;
    case ACTIVATION_TANH: activation_forward_rows(out, pre, x, bias, ACTIVATION_TANH, rows, columns); break;
    case ACTIVATION_COUNT: break;
    }
}

INLINE void activation_backward_rows(float *d_pre, float *d_bias, float *out, const float *d_out, const float *pre, activation kind, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, d_pre += columns, d_out += columns, pre += columns)
        EACH_VECTOR(i, n, columns, {
            floats x = load(pre + i, n), d = load(d_out + i, n) * activation_slope(x, kind);
            store(d_pre + i, d, n);
            if (d_bias != NULL) store(d_bias + i, load(d_bias + i, n) + d, n);
            if (out != NULL) store(out + r * columns + i, activation_value(x, kind), n);
        });
}
static void bias_activation_backward_body(float *d_pre, float *d_bias, float *out, const float *d_out, const float *pre, activation kind, size_t rows, size_t columns) {
    switch (kind) {
    case ACTIVATION_GELU: activation_backward_rows(d_pre, d_bias, out, d_out, pre, ACTIVATION_GELU, rows, columns); break;
    case ACTIVATION_GELU_NEW: activation_backward_rows(d_pre, d_bias, out, d_out, pre, ACTIVATION_GELU_NEW, rows, columns); break;
    case ACTIVATION_RELU: activation_backward_rows(d_pre, d_bias, out, d_out, pre, ACTIVATION_RELU, rows, columns); break;
    case ACTIVATION_SILU: activation_backward_rows(d_pre, d_bias, out, d_out, pre, ACTIVATION_SILU, rows, columns); break;
    case ACTIVATION_TANH: activation_backward_rows(d_pre, d_bias, out, d_out, pre, ACTIVATION_TANH, rows, columns); break;
    case ACTIVATION_COUNT: break;
    }
}

/* ------------------------------------------------------------------------------------------ kept as bfloat16 --- */

INLINE void activation_forward_rounded(uint16_t *out, uint16_t *pre, const float *x, const float *bias, activation kind, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, out += columns, pre += columns, x += columns)
        EACH_VECTOR(i, n, columns, {
            floats value = round_to_half(load(x + i, n) + load(bias + i, n));
            store_rounded(pre + i, value, n);
            store_rounded(out + i, activation_value(value, kind), n);
        });
}
static void bias_activation_forward_rounded_body(uint16_t *out, uint16_t *pre, const float *x, const float *bias, activation kind, size_t rows, size_t columns) {
    switch (kind) {
    case ACTIVATION_GELU: activation_forward_rounded(out, pre, x, bias, ACTIVATION_GELU, rows, columns); break;
    case ACTIVATION_GELU_NEW: activation_forward_rounded(out, pre, x, bias, ACTIVATION_GELU_NEW, rows, columns); break;
    case ACTIVATION_RELU: activation_forward_rounded(out, pre, x, bias, ACTIVATION_RELU, rows, columns); break;
    case ACTIVATION_SILU: activation_forward_rounded(out, pre, x, bias, ACTIVATION_SILU, rows, columns); break;
    case ACTIVATION_TANH: activation_forward_rounded(out, pre, x, bias, ACTIVATION_TANH, rows, columns); break;
    case ACTIVATION_COUNT: break;
    }
}

INLINE void activation_backward_rounded(uint16_t *d_pre, float *d_bias, uint16_t *out, const float *d_out, const uint16_t *pre, activation kind, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, d_pre += columns, out += columns, d_out += columns, pre += columns)
        EACH_VECTOR(i, n, columns, {
            floats x = load_rounded(pre + i, n), d = load(d_out + i, n) * activation_slope(x, kind);
            store_rounded(d_pre + i, d, n);
            store(d_bias + i, load(d_bias + i, n) + d, n);
            store_rounded(out + i, activation_value(x, kind), n);
        });
}
static void bias_activation_backward_rounded_body(uint16_t *d_pre, float *d_bias, uint16_t *out, const float *d_out, const uint16_t *pre, activation kind, size_t rows, size_t columns) {
    switch (kind) {
    case ACTIVATION_GELU: activation_backward_rounded(d_pre, d_bias, out, d_out, pre, ACTIVATION_GELU, rows, columns); break;
    case ACTIVATION_GELU_NEW: activation_backward_rounded(d_pre, d_bias, out, d_out, pre, ACTIVATION_GELU_NEW, rows, columns); break;
    case ACTIVATION_RELU: activation_backward_rounded(d_pre, d_bias, out, d_out, pre, ACTIVATION_RELU, rows, columns); break;
    case ACTIVATION_SILU: activation_backward_rounded(d_pre, d_bias, out, d_out, pre, ACTIVATION_SILU, rows, columns); break;
    case ACTIVATION_TANH: activation_backward_rounded(d_pre, d_bias, out, d_out, pre, ACTIVATION_TANH, rows, columns); break;
    case ACTIVATION_COUNT: break;
    }
}

#endif
