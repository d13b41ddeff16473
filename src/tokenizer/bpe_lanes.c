/* tokenizer/bpe_lanes.c: see the header. Nothing but a lane's end is decided by a branch. */
#include "tokenizer/bpe_lanes.h"

/* No rank: the largest that fits, whatever place is beside it. */
enum { PLACE_BITS = 4, PLACE_MASK = 15, NO_MERGE = 0x7FFFFFF0 };
enum { AN_END = PAIR_RANKS_SYMBOLS - 1 };        /* no symbol of a model with ranks has this id */

static inline int32_t ranked(uint32_t rank, unsigned place) {
    return (int32_t)((rank << PLACE_BITS & NO_MERGE) | place);
}

void bpe_lane_start(const bpe *model, bpe_lane *lane, const int32_t *symbols, size_t count) {
    lane->count = (uint32_t)count;
    lane->alive = ((uint32_t)1 << (count + 2)) - 1;
    lane->ids[0] = lane->ids[count + 1] = AN_END;
    memcpy(lane->ids + 1, symbols, count * sizeof *symbols);
    for (unsigned i = 0; i <= BPE_LANE_SYMBOLS; i++) lane->ranks[i] = NO_MERGE;
    for (unsigned i = 1; i < count; i++) {
        uint32_t rank = pair_ranks_guess(&model->ranks, lane->ids[i], lane->ids[i + 1]);
        if (__builtin_expect(rank == PAIR_RANK_ASK, 0)) rank = bpe_rank(model, lane->ids[i], lane->ids[i + 1]);
        lane->ranks[i] = ranked(rank, i);
    }
}

static inline int32_t least_of(const int32_t *ranks) {
    int32_t least[4];
    for (int i = 0; i < 4; i++) {
        int32_t a = ranks[i] < ranks[i + 4] ? ranks[i] : ranks[i + 4];
        int32_t b = ranks[i + 8] < ranks[i + 12] ? ranks[i + 8] : ranks[i + 12];
        least[i] = a < b ? a : b;
    }
    int32_t a = least[0] < least[1] ? least[0] : least[1], b = least[2] < least[3] ? least[2] : least[3];
    return a < b ? a : b;
}

/* One merge, and the question for the ranks of the two pairs that it made; false: there is none left. */
static inline bool merge_one(const bpe *model, bpe_lane *lane) {
    unsigned at, gone;
    uint32_t rank, alive = lane->alive, behind;
    for (;;) {
        int32_t best = least_of(lane->ranks);
        if (best >= NO_MERGE) return false;
        at = (unsigned)best & PLACE_MASK;
        rank = (uint32_t)best >> PLACE_BITS;
        behind = alive & ~(uint32_t)1 << at;
        gone = (unsigned)__builtin_ctz(behind);
        if (__builtin_expect(pair_ranks_is(&model->ranks, rank, lane->ids[at], lane->ids[gone]), 1)) break;
        lane->ranks[at] = NO_MERGE;                     /* the guess was none of this pair: it has no merge */
    }
    unsigned next = (unsigned)__builtin_ctz(behind & (behind - 1)),
             left = 31 - (unsigned)__builtin_clz(alive & (((uint32_t)1 << at) - 1));
    int32_t id = model->ids_by_rank ? model->first_merged + (int32_t)rank : model->merges[rank].id;
    lane->places[0] = at;
    lane->places[1] = left;
    lane->alive = alive & ~((uint32_t)1 << gone);
    lane->ids[at] = id;
    lane->ranks[gone] = NO_MERGE;
    lane->hashes[0] = pair_ranks_hash(id, lane->ids[next]);
    lane->hashes[1] = pair_ranks_hash(lane->ids[left], id);
    pair_ranks_ask(&model->ranks, lane->hashes[0]);
    pair_ranks_ask(&model->ranks, lane->hashes[1]);
    return true;
}

/* The rank of a new pair, the one that begins at a place. */
static inline void rank_one(const bpe *model, bpe_lane *lane, int which) {
    unsigned place = lane->places[which];
    uint32_t rank = pair_ranks_guess_hashed(&model->ranks, lane->hashes[which]);
    if (__builtin_expect(rank == PAIR_RANK_ASK, 0)) {
        uint32_t behind = lane->alive & ~(uint32_t)1 << place;
        rank = bpe_rank(model, lane->ids[place], lane->ids[__builtin_ctz(behind)]);
    }
    lane->ranks[place] = ranked(rank, place);
}

void bpe_lanes_merge(const bpe *model, bpe_lane *lanes, size_t count) {
    bpe_lane *active[BPE_LANES];
    for (size_t i = 0; i < count; i++) active[i] = &lanes[i];
    while (count > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            active[kept] = active[i];
            kept += merge_one(model, active[i]);
        }
        count = kept;
        for (size_t i = 0; i < count; i++) {
            rank_one(model, active[i], 0);
            rank_one(model, active[i], 1);
        }
    }
}

size_t bpe_lane_ids(const bpe_lane *lane, int32_t *ids) {
    size_t count = 0;
    for (uint32_t left = lane->alive & ((((uint32_t)1 << lane->count) - 1) << 1); left != 0; left &= left - 1)
        ids[count++] = lane->ids[__builtin_ctz(left)];
    return count;
}
