/* nn/softmax.c: calls the CPU's body (nn/softmax_body.h). */
#include "nn/kernels.h"

void softmax_forward(float *out, const float *in, size_t rows, size_t columns) {
    kernels_of_cpu()->softmax_forward(out, in, rows, columns);
}
void softmax_backward(float *d_in, const float *d_out, const float *out, size_t rows, size_t columns) {
    kernels_of_cpu()->softmax_backward(d_in, d_out, out, rows, columns);
}
