/* nn/bias.h: the bias of a linear layer that nothing is fused with; sums over a block's rows; partial sums joined.
 *
 *   x, d_out   [rows, columns], `stride` elements from one row to the next
 *   bias       [columns]
 * d_bias [columns] is added to: column sums, in f32, of a block of rows. Elementwise forward: every CPU level agrees
 * bit for bit; backward agrees too, since each column is summed in the order of the rows. */
#ifndef MASKE_NN_BIAS_H
#define MASKE_NN_BIAS_H

#include "maske.h"

void bias_forward(float *x, size_t stride, const float *bias, size_t rows, size_t columns);
void bias_backward(float *d_bias, const float *d_out, size_t stride, size_t rows, size_t columns);

/* In bfloat16 (nn/gemm.h): out = x + bias, rounded, of products x [rows, columns] without a stride; column sums of rounded
 * gradients, in f32. */
void bias_forward_rounded(uint16_t *out, size_t stride, const float *x, const float *bias, size_t rows, size_t columns);
void bias_backward_rounded(float *d_bias, const uint16_t *d_out, size_t stride, size_t rows, size_t columns);

/* total[count] += the partial sums of each block, in the order of the blocks: how what threads summed apart becomes one
 * number that does not depend on who did what.
 *   partials   [blocks, count], `stride` elements from one block's to the next's */
void partials_add(float *total, const float *partials, size_t stride, size_t blocks, size_t count);

#endif
