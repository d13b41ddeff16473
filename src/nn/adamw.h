/* nn/adamw.h: AdamW (Loshchilov and Hutter, 2019) with the arithmetic of torch.optim.AdamW, in one pass over flat
 * buffers; and the norm of the gradients for clipping.
 *
 *     g  = gradient * gradient_scale
 *     w -= learning_rate * weight_decay * w
 *     m += (g - m) (1 - beta1)
 *     v  = beta2 v + (1 - beta2) g g
 *     w -= learning_rate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon)
 *
 * Elementwise: ranges may be cut anywhere and given to any thread. AVX2 and AVX-512 agree bit for bit, plain C to
 * rounding. */
#ifndef MASKE_NN_ADAMW_H
#define MASKE_NN_ADAMW_H

#include "maske.h"

typedef struct adamw {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    float gradient_scale;       /* the clipping factor, 1 without clipping */
    uint64_t step;              /* from 1 */
} adamw;

/* One step for `count` parameters under one weight decay; the gradient is read alone.
 *   weight, gradient, first_moment, second_moment  [count] */
void adamw_step(float *weight, const float *gradient, float *first_moment, float *second_moment, const adamw *settings,
                size_t count);

/* The sum of squares of the gradients in double. The global norm is the square root of the sum of these over
 * consecutive blocks of GRADIENT_NORM_BLOCK elements, added in order: the same for any number of threads. */
enum { GRADIENT_NORM_BLOCK = 1 << 16 };
double gradient_square_sum(const float *gradient, size_t count);

/* torch.nn.utils.clip_grad_norm_'s factor: min(1, max_norm / (norm + 1e-6)); 1 where max_norm is 0 (no clipping). */
float gradient_clip_factor(double norm, double max_norm);

#endif
