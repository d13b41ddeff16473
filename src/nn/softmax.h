/* nn/softmax.h: rows of scores to rows of probabilities. (Attention and cross entropy have their own, fused.)
 *   in, out, d_in, d_out  [rows, columns]   outputs may be the inputs' memory; backward needs out; d_in is set
 * The row's largest value is taken off first, so nothing overflows; -inf gives 0; a row of nothing but -inf gives NaN,
 * as in PyTorch. AVX2 and AVX-512 agree bit for bit, plain C to rounding. */
#ifndef MASKE_NN_SOFTMAX_H
#define MASKE_NN_SOFTMAX_H

#include "maske.h"

void softmax_forward(float *out, const float *in, size_t rows, size_t columns);
void softmax_backward(float *d_in, const float *d_out, const float *out, size_t rows, size_t columns);

#endif
