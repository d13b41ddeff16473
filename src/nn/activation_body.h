/* nn/activation_body.h: bias and activation over vectors (nn/vector.h). */
#ifndef MASKE_NN_ACTIVATION_BODY_H
#define MASKE_NN_ACTIVATION_BODY_H

#include "nn/activation.h"
#include "nn/vector_math_body.h"

/* Of the vectors of a group (nn/vector.h); kind is a constant where these are used. */
INLINE void activation_value(floats out[VECTORS], const floats x[VECTORS], activation kind) {
    if (kind == ACTIVATION_GELU) {
        gelu_value(out, x);
        return;
    }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) switch (kind) {
        case ACTIVATION_GELU_NEW: out[v] = gelu_new_value(x[v]); break;
        case ACTIVATION_RELU: out[v] = larger(floats_all(0.0f), x[v]); break;
        case ACTIVATION_SILU: out[v] = silu_value(x[v]); break;
        default: out[v] = hyperbolic_tangent(x[v]); break;
        }
}
INLINE void activation_slope(floats out[VECTORS], const floats x[VECTORS], activation kind) {
    if (kind == ACTIVATION_GELU) {
        gelu_slope(out, x);
        return;
    }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) switch (kind) {
        case ACTIVATION_GELU_NEW: out[v] = gelu_new_slope(x[v]); break;
        case ACTIVATION_RELU: out[v] = keep(above(x[v], floats_all(0.0f)), floats_all(1.0f)); break;
        case ACTIVATION_SILU: out[v] = silu_slope(x[v]); break;
        default: out[v] = hyperbolic_tangent_slope(x[v]); break;
        }
}

/* kind is a constant where this is used: a loop for each kind out of one. */
INLINE void activation_forward_rows(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, out += columns, pre += columns, x += columns)
        EACH_GROUP(g, size, columns, {
            floats value[VECTORS], result[VECTORS];
            group_clear(value, 0);
            EACH_PART(v, i, n, size, {
                value[v] = load(x + g + i, n);
                if (bias != NULL) value[v] += load(bias + g + i, n);
                store(pre + g + i, value[v], n);
            })
            activation_value(result, value, kind);
            EACH_PART(v, i, n, size, { store(out + g + i, result[v], n); })
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
        EACH_GROUP(g, size, columns, {
            floats x[VECTORS], slope[VECTORS], value[VECTORS];
            group_clear(x, 0);
            EACH_PART(v, i, n, size, { x[v] = load(pre + g + i, n); })
            activation_slope(slope, x, kind);
            group_clear(value, 0);
            if (out != NULL) activation_value(value, x, kind);
            EACH_PART(v, i, n, size, {
                floats d = load(d_out + g + i, n) * slope[v];
                store(d_pre + g + i, d, n);
                if (d_bias != NULL) store(d_bias + g + i, load(d_bias + g + i, n) + d, n);
                if (out != NULL) store(out + r * columns + g + i, value[v], n);
            })
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
        EACH_GROUP(g, size, columns, {
            floats value[VECTORS], result[VECTORS];
            group_clear(value, 0);
            EACH_PART(v, i, n, size, {
                value[v] = round_to_half(load(x + g + i, n) + load(bias + g + i, n));
                store_rounded(pre + g + i, value[v], n);
            })
            activation_value(result, value, kind);
            EACH_PART(v, i, n, size, { store_rounded(out + g + i, result[v], n); })
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
        EACH_GROUP(g, size, columns, {
            floats x[VECTORS], slope[VECTORS], value[VECTORS];
            group_clear(x, 0);
            EACH_PART(v, i, n, size, { x[v] = load_rounded(pre + g + i, n); })
            activation_slope(slope, x, kind);
            activation_value(value, x, kind);
            EACH_PART(v, i, n, size, {
                floats d = load(d_out + g + i, n) * slope[v];
                store_rounded(d_pre + g + i, d, n);
                store(d_bias + g + i, load(d_bias + g + i, n) + d, n);
                store_rounded(out + g + i, value[v], n);
            })
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
