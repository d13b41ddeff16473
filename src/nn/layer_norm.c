/* nn/layer_norm.c: calls the CPU's body (nn/layer_norm_body.h). */
#include "nn/kernels.h"

void layer_norm_forward(float *out, float *mean, float *rstd, const float *in, const float *weight, const float *bias,
                        float epsilon, size_t tokens, size_t hidden) {
    kernels_of_cpu()->layer_norm_forward(out, mean, rstd, in, weight, bias, epsilon, tokens, hidden);
}
void layer_norm_again(float *out, uint16_t *rounded, const float *in, const float *mean, const float *rstd, const float *weight,
                      const float *bias, size_t tokens, size_t hidden) {
    kernels_of_cpu()->layer_norm_again(out, rounded, in, mean, rstd, weight, bias, tokens, hidden);
}
void layer_norm_backward(float *d_in, float *d_weight, float *d_bias, const float *d_out, const float *in,
                         const float *mean, const float *rstd, const float *weight, size_t tokens, size_t hidden) {
    kernels_of_cpu()->layer_norm_backward(d_in, d_weight, d_bias, d_out, in, mean, rstd, weight, tokens, hidden);
}
