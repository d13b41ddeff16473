/* bert/pooler.c: a sequence is one row here, so it is no work worth threads. */
#include "bert/pooler.h"
#include "bert/encoder.h"
#include "bert/weight_gradients.h"
#include "nn/bias.h"
#include "nn/rows.h"
#include "nn/tanh.h"

void bert_pooler_forward(masked_lm_context *c) {
    const bert_linear *dense = &c->model->packed.pooler;
    size_t sequences = c->batch->sequences, hidden = c->hidden;
    rows_gather(c->pooler_input, bert_encoder_output(c), c->pooled_row, sequences, hidden);
    bert_product(c, c->pooled, hidden, c->pooler_input, dense, sequences);
    bias_forward(c->pooled, hidden, bert_weight(c, dense->places.bias), sequences, hidden);
    tanh_forward(c->pooled, c->pooled, sequences * hidden);
}

void bert_pooler_backward(masked_lm_context *c, float *d_output, const float *d_pooled) {
    const bert_linear *dense = &c->model->packed.pooler;
    size_t sequences = c->batch->sequences, hidden = c->hidden;
    float *d = c->d_pooler;
    tanh_backward(d, d_pooled, c->pooled, sequences * hidden);
    bias_backward(bert_gradient(c, dense->places.bias), d, hidden, sequences, hidden);
    weight_gradient weight = {bert_gradient(c, dense->places.weight), d, c->pooler_input, false, hidden,
                              sequences, hidden, hidden};
    bert_weight_gradients(c, &weight, 1);
    /* The input's values are used up: its place takes its gradient. */
    bert_linear_backward(c->pooler_input, false, d, hidden, dense, bert_precision(c), sequences);
    rows_scatter_add(d_output, c->pooler_input, c->pooled_row, sequences, hidden);
}
