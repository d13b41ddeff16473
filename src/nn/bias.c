/* nn/bias.c: calls the CPU's body (nn/bias_body.h). */
#include "nn/kernels.h"

void bias_forward(float *x, size_t stride, const float *bias, size_t rows, size_t columns) {
    kernels_of_cpu()->bias_forward(x, stride, bias, rows, columns);
}
void bias_backward(float *d_bias, const float *d_out, size_t stride, size_t rows, size_t columns) {
    kernels_of_cpu()->bias_backward(d_bias, d_out, stride, rows, columns);
}
void bias_forward_rounded(uint16_t *out, size_t stride, const float *x, const float *bias, size_t rows, size_t columns) {
    kernels_of_cpu()->bias_forward_rounded(out, stride, x, bias, rows, columns);
}
void bias_backward_rounded(float *d_bias, const uint16_t *d_out, size_t stride, size_t rows, size_t columns) {
    kernels_of_cpu()->bias_backward_rounded(d_bias, d_out, stride, rows, columns);
}
void partials_add(float *total, const float *partials, size_t stride, size_t blocks, size_t count) {
    kernels_of_cpu()->partials_add(total, partials, stride, blocks, count);
}
