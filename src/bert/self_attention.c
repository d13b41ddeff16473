/* bert/self_attention.c
 *
 * A layer whose rows are all tokens has query, key and value of a token side by side, [tokens, 3 * hidden]. The last
 * layer, where it has fewer rows, has queries [rows, hidden] and keys and values [tokens, 2 * hidden]. */
#include "bert/self_attention.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "bert/layer.h"
#include "nn/attention.h"
#include "nn/bias.h"
#include "nn/rows.h"

typedef struct call {
    masked_lm_context *c;
    size_t layer;
    const layer_state *s;
    const layer_gradients *g;
} call;

static const packed_layer *packed(const call *k) { return bert_packed_layer(k->c, k->layer); }
static const layer_places *places(const call *k) { return &k->c->model->table.layers[k->layer]; }

/* ------------------------------------------------------------------------------------------------ projections --- */

/* y = x W^T + bias of a block's or a group's rows. */
static void project(const masked_lm_context *c, float *y, size_t y_stride, const float *x, const bert_linear *l, const float *bias,
                    size_t rows) {
    bert_product(c, y, y_stride, x, l, rows);
    bias_forward(y, y_stride, bias, rows, l->out);
}
/* The same of a rounded x; y is rounded. As many columns at a time as the thread's block holds. */
static void project_rounded(const masked_lm_context *c, uint16_t *y, size_t y_stride, const uint16_t *x, const bert_linear *l,
                            const float *bias, size_t rows, int thread) {
    float *work = c->thread_blocks[thread];
    size_t together = bert_group_columns(c, rows);
    for (size_t first = 0; first < l->out; first += together) {
        size_t count = smaller(together, l->out - first);
        bert_linear_forward_rounded_columns(work, x, l, rows, first, count);
        bias_forward_rounded(y + first, y_stride, work, bias + first, rows, count);
    }
}

/* Query, key and value of a block of tokens; the last layer's matrices are packed apart. */
static void project_tokens(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    const layer_state *s = k->s;
    size_t hidden = c->hidden, width = s->restricted ? 2 * hidden : 3 * hidden;
    const float *in = s->input + first * hidden, *bias = bert_weight(c, places(k)->query_key_value.bias);
    const packed_layer *p = packed(k);
    uint16_t *rounded = NULL;
    if (c->rounds) {
        rounded = s->rounded.input + first * hidden;
        if (!bert_rounds_inputs(c)) gemm_round(rounded, hidden, in, hidden, rows, hidden);
    }
    const bert_linear *parts[] = {&p->query_key_value, s->restricted ? NULL : &p->query, &p->key_value};
    for (size_t i = 0, at = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const bert_linear *l = parts[i];
        if (l == NULL || l->out == 0) continue;
        const float *own = bias + 3 * hidden - width + at;
        if (c->rounds) project_rounded(c, s->rounded.query_key_value + first * width + at, width, rounded, l, own, rows, thread);
        else project(c, s->query_key_value + first * width + at, width, in, l, own, rows);
        at += l->out;
    }
}

/* Queries of a block of picked rows. */
static void project_rows(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    const layer_state *s = k->s;
    size_t hidden = c->hidden, at = first * hidden;
    const float *bias = bert_weight(c, places(k)->query_key_value.bias);
    rows_gather(s->picked + at, s->input, c->row_index + first, rows, hidden);
    if (c->rounds) {
        gemm_round(s->rounded.picked + at, hidden, s->picked + at, hidden, rows, hidden);
        project_rounded(c, s->rounded.picked_query + at, hidden, s->rounded.picked + at, &packed(k)->query, bias, rows, thread);
    } else project(c, s->picked_query + at, hidden, s->picked + at, &packed(k)->query, bias, rows);
}

/* The gradient by x, of that by y: d_y [rows, l->out], d_stride apart, or where it is rounded that. */
static void project_backward(const masked_lm_context *c, float *d_x, bool accumulate, const float *d_y, const uint16_t *rounded,
                             size_t d_stride, const bert_linear *l, size_t rows) {
    if (c->rounds) bert_linear_backward_rounded(d_x, accumulate, rounded, d_stride, l, rows);
    else bert_linear_backward(d_x, accumulate, d_y, d_stride, l, bert_precision(c), rows);
}

/* Partial sums: the biases of what was projected, from the same [rows, width]. */
static void sum_biases(const masked_lm_context *c, const float *d_y, const uint16_t *rounded, size_t first, size_t rows, size_t width) {
    float *sums = bert_partials_clear(c, first, rows, width);
    for (size_t row = 0; row < rows; row += BERT_BLOCK, sums += c->partial_width) {
        size_t count = smaller(rows - row, BERT_BLOCK);
        if (c->rounds) bias_backward_rounded(sums, rounded + row * width, width, count, width);
        else bias_backward(sums, d_y + row * width, width, count, width);
    }
}

static void project_tokens_backward(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    (void)thread;
    size_t hidden = c->hidden;
    const packed_layer *p = packed(k);
    bool restricted = k->s->restricted;
    size_t width = restricted ? 2 * hidden : 3 * hidden, key = width - 2 * hidden;
    if (c->factors_again) bert_layer_input_again(c, k->layer, first, rows);
    const float *d = c->rounds ? NULL : c->d_query_key_value + first * width, *d_key = c->rounds ? NULL : d + key;
    const uint16_t *rounded = c->rounds ? k->g->rounded.query_key_value + first * width : NULL,
                   *rounded_key = c->rounds ? rounded + key : NULL;
    float *d_in = c->d_hidden + first * hidden;
    if (p->query_key_value.out > 0) project_backward(c, d_in, true, d, rounded, width, &p->query_key_value, rows);
    else {
        if (!restricted) project_backward(c, d_in, true, d, rounded, width, &p->query, rows);
        project_backward(c, d_in, !restricted, d_key, rounded_key, width, &p->key_value, rows);
    }
    sum_biases(c, d, rounded, first, rows, width);
}

static void project_rows_backward(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    (void)thread;
    size_t hidden = c->hidden;
    const float *d = c->rounds ? NULL : c->d_picked_query + first * hidden;
    const uint16_t *rounded = c->rounds ? k->g->rounded.picked_query + first * hidden : NULL;
    project_backward(c, k->g->hidden + first * hidden, true, d, rounded, hidden, &packed(k)->query, rows);
    sum_biases(c, d, rounded, first, rows, hidden);
}

/* The same of few tokens and rows, by all threads. */
static void project_few_tokens(const call *k) {
    const masked_lm_context *c = k->c;
    size_t hidden = c->hidden, width = k->s->restricted ? 2 * hidden : 3 * hidden, tokens = c->batch->tokens;
    const packed_layer *p = packed(k);
    float *out = k->s->query_key_value;
    const float *in = k->s->input;
    if (p->query_key_value.out > 0) {
        bert_product_shared(c, out, width, in, &p->query_key_value, tokens, PRODUCT_BIAS);
        return;
    }
    if (!k->s->restricted) bert_product_shared(c, out, width, in, &p->query, tokens, PRODUCT_BIAS);
    bert_product_shared(c, out + width - 2 * hidden, width, in, &p->key_value, tokens, PRODUCT_BIAS);
}
static void project_few_rows(const call *k) {
    const layer_state *s = k->s;
    rows_gather(s->picked, s->input, k->c->row_index, s->rows, k->c->hidden);
    bert_product_shared(k->c, s->picked_query, k->c->hidden, s->picked, &packed(k)->query, s->rows, PRODUCT_BIAS);
}

/* ------------------------------------------------------------------------------------------------------ heads --- */

/* One head of one sequence: where its numbers are. */
typedef struct head_task {
    attention_shape shape;
    size_t head, token, row;    /* the sequence's first */
} head_task;

static head_task head_of(const call *k, size_t i) {
    const masked_lm_context *c = k->c;
    const layer_state *s = k->s;
    size_t sequence = i / c->heads, head = i % c->heads;
    uint32_t token = c->batch->sequence_start[sequence], row = s->row_start[sequence];
    const float *factors = c->mode->head_mask;
    return (head_task){.head = head, .token = token, .row = row, .shape = {
        .queries = s->row_start[sequence + 1] - row,
        .keys = c->batch->sequence_start[sequence + 1] - token,
        .head_size = c->head_size,
        .q_stride = s->query_stride, .kv_stride = s->key_value_stride, .out_stride = c->hidden,
        .key_mask = c->batch->attention_mask != NULL ? c->batch->attention_mask + token : NULL,
        .head_factor = factors != NULL ? factors[k->layer * c->heads + head] : 1.0f,
        .dropout = bert_dropout(c, c->config.attention_probs_dropout_prob, k->layer, DROPOUT_ATTENTION),
        .dropout_row = (uint64_t)head << 32 | (c->mode->first_token + token),
        .query_index = s->row_place != NULL ? s->row_place + row : NULL,
        .precision = bert_attention_precision(c)}};
}

/* Where a sequence's attentions start: those before it take heads * length * length each. */
static float *attentions_of(const call *k, const head_task *h, size_t sequence) {
    if (k->s->attentions == NULL) return NULL;
    float *at = k->s->attentions;
    for (size_t i = 0; i < sequence; i++) {
        size_t length = k->c->batch->sequence_start[i + 1] - k->c->batch->sequence_start[i];
        at += k->c->heads * length * length;
    }
    return at + h->head * h->shape.keys * h->shape.keys;
}

static void attend(void *user, size_t i, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    const layer_state *s = k->s;
    head_task h = head_of(k, i);
    size_t column = h.head * c->head_size;
    size_t query = h.row * s->query_stride + column, key = h.token * s->key_value_stride + column;
    float *out = s->context + h.row * c->hidden + column, *attentions = attentions_of(k, &h, i / c->heads),
          *log_sum = s->log_sum != NULL ? s->log_sum + h.head * s->rows + h.row : NULL, *scratch = c->thread_scratch[thread];
    if (c->rounds) {
        const uint16_t *keys = s->rounded.key_value + key;
        attention_forward_rounded(out, log_sum, attentions, s->rounded.query + query, keys, keys + c->hidden, &h.shape, scratch);
    } else {
        const float *keys = s->key_value + key;
        attention_forward(out, log_sum, attentions, s->query + query, keys, keys + c->hidden, &h.shape, scratch);
    }
}

static void attend_backward(void *user, size_t i, int thread) {
    const call *k = user;
    const masked_lm_context *c = k->c;
    const layer_state *s = k->s;
    head_task h = head_of(k, i);
    size_t column = h.head * c->head_size;
    size_t query = h.row * s->query_stride + column, key = h.token * s->key_value_stride + column,
           out = h.row * c->hidden + column;
    const float *d_out = k->g->context + out, *log_sum = s->log_sum + h.head * s->rows + h.row;
    float *scratch = c->thread_scratch[thread];
    if (c->rounds) {
        const uint16_t *keys = s->rounded.key_value + key;
        uint16_t *d_keys = k->g->rounded.key_value + key;
        attention_backward_rounded(k->g->rounded.query + query, d_keys, d_keys + c->hidden, d_out, s->context + out, log_sum,
                                   s->rounded.query + query, keys, keys + c->hidden, &h.shape, scratch);
    } else {
        const float *keys = s->key_value + key;
        float *d_keys = k->g->key_value + key;
        attention_backward(k->g->query + query, d_keys, d_keys + c->hidden, d_out, s->context + out, log_sum, s->query + query,
                           keys, keys + c->hidden, &h.shape, scratch);
    }
}

/* ------------------------------------------------------------------------------------------------------ whole --- */

void bert_self_attention_forward(masked_lm_context *c, size_t layer, const layer_state *s) {
    call k = {c, layer, s, NULL};
    if (bert_few_rows(c, c->batch->tokens)) project_few_tokens(&k);
    else bert_for_groups(c, c->batch->tokens, project_tokens, &k);
    if (s->restricted && bert_few_rows(c, s->rows)) project_few_rows(&k);
    else if (s->restricted) bert_for_groups(c, s->rows, project_rows, &k);
    parallel_for(c->capacity.threads, c->batch->sequences * c->heads, attend, &k);
}

void bert_self_attention_backward(masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g) {
    call k = {c, layer, s, g};
    size_t hidden = c->hidden, tokens = c->batch->tokens;
    float *d_bias = bert_gradient(c, places(&k)->query_key_value.bias);
    parallel_for(c->capacity.threads, c->batch->sequences * c->heads, attend_backward, &k);
    bert_for_groups(c, tokens, project_tokens_backward, &k);
    if (!s->restricted) {
        bert_partials_add(c, d_bias, 0, tokens, 3 * hidden);
        return;
    }
    bert_partials_add(c, d_bias + hidden, 0, tokens, 2 * hidden);
    bert_for_groups(c, s->rows, project_rows_backward, &k);
    bert_partials_add(c, d_bias, 0, s->rows, hidden);
    rows_scatter_add(c->d_hidden, g->hidden, c->row_index, s->rows, hidden);
}
