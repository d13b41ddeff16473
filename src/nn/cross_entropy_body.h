/* nn/cross_entropy_body.h: what cross entropy does to a row of logits, over vectors (nn/vector.h). */
#ifndef MASKE_NN_CROSS_ENTROPY_BODY_H
#define MASKE_NN_CROSS_ENTROPY_BODY_H

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

/* logits += bias (may be NULL); gives the largest. */
static float logits_finish_body(float *logits, const float *bias, size_t columns) {
    if (bias != NULL) EACH_VECTOR(i, n, columns, { store(logits + i, load(logits + i, n) + load(bias + i, n), n); });
    return row_largest(logits, columns);
}

/* The sum of exp(logits - most). */
static float logits_sum_body(const float *logits, float most, size_t columns) {
    floats sum[VECTORS], top = floats_all(most);
    group_clear(sum, 0);
    EACH_GROUP(g, size, columns, {
        EACH_PART(v, i, n, size, {
            floats e = exponential(load(logits + g + i, n) - top);
            if (n < LANES) e = keep(lanes_first(n), e);
            sum[v] += e;
        })
    });
    return group_sum(sum);
}

/* The sum of the logits. */
static float logits_total_body(const float *logits, size_t columns) {
    floats sum[VECTORS];
    group_clear(sum, 0);
    EACH_GROUP(g, size, columns, {
        EACH_PART(v, i, n, size, {
            floats x = load(logits + g + i, n);
            if (n < LANES) x = keep(lanes_first(n), x);
            sum[v] += x;
        })
    });
    return group_sum(sum);
}

/* One vector of exp(logits - log_sum) * scale - every: the gradient but for what the label has for itself. */
INLINE floats logits_gradient_of(const float *logits, logits_share s, size_t n) {
    return exponential(load(logits, n) - floats_all(s.log_sum)) * floats_all(s.scale) - floats_all(s.every);
}
/* d, of floats or with `rounded`, a constant, of bfloat16; d_bias (may be NULL) grows by it as it was before it was rounded. */
INLINE void logits_gradient_row(void *d, const bool rounded, float *d_bias, const float *logits, logits_share s, size_t columns) {
    float bias = d_bias != NULL && s.label < columns ? d_bias[s.label] : 0;
    EACH_VECTOR(i, n, columns, {
        floats x = logits_gradient_of(logits + i, s, n);
        if (d_bias != NULL) store(d_bias + i, load(d_bias + i, n) + x, n);
        if (rounded) store_rounded((uint16_t *)d + i, x, n);
        else store((float *)d + i, x, n);
    });
    if (s.label >= columns) return;
    floats x = logits_gradient_of(logits + s.label, s, 1) - floats_all(s.own);
    if (rounded) store_rounded((uint16_t *)d + s.label, x, 1);
    else store((float *)d + s.label, x, 1);
    if (d_bias != NULL) d_bias[s.label] = bias + x[0];
}
static void logits_gradient_body(float *d, float *d_bias, const float *logits, logits_share s, size_t columns) {
    logits_gradient_row(d, false, d_bias, logits, s, columns);
}
static void logits_gradient_rounded_body(uint16_t *d, float *d_bias, const float *logits, logits_share s, size_t columns) {
    logits_gradient_row(d, true, d_bias, logits, s, columns);
}

/* How many are above the bound, or with ties equal to it. */
static size_t logits_above_body(const float *logits, float bound, bool ties, size_t columns) {
    size_t count = 0;
    floats limit = floats_all(bound);
    EACH_VECTOR(i, n, columns, {
        floats x = load(logits + i, n);
        lanes which = above(x, limit);
        if (ties) which = not_below(x, limit);
        if ((size_t)n < LANES) which &= lanes_first(n);
        count += lanes_count(which);
    });
    return count;
}

#endif
