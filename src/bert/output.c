/* bert/output.c */
#include "bert/output.h"
#include "bert/layer.h"
#include "nn/residual_layer_norm.h"

static dropout_mask mask(const masked_lm_context *c, size_t layer) {
    return bert_dropout(c, c->config.hidden_dropout_prob, layer, DROPOUT_OUTPUT);
}

static float *sum_of(const layer_state *s) { return s->output_norm.sum != NULL ? s->output_norm.sum : s->output; }

/* What follows the product [rows, hidden]. */
static void finish(const masked_lm_context *c, size_t layer, const layer_state *s, const float *product, size_t first,
                   size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->output;
    norm_places norm = c->model->table.layers[layer].output_norm;
    dropout_mask dropout = mask(c, layer);
    float *sum = sum_of(s);
    uint16_t *next = NULL;              /* the rounded input of the layer above */
    if (bert_rounds_inputs(c) && layer + 1 < c->layer_count) next = c->layers[layer + 1].rounded.input + first * c->hidden;
    residual_layer_norm_forward(s->output, next, sum, s->output_norm.mean, s->output_norm.rstd, product,
                                bert_weight(c, dense->places.bias), s->attention_output, bert_weight(c, norm.weight),
                                bert_weight(c, norm.bias), (float)c->config.layer_norm_eps, &dropout,
                                s->dropout_row + first, rows, c->hidden);
}

void bert_output_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first, size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->output;
    float *product = c->rounds ? s->work : sum_of(s);
    if (c->rounds) bert_linear_forward_rounded(product, c->hidden, s->rounded.intermediate, NULL, dense, rows);
    else bert_product(c, product, c->hidden, s->intermediate, dense, rows);
    finish(c, layer, s, product, first, rows);
}

static void finish_few(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first, size_t rows) {
    finish(c, layer, s, sum_of(s), first, rows);
}

void bert_output_forward_few(const masked_lm_context *c, size_t layer, const layer_state *s) {
    bert_product_shared(c, sum_of(s), c->hidden, s->intermediate, &bert_packed_layer(c, layer)->output, s->rows, PRODUCT_ALONE);
    bert_layer_for_few(c, layer, s, finish_few);
}

void bert_output_backward(const masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g,
                          float *sums, size_t first, size_t rows) {
    norm_places norm = c->model->table.layers[layer].output_norm;
    dropout_mask dropout = mask(c, layer);
    size_t hidden = c->hidden;
    bert_residual_norm_backward(c, g->output_product, g->rounded.output_product, g->hidden, sums, s->output_norm,
                                bert_weight(c, norm.weight), &dropout, s->dropout_row + first, rows);
    if (!c->rounds)
        bert_linear_backward(g->intermediate, false, g->output_product, hidden, &bert_packed_layer(c, layer)->output,
                             bert_precision(c), rows);
}

void bert_output_product_backward(const masked_lm_context *c, size_t layer, const layer_gradients *g, size_t rows, size_t first,
                                  size_t count) {
    bert_linear_backward_rounded_columns(g->intermediate, g->rounded.output_product, &bert_packed_layer(c, layer)->output, rows,
                                         first, count);
}
