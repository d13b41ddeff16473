/* train/first_weights.h: what a new model begins with, beside random numbers: what can be counted in its text. */
#ifndef MASKE_TRAIN_FIRST_WEIGHTS_H
#define MASKE_TRAIN_FIRST_WEIGHTS_H

#include "bert/masked_lm.h"
#include "data/dataset.h"

/* A new model of `config`, as settings say: the decoder's bias by how frequent tokens are (unigram_bias), the word
 * embeddings by their neighbours (word_vectors), attention that looks at these (neighbour_heads). Yours: masked_lm_free,
 * also after a failure. The same for any number of threads. */
MASKE_MUST_USE maske_status first_weights(masked_lm **out, const bert_config *config, const maske_train_options *settings,
                                          const dataset *training, int threads, const maske_control *control);
/* The memory that it takes meanwhile, at most, beside the model; SIZE_MAX: more than can be addressed. */
size_t first_weights_bytes(const bert_config *config, const maske_train_options *settings, int64_t tokens);

/* The decoder's bias becomes the logarithm of how often each token is to be expected anywhere, of the training text with
 * one of each added. */
MASKE_MUST_USE maske_status first_weights_unigram(masked_lm *lm, const dataset *training);

#endif
