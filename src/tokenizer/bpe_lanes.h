/* tokenizer/bpe_lanes.h: many short words merged side by side.
 *
 * What merging a word costs is waiting: each merge must be done before the next is known, and each asks tables that are
 * not near. Words do not wait for one another, so here each of them does one merge in turn. A lane is a word:
 *
 *     place    0         1 .. count          count + 1
 *     ids      an end    its symbols         an end           an end has no merges
 *     ranks              rank << 4 | place of each pair that may be merged, named by its left symbol
 *     alive    a bit for each place that is left
 *
 * A turn has two halves: first all lanes merge and ask for the memory of the pairs that this made, then all read it.
 *
 * The merges are those of bpe_encode (lowest rank first, leftmost of equals). */
#ifndef MASKE_TOKENIZER_BPE_LANES_H
#define MASKE_TOKENIZER_BPE_LANES_H

#include "tokenizer/bpe.h"

enum { BPE_LANES = 64, BPE_LANE_SYMBOLS = 15 };

typedef struct bpe_lane {
    int32_t ranks[BPE_LANE_SYMBOLS + 1];
    int32_t ids[BPE_LANE_SYMBOLS + 2];
    uint32_t alive, count;
    uint64_t hashes[2];     /* between the halves of a turn: the new pairs, at `places` */
    uint32_t places[2];
} bpe_lane;

/* Whether the model's words may go in lanes: those of up to BPE_LANE_SYMBOLS symbols. */
static inline bool bpe_lanes_apply(const bpe *model) { return model->ranks.slots != NULL && !model->options.ignore_merges; }
/* symbols[count], 0 < count <= BPE_LANE_SYMBOLS. */
void bpe_lane_start(const bpe *model, bpe_lane *lane, const int32_t *symbols, size_t count);
/* Does all merges of lanes[count], count <= BPE_LANES. */
void bpe_lanes_merge(const bpe *model, bpe_lane *lanes, size_t count);
/* What is left of a word; ids[BPE_LANE_SYMBOLS] has room. Returns how many. */
size_t bpe_lane_ids(const bpe_lane *lane, int32_t *ids);

#endif
