/* bert/pooler.h: BertPooler: tanh(first W^T + bias) of each sequence's first token. */
#ifndef MASKE_BERT_POOLER_H
#define MASKE_BERT_POOLER_H

#include "bert/context.h"

/* Sets context->pooled [sequences, hidden]. */
void bert_pooler_forward(masked_lm_context *c);
/* d_pooled [sequences, hidden]; the share of the last layer's output is added to d_output [rows, hidden]. */
void bert_pooler_backward(masked_lm_context *c, float *d_output, const float *d_pooled);

#endif
