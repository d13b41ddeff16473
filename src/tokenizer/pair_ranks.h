/* tokenizer/pair_ranks.h: the rank of a pair of symbols, found without a branch and in one cache line.
 *
 * Encoding a new word asks for many pairs, most of which have no merge, and which one has is as good as random: in a
 * table with open addressing each answer is a branch guessed wrong. And each is a place in a table that the nearest
 * cache does not hold, so what counts is how small it is. Here a pair can only be in one bucket of eight slots of four
 * bytes, all of which are compared at once:
 *
 *     slot    mark (what is left of 32 bits), rank + 1 (as many bits as ranks need); 0: free
 *
 * A mark is a part of the pair's hash, so the answer is a guess: a pair that has a merge always gets its own rank, but
 * one that has none may get that of another. Who merges must look whether the rank is this pair's (merges are far fewer
 * than questions): the hash can be undone, so the 16 bits of it that neither the bucket nor the mark has settle that.
 * Where two pairs of a bucket have the same mark, or there are too many, some are left out and the last slot says so:
 * then the answer may be to ask the model's full table.
 *
 * A table of a model's merges, built once; read-only then. Models of more than 2^20 entries go without. */
#ifndef MASKE_TOKENIZER_PAIR_RANKS_H
#define MASKE_TOKENIZER_PAIR_RANKS_H

#include "base/memory.h"

#include <string.h>

#define PAIR_RANK_NONE     UINT32_MAX
#define PAIR_RANK_ASK      (UINT32_MAX - 1) /* it may have one, which is not here */
#define PAIR_RANKS_SYMBOLS (1 << 20)        /* ids are below this; the last one stands for the end of a word */
enum { PAIR_RANKS_BUCKET = 8 };             /* slots */
#define PAIR_RANKS_CROWDED UINT32_MAX       /* in the last slot: some of this bucket's pairs are not in it */

typedef struct pair_ranks {
    uint32_t *slots;    /* [bucket_mask + 1, 8], each bucket in one cache line; NULL: not to be asked */
    size_t bucket_mask;
    uint32_t mark_mask; /* the bits of a slot that are its mark */
    uint16_t *rests;    /* [ranks] the rest of the hash of each merge's pair */
} pair_ranks;

struct bpe_merge;

/* The merges by rank, each pair once, of symbols below PAIR_RANKS_SYMBOLS. Leaves *out without slots where there are
 * too many. */
MASKE_MUST_USE maske_status pair_ranks_build(pair_ranks *out, const struct bpe_merge *merges, size_t count);
void pair_ranks_free(pair_ranks *table);

/* The pair, 40 bits, with its upper bits in the lower ones too, times an odd number, modulo 2^40; in the highest bits:
 * the upper 24 of them give bucket and mark. */
static inline uint64_t pair_ranks_hash(int32_t left, int32_t right) {
    uint64_t pair = (uint64_t)(uint32_t)left << 20 | (uint32_t)right;
    return (pair ^ pair >> 18) * (0x9E3779B97Fu << 24);
}
static inline size_t pair_ranks_bucket(const pair_ranks *table, uint64_t hash) {
    return (size_t)(hash >> 40) & table->bucket_mask;
}
static inline uint32_t pair_ranks_mark(const pair_ranks *table, uint64_t hash) {
    return (uint32_t)(hash >> 32) & table->mark_mask;
}
static inline uint16_t pair_ranks_rest(uint64_t hash) { return (uint16_t)(hash >> 24); }
/* PAIR_RANK_ASK where it is not among the bucket's. */
uint32_t pair_ranks_find_crowded(const pair_ranks *table, const uint32_t *bucket, uint32_t mark);
/* PAIR_RANK_NONE: no merge; a rank: that of this pair, or of another if this one has no merge; PAIR_RANK_ASK. The
 * symbols are below PAIR_RANKS_SYMBOLS. */
static inline uint32_t pair_ranks_guess_hashed(const pair_ranks *table, uint64_t hash) {
    typedef uint32_t four __attribute__((vector_size(16)));
    uint64_t halves[2];
    const uint32_t *bucket = table->slots + pair_ranks_bucket(table, hash) * PAIR_RANKS_BUCKET;
    uint32_t mark = pair_ranks_mark(table, hash), mask = table->mark_mask;
    if (__builtin_expect(bucket[PAIR_RANKS_BUCKET - 1] == PAIR_RANKS_CROWDED, 0))
        return pair_ranks_find_crowded(table, bucket, mark);
    four marks = {mark, mark, mark, mark}, masks = {mask, mask, mask, mask}, a, b;
    memcpy(&a, bucket, sizeof a);
    memcpy(&b, bucket + 4, sizeof b);
    a ^= marks;
    b ^= marks;
    a = (a & (four)((a & masks) == 0)) | (b & (four)((b & masks) == 0)); /* a free slot is 0, and so adds nothing */
    memcpy(halves, &a, sizeof halves);
    halves[0] |= halves[1];
    return (uint32_t)(halves[0] | halves[0] >> 32) - 1;
}
static inline uint32_t pair_ranks_guess(const pair_ranks *table, int32_t left, int32_t right) {
    return pair_ranks_guess_hashed(table, pair_ranks_hash(left, right));
}
/* Asks for the memory that the guess will read. */
static inline void pair_ranks_ask(const pair_ranks *table, uint64_t hash) {
    __builtin_prefetch(table->slots + pair_ranks_bucket(table, hash) * PAIR_RANKS_BUCKET);
}
/* Whether a rank that was the answer is that of this pair. */
static inline bool pair_ranks_is(const pair_ranks *table, uint32_t rank, int32_t left, int32_t right) {
    return table->rests[rank] == pair_ranks_rest(pair_ranks_hash(left, right));
}

#endif
