/* bert/output.h: BertOutput: LayerNorm(dropout(intermediate W^T + bias) + attention_output), for the rows of a block or a
 * group. s and g start at its first row, whose number is `first`. */
#ifndef MASKE_BERT_OUTPUT_H
#define MASKE_BERT_OUTPUT_H

#include "bert/context.h"

/* From s->intermediate and s->attention_output to s->output. */
void bert_output_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first, size_t rows);
/* The same of all rows, where these are few, by all threads. */
void bert_output_forward_few(const masked_lm_context *c, size_t layer, const layer_state *s);
/* g->hidden by the output becomes that by attention_output as residual; g->output_product and g->intermediate are set, in
 * bf16 g->rounded.output_product alone.
 *   sums   [3 * hidden] partial sums, added to: LayerNorm's weight, its bias, the linear layer's bias; those of the next
 *          block partial_width further */
void bert_output_backward(const masked_lm_context *c, size_t layer, const layer_state *s, const layer_gradients *g,
                          float *sums, size_t first, size_t rows);
/* In bf16: columns first..first+count-1 of the gradient by `intermediate`, [rows, count] into g->intermediate. */
void bert_output_product_backward(const masked_lm_context *c, size_t layer, const layer_gradients *g, size_t rows, size_t first,
                                  size_t count);

#endif
