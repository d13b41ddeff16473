/* train/word_vectors.h: first word embeddings counted in the text, so that tokens which stand beside the same tokens are
 * alike before the first step. A model of few minutes learns from most tokens a few times alone; here each says at once what
 * it has to say.
 *
 * The mutual information of tokens and neighbours at each of the four places before and the four behind
 * (train/neighbours.h), eight matrices side by side, M [vocab, 8 vocab], is factorised: rows of the vectors E [vocab,
 * hidden] have the products that those of M have, as nearly as `hidden` numbers allow (E E^T is M M^T in its largest
 * directions), found by subspace iteration (train/subspace.h). Then all rows are made equally long, and the space is turned
 * at random, so that no coordinate is another's better. */
#ifndef MASKE_TRAIN_WORD_VECTORS_H
#define MASKE_TRAIN_WORD_VECTORS_H

#include "train/neighbours.h"

/* Changes the rows of the tokens that occur with a neighbour; the others stay.
 *   embeddings  [vocab of n, hidden]
 *   deviation   root of the mean square of each row's numbers
 * The same for any number of threads. Stopped by `control` it fails with MASKE_STOPPED, and the embeddings are as before,
 * as after any failure. */
MASKE_MUST_USE maske_status word_vectors(float *embeddings, neighbours *n, size_t hidden, double deviation, uint64_t seed,
                                         int threads, const maske_control *control);
/* The memory that it takes meanwhile, at most; SIZE_MAX: more than can be addressed. */
size_t word_vectors_bytes(size_t vocab_size, size_t hidden);

#endif
