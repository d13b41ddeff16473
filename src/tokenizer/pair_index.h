/* tokenizer/pair_index.h: the pairs of symbols that may be merged next: how often, and in which records.
 *
 *   pairs  [count]             one of each pair
 *   slots  [power of two]      tag << 32 | (1 + place in pairs), 0: free; open addressing, at most half full
 *   lists  [list_room]         of records, one behind the other; a new pair's may lie where a merged pair's was
 *
 * Only pairs that occur at least `threshold` times are here. A pair's count never grows once every record has been seen
 * (new pairs hold the symbol just made), so one left out cannot come up again before the threshold is lowered, when the
 * index is built anew. That keeps it small: of a corpus' millions of pairs, some ten thousand matter at a time. And it
 * hardly grows beyond what it was built for: full of pairs it is thinned by a higher threshold, full of lists it is built
 * anew, from words that have become shorter meanwhile. So what it takes is known before (pair_index_bytes). */
#ifndef MASKE_TOKENIZER_PAIR_INDEX_H
#define MASKE_TOKENIZER_PAIR_INDEX_H

#include "tokenizer/symbol_words.h"

#define PAIR_NONE UINT32_MAX

typedef struct symbol_pair {
    uint64_t key;               /* left << 32 | right: in this order equals are merged */
    int64_t count;              /* exact */
    uint32_t *records;          /* [record_count] ascending; records that held the pair, most still do */
    uint32_t record_count;
} symbol_pair;

typedef struct pair_index {
    symbol_pair *pairs;
    size_t count, capacity;
    uint64_t *slots;
    size_t slot_count;
    uint32_t *lists;
    size_t list_room, list_used;
    uint32_t *spare;            /* [spare_room] a list that nobody needs any more */
    size_t spare_room;
    int64_t threshold;
} pair_index;

static inline uint64_t pair_key(uint32_t left, uint32_t right) { return (uint64_t)left << 32 | right; }
static inline uint32_t pair_left(uint64_t key) { return (uint32_t)(key >> 32); }
static inline uint32_t pair_right(uint64_t key) { return (uint32_t)key; }
static inline uint64_t pair_hash(uint64_t key) {
    key *= 0x9E3779B97F4A7C15u;
    return key ^ key >> 32;
}

/* Which pairs may become one symbol. */
typedef struct pair_rule {
    const uint32_t *lengths;        /* [symbols] in characters */
    const uint32_t *bytes;          /* [symbols] of their strings */
    uint32_t max_length;            /* 0: none. A merged symbol is shorter than this; two characters may always merge */
    uint32_t max_bytes;
    bool every;                     /* no symbol is long enough for the rule to matter: all may */
} pair_rule;
static inline bool pair_allowed(const pair_rule *rule, uint32_t left, uint32_t right) {
    if (rule->every) return true;
    if ((uint64_t)rule->bytes[left] + rule->bytes[right] > rule->max_bytes) return false;
    if (rule->max_length == 0) return true;
    uint64_t length = (uint64_t)rule->lengths[left] + rule->lengths[right];
    return length < rule->max_length || (rule->lengths[left] == 1 && rule->lengths[right] == 1);
}

/* Counts the pairs of all words and indexes those that occur at least `threshold` times. The threshold is the highest
 * count divided by `share`, at least `minimum`; the highest count is taken to be `highest` where it is known not to be
 * more. What the index held before is dropped. The result does not depend on the number of threads. */
MASKE_MUST_USE maske_status pair_index_build(pair_index *index, symbol_words *words, const pair_rule *rule,
    int64_t minimum, int64_t highest, int64_t share, int threads);
/* What learning so many merges from the words takes beside these: mostly the indexes, or building them. Fitted to
 * trainings on texts of a kilobyte to 44 MB, in which peaks of memory were within 13 % of it, most within 10. */
size_t pair_index_bytes(const symbol_words *words, size_t merges, int threads);
/* Adds a pair that is not there. *place is where in pairs; its records are the caller's to fill (their memory is the
 * index's). PAIR_NONE: the index is full; pair_index_thin makes room for pairs, for lists it must be built anew. */
MASKE_MUST_USE maske_status pair_index_add(pair_index *index, uint64_t key, int64_t count, uint32_t record_count,
                                           size_t *place);
/* Makes room for pairs, by a higher threshold; places change. Their lists' memory is not had back before the next build. */
MASKE_MUST_USE maske_status pair_index_thin(pair_index *index);
/* The pair's records were read for the last time: the lists of pairs added next may lie there. */
void pair_index_give_back(pair_index *index, const symbol_pair *pair);
/* Place in pairs, or PAIR_NONE. */
uint32_t pair_index_find(const pair_index *index, uint64_t key);
static inline void pair_index_prefetch(const pair_index *index, uint64_t key) {
    __builtin_prefetch(&index->slots[pair_hash(key) & (index->slot_count - 1)]);
}
void pair_index_free(pair_index *index);

#endif
