/* bert/intermediate.h: BertIntermediate: activation(attention_output W^T + bias), for the rows of a block or a group.
 * s and g start at its first row. */
#ifndef MASKE_BERT_INTERMEDIATE_H
#define MASKE_BERT_INTERMEDIATE_H

#include "bert/context.h"

/* From s->attention_output to s->intermediate. */
void bert_intermediate_forward(const masked_lm_context *c, size_t layer, const layer_state *s, size_t rows);
/* g->intermediate by the activation's result becomes that by the product; its share is added to g->hidden. As floats
 * s->intermediate_pre becomes the activation's result, which the gradient of BertOutput's matrix needs. In bf16 the
 * gradient by the activation's result is made here, of g->rounded.output_product, some columns at a time.
 *   sums   [intermediate] partial sums of the bias, added to; those of the next block partial_width further */
void bert_intermediate_backward(const masked_lm_context *c, size_t layer, const layer_state *s,
                                const layer_gradients *g, float *sums, size_t rows);

#endif
