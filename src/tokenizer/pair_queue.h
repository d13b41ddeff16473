/* tokenizer/pair_queue.h: the pairs in the order in which they are merged: higher count first, of equal counts the
 * smaller left id, then the smaller right id. A heap with four children a node, which halves the cache lines a pop
 * visits.
 *
 * Counts go stale as other merges take occurrences away: the owner compares what it pops with the current count and
 * pushes it back if that is lower. */
#ifndef MASKE_TOKENIZER_PAIR_QUEUE_H
#define MASKE_TOKENIZER_PAIR_QUEUE_H

#include "base/memory.h"

typedef struct queued_pair {
    int64_t count;
    uint64_t key;
    uint32_t place;             /* in the pair index */
} queued_pair;
typedef struct pair_queue { queued_pair *items; size_t count, capacity; } pair_queue;

MASKE_MUST_USE maske_status pair_queue_push(pair_queue *queue, queued_pair pair);
/* The first pair; the queue must not be empty. */
queued_pair pair_queue_pop(pair_queue *queue);
void pair_queue_clear(pair_queue *queue);
void pair_queue_free(pair_queue *queue);

#endif
