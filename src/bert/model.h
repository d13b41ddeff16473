/* bert/model.h: BertModel: embeddings, encoder, pooler. */
#ifndef MASKE_BERT_MODEL_H
#define MASKE_BERT_MODEL_H

#include "bert/context.h"

/* Chooses the last layer's rows for the batch and mode of the call; runs to the last layer's output (and pooled). */
void bert_model_forward(masked_lm_context *c);
/* From d_output, the gradient by the last layer's output (bert_model_d_output, filled), to all parameters below. */
void bert_model_backward(masked_lm_context *c);
/* [rows, hidden] where the gradient by the last layer's output belongs. */
float *bert_model_d_output(masked_lm_context *c);

#endif
