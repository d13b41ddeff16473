/* nn/attention.c */
#include "nn/attention.h"

#include <math.h>

size_t attention_scratch(size_t keys, size_t head_size, bool backward) {
    return keys * (backward ? 2 : 1) + head_size;
}

/* The logarithm of the row's sum of exponentials; scores[keys] set (all 0 where no key is allowed). */
static float score_row(float *scores, const float *q, const float *k, const attention_shape *shape) {
    float scale = (float)(1 / sqrt((double)shape->head_size)), most = -INFINITY;
    bool any = shape->key_mask == NULL;
    for (size_t j = 0; j < shape->keys && !any; j++) any = shape->key_mask[j] != 0;
    double sum = 0;
    for (size_t j = 0; j < shape->keys; j++) {
        float dot = 0;
        for (size_t i = 0; i < shape->head_size; i++) dot += q[i] * k[j * shape->kv_stride + i];
        scores[j] = !any ? 0 : shape->key_mask != NULL && !shape->key_mask[j] ? -INFINITY : dot * scale;
        most = scores[j] > most ? scores[j] : most;
    }
    for (size_t j = 0; j < shape->keys; j++) sum += expf(scores[j] - most);
    return most + (float)log(sum);
}

/* What dropout and the head mask make of the probability of key j. */
static float weight_factor(const attention_shape *shape, size_t query, size_t j) {
    uint64_t row = shape->dropout_row + (shape->query_index != NULL ? shape->query_index[query] : query);
    if (shape->dropout.threshold == 0) return shape->head_factor;
    return dropout_keeps(&shape->dropout, row, (uint32_t)j) ? shape->dropout.scale * shape->head_factor : 0;
}

void attention_forward(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                       const attention_shape *shape, float *scratch) {
    for (size_t i = 0; i < shape->queries; i++) {
        float *row = out + i * shape->out_stride;
        float total = score_row(scratch, q + i * shape->q_stride, k, shape);
        if (log_sum != NULL) log_sum[i] = total;
        for (size_t c = 0; c < shape->head_size; c++) row[c] = 0;
        for (size_t j = 0; j < shape->keys; j++) {
            float w = expf(scratch[j] - total) * weight_factor(shape, i, j);
            if (weights != NULL) weights[i * shape->keys + j] = w;
            for (size_t c = 0; c < shape->head_size; c++) row[c] += w * v[j * shape->kv_stride + c];
        }
    }
}

void attention_backward(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                        const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch) {
    size_t size = shape->head_size;
    float scale = (float)(1 / sqrt((double)size));
    for (size_t j = 0; j < shape->keys; j++)
        for (size_t c = 0; c < size; c++) d_k[j * shape->kv_stride + c] = d_v[j * shape->kv_stride + c] = 0;
    for (size_t i = 0; i < shape->queries; i++) {
        const float *query = q + i * shape->q_stride, *d = d_out + i * shape->out_stride;
        float *d_query = d_q + i * shape->q_stride, dot = 0;
        (void)score_row(scratch, query, k, shape);
        for (size_t c = 0; c < size; c++) dot += d[c] * out[i * shape->out_stride + c];
        for (size_t c = 0; c < size; c++) d_query[c] = 0;
        for (size_t j = 0; j < shape->keys; j++) {
            float p = expf(scratch[j] - log_sum[i]), factor = weight_factor(shape, i, j), d_weight = 0;
            for (size_t c = 0; c < size; c++) {
                d_weight += d[c] * v[j * shape->kv_stride + c];
                d_v[j * shape->kv_stride + c] += p * factor * d[c];
            }
            float d_score = p * (d_weight * factor - dot) * scale;
            for (size_t c = 0; c < size; c++) {
                d_query[c] += d_score * k[j * shape->kv_stride + c];
                d_k[j * shape->kv_stride + c] += d_score * query[c];
            }
        }
    }
}
