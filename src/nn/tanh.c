/* nn/tanh.c */
#include "nn/tanh.h"

#include <math.h>

void tanh_forward(float *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = tanhf(in[i]);
}
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count) {
    for (size_t i = 0; i < count; i++) d_in[i] = d_out[i] * (1 - out[i] * out[i]);
}
