/* data/held_out.h: which sequences are put aside for validation. */
#ifndef MASKE_DATA_HELD_OUT_H
#define MASKE_DATA_HELD_OUT_H

#include "base/status.h"

/* chosen[sequences] (zeroed by the caller) becomes 1 for each sequence put aside, *count their number. Whole documents
 * are drawn, round(fraction * documents) of them, at least one, never all. A document that alone holds more than twice
 * that share of all sequences gives a run of them only, so that a text of few long documents, or of one, neither loses
 * a large part of itself nor stays without held-out text. fraction 0, or a single sequence: none is chosen.
 * document_ends[documents]: where each document's sequences end, ascending. */
void held_out_choose(uint8_t *chosen, size_t *count, const uint32_t *document_ends, size_t documents, double fraction,
                     uint64_t seed);

#endif
