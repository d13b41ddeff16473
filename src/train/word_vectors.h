/* train/word_vectors.h: first word embeddings counted in the text, so that tokens which stand beside the same tokens are
 * alike before the first step. A model of few minutes learns from most tokens a few times alone; here each says at once what
 * it has to say.
 *
 * For each of the four places before and the four behind a token: the positive pointwise mutual information of token and
 * neighbour, neighbours' frequencies to the power of 0.75 (Levy, Goldberg and Dagan, "Improving distributional similarity
 * with lessons learned from word embeddings", 2015). The eight matrices side by side, M [vocab, 8 vocab], are factorised:
 * rows of the vectors E [vocab, hidden] have the products that those of M have, as nearly as `hidden` numbers allow (E E^T
 * is M M^T in its largest directions), found by subspace iteration (Halko, Martinsson and Tropp, "Finding structure with
 * randomness", 2011). Then all rows are made equally long, and the space is turned at random, so that no coordinate is
 * another's better. */
#ifndef MASKE_TRAIN_WORD_VECTORS_H
#define MASKE_TRAIN_WORD_VECTORS_H

#include "data/dataset.h"

/* Changes the rows of the tokens that occur with a neighbour; the others stay.
 *   embeddings  [vocab_size, hidden]
 *   text        of a long one a million tokens are counted, from all over it
 *   deviation   root of the mean square of each row's numbers
 * The same for any number of threads. Stopped by `control` it fails with MASKE_STOPPED, and the embeddings are as before,
 * as after any failure. */
MASKE_MUST_USE maske_status word_vectors(float *embeddings, const dataset *text, size_t vocab_size, size_t hidden,
                                         double deviation, uint64_t seed, int threads, const maske_control *control);
/* The memory that it takes meanwhile, at most; SIZE_MAX: more than can be addressed. */
size_t word_vectors_bytes(size_t vocab_size, size_t hidden, int64_t tokens);

#endif
