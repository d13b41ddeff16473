/* nn/tanh_body.h: tanh over vectors (nn/vector.h). */
#ifndef MASKE_NN_TANH_BODY_H
#define MASKE_NN_TANH_BODY_H

#include "nn/tanh.h"
#include "nn/vector_math_body.h"

static void tanh_forward_body(float *out, const float *in, size_t count) {
    EACH_VECTOR(i, n, count, { store(out + i, hyperbolic_tangent(load(in + i, n)), n); });
}
static void tanh_backward_body(float *d_in, const float *d_out, const float *out, size_t count) {
    EACH_VECTOR(i, n, count, {
        floats y = load(out + i, n);
        store(d_in + i, load(d_out + i, n) * fused(-y, y, floats_all(1.0f)), n);
    });
}

#endif
