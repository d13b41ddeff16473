/* data/masking.h: which tokens of a sequence are predicted, and what stands in their place.
 *
 * Of n tokens that are not special, mask_probability * n are chosen, that number rounded up or down at random so that
 * its mean is exact, and at least one: every token is chosen with the same probability, mask_probability itself unless
 * the sequence is so short that the one is more. (Drawing each token by itself and adding one where none was drawn
 * would choose too many in every short sequence.) Of the chosen, 80 % become [MASK], 10 % a random ordinary token,
 * 10 % stay.
 *
 * With whole words (BERT's whole word masking), words are drawn in a random order; one that has more tokens than are
 * still to be chosen is passed over. What becomes of each token is drawn for each by itself. Everything is a function of (seed, epoch, sequence, place in it). */
#ifndef MASKE_DATA_MASKING_H
#define MASKE_DATA_MASKING_H

#include "data/vocabulary.h"

enum { MASKING_LONGEST = 65535 };       /* tokens in a sequence: a draw's number has 16 bits */

typedef struct masking_key {
    uint64_t seed, epoch, sequence;
    double probability;
    uint64_t *words;            /* NULL: tokens are chosen one by one. Else room for the sequence's length: whole words
                                 * are chosen, so many that their tokens are about as many, never more */
} masking_key;

/* Masks ids[length] in place. index[i] and labels[i] (room for `length` each): the chosen places, ascending, and the
 * tokens that stood there. Returns how many; 0 only where every token is special. */
size_t mask_sequence(int32_t *ids, size_t length, const vocabulary *v, const masking_key *key, uint32_t *index,
                     int32_t *labels);

#endif
