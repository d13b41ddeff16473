/* nn/residual_layer_norm.c: calls the CPU's body (nn/residual_layer_norm_body.h). */
#include "nn/kernels.h"

void residual_layer_norm_forward(float *out, uint16_t *rounded, float *sum, float *mean, float *rstd, const float *x,
                                 const float *x_bias, const float *residual, const float *weight, const float *bias,
                                 float epsilon, const dropout_mask *mask, uint64_t first_row, size_t tokens, size_t hidden) {
    kernels_of_cpu()->residual_layer_norm_forward(out, rounded, sum, mean, rstd, x, x_bias, residual, weight, bias, epsilon, mask,
                                                  first_row, tokens, hidden);
}
void residual_layer_norm_backward(float *d_x, uint16_t *d_x_rounded, float *d_sum, float *d_x_bias, float *d_weight,
                                  float *d_bias, const float *d_out, const float *sum, const float *mean, const float *rstd,
                                  const float *weight, const dropout_mask *mask, uint64_t first_row, size_t tokens,
                                  size_t hidden) {
    kernels_of_cpu()->residual_layer_norm_backward(d_x, d_x_rounded, d_sum, d_x_bias, d_weight, d_bias, d_out, sum, mean, rstd, weight,
                                                   mask, first_row, tokens, hidden);
}
