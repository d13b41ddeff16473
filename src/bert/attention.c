/* bert/attention.c */
#include "bert/attention.h"
#include "bert/layer.h"
#include "bert/self_attention.h"
#include "bert/self_output.h"

typedef struct call {
    masked_lm_context *c;
    size_t layer;
    const layer_state *s;
    const layer_gradients *g;
} call;

static void forward_group(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    layer_state s = bert_layer_state_at(k->c, k->s, first, thread);
    bert_self_output_forward(k->c, k->layer, &s, first, rows);
}

static void backward_group(void *user, size_t first, size_t rows, int thread) {
    const call *k = user;
    layer_state s = bert_layer_state_at(k->c, k->s, first, thread);
    layer_gradients g = bert_layer_gradients_at(k->c, k->g, first, thread);
    size_t hidden = k->c->hidden;
    float *sums = bert_partials_clear(k->c, first, rows, 3 * hidden);
    if (k->c->rounds && k->c->factors_again) gemm_round(s.rounded.context, hidden, s.context, hidden, rows, hidden);
    bert_self_output_backward(k->c, k->layer, &s, &g, sums, first, rows);
}

void bert_attention_forward(masked_lm_context *c, size_t layer, const layer_state *s) {
    bert_self_attention_forward(c, layer, s);
    if (bert_few_rows(c, s->rows)) bert_self_output_forward_few(c, layer, s);
    else bert_for_groups(c, s->rows, forward_group, &(call){c, layer, s, NULL});
}

void bert_attention_backward(masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g) {
    const layer_places *places = &c->model->table.layers[layer];
    size_t hidden = c->hidden;
    bert_for_groups(c, s->rows, backward_group, &(call){c, layer, s, g});
    bert_partials_add(c, bert_gradient(c, places->self_output_norm.weight), 0, s->rows, hidden);
    bert_partials_add(c, bert_gradient(c, places->self_output_norm.bias), hidden, s->rows, hidden);
    bert_partials_add(c, bert_gradient(c, places->self_output.bias), 2 * hidden, s->rows, hidden);
    bert_self_attention_backward(c, layer, s, g);
}
