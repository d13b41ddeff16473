/* nn/adamw.c: the numbers of a step; the loops are in nn/adamw_body.h. */
#include "nn/kernels.h"

#include <math.h>

void adamw_step(float *weight, const float *gradient, float *first_moment, float *second_moment, const adamw *settings,
                size_t count) {
    double correction1 = 1 - pow(settings->beta1, (double)settings->step);
    double correction2 = 1 - pow(settings->beta2, (double)settings->step);
    adamw_factors factors = {
        .gradient_scale = settings->gradient_scale,
        .decay = (float)(1 - settings->learning_rate * settings->weight_decay),
        .towards = (float)(1 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .rest2 = (float)(1 - settings->beta2),
        .step_size = (float)(settings->learning_rate / correction1),
        .divisor = (float)sqrt(correction2),
        .epsilon = (float)settings->epsilon,
    };
    kernels_of_cpu()->adamw_step(weight, gradient, first_moment, second_moment, factors, count);
}

double gradient_square_sum(const float *gradient, size_t count) { return kernels_of_cpu()->gradient_square_sum(gradient, count); }

float gradient_clip_factor(double norm, double max_norm) {
    if (!(max_norm > 0)) return 1;
    double factor = max_norm / (norm + 1e-6);
    return factor < 1 ? (float)factor : 1;
}
