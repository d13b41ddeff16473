/* nn/adamw.c */
#include "nn/adamw.h"

#include <math.h>

void adamw_step(float *weight, float *gradient, float *first_moment, float *second_moment, const adamw *settings,
                size_t count) {
    double correction1 = 1 - pow(settings->beta1, (double)settings->step);
    double correction2 = sqrt(1 - pow(settings->beta2, (double)settings->step));
    float decay = (float)(1 - settings->learning_rate * settings->weight_decay), epsilon = (float)settings->epsilon;
    float step_size = (float)(settings->learning_rate / correction1), divisor = (float)correction2;
    float towards = (float)(1 - settings->beta1), beta2 = (float)settings->beta2, rest2 = (float)(1 - settings->beta2);
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * settings->gradient_scale;
        float m = first_moment[i] + (g - first_moment[i]) * towards;
        float v = second_moment[i] * beta2 + rest2 * g * g;
        first_moment[i] = m;
        second_moment[i] = v;
        gradient[i] = 0;
        weight[i] = weight[i] * decay - step_size * m / (sqrtf(v) / divisor + epsilon);
    }
}

double gradient_square_sum(const float *gradient, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)gradient[i] * gradient[i];
    return sum;
}

float gradient_clip_factor(double norm, double max_norm) {
    if (!(max_norm > 0)) return 1;
    double factor = max_norm / (norm + 1e-6);
    return factor < 1 ? (float)factor : 1;
}
