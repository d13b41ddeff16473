/* nn/softmax.c */
#include "nn/softmax.h"

#include <math.h>

void softmax_forward(float *out, const float *in, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, in += columns, out += columns) {
        float most = -INFINITY;
        double sum = 0;
        for (size_t i = 0; i < columns; i++) most = in[i] > most ? in[i] : most;
        for (size_t i = 0; i < columns; i++) sum += out[i] = expf(in[i] - most);
        for (size_t i = 0; i < columns; i++) out[i] = (float)(out[i] / sum);
    }
}
void softmax_backward(float *d_in, const float *d_out, const float *out, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, d_in += columns, d_out += columns, out += columns) {
        double dot = 0;
        for (size_t i = 0; i < columns; i++) dot += (double)d_out[i] * out[i];
        for (size_t i = 0; i < columns; i++) d_in[i] = out[i] * (d_out[i] - (float)dot);
    }
}
