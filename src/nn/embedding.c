/* nn/embedding.c */
#include "nn/embedding.h"

#include <string.h>

void embedding_forward(float *out, const int32_t *input_ids, const float *inputs_embeds, const uint32_t *positions,
                       const int32_t *token_type_ids, const float *word, const float *position, const float *token_type,
                       size_t tokens, size_t hidden) {
    for (size_t t = 0; t < tokens; t++, out += hidden) {
        const float *w = inputs_embeds != NULL ? inputs_embeds + t * hidden : word + (size_t)input_ids[t] * hidden;
        const float *p = position + positions[t] * hidden;
        if (token_type == NULL) {
            for (size_t i = 0; i < hidden; i++) out[i] = w[i] + p[i];
            continue;
        }
        const float *type = token_type + (token_type_ids != NULL ? (size_t)token_type_ids[t] : 0) * hidden;
        for (size_t i = 0; i < hidden; i++) out[i] = w[i] + type[i] + p[i];
    }
}

static inline void add_row(float *restrict total, const float *restrict row, size_t hidden) {
    for (size_t i = 0; i < hidden; i++) total[i] += row[i];
}

/* A counting sort. While it runs, start[i + 1] is where the next token of id i goes; then it is where id i ends. */
void embedding_order(uint32_t *order, uint32_t *start, const int32_t *input_ids, size_t tokens, size_t vocab) {
    memset(start, 0, (vocab + 1) * sizeof *start);
    for (size_t t = 0; t < tokens; t++)
        if ((size_t)input_ids[t] + 2 <= vocab) start[input_ids[t] + 2]++;
    for (size_t i = 2; i <= vocab; i++) start[i] += start[i - 1];
    for (size_t t = 0; t < tokens; t++) order[start[input_ids[t] + 1]++] = (uint32_t)t;
}

void embedding_backward_word(float *d_word, const float *d_out, const uint32_t *order, const uint32_t *start,
                             int32_t padding_id, size_t first_id, size_t last_id, size_t hidden) {
    for (size_t id = first_id; id < last_id; id++) {
        if (padding_id >= 0 && id == (size_t)padding_id) continue;
        for (uint32_t i = start[id]; i < start[id + 1]; i++) add_row(d_word + id * hidden, d_out + order[i] * hidden, hidden);
    }
}

void embedding_backward_position(float *d_position, const float *d_out, const uint32_t *sequence_start, size_t sequences,
                                 size_t first, size_t last, size_t hidden) {
    for (size_t s = 0; s < sequences; s++) {
        size_t length = sequence_start[s + 1] - sequence_start[s], end = last < length ? last : length;
        for (size_t p = first; p < end; p++)
            add_row(d_position + p * hidden, d_out + (sequence_start[s] + p) * hidden, hidden);
    }
}

void embedding_backward_token_type(float *d_token_type, const float *d_out, const int32_t *token_type_ids, size_t tokens,
                                   size_t hidden) {
    for (size_t t = 0; t < tokens; t++)
        add_row(d_token_type + (token_type_ids != NULL ? (size_t)token_type_ids[t] : 0) * hidden, d_out + t * hidden, hidden);
}
