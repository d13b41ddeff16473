/* bert/encoder.c */
#include "bert/encoder.h"
#include "bert/layer.h"

void bert_encoder_forward(masked_lm_context *c) {
    const float *hidden_states = c->embeddings;
    c->hidden_states_list[0] = hidden_states;
    for (size_t i = 0; i < c->layer_count; i++) {
        bert_layer_forward(c, i, hidden_states);
        hidden_states = c->layers[i].output;
        c->hidden_states_list[i + 1] = hidden_states;
        c->attentions_list[i] = c->layers[i].attentions;
    }
}

void bert_encoder_backward(masked_lm_context *c) {
    for (size_t i = c->layer_count; i-- > 0;) {
        /* The last layer's state is still in the shared room; those before it are computed once more. */
        if (c->capacity.recompute && i + 1 < c->layer_count)
            bert_layer_forward(c, i, i > 0 ? c->layers[i - 1].output : c->embeddings);
        bert_layer_backward(c, i);
    }
}

const float *bert_encoder_output(const masked_lm_context *c) { return c->layers[c->layer_count - 1].output; }
