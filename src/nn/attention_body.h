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

/* Rows of q, k, v, or of a gradient by them: floats, or bfloat16. */
typedef struct attention_rows { const void *at; size_t stride; bool rounded; } attention_rows;
typedef struct attention_gradient { void *at; size_t stride; bool rounded; } attention_gradient;

INLINE attention_rows attention_rows_from(attention_rows x, size_t row) {
    size_t place = row * x.stride;
    x.at = x.rounded ? (const void *)((const uint16_t *)x.at + place) : (const void *)((const float *)x.at + place);
    return x;
}

/* Where things lie in the scratch; nn/attention.c counts the same. In f32 the products read their right factor where it
 * lies (nn/product_body.h), keys and values of the scores transposed; in bf16 each is packed for nn/gemm.h once, and a row
 * of what the values are weighted with, and of the scores' gradients, is rounded when it is finished, where it lies: its
 * first half is then `width` bfloat16. */
typedef struct attention_room {
    size_t width;               /* keys, filled up to a multiple of GROUP */
    float scale;                /* 1 / sqrt(d) of the scores; 0 where no key is allowed */
    bool bf16;
    bool rounds;                /* finished rows are rounded */
    float *key_bias;            /* [width] 0 or -infinity */
    float *scores, *d_scores;   /* [ATTENTION_QUERIES, width]; d_scores for backward */
    float *k_transposed, *v_transposed;     /* [head_size, width]; v for backward */
    /* packed: as [head_size, width]; as [keys, head_size]: values, or for backward keys; a block's rows of q and d_out */
    void *packed_k, *packed_v, *packed_straight, *packed_q, *packed_d_out;
    float *d_q, *d_k, *d_v;     /* [ATTENTION_QUERIES or keys, head_size] where they are rounded at the end */
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
INLINE void attention_pack_rows(void *packed, attention_rows x, bool transposed, size_t n, size_t k) {
    if (x.rounded) gemm_pack_rounded(packed, x.at, x.stride, transposed, n, k);
    else gemm_pack(packed, GEMM_BF16, x.at, x.stride, transposed, n, k);
}
static void *attention_pack(float **scratch, size_t width, attention_rows x, bool transposed, const attention_shape *shape) {
    size_t size = shape->head_size, n = transposed ? shape->keys : size, k = transposed ? size : shape->keys;
    void *packed = attention_take(scratch, transposed ? attention_packed_floats(width, size) : attention_packed_floats(size, width));
    attention_pack_rows(packed, x, transposed, n, k);
    return packed;
}

static attention_room attention_prepare(float *scratch, attention_rows k, attention_rows v, bool backward,
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
        room.k_transposed = attention_transpose(&scratch, width, k.at, shape);
        if (backward) room.v_transposed = attention_transpose(&scratch, width, v.at, shape);
        return room;
    }
    room.rounds = true;
    room.packed_k = attention_pack(&scratch, width, k, true, shape);
    if (backward) room.packed_v = attention_pack(&scratch, width, v, true, shape);
    room.packed_straight = attention_pack(&scratch, width, backward ? k : v, false, shape);
    room.packed_q = backward ? attention_take(&scratch, attention_packed_floats(size, ATTENTION_QUERIES)) : NULL;
    room.packed_d_out = backward ? attention_take(&scratch, attention_packed_floats(size, ATTENTION_QUERIES)) : NULL;
    if (!backward || !k.rounded) return room;
    room.d_q = attention_take(&scratch, ATTENTION_QUERIES * size);
    room.d_k = attention_take(&scratch, shape->keys * size);
    room.d_v = attention_take(&scratch, shape->keys * size);
    return room;
}

/* A finished row, where it is rounded (attention_room). */
INLINE const uint16_t *rounded_row(const float *scores) { return (const void *)scores; }
/* scores [rows, width] = x [rows, head_size] times transposed keys or values. */
INLINE void attention_scores(float *scores, attention_rows x, const float *transposed, const void *packed, size_t rows,
                             const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (x.rounded) gemm_packed_rounded(scores, width, false, x.at, x.stride, false, packed, rows, width, size);
    else if (room->bf16) gemm_packed(scores, width, false, x.at, x.stride, false, packed, GEMM_BF16, rows, width, size);
    else product(scores, width, false, (strided){x.at, x.stride, 1}, transposed, width, rows, width, size);
}
/* out [rows, head_size] = scores [rows, keys] times keys or values. Behind the keys the scores are 0, as are the rows of a
 * packed factor: with them a product in bf16 has whole steps and reads rounded scores in place. */
INLINE void attention_sums(float *out, size_t out_row, const float *scores, const void *x, size_t rows,
                           const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (room->rounds)
        gemm_packed_rounded(out, out_row, false, rounded_row(scores), 2 * width, false, room->packed_straight, rows, size, width);
    else if (room->bf16)
        gemm_packed(out, out_row, false, scores, width, false, room->packed_straight, GEMM_BF16, rows, size, shape->keys);
    else product(out, out_row, false, (strided){scores, width, 1}, x, shape->kv_stride, rows, size, shape->keys);
}
/* d [keys, head_size] (+)= scores^T times a block's rows x [rows, head_size]. */
INLINE void attention_key_sums(float *d, size_t d_row, bool accumulate, const float *scores, attention_rows x, void *packed,
                               size_t rows, const attention_room *room, const attention_shape *shape) {
    size_t width = room->width, size = shape->head_size;
    if (room->bf16) {
        attention_pack_rows(packed, x, false, size, rows);
        gemm_packed_rounded(d, d_row, accumulate, rounded_row(scores), 2 * width, true, packed, shape->keys, size, rows);
    } else product(d, d_row, accumulate, (strided){scores, 1, width}, x.at, x.stride, shape->keys, size, rows);
}
/* A finished number of a row of scores. */
INLINE void attention_put(float *row, size_t i, floats x, size_t n, bool rounds) {
    if (rounds) store_rounded((uint16_t *)(void *)row + i, x, n);
    else store(row + i, x, n);
}

INLINE dropout_row attention_row_keys(const attention_shape *shape, size_t query) {
    return dropout_row_keys(shape->dropout.key, shape->dropout_row + (shape->query_index != NULL ? shape->query_index[query] : query));
}

/* scores become exp(score - maximum), 0 where dropped. *log_sum: logarithm of the sum before dropout; gives what is
 * left to multiply with: 1 / sum, times the factors of dropout and head. */
INLINE float attention_row(float *log_sum, float *scores, const attention_room *room, const attention_shape *shape,
                           size_t query, const bool dropped, const bool rounds) {
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
            attention_put(scores, g + i, e, n, rounds);
        })
    }
    float total = group_sum(sum), factor = dropped ? shape->dropout.scale * shape->head_factor : shape->head_factor;
    *log_sum = largest + (float)__builtin_log((double)total);
    return factor / total;
}

INLINE float attention_row_of(float *log_sum, float *scores, const attention_room *room, const attention_shape *shape,
                              size_t query) {
    bool dropped = shape->dropout.threshold > 0;
    if (dropped && room->rounds) return attention_row(log_sum, scores, room, shape, query, true, true);
    if (dropped) return attention_row(log_sum, scores, room, shape, query, true, false);
    if (room->rounds) return attention_row(log_sum, scores, room, shape, query, false, true);
    return attention_row(log_sum, scores, room, shape, query, false, false);
}

static void attention_forward_of(float *out, float *log_sum, float *weights, attention_rows q, attention_rows k, attention_rows v,
                                 const attention_shape *shape, float *scratch) {
    attention_room room = attention_prepare(scratch, k, v, false, shape);
    if (weights != NULL) room.rounds = false;   /* they are asked for as floats */
    size_t size = shape->head_size;
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        float factor[ATTENTION_QUERIES], *block = out + first * shape->out_stride;
        attention_scores(room.scores, attention_rows_from(q, first), room.k_transposed, room.packed_k, rows, &room, shape);
        for (size_t r = 0; r < rows; r++) {
            float ignored, *row_sum = log_sum != NULL ? &log_sum[first + r] : &ignored, *scores = room.scores + r * room.width;
            factor[r] = attention_row_of(row_sum, scores, &room, shape, first + r);
            if (weights == NULL) continue;
            float *row = weights + (first + r) * shape->keys;
            EACH_VECTOR(i, n, shape->keys, { store(row + i, load(scores + i, n) * floats_all(factor[r]), n); });
        }
        attention_sums(block, shape->out_stride, room.scores, v.at, rows, &room, shape);
        for (size_t r = 0; r < rows; r++, block += shape->out_stride)
            EACH_VECTOR(i, n, size, { store(block + i, load(block + i, n) * floats_all(factor[r]), n); });
    }
}

static void attention_forward_body(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                                   const attention_shape *shape, float *scratch) {
    size_t stride = shape->kv_stride;
    attention_forward_of(out, log_sum, weights, (attention_rows){q, shape->q_stride, false}, (attention_rows){k, stride, false},
                         (attention_rows){v, stride, false}, shape, scratch);
}
static void attention_forward_rounded_body(float *out, float *log_sum, float *weights, const uint16_t *q, const uint16_t *k,
                                           const uint16_t *v, const attention_shape *shape, float *scratch) {
    size_t stride = shape->kv_stride;
    attention_forward_of(out, log_sum, weights, (attention_rows){q, shape->q_stride, true}, (attention_rows){k, stride, true},
                         (attention_rows){v, stride, true}, shape, scratch);
}

/* ---------------------------------------------------------------------------------------------- backward --- */

/* With P the probabilities and f the factor of dropout and head (0 where dropped):
 *     W = P f                                    takes the scores' place
 *     dS = P (f dW - sum of P f dW) / sqrt(d)    takes dW's place; the sum is d_out . out */
INLINE void attention_gradient_row(float *scores, float *d_scores, float log_sum, float dot, const attention_room *room,
                                   const attention_shape *shape, size_t query, const bool dropped, const bool rounds) {
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
            floats d = p * fused(f, load(d_scores + g + i, n), -total) * d_scale;
            attention_put(scores, g + i, p * f, n, rounds);
            attention_put(d_scores, g + i, d, n, rounds);
        })
    }
}
INLINE float dot_of(const float *a, const float *b, size_t count) {
    floats sum[VECTORS];
    group_clear(sum, 0);
    EACH_GROUP(g, size, count, { EACH_PART(v, i, n, size, sum[v] = fused(load(a + g + i, n), load(b + g + i, n), sum[v]);) });
    return group_sum(sum);
}

INLINE void attention_gradient_row_of(float *scores, float *d_scores, float log_sum, float dot, const attention_room *room,
                                      const attention_shape *shape, size_t query) {
    bool dropped = shape->dropout.threshold > 0;
    if (dropped && room->rounds) attention_gradient_row(scores, d_scores, log_sum, dot, room, shape, query, true, true);
    else if (dropped) attention_gradient_row(scores, d_scores, log_sum, dot, room, shape, query, true, false);
    else if (room->rounds) attention_gradient_row(scores, d_scores, log_sum, dot, room, shape, query, false, true);
    else attention_gradient_row(scores, d_scores, log_sum, dot, room, shape, query, false, false);
}

/* Where a gradient is summed as floats: there, or in the scratch. */
INLINE float *attention_sums_place(attention_gradient d, size_t row, float *scratch) {
    return d.rounded ? scratch : (float *)d.at + row * d.stride;
}
static void attention_round_rows(attention_gradient d, size_t row, const float *sums, size_t rows, size_t size) {
    if (d.rounded) gemm_round((uint16_t *)d.at + row * d.stride, d.stride, sums, size, rows, size);
}
static void attention_clear_rows(attention_gradient d, size_t rows, size_t size) {
    size_t element = d.rounded ? sizeof(uint16_t) : sizeof(float);
    for (size_t j = 0; j < rows; j++) memset((char *)d.at + j * d.stride * element, 0, size * element);
}

static void attention_backward_of(attention_gradient d_q, attention_gradient d_k, attention_gradient d_v, const float *d_out,
                                  const float *out, const float *log_sum, attention_rows q, attention_rows k, attention_rows v,
                                  const attention_shape *shape, float *scratch) {
    attention_room room = attention_prepare(scratch, k, v, true, shape);
    size_t size = shape->head_size, width = room.width, keys = shape->keys, out_row = shape->out_stride;
    if (shape->queries == 0) {
        attention_clear_rows(d_k, keys, size);
        attention_clear_rows(d_v, keys, size);
        return;
    }
    float *key_sums = attention_sums_place(d_k, 0, room.d_k), *value_sums = attention_sums_place(d_v, 0, room.d_v);
    size_t q_row = d_q.rounded ? size : d_q.stride, kv_row = d_k.rounded ? size : d_k.stride;
    for (size_t first = 0; first < shape->queries; first += ATTENTION_QUERIES) {
        size_t rows = shape->queries - first < ATTENTION_QUERIES ? shape->queries - first : ATTENTION_QUERIES;
        attention_rows queries = attention_rows_from(q, first), d_rows = {d_out + first * out_row, out_row, false};
        const float *d_block = d_rows.at, *block = out + first * out_row;
        attention_scores(room.scores, queries, room.k_transposed, room.packed_k, rows, &room, shape);
        attention_scores(room.d_scores, d_rows, room.v_transposed, room.packed_v, rows, &room, shape);
        for (size_t r = 0; r < rows; r++) {
            float dot = dot_of(d_block + r * out_row, block + r * out_row, size);
            attention_gradient_row_of(room.scores + r * width, room.d_scores + r * width, log_sum[first + r], dot, &room, shape,
                                      first + r);
        }
        float *query_sums = attention_sums_place(d_q, first, room.d_q);
        attention_sums(query_sums, q_row, room.d_scores, k.at, rows, &room, shape);
        attention_round_rows(d_q, first, query_sums, rows, size);
        attention_key_sums(key_sums, kv_row, first > 0, room.d_scores, queries, room.packed_q, rows, &room, shape);
        attention_key_sums(value_sums, kv_row, first > 0, room.scores, d_rows, room.packed_d_out, rows, &room, shape);
    }
    attention_round_rows(d_k, 0, key_sums, keys, size);
    attention_round_rows(d_v, 0, value_sums, keys, size);
}

static void attention_backward_body(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                                    const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch) {
    size_t q_row = shape->q_stride, row = shape->kv_stride;
    attention_backward_of((attention_gradient){d_q, q_row, false}, (attention_gradient){d_k, row, false},
                          (attention_gradient){d_v, row, false}, d_out, out, log_sum, (attention_rows){q, q_row, false},
                          (attention_rows){k, row, false}, (attention_rows){v, row, false}, shape, scratch);
}
static void attention_backward_rounded_body(uint16_t *d_q, uint16_t *d_k, uint16_t *d_v, const float *d_out, const float *out,
                                            const float *log_sum, const uint16_t *q, const uint16_t *k, const uint16_t *v,
                                            const attention_shape *shape, float *scratch) {
    size_t q_row = shape->q_stride, row = shape->kv_stride;
    attention_backward_of((attention_gradient){d_q, q_row, true}, (attention_gradient){d_k, row, true},
                          (attention_gradient){d_v, row, true}, d_out, out, log_sum, (attention_rows){q, q_row, true},
                          (attention_rows){k, row, true}, (attention_rows){v, row, true}, shape, scratch);
}

#endif
