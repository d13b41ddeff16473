/* bert/embeddings.h: BertEmbeddings: word (or the caller's vector) + token type + position, LayerNorm, dropout. */
#ifndef MASKE_BERT_EMBEDDINGS_H
#define MASKE_BERT_EMBEDDINGS_H

#include "bert/context.h"

/* Sets context->embeddings. */
void bert_embeddings_forward(masked_lm_context *c);
/* context->d_hidden [tokens, hidden] by the result becomes the gradient by the sum of the three embeddings. */
void bert_embeddings_backward(masked_lm_context *c);

#endif
