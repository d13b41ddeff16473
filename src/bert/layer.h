/* bert/layer.h: BertLayer: attention, then intermediate and output, block by block. */
#ifndef MASKE_BERT_LAYER_H
#define MASKE_BERT_LAYER_H

#include "bert/context.h"

/* From input [tokens, hidden] to the layer's output [rows, hidden]; the rows are the pass's for this layer. */
void bert_layer_forward(masked_lm_context *c, size_t layer, const float *input);
/* The gradient by the layer's output (context->d_hidden, or d_rows where rows are picked) becomes, in
 * context->d_hidden, that by its input; the gradients of the layer's parameters are added to. */
void bert_layer_backward(masked_lm_context *c, size_t layer);

/* For backward: the factor that the layer's input is, as it was, of a block of tokens. */
void bert_layer_input_again(const masked_lm_context *c, size_t layer, size_t first, size_t rows);

/* The backward of LayerNorm(dropout(product + bias) + residual), block by block: d_hidden by the sum's norm becomes that by
 * the residual; d_product is set, or where factors are rounded `rounded` alone. norm: from the first row on, which dropout
 * knows by that number; weight: of the norm.
 *   sums   [3 * hidden] partial sums, added to: LayerNorm's weight, its bias, the linear layer's bias; those of the next
 *          block partial_width further */
void bert_residual_norm_backward(const masked_lm_context *c, float *d_product, uint16_t *rounded, float *d_hidden, float *sums,
                                 norm_state norm, const float *weight, const dropout_mask *dropout, uint64_t dropout_row,
                                 size_t rows);

/* The same state or gradients, from a row on; what lives within a block is the thread's. */
layer_state bert_layer_state_at(const masked_lm_context *c, const layer_state *s, size_t first, int thread);
layer_gradients bert_layer_gradients_at(const masked_lm_context *c, const layer_gradients *g, size_t first,
                                       int thread);
/* Where a pass has few rows: of(part of s, its first row, its rows) for each part of them, by all threads. */
typedef void layer_part(const masked_lm_context *c, size_t layer, const layer_state *s, size_t first, size_t rows);
void bert_layer_for_few(const masked_lm_context *c, size_t layer, const layer_state *s, layer_part *of);

#endif
