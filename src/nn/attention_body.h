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

/* Where things lie in the scratch; nn/attention.c counts the same. In f32 the products read their right factor where it
 * lies (nn/product_body.h), keys and values of the scores transposed; in bf16 each is packed for nn/gemm.h once. */
typedef struct attention_room {
    size_t width;               /* keys, filled up to a multiple of GROUP */
    float scale;                /* 1 / sqrt(d) of the scores; 0 where no key is allowed */
    bool bf16;
    float *key_bias;            /* [width] 0 or -infinity */
    float *scores, *d_scores;   /* [ATTENTION_QUERIES, width]; d_scores for backward */
    float *k_transposed, *v_transposed;     /* [head_size, width]; v for backward */
    /* packed: as [head_size, width]; as [keys, head_size]: values, or for backward keys; a block's rows of q and d_out */
    void *packed_k, *packed_v, *packed_straight, *packed_q, *packed_d_out;
} attention_room;

INLINE float score_scale(const attention_shape *shape) { return 1.0f / __builtin_sqrtf((float)shape->head_size); }

INLINE void *attention_take(float **scratch, size_t floats_count) {
    float *piece = *scratch;
    *scratch += floats_count;
    return piece;
}
INLINE size_t attention_packed_floats(size_t n, size_t k) { return gemm_packed_bytes(GEMM_BF16, n, k) / sizeof(float); }

/* Missing columns of a transposed factor are 0: the scores of what is filled up are numbers. */
static float *attention_transpose(float **scratch, size_t width, const float *x, const attention_shape *shape) {
    float *out = attention_take(scratch, shape->head_size * width);
    transpose(out, width, x, shape->kv_stride, shape->keys, shape->head_size);
    for (size_t i = 0; i < shape->head_size && width > shape->keys; i++)
        memset(out + i * width + shape->keys, 0, (width - shape->keys) * sizeof(float));
    return out;
}
static void *attention_pack(float **scratch, size_t width, const float *x, bool transposed, const attention_shape *shape) {
    size_t size = shape->head_size, n = transposed ? shape->keys : size, k = transposed ? size : shape->keys;
    void *packed = attention_take(scratch, transposed ? attention_packed_floats(width, size) : attention_packed_floats(size, width));
    gemm_pack(packed, GEMM_BF16, x, shape->kv_stride, transposed, n, k);
    return packed;
}

static attention_room attention_prepare(float *scratch, const float *k, const float *v, bool backward,
                                        const attention_shape *shape) {
    size_t width = (shape->keys + GROUP - 1) / GROUP * GROUP, size = shape->head_size;
    attention_room room = {.width = width, .scale = score_scale(shape), .bf16 = shape->precision == GEMM_BF16};
    room.key_bias = attention_take(&scratch, width);
    room.scores = attention_take(&scratch, ATTENTION_QUERIES * width);
    if (backward) room.d_scores = attention_take(&scratch, ATTENTION_QUERIES * width);
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
    if (!room.bf16) {
        room.k_transposed = attention_transpose(&scratch, width, k, shape);
        if (backward) room.v_transposed = attention_transpose(&scratch, width, v, shape);
        return room;
    }
    room.packed_k = attention_pack(&scratch, width, k, true, shape);
    if (backward) room.packed_v = attention_pack(&scratch, width, v, true, shape);
    room.packed_straight = attention_pack(&scratch, width, backward ? k : v, false, shape);
    room.packed_q = backward ? attention_take(&scratch, attention_packed_floats(size, ATTENTION_QUERIES)) : NULL;
    room.packed_d_out = backward ? attention_take(&scratch, attention_packed_floats(size, ATTENTION_QUERIES)) : NULL;
    return room;
}

/* scores [rows, width] = x [rows, head_size] times transposed keys or values. */
INLINE void attention_scores(float *scores, const float *x, size_t x_row, const float *transposed, const void *packed,
                             size_t rows, const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (room->bf16) gemm_packed(scores, width, false, x, x_row, false, packed, GEMM_BF16, rows, width, size);
    else product(scores, width, false, (strided){x, x_row, 1}, transposed, width, rows, width, size);
}
/* out [rows, head_size] = scores [rows, keys] times keys or values. */
INLINE void attention_sums(float *out, size_t out_row, const float *scores, const float *x, size_t rows,
                           const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (room->bf16)
        gemm_packed(out, out_row, false, scores, width, false, room->packed_straight, GEMM_BF16, rows, size, shape->keys);
    else product(out, out_row, false, (strided){scores, width, 1}, x, shape->kv_stride, rows, size, shape->keys);
}
/* d [keys, head_size] (+)= scores^T times a block's rows x [rows, head_size]. */
INLINE void attention_key_sums(float *d, bool accumulate, const float *scores, const float *x, size_t x_row, void *packed,
                               size_t rows, const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (room->bf16) {
        gemm_pack(packed, GEMM_BF16, x, x_row, false, size, rows);
        gemm_packed(d, shape->kv_stride, accumulate, scores, width, true, packed, GEMM_BF16, shape->keys, size, rows);
    } else product(d, shape->kv_stride, accumulate, (strided){scores, 1, width}, x, x_row, shape->keys, size, rows);
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
    attention_room room = attention_prepare(scratch, k, v, false, shape);
    size_t size = shape->head_size;
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        float factor[ATTENTION_QUERIES], *block = out + first * shape->out_stride;
        attention_scores(room.scores, q + first * shape->q_stride, shape->q_stride, room.k_transposed, room.packed_k, rows,
                         &room, shape);
        for (size_t r = 0; r < rows; r++) {
            float ignored, *row_sum = log_sum != NULL ? &log_sum[first + r] : &ignored, *scores = room.scores + r * room.width;
            factor[r] = shape->dropout.threshold > 0 ? attention_row(row_sum, scores, &room, shape, first + r, true)
                                                     : attention_row(row_sum, scores, &room, shape, first + r, false);
            if (weights == NULL) continue;
            float *row = weights + (first + r) * shape->keys;
            EACH_VECTOR(i, n, shape->keys, { store(row + i, load(scores + i, n) * floats_all(factor[r]), n); });
        }
        attention_sums(block, shape->out_stride, room.scores, v, rows, &room, shape);
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
    attention_room room = attention_prepare(scratch, k, v, true, shape);
    size_t size = shape->head_size, width = room.width, q_row = shape->q_stride, kv_row = shape->kv_stride, out_row = shape->out_stride;
    for (size_t j = 0; j < shape->keys && shape->queries == 0; j++) {
        memset(d_k + j * kv_row, 0, size * sizeof *d_k);
        memset(d_v + j * kv_row, 0, size * sizeof *d_v);
    }
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        const float *queries = q + first * q_row, *d_block = d_out + first * out_row, *block = out + first * out_row;
        attention_scores(room.scores, queries, q_row, room.k_transposed, room.packed_k, rows, &room, shape);
        attention_scores(room.d_scores, d_block, out_row, room.v_transposed, room.packed_v, rows, &room, shape);
        for (size_t r = 0; r < rows; r++) {
            float *scores = room.scores + r * width, *d_scores = room.d_scores + r * width;
            float dot = dot_of(d_block + r * out_row, block + r * out_row, size), total = log_sum[first + r];
            if (shape->dropout.threshold > 0) attention_gradient_row(scores, d_scores, total, dot, &room, shape, first + r, true);
            else attention_gradient_row(scores, d_scores, total, dot, &room, shape, first + r, false);
        }
        attention_sums(d_q + first * q_row, q_row, room.d_scores, k, rows, &room, shape);
        attention_key_sums(d_k, first > 0, room.d_scores, queries, q_row, room.packed_q, rows, &room, shape);
        attention_key_sums(d_v, first > 0, room.scores, d_block, out_row, room.packed_d_out, rows, &room, shape);
    }
}

#endif
