/* bert/attention.h: BertAttention: self attention over whole sequences, then self output, block by block. */
#ifndef MASKE_BERT_ATTENTION_H
#define MASKE_BERT_ATTENTION_H

#include "bert/context.h"

/* From s->input to s->attention_output. */
void bert_attention_forward(masked_lm_context *c, size_t layer, const layer_state *s);
/* g->hidden by attention_output becomes that by the layer's input (in context->d_hidden where rows are picked).
 * Gradients of biases and of LayerNorm are added up; those of matrices are left to bert_layer_backward. */
void bert_attention_backward(masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g);

#endif
