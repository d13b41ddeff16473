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
    residual_layer_norm_forward(s->output, sum, s->output_norm.mean, s->output_norm.rstd, product,
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
    residual_layer_norm_backward(g->output_product, g->hidden, sums + 2 * c->hidden, sums, sums + c->hidden, g->hidden,
                                 s->output_norm.sum, s->output_norm.mean, s->output_norm.rstd,
                                 bert_weight(c, norm.weight), &dropout, s->dropout_row + first, rows,
                                 c->hidden);
    const bert_linear *dense = &bert_packed_layer(c, layer)->output;
    if (c->rounds) {
        gemm_round(g->rounded.output_product, c->hidden, g->output_product, c->hidden, rows, c->hidden);
        bert_linear_backward_rounded(g->intermediate, false, g->rounded.output_product, c->hidden, dense, rows);
    } else
        bert_linear_backward(g->intermediate, false, g->output_product, c->hidden, dense, bert_precision(c), rows);
}
