/* nn/tanh.c: calls the CPU's body (nn/tanh_body.h). */
#include "nn/kernels.h"

void tanh_forward(float *out, const float *in, size_t count) { kernels_of_cpu()->tanh_forward(out, in, count); }
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count) {
    kernels_of_cpu()->tanh_backward(d_in, d_out, out, count);
}
