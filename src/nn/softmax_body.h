/* nn/softmax_body.h: softmax over vectors (nn/vector.h). */
#ifndef MASKE_NN_SOFTMAX_BODY_H
#define MASKE_NN_SOFTMAX_BODY_H

#include "nn/softmax.h"
#include "nn/vector_math_body.h"

INLINE float row_largest(const float *row, size_t columns) {
    floats most[VECTORS];
    group_clear(most, -__builtin_inff());
    EACH_GROUP(g, size, columns, {
        EACH_PART(v, i, n, size, {
            floats x = load(row + g + i, n);
            if (n < LANES) x = otherwise(lanes_first(n), x, -__builtin_inff());
            most[v] = larger(most[v], x);
        })
    });
    return group_largest(most);
}

static void softmax_forward_body(float *out, const float *in, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, in += columns, out += columns) {
        floats most = floats_all(row_largest(in, columns)), sum[VECTORS];
        group_clear(sum, 0);
        EACH_GROUP(g, size, columns, {
            EACH_PART(v, i, n, size, {
                floats e = exponential(load(in + g + i, n) - most);
                store(out + g + i, e, n);
                sum[v] += n < LANES ? keep(lanes_first(n), e) : e;
            })
        });
        floats factor = floats_all(1.0f / group_sum(sum));
        EACH_VECTOR(i, n, columns, { store(out + i, load(out + i, n) * factor, n); });
    }
}

/* d_in = out (d_out - d_out . out) */
static void softmax_backward_body(float *d_in, const float *d_out, const float *out, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, d_in += columns, d_out += columns, out += columns) {
        floats dot[VECTORS];
        group_clear(dot, 0);
        EACH_GROUP(g, size, columns, {
            EACH_PART(v, i, n, size, dot[v] = fused(load(d_out + g + i, n), load(out + g + i, n), dot[v]);)
        });
        floats total = floats_all(group_sum(dot));
        EACH_VECTOR(i, n, columns, { store(d_in + i, load(out + i, n) * (load(d_out + i, n) - total), n); });
    }
}

/* For the test of exponential. */
static void exponential_body(float *out, const float *in, size_t count) {
    EACH_VECTOR(i, n, count, { store(out + i, exponential(load(in + i, n)), n); });
}

#endif
