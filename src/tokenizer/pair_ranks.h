/* tokenizer/pair_ranks.h: the rank of a pair of symbols, found without a branch.
 *
 * Encoding a new word asks for many pairs, most of which have no merge, and which one has is as good as random: in a
 * table with open addressing each answer is a branch guessed wrong. Here a pair can only be in four places, in two
 * groups of two (cuckoo hashing: Pagh and Rodler, 2004; with groups: Dietzfelbinger and Weidling, 2007). All four are
 * read and compared, and the one that is equal remains:
 *
 *     slot    left (20 bits), right (20 bits), rank + 1 (24 bits); 0: free
 *
 * A table of a model's merges, built once; read-only then. Models of more than 2^20 entries go without. */
#ifndef MASKE_TOKENIZER_PAIR_RANKS_H
#define MASKE_TOKENIZER_PAIR_RANKS_H

#include "base/memory.h"

#define PAIR_RANK_NONE     UINT32_MAX
#define PAIR_RANKS_SYMBOLS (1 << 20) /* ids are below this */

typedef struct pair_ranks {
    uint64_t *slots; /* [2 * groups]; NULL: not to be asked */
    unsigned shift;  /* 64 - log2(groups) */
} pair_ranks;

struct bpe_merge;

/* The merges by rank, each pair once, of symbols below PAIR_RANKS_SYMBOLS. Leaves *out without slots where there are
 * too many. */
MASKE_MUST_USE maske_status pair_ranks_build(pair_ranks *out, const struct bpe_merge *merges, size_t count);
void pair_ranks_free(pair_ranks *table);

static inline uint64_t pair_ranks_key(int32_t left, int32_t right) {
    return (uint64_t)(uint32_t)left << 20 | (uint32_t)right;
}
/* The two groups' first slots. */
static inline size_t pair_ranks_first(uint64_t key, unsigned shift) {
    return (size_t)(key * 0x9E3779B97F4A7C15u >> shift) * 2;
}
static inline size_t pair_ranks_second(uint64_t key, unsigned shift) {
    return (size_t)((key ^ key >> 17) * 0xD6E8FEB86659FD93u >> shift) * 2;
}
/* PAIR_RANK_NONE: no merge. The symbols are below PAIR_RANKS_SYMBOLS. */
static inline uint32_t pair_ranks_find(const pair_ranks *table, int32_t left, int32_t right) {
    uint64_t key = pair_ranks_key(left, right);
    const uint64_t *a = table->slots + pair_ranks_first(key, table->shift),
                   *b = table->slots + pair_ranks_second(key, table->shift);
    uint64_t found = (a[0] & -(uint64_t)(a[0] >> 24 == key)) | (a[1] & -(uint64_t)(a[1] >> 24 == key)) |
                     (b[0] & -(uint64_t)(b[0] >> 24 == key)) | (b[1] & -(uint64_t)(b[1] >> 24 == key));
    return (uint32_t)(found & 0xFFFFFF) - 1; /* the pair (0, 0) equals free slots, which add nothing */
}

#endif
