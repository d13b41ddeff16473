/* bert/layer.c */
#include "bert/layer.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "bert/attention.h"
#include "bert/intermediate.h"
#include "bert/output.h"
#include "bert/weight_gradients.h"
#include "nn/layer_norm.h"
#include "nn/residual_layer_norm.h"

#include <string.h>

typedef struct call {
    masked_lm_context *c;
    size_t layer;
    const layer_state *s;
    const layer_gradients *g;
} call;

/* ------------------------------------------------------------------------------------------------------ state --- */

/* Which rows this layer has in this pass, and where its query, key and value are then. */
static layer_state *start(masked_lm_context *c, size_t layer, const float *input) {
    layer_state *s = &c->layers[layer];
    const batch *b = c->batch;
    size_t hidden = c->hidden;
    s->input = input;
    s->restricted = layer + 1 == c->layer_count && !c->every_position;
    s->dropout_row = s->restricted ? c->mode->first_prediction : c->mode->first_token;
    s->rows = s->restricted ? c->row_count : b->tokens;
    s->row_start = s->restricted ? c->row_start : b->sequence_start;
    s->row_place = s->restricted ? c->row_place : NULL;
    s->residual = s->restricted ? s->picked : input;
    if (c->rounds) {
        rounded_state *r = &s->rounded;
        r->query = s->restricted ? r->picked_query : r->query_key_value;
        r->key_value = r->query_key_value + (s->restricted ? 0 : hidden);
    } else {
        s->query = s->restricted ? s->picked_query : s->query_key_value;
        s->key_value = s->query_key_value + (s->restricted ? 0 : hidden);
    }
    s->query_stride = s->restricted ? hidden : 3 * hidden;
    s->key_value_stride = s->restricted ? 2 * hidden : 3 * hidden;
    return s;
}

static norm_state norm_at(norm_state n, size_t first, size_t hidden) {
    if (n.sum == NULL) return n;
    return (norm_state){n.sum + first * hidden, n.mean + first, n.rstd + first};
}

layer_state bert_layer_state_at(const masked_lm_context *c, const layer_state *s, size_t first, int thread) {
    layer_state at = *s;
    size_t hidden = first * c->hidden;
    at.residual += hidden;
    at.context += hidden;
    at.attention_output += hidden;
    at.output += hidden;
    at.attention_norm = norm_at(s->attention_norm, first, c->hidden);
    at.output_norm = norm_at(s->output_norm, first, c->hidden);
    at.intermediate = c->thread_blocks[thread];
    if (c->rounds || !c->capacity.backward) at.intermediate_pre = c->thread_blocks[thread];
    if (c->rounds) {
        at.work = c->thread_blocks[thread];
        at.rounded.context += hidden;
        at.rounded.attention_output += hidden;
        at.rounded.intermediate_pre += first * c->intermediate;
        at.rounded.intermediate += first * c->intermediate;
    } else if (c->capacity.backward) {
        at.intermediate_pre += first * c->intermediate;
    }
    return at;
}

layer_gradients bert_layer_gradients_at(const masked_lm_context *c, const layer_gradients *g, size_t first,
                                       int thread) {
    layer_gradients at = *g;
    size_t hidden = first * c->hidden;
    at.hidden += hidden;
    at.context += hidden;
    if (c->rounds) {
        at.intermediate = c->thread_blocks[thread];
        at.rounded.output_product += hidden;
        at.rounded.intermediate += first * c->intermediate;
        at.rounded.self_output_product += hidden;
        return at;
    }
    at.output_product += hidden;
    at.intermediate += first * c->intermediate;
    at.self_output_product += hidden;
    return at;
}

/* ---------------------------------------------------------------------------------------------------- forward --- */

static void forward_group(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    layer_state s = bert_layer_state_at(k->c, k->s, first, thread);
    bert_intermediate_forward(k->c, k->layer, &s, rows);
    bert_output_forward(k->c, k->layer, &s, first, rows);
}

/* Rows of a part, where a pass has few of them. */
enum { FEW = 4 };
typedef struct few_call { const masked_lm_context *c; size_t layer; const layer_state *s; layer_part *of; } few_call;

static void few_task(void *user, size_t part, int thread) {
    const few_call *k = user;
    size_t first = part * FEW, left = k->s->rows - first;
    layer_state s = bert_layer_state_at(k->c, k->s, first, thread);
    k->of(k->c, k->layer, &s, first, left < FEW ? left : FEW);
}

void bert_layer_for_few(const masked_lm_context *c, size_t layer, const layer_state *s, layer_part *of) {
    parallel_for(c->capacity.threads, (s->rows + FEW - 1) / FEW, few_task, &(few_call){c, layer, s, of});
}

static void forward_few(masked_lm_context *c, size_t layer, const layer_state *state) {
    layer_state s = *state;
    s.intermediate = s.intermediate_pre = c->few_intermediate;
    bert_product_shared(c, s.intermediate, c->intermediate, s.attention_output, &bert_packed_layer(c, layer)->intermediate,
                        s.rows, PRODUCT_BIAS_ACTIVATION);
    bert_output_forward_few(c, layer, &s);
}

void bert_layer_forward(masked_lm_context *c, size_t layer, const float *input) {
    const layer_state *s = start(c, layer, input);
    bert_layer_pack(c, layer, false);
    bert_attention_forward(c, layer, s);
    bert_phase_end(c, PHASE_ATTENTION);
    if (bert_few_rows(c, s->rows)) forward_few(c, layer, s);
    else bert_for_groups(c, s->rows, forward_group, &(call){c, layer, s, NULL});
    bert_phase_end(c, PHASE_FEED_FORWARD);
}

/* --------------------------------------------------------------------------------------------------- backward --- */

/* Where factors are rounded, only so. */
static void norm_again(const masked_lm_context *c, float *out, uint16_t *rounded, norm_state n, norm_places places, size_t rows) {
    layer_norm_again(c->rounds ? NULL : out, rounded, n.sum, n.mean, n.rstd, bert_weight(c, places.weight), bert_weight(c, places.bias),
                     rows, c->hidden);
}

static void attention_output_again(const masked_lm_context *c, size_t layer, const layer_state *s, size_t rows) {
    norm_again(c, s->attention_output, s->rounded.attention_output, s->attention_norm, c->model->table.layers[layer].self_output_norm,
               rows);
}

void bert_layer_input_again(const masked_lm_context *c, size_t layer, size_t first, size_t rows) {
    size_t hidden = c->hidden, at = first * hidden;
    uint16_t *rounded = c->rounds ? c->layers[layer].rounded.input + at : NULL;
    if (layer > 0) {
        const layer_state *below = &c->layers[layer - 1];
        norm_again(c, below->output + at, rounded, norm_at(below->output_norm, first, hidden),
                   c->model->table.layers[layer - 1].output_norm, rows);
    } else if (c->rounds) gemm_round(rounded, hidden, c->embeddings + at, hidden, rows, hidden);
}

void bert_residual_norm_backward(const masked_lm_context *c, float *d_product, uint16_t *rounded, float *d_hidden, float *sums,
                                 norm_state norm, const float *weight, const dropout_mask *dropout, uint64_t dropout_row,
                                 size_t rows) {
    size_t hidden = c->hidden;
    for (size_t row = 0; row < rows; row += BERT_BLOCK, sums += c->partial_width) {
        norm_state n = norm_at(norm, row, hidden);
        float *d = d_hidden + row * hidden, *d_x = c->rounds ? NULL : d_product + row * hidden;
        uint16_t *d_x_rounded = c->rounds ? rounded + row * hidden : NULL;
        residual_layer_norm_backward(d_x, d_x_rounded, d, sums + 2 * hidden, sums, sums + hidden, d, n.sum, n.mean, n.rstd,
                                     weight, dropout, dropout_row + row, smaller(rows - row, BERT_BLOCK), hidden);
    }
}

/* Partial sums: LayerNorm's weight, its bias, the output's bias, the intermediate's bias. */
static void backward_group(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    masked_lm_context *c = k->c;
    layer_state s = bert_layer_state_at(c, k->s, first, thread);
    layer_gradients g = bert_layer_gradients_at(c, k->g, first, thread);
    float *sums = bert_partials_clear(c, first, rows, 3 * c->hidden + c->intermediate);
    if (c->factors_again) attention_output_again(c, k->layer, &s, rows);
    bert_output_backward(c, k->layer, &s, &g, sums, first, rows);
    bert_intermediate_backward(c, k->layer, &s, &g, sums + 3 * c->hidden, rows);
}

/* A factor of a gradient: its rounded form where there is one. */
static const void *factor(const float *x, const uint16_t *rounded) { return rounded != NULL ? (const void *)rounded : x; }

static void feed_forward_weights_backward(const masked_lm_context *c, const layer_places *places, const layer_state *s,
                                          const layer_gradients *g) {
    const rounded_state *r = &s->rounded;
    const rounded_gradients *d = &g->rounded;
    size_t hidden = c->hidden, intermediate = c->intermediate;
    bert_weight_gradients(c, (weight_gradient[]){
        {bert_gradient(c, places->output.weight), factor(g->output_product, d->output_product),
         factor(s->intermediate_pre, r->intermediate), c->rounds, hidden, s->rows, hidden, intermediate},
        {bert_gradient(c, places->intermediate.weight), factor(g->intermediate, d->intermediate),
         factor(s->attention_output, r->attention_output), c->rounds, intermediate, s->rows, intermediate, hidden}}, 2);
}

static void attention_weights_backward(const masked_lm_context *c, const layer_places *places, const layer_state *s,
                                       const layer_gradients *g) {
    const rounded_state *r = &s->rounded;
    const rounded_gradients *d = &g->rounded;
    size_t hidden = c->hidden, tokens = c->batch->tokens;
    float *query_key_value = bert_gradient(c, places->query_key_value.weight);
    weight_gradient list[WEIGHT_GRADIENTS] = {
        {bert_gradient(c, places->self_output.weight), factor(g->self_output_product, d->self_output_product),
         factor(s->context, r->context), c->rounds, hidden, s->rows, hidden, hidden},
        {query_key_value, factor(g->query, d->query_key_value), factor(s->input, r->input), c->rounds, 3 * hidden, tokens,
         3 * hidden, hidden}};
    if (s->restricted) {
        list[1] = (weight_gradient){query_key_value, factor(g->query, d->picked_query), factor(s->picked, r->picked),
                                    c->rounds, hidden, s->rows, hidden, hidden};
        list[2] = (weight_gradient){query_key_value + hidden * hidden, factor(g->key_value, d->query_key_value),
                                    factor(s->input, r->input), c->rounds, 2 * hidden, tokens, 2 * hidden, hidden};
    }
    bert_weight_gradients(c, list, s->restricted ? 3 : 2);
}

void bert_layer_backward(masked_lm_context *c, size_t layer) {
    const layer_state *s = &c->layers[layer];
    const layer_places *places = &c->model->table.layers[layer];
    size_t hidden = c->hidden;
    layer_gradients g = c->d_layer;
    g.hidden = s->restricted ? c->d_rows : c->d_hidden;
    if (c->rounds) {
        rounded_gradients *r = &g.rounded;
        r->query = s->restricted ? r->picked_query : r->query_key_value;
        r->key_value = r->query_key_value + (s->restricted ? 0 : hidden);
    } else {
        g.query = s->restricted ? c->d_picked_query : c->d_query_key_value;
        g.key_value = c->d_query_key_value + (s->restricted ? 0 : hidden);
    }
    bert_layer_pack(c, layer, true);
    bert_for_groups(c, s->rows, backward_group, &(call){c, layer, s, &g});
    bert_partials_add(c, bert_gradient(c, places->output_norm.weight), 0, s->rows, hidden);
    bert_partials_add(c, bert_gradient(c, places->output_norm.bias), hidden, s->rows, hidden);
    bert_partials_add(c, bert_gradient(c, places->output.bias), 2 * hidden, s->rows, hidden);
    bert_partials_add(c, bert_gradient(c, places->intermediate.bias), 3 * hidden, s->rows, c->intermediate);
    bert_phase_end(c, PHASE_FEED_FORWARD);
    feed_forward_weights_backward(c, places, s, &g);
    bert_phase_end(c, PHASE_MATRIX_GRADIENTS);
    bert_attention_backward(c, layer, s, &g);
    bert_phase_end(c, PHASE_ATTENTION);
    attention_weights_backward(c, places, s, &g);
    bert_phase_end(c, PHASE_MATRIX_GRADIENTS);
}
