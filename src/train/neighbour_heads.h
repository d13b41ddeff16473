/* train/neighbour_heads.h: first weights with which attention looks at the tokens beside a token and passes on what they
 * say, so that a model uses its sequence from the first step. At random, every head sees the mean of the whole sequence, and
 * it takes thousands of steps until one finds its neighbours; before that a model learns little more than how frequent
 * tokens are.
 *
 * Where heads look. Position embeddings become waves: in m planes of the hidden space, at right angles to each other and
 * where word vectors are least (else at random), position p stands at the angle p * w of the plane's frequency w (as the sinusoids of Vaswani and
 * others, "Attention is all you need", 2017, with frequencies spread evenly up to half a turn a position). To the random
 * query and key matrices of the head that looks at the offset o the planes are added, the query's turned by o * w; so that
 * the score of position i with j is largest where j = i + o: a sum of cos(w (i + o - j)). That attention can begin as a
 * convolution: Cordonnier, Loukas and Jaggi, "On the relationship between self-attention and convolutional layers", 2020;
 * that it pays where data are few: d'Ascoli and others, "ConViT", 2021.
 *
 * What they say. With word vectors E [vocab, hidden] (train/word_vectors.h), A [hidden, hidden] is the matrix with which
 * E A E^T is nearest to the mutual information of each token with each at that offset, tokens weighed by how often they
 * occur: a neighbour's vector times A is nearest to those of the tokens that it makes likely, which is where the decoder
 * looks for them. A head's value and output matrices have as much of it as its width allows. The prediction head's transform
 * begins at the identity and the usual random numbers, since both sides of it mean the same now.
 *
 * It all stays a plain BERT: these are values of its tensors, and training changes them like any. */
#ifndef MASKE_TRAIN_NEIGHBOUR_HEADS_H
#define MASKE_TRAIN_NEIGHBOUR_HEADS_H

#include "bert/parameters.h"
#include "train/neighbours.h"

/* Changes position embeddings, and of the first layers attention's matrices, of a model whose other weights have their first
 * values already. A function of these, the text, the configuration and the seed, for any number of threads.
 *   n   the text's tokens, where the word embeddings are vectors of it; NULL: heads look and have nothing to say yet
 * After a failure the weights are not to be used; stopped by `control` it is MASKE_STOPPED. */
MASKE_MUST_USE maske_status neighbour_heads(float *weights, const parameters *table, const bert_config *config, neighbours *n,
                                            uint64_t seed, int threads, const maske_control *control);
/* The memory that it takes meanwhile, at most, n's not counted; SIZE_MAX: more than can be addressed. */
size_t neighbour_heads_bytes(size_t vocab_size, size_t hidden);

#endif
