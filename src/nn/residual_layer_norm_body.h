/* nn/residual_layer_norm_body.h: bias, dropout, residual and layer normalisation in one pass (nn/vector.h). */
#ifndef MASKE_NN_RESIDUAL_LAYER_NORM_BODY_H
#define MASKE_NN_RESIDUAL_LAYER_NORM_BODY_H

#include "nn/dropout_body.h"
#include "nn/layer_norm_body.h"
#include "nn/residual_layer_norm.h"

/* sum = dropout(x + x_bias) + residual, of one row; gives the row's sum. dropped is a constant where this is used. */
INLINE float residual_row(float *sum, const float *x, const float *x_bias, const float *residual, bool dropped,
                          const dropout_mask *mask, uint64_t row, size_t hidden) {
    floats total[VECTORS], scale = floats_all(mask->scale);
    group_clear(total, 0);
    dropout_row keys = dropout_row_keys(mask->key, row);
    EACH_GROUP(g, size, hidden, {
        lanes kept[VECTORS];
        if (dropped) dropout_group(kept, g, keys, mask->threshold);
        EACH_PART(v, i, n, size, {
            floats value = load(x + g + i, n);
            if (x_bias != NULL) value += load(x_bias + g + i, n);
            if (dropped) value = keep(kept[v], value * scale);
            value += load(residual + g + i, n);
            total[v] += value;
            store(sum + g + i, value, n);
        })
    });
    return group_sum(total);
}

static void residual_layer_norm_forward_body(float *out, uint16_t *rounded, float *sum, float *mean, float *rstd, const float *x,
                                             const float *x_bias, const float *residual, const float *weight, const float *bias,
                                             float epsilon, const dropout_mask *mask, uint64_t first_row, size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++, out += hidden, sum += hidden, x += hidden, residual += hidden) {
        float total = mask->threshold > 0 ? residual_row(sum, x, x_bias, residual, true, mask, first_row + t, hidden)
                                          : residual_row(sum, x, x_bias, residual, false, mask, 0, hidden);
        moments m = row_moments(sum, total, epsilon, hidden);
        normalize_row(out, rounded != NULL ? rounded + t * hidden : NULL, sum, m, weight, bias, hidden);
        if (mean != NULL) mean[t] = m.mean;
        if (rstd != NULL) rstd[t] = m.rstd;
    }
}

/* ---------------------------------------------------------------------------------------------- backward --- */

INLINE void residual_gradient_row(float *d_x, uint16_t *d_x_rounded, float *d_sum, float *d_x_bias, float *d_weight, float *d_bias, const float *d_out,
                                  const float *sum, const float *weight, row_gradient r, bool dropped,
                                  const dropout_mask *mask, uint64_t row, size_t hidden) {
    floats scale = floats_all(mask->scale);
    dropout_row keys = dropout_row_keys(mask->key, row);
    EACH_GROUP(g, size, hidden, {
        lanes kept[VECTORS];
        if (dropped) dropout_group(kept, g, keys, mask->threshold);
        EACH_PART(v, i, n, size, {
            size_t at = g + i;
            floats d = gradient_step(d_weight + at, d_bias + at, d_out + at, sum + at, weight + at, r, n);
            store(d_sum + at, d, n);
            if (dropped) d = keep(kept[v], d * scale);
            if (d_x != NULL) store(d_x + at, d, n);
            if (d_x_rounded != NULL) store_rounded(d_x_rounded + at, d, n);
            if (d_x_bias != NULL) store(d_x_bias + at, load(d_x_bias + at, n) + d, n);
        })
    });
}

static void residual_layer_norm_backward_body(float *d_x, uint16_t *d_x_rounded, float *d_sum, float *d_x_bias, float *d_weight,
                                              float *d_bias, const float *d_out, const float *sum, const float *mean,
                                              const float *rstd, const float *weight, const dropout_mask *mask,
                                              uint64_t first_row, size_t tokens, size_t hidden) {
    bool dropped = mask->threshold > 0;
    for (size_t t = 0; t < tokens; t++) {
        size_t at = t * hidden;
        float *d_x_row = d_x != NULL ? d_x + at : NULL;
        uint16_t *rounded_row = d_x_rounded != NULL ? d_x_rounded + at : NULL;
        row_gradient r = row_gradient_of(d_out + at, sum + at, (moments){mean[t], rstd[t]}, weight, hidden);
        if (dropped)
            residual_gradient_row(d_x_row, rounded_row, d_sum + at, d_x_bias, d_weight, d_bias, d_out + at, sum + at, weight, r, true,
                                  mask, first_row + t, hidden);
        else
            residual_gradient_row(d_x_row, rounded_row, d_sum + at, d_x_bias, d_weight, d_bias, d_out + at, sum + at, weight, r, false,
                                  mask, 0, hidden);
    }
}

#endif
