/* nn/kernels.h: the vectorised bodies of one CPU level, as a table; the operations' .c files call through it.
 *
 * kernels_plain.c, kernels_avx2.c, kernels_avx512.c and kernels_avx512bf16.c include the same bodies (kernels_body.h), so
 * every table is complete. Which one is used is asked anew with each call (it costs a few cycles), so a test can narrow it. */
#ifndef MASKE_NN_KERNELS_H
#define MASKE_NN_KERNELS_H

#include "nn/activation.h"
#include "nn/adamw.h"
#include "nn/attention.h"
#include "nn/bias.h"
#include "nn/dropout.h"
#include "nn/layer_norm.h"
#include "nn/residual_layer_norm.h"
#include "nn/tanh.h"

/* AdamW's settings as the numbers that the loop needs. */
typedef struct adamw_factors { float gradient_scale, decay, towards, beta2, rest2, step_size, divisor, epsilon; } adamw_factors;

/* A row's gradient by its logits: exp(logits - log_sum) * scale - every, less `own` in the label's column (nn/cross_entropy.c). */
typedef struct logits_share {
    float log_sum, scale, every, own;
    size_t label;               /* columns or more: not among these */
} logits_share;

#define KERNEL(name) __typeof__(name) *name
typedef struct kernels {
    KERNEL(layer_norm_forward);
    KERNEL(layer_norm_again);
    KERNEL(layer_norm_backward);
    KERNEL(residual_layer_norm_forward);
    KERNEL(residual_layer_norm_backward);
    KERNEL(bias_activation_forward);
    KERNEL(bias_activation_backward);
    KERNEL(bias_activation_forward_rounded);
    KERNEL(bias_activation_backward_rounded);
    KERNEL(bias_forward);
    KERNEL(bias_backward);
    KERNEL(bias_forward_rounded);
    KERNEL(bias_backward_rounded);
    KERNEL(partials_add);
    KERNEL(dropout_forward);
    KERNEL(attention_forward);
    KERNEL(attention_backward);
    KERNEL(attention_forward_rounded);
    KERNEL(attention_backward_rounded);
    KERNEL(tanh_forward);
    KERNEL(tanh_backward);
    KERNEL(gradient_square_sum);
    void (*adamw_step)(float *weight, const float *gradient, float *first_moment, float *second_moment, adamw_factors f, size_t count);
    void (*muon_momentum)(float *update, const float *gradient, float *momentum, float scale, float towards, size_t count);
    void (*weighted_sum)(float *out, float a, const float *x, float b, const float *y, size_t count);
    /* One row's part of nn/cross_entropy.c (nn/cross_entropy_body.h). */
    float (*logits_finish)(float *logits, const float *bias, size_t columns);
    float (*logits_sum)(const float *logits, float most, size_t columns);
    float (*logits_total)(const float *logits, size_t columns);
    void (*logits_gradient)(float *d, float *d_bias, const float *logits, logits_share s, size_t columns);
    void (*logits_gradient_rounded)(uint16_t *d, float *d_bias, const float *logits, logits_share s, size_t columns);
    size_t (*logits_above)(const float *logits, float bound, bool ties, size_t columns);
    void (*exponential)(float *out, const float *in, size_t count);     /* for its test */
} kernels;

extern const kernels kernels_plain, kernels_avx2, kernels_avx512, kernels_avx512bf16;

/* The table of the best level that this CPU has and base/cpu.h allows. */
const kernels *kernels_of_cpu(void);

#endif
