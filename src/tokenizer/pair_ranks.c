/* tokenizer/pair_ranks.c: filling the buckets, four pairs a bucket on the average.
 *
 * Of a bucket's pairs those stay whose mark no other one has; where some are left out the last slot is taken for saying
 * so. A pair that is left out then equals no slot of its bucket: its mark is that of another one left out, or nobody's. */
#include "tokenizer/bpe.h"

#include <stdlib.h>

enum { RANK_BITS_MOST = 24, PAIRS_A_BUCKET = 4, PAIRS_MOST = 64 };

uint32_t pair_ranks_find_crowded(const pair_ranks *table, const uint32_t *bucket, uint32_t mark) {
    for (int i = 0; i < PAIR_RANKS_BUCKET - 1; i++)
        if (bucket[i] != 0 && ((bucket[i] ^ mark) & table->mark_mask) == 0) return (bucket[i] ^ mark) - 1;
    return PAIR_RANK_ASK;
}

static uint64_t merge_hash(const bpe_merge *merge) { return pair_ranks_hash(merge->left, merge->right); }

/* The ranks in the order of their buckets; ends[bucket] is where each bucket's end. */
static void sort_by_bucket(const pair_ranks *table, const bpe_merge *merges, size_t count, uint32_t *ranks,
                           uint32_t *ends, size_t buckets) {
    for (size_t rank = 0; rank < count; rank++) ends[pair_ranks_bucket(table, merge_hash(&merges[rank]))]++;
    for (size_t i = 1; i < buckets; i++) ends[i] += ends[i - 1];
    for (size_t rank = count; rank-- > 0;)
        ranks[--ends[pair_ranks_bucket(table, merge_hash(&merges[rank]))]] = (uint32_t)rank;
    for (size_t i = 0; i + 1 < buckets; i++) ends[i] = ends[i + 1];
    ends[buckets - 1] = (uint32_t)count;
}

/* Whether another of the bucket's pairs has the mark of pair i. */
static bool mark_is_shared(const pair_ranks *table, const bpe_merge *merges, const uint32_t *ranks, size_t count,
                           size_t i) {
    uint32_t mark = pair_ranks_mark(table, merge_hash(&merges[ranks[i]]));
    for (size_t j = 0; j < count; j++)
        if (j != i && pair_ranks_mark(table, merge_hash(&merges[ranks[j]])) == mark) return true;
    return false;
}

static void fill_bucket(const pair_ranks *table, const bpe_merge *merges, const uint32_t *ranks, size_t count,
                        uint32_t *bucket) {
    bool crowded = count > PAIR_RANKS_BUCKET;
    size_t kept = 0;
    if (count > PAIRS_MOST) count = 0; /* somebody chose them so: all are left out */
    for (size_t i = 0; i < count && !crowded; i++) crowded = mark_is_shared(table, merges, ranks, count, i);
    for (size_t i = 0; i < count && kept < PAIR_RANKS_BUCKET - (size_t)crowded; i++)
        if (!crowded || !mark_is_shared(table, merges, ranks, count, i))
            bucket[kept++] = pair_ranks_mark(table, merge_hash(&merges[ranks[i]])) | (ranks[i] + 1);
    if (crowded) bucket[PAIR_RANKS_BUCKET - 1] = PAIR_RANKS_CROWDED;
}

static maske_status fill(pair_ranks *table, const bpe_merge *merges, size_t count, uint32_t **ranks, uint32_t **ends) {
    size_t buckets = table->bucket_mask + 1;
    TRY(memory_new(ranks, count + 1, sizeof **ranks, "merges"));
    TRY(memory_new(ends, buckets, sizeof **ends, "merges"));
    TRY(memory_new(&table->slots, buckets * PAIR_RANKS_BUCKET, sizeof *table->slots, "merges"));
    TRY(memory_new(&table->rests, count + 1, sizeof *table->rests, "merges"));
    for (size_t rank = 0; rank < count; rank++) table->rests[rank] = pair_ranks_rest(merge_hash(&merges[rank]));
    sort_by_bucket(table, merges, count, *ranks, *ends, buckets);
    for (size_t i = 0, begin = 0; i < buckets; begin = (*ends)[i++])
        fill_bucket(table, merges, *ranks + begin, (*ends)[i] - begin, table->slots + i * PAIR_RANKS_BUCKET);
    return MASKE_OK;
}

/* Bucket and mark together are never less than the 24 bits of the hash that they are taken from. */
maske_status pair_ranks_build(pair_ranks *out, const bpe_merge *merges, size_t count) {
    *out = (pair_ranks){0};
    unsigned rank_bits = 2, bucket_bits = 0;
    while (((size_t)1 << rank_bits) - 2 < count) rank_bits++; /* rank + 1 is never all ones */
    if (rank_bits > RANK_BITS_MOST) return MASKE_OK;
    while (((size_t)PAIRS_A_BUCKET << bucket_bits) < count) bucket_bits++;
    pair_ranks table = {.bucket_mask = ((size_t)1 << bucket_bits) - 1, .mark_mask = ~(uint32_t)0 << rank_bits};
    uint32_t *ranks = NULL, *ends = NULL;
    maske_status status = fill(&table, merges, count, &ranks, &ends);
    free(ranks);
    free(ends);
    if (status != MASKE_OK) pair_ranks_free(&table);
    else *out = table;
    return status;
}

void pair_ranks_free(pair_ranks *table) {
    free(table->slots);
    free(table->rests);
    *table = (pair_ranks){0};
}
