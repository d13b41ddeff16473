/* nn/layer_norm.c */
#include "nn/layer_norm.h"

#include <math.h>

void layer_norm_forward(float *out, float *mean, float *rstd, const float *in, const float *weight, const float *bias,
                        float epsilon, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++) {
        const float *x = in + t * hidden;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < hidden; i++) sum += x[i];
        float m = (float)(sum / (double)hidden);
        for (size_t i = 0; i < hidden; i++) squares += (double)(x[i] - m) * (x[i] - m);
        float r = (float)(1 / sqrt(squares / (double)hidden + epsilon));
        for (size_t i = 0; i < hidden; i++) out[t * hidden + i] = (x[i] - m) * r * weight[i] + bias[i];
        if (mean != NULL) mean[t] = m;
        if (rstd != NULL) rstd[t] = r;
    }
}

void layer_norm_backward(float *d_in, float *d_weight, float *d_bias, const float *d_out, const float *in,
                         const float *mean, const float *rstd, const float *weight, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++) {
        const float *x = in + t * hidden, *d = d_out + t * hidden;
        double sum = 0, dot = 0;
        for (size_t i = 0; i < hidden; i++) {
            float normal = (x[i] - mean[t]) * rstd[t], g = d[i] * weight[i];
            sum += g;
            dot += (double)g * normal;
        }
        float average = (float)(sum / (double)hidden), slope = (float)(dot / (double)hidden);
        for (size_t i = 0; i < hidden; i++) {
            float normal = (x[i] - mean[t]) * rstd[t], value = d[i];
            d_weight[i] += value * normal;
            d_bias[i] += value;
            d_in[t * hidden + i] = rstd[t] * (value * weight[i] - average - normal * slope);
        }
    }
}
