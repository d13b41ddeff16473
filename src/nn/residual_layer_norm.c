/* nn/residual_layer_norm.c: calls the CPU's body (nn/residual_layer_norm_body.h). */
#include "nn/kernels.h"

void residual_layer_norm_forward(float *out, float *sum, float *mean, float *rstd, const float *x, const float *x_bias,
                                 const float *residual, const float *weight, const float *bias, float epsilon,
                                 const dropout_mask *mask, uint64_t first_row, size_t tokens, size_t hidden) {
    kernels_of_cpu()->residual_layer_norm_forward(out, sum, mean, rstd, x, x_bias, residual, weight, bias, epsilon, mask,
                                                  first_row, tokens, hidden);
}
void residual_layer_norm_backward(float *d_x, float *d_sum, float *d_x_bias, float *d_weight, float *d_bias,
                                  const float *d_out, const float *sum, const float *mean, const float *rstd,
                                  const float *weight, const dropout_mask *mask, uint64_t first_row, size_t tokens,
                                  size_t hidden) {
    kernels_of_cpu()->residual_layer_norm_backward(d_x, d_sum, d_x_bias, d_weight, d_bias, d_out, sum, mean, rstd, weight,
                                                   mask, first_row, tokens, hidden);
}
