/* nn/dropout.h: a share of the elements set to 0, the rest scaled so that the expectation stays.
 *
 * The mask is a function, not a state: element (row, column) of a place in the network is kept or dropped by
 * f(seed, step, place, row, column). So it is never stored, backward applies the same mask by asking again, and it does
 * not depend on how rows are cut into blocks or on the number of threads. Every CPU level draws the same mask, bit for
 * bit.
 *
 * Draws have 16 bits: the probability is rounded to a multiple of 2^-16 (0.1 becomes 0.100006), the scale is the exact
 * 1 / (1 - probability). */
#ifndef MASKE_NN_DROPOUT_H
#define MASKE_NN_DROPOUT_H

#include "maske.h"

typedef struct dropout_mask {
    uint64_t key;           /* of (seed, step, place) */
    uint32_t threshold;     /* 0..65536: draws below are dropped; 0 (so a zeroed mask, too): the identity */
    float scale;            /* of what is kept */
} dropout_mask;

/* place: which dropout of the network this is, layer * 8 + site. step must differ wherever masks must differ (each
 * micro batch, not only each optimizer step). probability 0..1; 1 drops everything. */
dropout_mask dropout_mask_new(double probability, uint64_t seed, uint64_t step, uint64_t place);

/* Whether this element is kept: what the vectorised code draws, one at a time (for tests and readers). */
bool dropout_keeps(const dropout_mask *mask, uint64_t row, uint32_t column);

/* out = in * scale where kept, 0 where dropped.
 *   in, out   [rows, columns]   may be the same memory
 *   first_row                   the number of the first row (of the whole batch), below 2^48 */
void dropout_forward(float *out, const float *in, const dropout_mask *mask, uint64_t first_row, size_t rows, size_t columns);
/* d_in is set; may be d_out. */
void dropout_backward(float *d_in, const float *d_out, const dropout_mask *mask, uint64_t first_row, size_t rows, size_t columns);

#endif
