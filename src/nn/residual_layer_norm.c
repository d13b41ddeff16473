/* nn/residual_layer_norm.c */
#include "nn/residual_layer_norm.h"
#include "nn/bias.h"
#include "nn/layer_norm.h"

void residual_layer_norm_forward(float *out, float *sum, float *mean, float *rstd, const float *x, const float *x_bias,
                                 const float *residual, const float *weight, const float *bias, float epsilon,
                                 const dropout_mask *mask, uint64_t first_row, size_t tokens, size_t hidden) {
    for (size_t i = 0; i < tokens * hidden; i++) sum[i] = x[i] + (x_bias != NULL ? x_bias[i % hidden] : 0);
    dropout_forward(sum, sum, mask, first_row, tokens, hidden);
    for (size_t i = 0; i < tokens * hidden; i++) sum[i] += residual[i];
    layer_norm_forward(out, mean, rstd, sum, weight, bias, epsilon, tokens, hidden);
}

void residual_layer_norm_backward(float *d_x, float *d_sum, float *d_x_bias, float *d_weight, float *d_bias,
                                  const float *d_out, const float *sum, const float *mean, const float *rstd,
                                  const float *weight, const dropout_mask *mask, uint64_t first_row, size_t tokens,
                                  size_t hidden) {
    layer_norm_backward(d_sum, d_weight, d_bias, d_out, sum, mean, rstd, weight, tokens, hidden);
    if (d_x != NULL) dropout_backward(d_x, d_sum, mask, first_row, tokens, hidden);
    if (d_x_bias != NULL) bias_backward(d_x_bias, d_x != NULL ? d_x : d_sum, hidden, tokens, hidden);
}
