/* nn/muon_body.h: what Muon does element by element (nn/vector.h). */
#ifndef MASKE_NN_MUON_BODY_H
#define MASKE_NN_MUON_BODY_H

#include "nn/kernels.h"
#include "nn/vector.h"

/* towards = 1 - momentum; torch's lerp. */
static void muon_momentum_body(float *update, const float *gradient, float *momentum, float scale, float towards,
                               size_t count) {
    EACH_VECTOR(i, n, count, {
        floats g = load(gradient + i, n) * floats_all(scale);
        floats m = load(momentum + i, n);
        m = fused(g - m, floats_all(towards), m);
        store(momentum + i, m, n);
        store(update + i, fused(g - m, floats_all(towards), m), n);
    });
}

/* out = x a + y b; out may be x or y. */
static void weighted_sum_body(float *out, float a, const float *x, float b, const float *y, size_t count) {
    EACH_VECTOR(i, n, count, {
        store(out + i, fused(load(x + i, n), floats_all(a), load(y + i, n) * floats_all(b)), n);
    });
}

#endif
