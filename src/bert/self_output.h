/* bert/self_output.h: BertSelfOutput: LayerNorm(dropout(context W^T + bias) + residual), for the rows of a block or a
 * group. s and g start at its first row, whose number is `first`. */
#ifndef MASKE_BERT_SELF_OUTPUT_H
#define MASKE_BERT_SELF_OUTPUT_H

#include "bert/context.h"

/* From s->context and s->residual to s->attention_output. */
void bert_self_output_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first,
                              size_t rows);
/* The same of all rows, where these are few, by all threads. */
void bert_self_output_forward_few(const masked_lm_context *c, size_t layer, const layer_state *s);
/* g->hidden by attention_output becomes that by the residual; g->self_output_product and g->context are set.
 *   sums   [3 * hidden] partial sums, added to: LayerNorm's weight, its bias, the linear layer's bias; those of the next
 *          block partial_width further */
void bert_self_output_backward(const masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g,
                               float *sums, size_t first, size_t rows);

#endif
