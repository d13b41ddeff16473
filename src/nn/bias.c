/* nn/bias.c */
#include "nn/bias.h"

void bias_forward(float *x, size_t stride, const float *bias, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) x[r * stride + c] += bias[c];
}
void bias_backward(float *d_bias, const float *d_out, size_t stride, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) d_bias[c] += d_out[r * stride + c];
}
void partials_add(float *total, const float *partials, size_t stride, size_t blocks, size_t count) {
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < count; i++) total[i] += partials[b * stride + i];
}
