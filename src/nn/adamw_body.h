/* nn/adamw_body.h: AdamW and the gradients' norm over vectors (nn/vector.h). */
#ifndef MASKE_NN_ADAMW_BODY_H
#define MASKE_NN_ADAMW_BODY_H

#include "nn/kernels.h"
#include "nn/vector.h"

/* Multiplications and additions are kept apart where torch's are: the moments then agree with it bit for bit. */
static void adamw_step_body(float *weight, const float *gradient, float *first_moment, float *second_moment, adamw_factors f, size_t count) {
    EACH_VECTOR(i, n, count, {
        floats g = load(gradient + i, n) * floats_all(f.gradient_scale), m = load(first_moment + i, n);
        m = fused(g - m, floats_all(f.towards), m);
        floats v = load(second_moment + i, n) * floats_all(f.beta2) + g * g * floats_all(f.rest2);
        floats denominator = square_root(v) / floats_all(f.divisor) + floats_all(f.epsilon);
        floats w = load(weight + i, n) * floats_all(f.decay);
        store(weight + i, fused(floats_all(-f.step_size), m / denominator, w), n);
        store(first_moment + i, m, n);
        store(second_moment + i, v, n);
    });
}

/* In f32 over a thousand elements at a time (32 lanes, so 32 additions each), in double above that. */
static double gradient_square_sum_body(const float *gradient, size_t count) {
    double total = 0;
    for (size_t at = 0; at < count; at += 1024) {
        size_t columns = count - at < 1024 ? count - at : 1024;
        floats sum[VECTORS];
        group_clear(sum, 0);
        EACH_GROUP(g, size, columns, {
            EACH_PART(v, i, n, size, {
                floats x = load(gradient + at + g + i, n);
                sum[v] = fused(x, x, sum[v]);
            })
        });
        total += (double)group_sum(sum);
    }
    return total;
}

#endif
