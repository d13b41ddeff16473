/* nn/tanh.h: the pooler's activation. Largest absolute error 2e-7 (nn/vector_math_body.h).
 *   in, out, d_in, d_out  [count]   backward needs out; d_in is set. Any output may be the input's memory.
 * AVX2 and AVX-512 agree bit for bit, plain C to rounding. */
#ifndef MASKE_NN_TANH_H
#define MASKE_NN_TANH_H

#include "maske.h"

void tanh_forward(float *out, const float *in, size_t count);
void tanh_backward(float *d_in, const float *d_out, const float *out, size_t count);

#endif
