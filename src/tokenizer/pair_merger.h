/* tokenizer/pair_merger.h: one merge in all words that hold the pair, and what it changed.
 *
 * A word  ... P a b N ...  becomes  ... P new N ...: pairs (P, a) and (b, N) are gone, (P, new) and (new, N) have come.
 * The merger adds up the weights by neighbour, so that the pair index is asked once for each different neighbour and
 * not for each occurrence, and it remembers where the new pairs are until the caller knows which of them deserve a
 * list.
 *
 * Overlaps go by the library's rule, from left to right, a symbol just made being nobody's half in the same pass: in
 * "a b a b" the second occurrence has P = new. So the symbol `new` may be among the left neighbours, never the right
 * ones. */
#ifndef MASKE_TOKENIZER_PAIR_MERGER_H
#define MASKE_TOKENIZER_PAIR_MERGER_H

#include "tokenizer/symbol_words.h"

typedef enum merge_side { MERGE_LEFT, MERGE_RIGHT } merge_side;

/* A different neighbour of the occurrences, all workers together. */
typedef struct merge_neighbour { uint32_t symbol, record_count; int64_t weight; } merge_neighbour;
typedef struct merge_worker merge_worker;

typedef struct pair_merger {
    symbol_words *words;
    merge_worker *workers;
    int worker_count, threads;
    size_t symbol_limit;
    merge_neighbour *found[2];          /* [found_count] by side, in no particular order */
    size_t found_count[2];
    uint32_t left, right, merged;       /* of the merge under way */
    const uint32_t *records;
    int active;                         /* workers that took part */
} pair_merger;

/* Symbols are below symbol_limit, those to come included. Borrows the words. Free also after a failure. */
MASKE_MUST_USE maske_status pair_merger_open(pair_merger *merger, symbol_words *words, size_t symbol_limit,
                                             int threads);
void pair_merger_close(pair_merger *merger);

/* Merges in the records given (ascending) and fills `found`. */
MASKE_MUST_USE maske_status pair_merger_apply(pair_merger *merger, const uint32_t *records, size_t count,
    uint32_t left, uint32_t right, uint32_t merged);
/* Asks for the records of a neighbour's new pair: `target` has room for its record_count. */
void pair_merger_want(pair_merger *merger, merge_side side, uint32_t symbol, uint32_t *target);
/* Writes the lists that were asked for, and forgets the merge. Call after every apply. */
void pair_merger_finish(pair_merger *merger);

#endif
