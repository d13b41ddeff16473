/* nn/activation.c */
#include "nn/activation.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {[ACTIVATION_GELU] = "gelu", [ACTIVATION_GELU_NEW] = "gelu_new", [ACTIVATION_RELU] = "relu"};

bool activation_from_name(activation *out, const char *name) {
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *out = (activation)i;
            return true;
        }
    return false;
}
const char *activation_name(activation kind) { return names[kind]; }

static double activation_value(double x, activation kind) {
    if (kind == ACTIVATION_RELU) return x > 0 ? x : 0;
    if (kind == ACTIVATION_GELU) return 0.5 * x * (1 + erf(x * 0.70710678118654752));
    return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
}
static double activation_slope(double x, activation kind) {
    if (kind == ACTIVATION_RELU) return x > 0;
    if (kind == ACTIVATION_GELU) return 0.5 * (1 + erf(x * 0.70710678118654752)) + x * 0.39894228040143268 * exp(-0.5 * x * x);
    double t = tanh(0.79788456080286536 * (x + 0.044715 * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.79788456080286536 * (1 + 0.134145 * x * x);
}

void bias_activation_forward(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows,
                             size_t columns) {
    for (size_t i = 0; i < rows * columns; i++) {
        float value = x[i] + (bias != NULL ? bias[i % columns] : 0);
        pre[i] = value;
        out[i] = (float)activation_value(value, kind);
    }
}

void bias_activation_backward(float *d_pre, float *d_bias, const float *d_out, const float *pre, activation kind,
                              size_t rows, size_t columns) {
    for (size_t i = 0; i < rows * columns; i++) {
        d_pre[i] = d_out[i] * (float)activation_slope(pre[i], kind);
        if (d_bias != NULL) d_bias[i % columns] += d_pre[i];
    }
}
