/* nn/residual_layer_norm.h: out = LayerNorm(dropout(x + x_bias) + residual), the end of BertSelfOutput and BertOutput,
 * in one pass over a block of tokens while it is in the cache.
 *
 *   out            [tokens, hidden]
 *   rounded        [tokens, hidden]  out in bfloat16, for the products that read it; NULL: not asked for
 *   sum            [tokens, hidden]  dropout(x + x_bias) + residual: what is normalised, kept for backward; may be x,
 *                                    and where no backward follows also out
 *   mean, rstd     [tokens]          kept for backward, NULL if none follows
 *   x              [tokens, hidden]  the linear layer's product, without its bias
 *   x_bias         [hidden]          the linear layer's bias, or NULL
 *   residual       [tokens, hidden]
 *   weight, bias   [hidden]          LayerNorm's
 *   mask, first_row                  nn/dropout.h; first_row is the number of the block's first token in the batch
 *
 *   d_x            [tokens, hidden]  set: gradient of x; NULL: not asked for (where the mask is the identity it would equal d_sum)
 *   d_x_rounded    [tokens, hidden]  the same in bfloat16, or NULL
 *   d_sum          [tokens, hidden]  set: gradient of residual (as of the sum); may be d_out
 *   d_x_bias, d_weight, d_bias  [hidden]  added to, as in nn/layer_norm.h; d_x_bias may be NULL
 * CPU levels agree as layer_norm's do; the mask is the same on all. */
#ifndef MASKE_NN_RESIDUAL_LAYER_NORM_H
#define MASKE_NN_RESIDUAL_LAYER_NORM_H

#include "nn/dropout.h"

void residual_layer_norm_forward(float *out, uint16_t *rounded, float *sum, float *mean, float *rstd, const float *x,
                                 const float *x_bias, const float *residual, const float *weight, const float *bias,
                                 float epsilon, const dropout_mask *mask, uint64_t first_row, size_t tokens, size_t hidden);
void residual_layer_norm_backward(float *d_x, uint16_t *d_x_rounded, float *d_sum, float *d_x_bias, float *d_weight,
                                  float *d_bias, const float *d_out, const float *sum, const float *mean, const float *rstd,
                                  const float *weight, const dropout_mask *mask, uint64_t first_row, size_t tokens,
                                  size_t hidden);

#endif
