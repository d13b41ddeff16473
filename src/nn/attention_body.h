/* nn/attention_body.h: attention over vectors (nn/vector.h), a block of queries at a time.
 *
 * Keys are filled up to a multiple of GROUP, so that every row of scores is whole vectors: the bias row adds -infinity
 * to what is filled up and to masked keys, whose exponential is then 0 without a branch. */
#ifndef MASKE_NN_ATTENTION_BODY_H
#define MASKE_NN_ATTENTION_BODY_H

#include "nn/attention.h"
#include "nn/dropout_body.h"
#include "nn/product_body.h"
#include "nn/vector_math_body.h"

/* Where things lie in the scratch; nn/attention.c counts the same. */
typedef struct attention_room {
    size_t width;               /* keys, filled up to a multiple of GROUP */
    float scale;                /* 1 / sqrt(d) of the scores; 0 where no key is allowed */
    float *key_bias;            /* [width] 0 or -infinity */
    float *k_transposed;        /* [head_size, width] */
    float *scores;              /* [ATTENTION_QUERIES, width] */
    float *v_transposed, *d_scores;     /* the same for backward */
} attention_room;

INLINE float score_scale(const attention_shape *shape) { return 1.0f / __builtin_sqrtf((float)shape->head_size); }

static attention_room attention_prepare(float *scratch, const float *k, const float *v, const attention_shape *shape) {
    size_t width = (shape->keys + GROUP - 1) / GROUP * GROUP, size = shape->head_size;
    attention_room room = {.width = width, .scale = score_scale(shape), .key_bias = scratch};
    room.k_transposed = room.key_bias + width;
    room.scores = room.k_transposed + size * width;
    room.v_transposed = room.scores + ATTENTION_QUERIES * width;
    room.d_scores = room.v_transposed + size * width;
    size_t allowed = 0;
    for (size_t j = 0; j < shape->keys; j++) {
        bool open = shape->key_mask == NULL || shape->key_mask[j] != 0;
        room.key_bias[j] = open ? 0.0f : -__builtin_inff();
        allowed += open;
    }
    if (allowed == 0) {         /* every score the same: uniform */
        memset(room.key_bias, 0, shape->keys * sizeof(float));
        room.scale = 0.0f;
    }
    for (size_t j = shape->keys; j < width; j++) room.key_bias[j] = -__builtin_inff();
    transpose(room.k_transposed, width, k, shape->kv_stride, shape->keys, size);
    if (v != NULL) transpose(room.v_transposed, width, v, shape->kv_stride, shape->keys, size);
    for (size_t i = 0; i < size && width > shape->keys; i++) {
        memset(room.k_transposed + i * width + shape->keys, 0, (width - shape->keys) * sizeof(float));
        if (v != NULL) memset(room.v_transposed + i * width + shape->keys, 0, (width - shape->keys) * sizeof(float));
    }
    return room;
}
INLINE dropout_row attention_row_keys(const attention_shape *shape, size_t query) {
    return dropout_row_keys(shape->dropout.key, shape->dropout_row + (shape->query_index != NULL ? shape->query_index[query] : query));
}

/* scores become exp(score - maximum), 0 where dropped. *log_sum: logarithm of the sum before dropout; gives what is
 * left to multiply with: 1 / sum, times the factors of dropout and head. */
INLINE float attention_row(float *log_sum, float *scores, const attention_room *room, const attention_shape *shape,
                           size_t query, bool dropped) {
    floats most[VECTORS], sum[VECTORS], scale = floats_all(room->scale);
    group_clear(most, -__builtin_inff());
    group_clear(sum, 0);
    for (size_t g = 0; g < room->width; g += GROUP)
        EACH_PART(v, i, n, (size_t)GROUP, {
            floats x = fused(load(scores + g + i, n), scale, load(room->key_bias + g + i, n));
            store(scores + g + i, x, n);
            most[v] = larger(most[v], x);
        })
    float largest = group_largest(most);
    floats top = floats_all(largest);
    dropout_row keys = attention_row_keys(shape, query);
    for (size_t g = 0; g < room->width; g += GROUP) {
        lanes kept[VECTORS];
        if (dropped) dropout_group(kept, g, keys, shape->dropout.threshold);
        EACH_PART(v, i, n, (size_t)GROUP, {
            floats e = exponential(load(scores + g + i, n) - top);
            sum[v] += e;
            if (dropped) e = keep(kept[v], e);
            store(scores + g + i, e, n);
        })
    }
    float total = group_sum(sum), factor = dropped ? shape->dropout.scale * shape->head_factor : shape->head_factor;
    *log_sum = largest + (float)__builtin_log((double)total);
    return factor / total;
}

static void attention_forward_body(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                                   const attention_shape *shape, float *scratch) {
    attention_room room = attention_prepare(scratch, k, NULL, shape);
    size_t size = shape->head_size;
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        float factor[ATTENTION_QUERIES], *block = out + first * shape->out_stride;
        product(room.scores, room.width, false, (strided){q + first * shape->q_stride, shape->q_stride, 1}, room.k_transposed,
                room.width, rows, room.width, size);
        for (size_t r = 0; r < rows; r++) {
            float ignored, *row_sum = log_sum != NULL ? &log_sum[first + r] : &ignored, *scores = room.scores + r * room.width;
            factor[r] = shape->dropout.threshold > 0 ? attention_row(row_sum, scores, &room, shape, first + r, true)
                                                     : attention_row(row_sum, scores, &room, shape, first + r, false);
            if (weights == NULL) continue;
            float *row = weights + (first + r) * shape->keys;
            EACH_VECTOR(i, n, shape->keys, { store(row + i, load(scores + i, n) * floats_all(factor[r]), n); });
        }
        product(block, shape->out_stride, false, (strided){room.scores, room.width, 1}, v, shape->kv_stride, rows, size, shape->keys);
        for (size_t r = 0; r < rows; r++, block += shape->out_stride)
            EACH_VECTOR(i, n, size, { store(block + i, load(block + i, n) * floats_all(factor[r]), n); });
    }
}

/* ---------------------------------------------------------------------------------------------- backward --- */

/* With P the probabilities and f the factor of dropout and head (0 where dropped):
 *     W = P f                                    takes the scores' place
 *     dS = P (f dW - sum of P f dW) / sqrt(d)    takes dW's place; the sum is d_out . out */
INLINE void attention_gradient_row(float *scores, float *d_scores, float log_sum, float dot, const attention_room *room,
                                   const attention_shape *shape, size_t query, bool dropped) {
    floats scale = floats_all(room->scale), log_total = floats_all(log_sum), total = floats_all(dot);
    floats factor = floats_all(dropped ? shape->dropout.scale * shape->head_factor : shape->head_factor);
    floats d_scale = floats_all(score_scale(shape));
    dropout_row keys = attention_row_keys(shape, query);
    for (size_t g = 0; g < room->width; g += GROUP) {
        lanes kept[VECTORS];
        if (dropped) dropout_group(kept, g, keys, shape->dropout.threshold);
        EACH_PART(v, i, n, (size_t)GROUP, {
            floats x = fused(load(scores + g + i, n), scale, load(room->key_bias + g + i, n));
            floats p = exponential(x - log_total), f = factor;
            if (dropped) f = keep(kept[v], factor);
            store(scores + g + i, p * f, n);
            store(d_scores + g + i, p * fused(f, load(d_scores + g + i, n), -total) * d_scale, n);
        })
    }
}
INLINE float dot_of(const float *a, const float *b, size_t count) {
    floats sum[VECTORS];
    group_clear(sum, 0);
    EACH_GROUP(g, size, count, { EACH_PART(v, i, n, size, sum[v] = fused(load(a + g + i, n), load(b + g + i, n), sum[v]);) });
    return group_sum(sum);
}

static void attention_backward_body(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                                    const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch) {
    attention_room room = attention_prepare(scratch, k, v, shape);
    size_t size = shape->head_size, width = room.width, q_row = shape->q_stride, kv_row = shape->kv_stride, out_row = shape->out_stride;
    for (size_t j = 0; j < shape->keys && shape->queries == 0; j++) {
        memset(d_k + j * kv_row, 0, size * sizeof *d_k);
        memset(d_v + j * kv_row, 0, size * sizeof *d_v);
    }
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        const float *queries = q + first * q_row, *d_block = d_out + first * out_row, *block = out + first * out_row;
        product(room.scores, width, false, (strided){queries, q_row, 1}, room.k_transposed, width, rows, width, size);
        product(room.d_scores, width, false, (strided){d_block, out_row, 1}, room.v_transposed, width, rows, width, size);
        for (size_t r = 0; r < rows; r++) {
            float *scores = room.scores + r * width, *d_scores = room.d_scores + r * width;
            float dot = dot_of(d_block + r * out_row, block + r * out_row, size), total = log_sum[first + r];
            if (shape->dropout.threshold > 0) attention_gradient_row(scores, d_scores, total, dot, &room, shape, first + r, true);
            else attention_gradient_row(scores, d_scores, total, dot, &room, shape, first + r, false);
        }
        product(d_q + first * q_row, q_row, false, (strided){room.d_scores, width, 1}, k, kv_row, rows, size, shape->keys);
        product(d_k, kv_row, first > 0, (strided){room.d_scores, 1, width}, queries, q_row, shape->keys, size, rows);
        product(d_v, kv_row, first > 0, (strided){room.scores, 1, width}, d_block, out_row, shape->keys, size, rows);
    }
}

#endif
