/* tokenizer/pair_queue.c: the heap. */
#include "tokenizer/pair_queue.h"

#include <stdlib.h>

static inline bool before(const queued_pair *a, const queued_pair *b) {
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

maske_status pair_queue_push(pair_queue *queue, queued_pair pair) {
    TRY(memory_reserve(&queue->items, &queue->capacity, queue->count + 1, sizeof *queue->items, "pairs"));
    size_t at = queue->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 4;
        if (!before(&pair, &queue->items[parent])) break;
        queue->items[at] = queue->items[parent];
        at = parent;
    }
    queue->items[at] = pair;
    return MASKE_OK;
}

queued_pair pair_queue_pop(pair_queue *queue) {
    queued_pair first = queue->items[0], moved = queue->items[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 4 + 1, last = child + 4 < queue->count ? child + 4 : queue->count;
        if (child >= last) break;
        size_t best = child;
        for (size_t i = child + 1; i < last; i++)
            if (before(&queue->items[i], &queue->items[best])) best = i;
        if (!before(&queue->items[best], &moved)) break;
        queue->items[at] = queue->items[best];
        at = best;
    }
    queue->items[at] = moved;
    return first;
}

void pair_queue_clear(pair_queue *queue) { queue->count = 0; }

void pair_queue_free(pair_queue *queue) {
    free(queue->items);
    *queue = (pair_queue){0};
}
