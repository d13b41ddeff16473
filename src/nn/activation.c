/* nn/activation.c: names; calls the CPU's body (nn/activation_body.h). */
#include "nn/kernels.h"

#include <string.h>

static const char *const names[ACTIVATION_COUNT] = {[ACTIVATION_GELU] = "gelu",
                                                    [ACTIVATION_GELU_NEW] = "gelu_new",
                                                    [ACTIVATION_RELU] = "relu",
                                                    [ACTIVATION_SILU] = "silu",
                                                    [ACTIVATION_TANH] = "tanh"};

bool activation_from_name(activation *out, const char *name) {
    for (int i = 0; i < ACTIVATION_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (activation)i;
            return true;
        }
    return false;
}
const char *activation_name(activation kind) { return names[kind]; }

void bias_activation_forward(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows,
                             size_t columns) {
    kernels_of_cpu()->bias_activation_forward(out, pre, x, bias, kind, rows, columns);
}
void bias_activation_backward(float *d_pre, float *d_bias, float *out, const float *d_out, const float *pre, activation kind,
                              size_t rows, size_t columns) {
    kernels_of_cpu()->bias_activation_backward(d_pre, d_bias, out, d_out, pre, kind, rows, columns);
}
void bias_activation_forward_rounded(uint16_t *out, uint16_t *pre, const float *x, const float *bias, activation kind,
                                     size_t rows, size_t columns) {
    kernels_of_cpu()->bias_activation_forward_rounded(out, pre, x, bias, kind, rows, columns);
}
void bias_activation_backward_rounded(uint16_t *d_pre, float *d_bias, uint16_t *out, const float *d_out,
                                      const uint16_t *pre, activation kind, size_t rows, size_t columns) {
    kernels_of_cpu()->bias_activation_backward_rounded(d_pre, d_bias, out, d_out, pre, kind, rows, columns);
}
