/* tokenizer/word_sum.h: from what threads counted, in memory and put aside on disk, to each different word once.
 *
 * Learning needs all different words at once, and takes far more memory for a word than counting does. So what learning
 * will take is reckoned here, while words are added up: where it passes the bound the text is refused, or, with prune,
 * the rarest words are dropped: all that occur less often than the least number for which the rest fits. Which words
 * those are depends on the text and the bound alone, not on threads or on what was put aside. */
#ifndef MASKE_TOKENIZER_WORD_SUM_H
#define MASKE_TOKENIZER_WORD_SUM_H

#include "tokenizer/word_spill.h"

/* Words, counts, pruned and least of *out, which is zeroed but for its form. Tallies are empty afterwards, but for their
 * totals. */
MASKE_MUST_USE maske_status word_sum(word_counts *out, word_tally *const *tallies, int threads, word_spill *spill,
                                     const word_limits *limits);

#endif
