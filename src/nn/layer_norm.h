/* nn/layer_norm.h: each token's vector to mean 0, variance 1; then scaled and shifted.
 *
 *   in, out        [tokens, hidden]  forward: may be the same memory (not if backward follows: it needs in)
 *   mean, rstd     [tokens]          kept for backward, NULL if none follows; rstd = 1 / sqrt(variance + epsilon)
 *   weight, bias   [hidden]
 * d_in is set and may be d_out; d_weight, d_bias [hidden] are added to. Called by threads over blocks of tokens, each
 * block adds to its own zeroed partial sums, which the caller then adds in a fixed order (nn/bias.h: partials_add).
 *
 * Statistics are two passes over the row in f32, in 32 lanes joined by a tree, so that rounding grows with hidden / 32.
 * AVX2 and AVX-512 agree bit for bit, plain C to rounding (1e-6 of the largest value). */
#ifndef MASKE_NN_LAYER_NORM_H
#define MASKE_NN_LAYER_NORM_H

#include "maske.h"

void layer_norm_forward(float *out, float *mean, float *rstd, const float *in, const float *weight, const float *bias,
                        float epsilon, size_t tokens, size_t hidden);
/* out as it was, the same bits, from in and what forward kept; rounded [tokens, hidden] is that in bfloat16. Either may be NULL. */
void layer_norm_again(float *out, uint16_t *rounded, const float *in, const float *mean, const float *rstd, const float *weight,
                      const float *bias, size_t tokens, size_t hidden);
void layer_norm_backward(float *d_in, float *d_weight, float *d_bias, const float *d_out, const float *in,
                         const float *mean, const float *rstd, const float *weight, size_t tokens, size_t hidden);

#endif
