/* bert/self_attention.h: BertSelfAttention: query, key, value; softmax(Q K^T / sqrt(d) + mask) V, head by head; the
 * heads' results side by side. */
#ifndef MASKE_BERT_SELF_ATTENTION_H
#define MASKE_BERT_SELF_ATTENTION_H

#include "bert/context.h"

/* Sets s->query_key_value, s->context and, where rows are picked, s->picked and s->picked_query. */
void bert_self_attention_forward(masked_lm_context *c, size_t layer, const layer_state *s);
/* From g->context to g->query and g->key_value; their share goes to the layer's input:
 *   g->hidden [rows, hidden] (the gradient by the residual) is added to, and where rows are picked joined with that of
 *   all tokens in context->d_hidden. */
void bert_self_attention_backward(masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g);

#endif
