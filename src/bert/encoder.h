/* bert/encoder.h: BertEncoder: the layers, one after the other. */
#ifndef MASKE_BERT_ENCODER_H
#define MASKE_BERT_ENCODER_H

#include "bert/context.h"

/* From context->embeddings on; fills the lists of hidden states and attentions. */
void bert_encoder_forward(masked_lm_context *c);
/* From the gradient by the last layer's output to context->d_hidden by the embeddings. */
void bert_encoder_backward(masked_lm_context *c);
/* [rows, hidden] of the last layer. */
const float *bert_encoder_output(const masked_lm_context *c);

#endif
