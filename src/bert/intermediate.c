/* bert/intermediate.c */
#include "bert/intermediate.h"

void bert_intermediate_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->intermediate;
    const float *bias = bert_weight(c, dense->places.bias);
    if (c->rounds) {
        bert_linear_forward_rounded(s->work, c->intermediate, s->rounded.attention_output, s->attention_output, dense, rows);
        bias_activation_forward_rounded(s->rounded.intermediate, s->rounded.intermediate_pre, s->work, bias,
                                        c->config.hidden_act, rows, c->intermediate);
        return;
    }
    bert_product(c, s->intermediate_pre, c->intermediate, s->attention_output, dense, rows);
    bias_activation_forward(s->intermediate, s->intermediate_pre, s->intermediate_pre,
                            bias, c->config.hidden_act, rows, c->intermediate);
}

void bert_intermediate_backward(const masked_lm_context *c, size_t layer, const layer_state *s,
                                const layer_gradients *g, float *sums, size_t rows) {
    const bert_linear *dense = &bert_packed_layer(c, layer)->intermediate;
    if (c->rounds) {
        bias_activation_backward_rounded(g->rounded.intermediate, sums, s->rounded.intermediate, g->intermediate,
                                         s->rounded.intermediate_pre, c->config.hidden_act, rows, c->intermediate);
        bert_linear_backward_rounded(g->hidden, true, g->rounded.intermediate, c->intermediate, dense, rows);
        return;
    }
    bias_activation_backward(g->intermediate, sums, s->intermediate_pre, g->intermediate, s->intermediate_pre, c->config.hidden_act,
                             rows, c->intermediate);
    bert_linear_backward(g->hidden, true, g->intermediate, c->intermediate, dense, bert_precision(c), rows);
}
