/* bert/self_output.c */
#include "bert/self_output.h"
#include "bert/layer.h"
#include "nn/residual_layer_norm.h"

static dropout_mask mask(const masked_lm_context *c, size_t layer) {
    return bert_dropout(c, c->config.hidden_dropout_prob, layer, DROPOUT_SELF_OUTPUT);
}

static float *sum_of(const layer_state *s) {
    return s->attention_norm.sum != NULL ? s->attention_norm.sum : s->attention_output;
}

/* What follows the product [rows, hidden]. */
static void finish(const masked_lm_context *c, size_t layer, const layer_state *s, const float *product, size_t first,
                   size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->self_output;
    norm_places norm = c->model->table.layers[layer].self_output_norm;
    dropout_mask dropout = mask(c, layer);
    float *sum = sum_of(s);
    residual_layer_norm_forward(s->attention_output, s->rounded.attention_output, sum, s->attention_norm.mean, s->attention_norm.rstd, product,
                                bert_weight(c, dense->places.bias), s->residual, bert_weight(c, norm.weight),
                                bert_weight(c, norm.bias), (float)c->config.layer_norm_eps, &dropout,
                                s->dropout_row + first, rows, c->hidden);
}

void bert_self_output_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first,
                              size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->self_output;
    float *product = c->rounds ? s->work : sum_of(s);
    if (c->rounds) bert_linear_forward_rounded(product, c->hidden, s->rounded.context, s->context, dense, rows);
    else bert_product(c, product, c->hidden, s->context, dense, rows);
    finish(c, layer, s, product, first, rows);
}

static void finish_few(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first, size_t rows) {
    finish(c, layer, s, sum_of(s), first, rows);
}

void bert_self_output_forward_few(const masked_lm_context *c, size_t layer, const layer_state *s) {
    bert_product_shared(c, sum_of(s), c->hidden, s->context, &bert_packed_layer(c, layer)->self_output, s->rows, PRODUCT_ALONE);
    bert_layer_for_few(c, layer, s, finish_few);
}

void bert_self_output_backward(const masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g,
                               float *sums, size_t first, size_t rows) {
    norm_places norm = c->model->table.layers[layer].self_output_norm;
    dropout_mask dropout = mask(c, layer);
    size_t hidden = c->hidden;
    bert_residual_norm_backward(c, g->self_output_product, g->rounded.self_output_product, g->hidden, sums, s->attention_norm,
                                bert_weight(c, norm.weight), &dropout, s->dropout_row + first, rows);
    const bert_linear *dense = &bert_packed_layer(c, layer)->self_output;
    if (c->rounds) bert_linear_backward_rounded(g->context, false, g->rounded.self_output_product, hidden, dense, rows);
    else
        bert_linear_backward(g->context, false, g->self_output_product, hidden, dense, bert_precision(c), rows);
}
