/* train/subspace.h: dense products and orthogonal columns, for factorising large matrices by subspace iteration (Halko,
 * Martinsson and Tropp, "Finding structure with randomness", 2011). Rows are shared out among threads, and results are the
 * same for any number of them. */
#ifndef MASKE_TRAIN_SUBSPACE_H
#define MASKE_TRAIN_SUBSPACE_H

#include "maske.h"
#include "base/memory.h"

/* Room for matrices of so many columns. */
typedef struct subspace {
    size_t columns;
    int threads;
    float *square, *inverse;    /* [columns, columns] */
    double *factor;             /* [columns, columns] */
} subspace;

/* Yours: subspace_free, also after a failure. */
MASKE_MUST_USE maske_status subspace_new(subspace *out, size_t columns, int threads);
void subspace_free(subspace *s);
size_t subspace_bytes(size_t columns);

/* out [m, n] = op(a) b: a is [m, k], or [k, m] where transposed; b is [k, n]. */
void subspace_multiply(float *out, const float *a, bool transposed, const float *b, size_t m, size_t n, size_t k, int threads);

/* factor = L with L L^T = square (Cholesky). Where nothing is left of a direction its column becomes 0; with a ridge there
 * is an inverse all the same, since each diagonal element is at least a millionth of their sum. */
void subspace_factorise(subspace *s, bool ridge);
/* inverse = (L^T)^-1, upper, of a factor with a ridge. */
void subspace_invert(subspace *s);

/* out [rows, columns]: columns at right angles, of length 1, that span what those of y span; y is overwritten. */
void subspace_orthogonalise(subspace *s, float *out, float *y, size_t rows);

#endif
