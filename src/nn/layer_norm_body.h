/* nn/layer_norm_body.h: layer normalisation over vectors (nn/vector.h). */
#ifndef MASKE_NN_LAYER_NORM_BODY_H
#define MASKE_NN_LAYER_NORM_BODY_H

#include "nn/layer_norm.h"
#include "nn/vector.h"

typedef struct moments { float mean, rstd; } moments;

/* Of one row whose sum is known. */
INLINE moments row_moments(const float *x, float sum, float epsilon, size_t hidden) {
    floats squares[VECTORS];
    group_clear(squares, 0);
    float average = sum / (float)hidden;
    floats mean = floats_all(average);
    EACH_GROUP(g, size, hidden, {
        EACH_PART(v, i, n, size, {
            floats off = load(x + g + i, n) - mean;
            if (n < LANES) off = keep(lanes_first(n), off);
            squares[v] = fused(off, off, squares[v]);
        })
    });
    return (moments){average, 1.0f / __builtin_sqrtf(group_sum(squares) / (float)hidden + epsilon)};
}

/* out = (x - mean) * rstd * weight + bias, of one row; rounded is that in bfloat16. Either may be NULL. */
INLINE void normalize_row(float *out, uint16_t *rounded, const float *x, moments m, const float *weight, const float *bias, size_t hidden) {
    floats mean = floats_all(m.mean), rstd = floats_all(m.rstd);
    EACH_VECTOR(i, n, hidden, {
        floats y = fused((load(x + i, n) - mean) * rstd, load(weight + i, n), load(bias + i, n));
        if (out != NULL) store(out + i, y, n);
        if (rounded != NULL) store_rounded(rounded + i, y, n);
    });
}

static void layer_norm_forward_body(float *out, float *mean, float *rstd, const float *in, const float *weight,
                                    const float *bias, float epsilon, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++, in += hidden, out += hidden) {
        floats sum[VECTORS];
        group_clear(sum, 0);
        EACH_GROUP(g, size, hidden, { EACH_PART(v, i, n, size, sum[v] += load(in + g + i, n);) });
        moments m = row_moments(in, group_sum(sum), epsilon, hidden);
        normalize_row(out, NULL, in, m, weight, bias, hidden);
        if (mean != NULL) mean[t] = m.mean;
        if (rstd != NULL) rstd[t] = m.rstd;
    }
}

static void layer_norm_again_body(float *out, uint16_t *rounded, const float *in, const float *mean, const float *rstd, const float *weight,
                                  const float *bias, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++)
        normalize_row(out != NULL ? out + t * hidden : NULL, rounded != NULL ? rounded + t * hidden : NULL, in + t * hidden,
                      (moments){mean[t], rstd[t]}, weight, bias, hidden);
}

/* ---------------------------------------------------------------------------------------------- backward --- */

/* With h = (x - mean) rstd and g = d_out weight:  d_in = rstd (g - average(g) - h average(g h)). */
typedef struct row_gradient { floats mean, rstd, average, slope; } row_gradient;

INLINE row_gradient row_gradient_of(const float *d_out, const float *x, moments m, const float *weight, size_t hidden) {
    floats sum[VECTORS], dot[VECTORS];
    group_clear(sum, 0);
    group_clear(dot, 0);
    floats mean = floats_all(m.mean), rstd = floats_all(m.rstd);
    EACH_GROUP(g, size, hidden, {
        EACH_PART(v, i, n, size, {
            floats d = load(d_out + g + i, n) * load(weight + g + i, n);
            sum[v] += d;
            dot[v] = fused(d, (load(x + g + i, n) - mean) * rstd, dot[v]);
        })
    });
    return (row_gradient){mean, rstd, floats_all(group_sum(sum) / (float)hidden), floats_all(group_sum(dot) / (float)hidden)};
}
/* One vector of d_in; d_weight and d_bias grow. */
INLINE floats gradient_step(float *d_weight, float *d_bias, const float *d_out, const float *x, const float *weight,
                            row_gradient r, size_t n) {
    floats d = load(d_out, n), normal = (load(x, n) - r.mean) * r.rstd;
    store(d_weight, fused(d, normal, load(d_weight, n)), n);
    store(d_bias, load(d_bias, n) + d, n);
    return r.rstd * fused(-normal, r.slope, fused(d, load(weight, n), -r.average));
}

static void layer_norm_backward_body(float *d_in, float *d_weight, float *d_bias, const float *d_out, const float *in,
                                     const float *mean, const float *rstd, const float *weight, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++, d_in += hidden, d_out += hidden, in += hidden) {
        row_gradient r = row_gradient_of(d_out, in, (moments){mean[t], rstd[t]}, weight, hidden);
        EACH_VECTOR(i, n, hidden, {
            store(d_in + i, gradient_step(d_weight + i, d_bias + i, d_out + i, in + i, weight + i, r, n), n);
        });
    }
}

#endif
