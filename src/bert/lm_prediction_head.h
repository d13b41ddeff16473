/* bert/lm_prediction_head.h: BertLMPredictionHead on the predicted positions alone: linear, activation, LayerNorm, then
 * the decoder (tied to the word embeddings or of its own, with a bias), softmax and cross entropy. */
#ifndef MASKE_BERT_LM_PREDICTION_HEAD_H
#define MASKE_BERT_LM_PREDICTION_HEAD_H

#include "bert/context.h"

/* Loss and counts are set in result. With context->gradients the gradient by the transformed rows and those of decoder
 * and bias are made on the way, while the logits are at hand. */
void bert_lm_prediction_head_forward(masked_lm_context *c, masked_lm_result *result);
/* d_output [rows, hidden], the gradient by the last layer's output, is set. */
void bert_lm_prediction_head_backward(masked_lm_context *c, float *d_output);

#endif
