/* bert/intermediate.c */
#include "bert/intermediate.h"
#include "base/memory.h"
#include "bert/output.h"

/* As many columns at a time as the thread's block holds of so many rows. */
static void forward_rounded(const masked_lm_context *c, const bert_linear *dense, const layer_state *s, size_t rows) {
    const rounded_state *r = &s->rounded;
    const float *bias = bert_weight(c, dense->places.bias);
    size_t width = c->intermediate, together = bert_group_columns(c, rows);
    for (size_t first = 0; first < width; first += together) {
        size_t count = smaller(together, width - first);
        bert_linear_forward_rounded_columns(s->work, r->attention_output, dense, rows, first, count);
        for (size_t i = 0; i < rows; i++)
            bias_activation_forward_rounded(r->intermediate + i * width + first, r->intermediate_pre + i * width + first,
                                            s->work + i * count, bias + first, c->config.hidden_act, 1, count);
    }
}

static void backward_rounded(const masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g, float *sums,
                             size_t rows) {
    const rounded_state *r = &s->rounded;
    size_t width = c->intermediate, together = bert_group_columns(c, rows);
    for (size_t first = 0; first < width; first += together) {
        size_t count = smaller(together, width - first);
        bert_output_product_backward(c, layer, g, rows, first, count);
        for (size_t i = 0; i < rows; i++) {
            size_t at = i * width + first;
            bias_activation_backward_rounded(g->rounded.intermediate + at, sums + i / BERT_BLOCK * c->partial_width + first,
                                             r->intermediate + at, g->intermediate + i * count, r->intermediate_pre + at,
                                             c->config.hidden_act, 1, count);
        }
    }
    bert_linear_backward_rounded(g->hidden, true, g->rounded.intermediate, width, &bert_packed_layer(c, layer)->intermediate, rows);
}

void bert_intermediate_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->intermediate;
    if (c->rounds) {
        forward_rounded(c, dense, s, rows);
        return;
    }
    bert_product(c, s->intermediate_pre, c->intermediate, s->attention_output, dense, rows);
    bias_activation_forward(s->intermediate, s->intermediate_pre, s->intermediate_pre,
                            bert_weight(c, dense->places.bias), c->config.hidden_act, rows, c->intermediate);
}

void bert_intermediate_backward(const masked_lm_context *c, size_t layer, const layer_state *s,
                                const layer_gradients *g, float *sums, size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->intermediate;
    if (c->rounds) {
        backward_rounded(c, layer, s, g, sums, rows);
        return;
    }
    bias_activation_backward(g->intermediate, sums, s->intermediate_pre, g->intermediate, s->intermediate_pre, c->config.hidden_act,
                             rows, c->intermediate);
    bert_linear_backward(g->hidden, true, g->intermediate, c->intermediate, dense, bert_precision(c), rows);
}
