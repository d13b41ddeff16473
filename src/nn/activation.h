/* nn/activation.h: gelu, gelu_new, relu, silu and tanh, with the bias of the linear layer before them.
 *
 *   gelu(x)     = x Phi(x) = x (1 + erf(x / sqrt 2)) / 2
 *   gelu_new(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *   relu(x)     = max(x, 0)
 *   silu(x)     = x / (1 + exp(-x))
 * Largest absolute error of these and their derivatives: 1e-6 (nn/vector_math_body.h).
 *
 *   out    [rows, columns]   activation(pre)
 *   pre    [rows, columns]   x + bias, kept for backward; may be x, or out where no backward follows
 *   x      [rows, columns]   the linear layer's product
 *   bias   [columns]         or NULL: nothing is added
 * d_pre is set and may be d_out; d_bias [columns], or NULL, is added to: partial sums, as in nn/layer_norm.h. In backward out
 * may be NULL; else it becomes activation(pre) anew, the same bits (but for a NaN's), and may be pre.
 * AVX2 and AVX-512 agree bit for bit, plain C to 1e-6. */
#ifndef MASKE_NN_ACTIVATION_H
#define MASKE_NN_ACTIVATION_H

#include "maske.h"

typedef enum activation {
    ACTIVATION_GELU,
    ACTIVATION_GELU_NEW,
    ACTIVATION_RELU,
    ACTIVATION_SILU,
    ACTIVATION_TANH,
    ACTIVATION_COUNT
} activation;

/* By the name in config.json ("gelu", "gelu_new", "relu", "silu", "tanh"); false: no such activation. */
bool activation_from_name(activation *out, const char *name);
const char *activation_name(activation kind);

void bias_activation_forward(float *out, float *pre, const float *x, const float *bias, activation kind, size_t rows,
                             size_t columns);
void bias_activation_backward(float *d_pre, float *d_bias, float *out, const float *d_out, const float *pre, activation kind,
                              size_t rows, size_t columns);

/* The same with out, pre and d_pre in bfloat16 (nn/gemm.h); bias and d_bias are there. out is the rounded activation of the
 * rounded pre, as where PyTorch's autocast runs these operations, so that backward makes the same out again from pre. */
void bias_activation_forward_rounded(uint16_t *out, uint16_t *pre, const float *x, const float *bias, activation kind,
                                     size_t rows, size_t columns);
void bias_activation_backward_rounded(uint16_t *d_pre, float *d_bias, uint16_t *out, const float *d_out,
                                      const uint16_t *pre, activation kind, size_t rows, size_t columns);

#endif
