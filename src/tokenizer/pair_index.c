/* tokenizer/pair_index.c: counting all pairs, keeping those that matter.
 *
 * Three passes over the words, each split among workers by blocks:
 *   1. a sketch: weights summed by a few bits of the pair's hash. A pair occurs at most as often as its cell says, so
 *      whole swarms of rare pairs are ruled out in an array that fits the cache;
 *   2. exact counts of the pairs that the sketch leaves; where those are too many for the memory that the words suggest,
 *      in several rounds, each for the pairs whose hash says so, and with a higher threshold;
 *   3. the lists of records of the pairs that reach the threshold.
 * Workers have fixed, ascending shares of the blocks, and lists are put together in the workers' order, so they ascend.
 */
#include "tokenizer/pair_index.h"

#include <stdlib.h>

enum { WORKERS_MAX = 32, ARENA_CELLS = 1 << 18, SKETCH_BITS_MIN = 10, SKETCH_BITS_MAX = 19 };
/* Of memory: all workers' tables may take half of what the words' cells take, the pairs that are indexed a quarter. A
 * slot of a table costs three times its size, since it grows and is added up; a pair is indexed, queued and listed. */
enum { SLOT_COST = 96, SLOTS_LEAST = 1 << 17, PAIR_COST = 160, PAIRS_LEAST = 1 << 16, ROUND_BITS_MOST = 12 };

struct pair_arena_block { pair_arena_block *next; size_t used, room; uint32_t cells[]; };

/* ---------------------------------------------------------------------------------------------------- the index --- */

static void arena_free(pair_arena_block *block) {
    while (block != NULL) {
        pair_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

static maske_status arena_take(pair_index *index, size_t count, uint32_t **out) {
    pair_arena_block *block = index->arena;
    if (block == NULL || block->room - block->used < count) {
        size_t room = count > ARENA_CELLS ? count : ARENA_CELLS, bytes = 0;
        if (!size_multiply(&bytes, room, sizeof(uint32_t)) || !size_add(&bytes, bytes, sizeof *block))
            return error_memory(SIZE_MAX, "places of pairs");
        block = malloc(bytes);
        if (block == NULL) return error_memory(bytes, "places of pairs");
        *block = (pair_arena_block){index->arena, 0, room};
        index->arena = block;
    }
    *out = block->cells + block->used;
    block->used += count;
    return MASKE_OK;
}

uint32_t pair_index_find(const pair_index *index, uint64_t key) {
    if (index->slot_count == 0) return PAIR_NONE;
    uint64_t hash = pair_hash(key), tag = hash >> 32;
    for (size_t i = hash & (index->slot_count - 1);; i = (i + 1) & (index->slot_count - 1)) {
        uint64_t slot = index->slots[i];
        if (slot == 0) return PAIR_NONE;
        if (slot >> 32 == tag && index->pairs[(uint32_t)slot - 1].key == key) return (uint32_t)slot - 1;
    }
}

static void put_slot(uint64_t *slots, size_t slot_count, uint64_t key, size_t place) {
    uint64_t hash = pair_hash(key);
    size_t i = hash & (slot_count - 1);
    while (slots[i] != 0) i = (i + 1) & (slot_count - 1);
    slots[i] = (hash & ~(uint64_t)UINT32_MAX) | (place + 1);
}

static maske_status grow_slots(pair_index *index) {
    size_t count = index->slot_count == 0 ? 1024 : index->slot_count * 2;
    uint64_t *slots = NULL;
    TRY(memory_new(&slots, count, sizeof *slots, "pairs"));
    for (size_t i = 0; i < index->count; i++) put_slot(slots, count, index->pairs[i].key, i);
    free(index->slots);
    index->slots = slots;
    index->slot_count = count;
    return MASKE_OK;
}

/* A pair without a list yet. */
static maske_status add_bare(pair_index *index, uint64_t key, int64_t count, size_t *place) {
    if (index->count >= UINT32_MAX - 1)
        return error_set(MASKE_UNSUPPORTED, "the corpus has 2^32 different pairs or more");
    if (index->count * 2 >= index->slot_count) TRY(grow_slots(index));
    TRY(memory_reserve(&index->pairs, &index->capacity, index->count + 1, sizeof *index->pairs, "pairs"));
    put_slot(index->slots, index->slot_count, key, index->count);
    *place = index->count;
    index->pairs[index->count++] = (symbol_pair){.key = key, .count = count};
    return MASKE_OK;
}

maske_status pair_index_add(pair_index *index, uint64_t key, int64_t count, uint32_t record_count, size_t *place) {
    uint32_t *records = NULL;
    TRY(arena_take(index, record_count, &records));
    TRY(add_bare(index, key, count, place));
    index->pairs[*place].records = records;
    index->pairs[*place].record_count = record_count;
    return MASKE_OK;
}

void pair_index_free(pair_index *index) {
    free(index->pairs);
    free(index->slots);
    arena_free(index->arena);
    *index = (pair_index){0};
}

/* ----------------------------------------------------------------------------------------------------- counting --- */

/* A worker's own table; last: 1 + the record that counted last, so that a record counts once. */
typedef struct pair_count { uint64_t key; int64_t count; uint32_t records, last; } pair_count;

typedef struct worker {
    symbol_block *blocks;
    size_t block_count;
    uint64_t *sketch;               /* [sketch_mask + 1] */
    pair_count *counts;             /* [count_mask + 1]; count 0: free */
    size_t count_mask, used;
    uint32_t *records;              /* [pairs] in how many of its records a pair is */
    size_t records_capacity;
    uint32_t **cursors;             /* [pairs] where the next record of a pair goes */
    bool full;                      /* the table would pass the limit: more rounds are needed */
    maske_status status;
} worker;

typedef struct counting {
    symbol_words *words;
    const pair_rule *rule;
    pair_index *index;
    size_t sketch_mask;
    const uint64_t *sketch;         /* all workers' */
    uint64_t threshold;
    size_t slots_most, pairs_most;
    uint32_t round;                 /* of 1 << round_bits */
    int round_bits;
    worker workers[WORKERS_MAX];
    int worker_count;
} counting;

/* Calls visit for every pair of the worker's words that may be merged. */
static inline __attribute__((always_inline)) void each_pair(counting *c, worker *w,
        void (*visit)(counting *c, worker *w, uint32_t record, uint64_t key, int64_t weight)) {
    uint32_t *cells = c->words->cells;
    const pair_rule *rule = c->rule;
    for (size_t block = 0; block < w->block_count; block++) {
        uint32_t *end = cells + w->blocks[block].end;
        for (uint32_t *record = cells + w->blocks[block].begin; record < end;
             record += SYMBOL_HEADER + symbol_room(record)) {
            uint32_t count = symbol_count(record), *symbols = record + SYMBOL_HEADER,
                     place = (uint32_t)(record - cells);
            int64_t weight = symbol_weight(record);
            for (uint32_t i = 0; i + 1 < count; i++)
                if (pair_allowed(rule, symbols[i], symbols[i + 1]))
                    visit(c, w, place, pair_key(symbols[i], symbols[i + 1]), weight);
            if (!(record[0] & SYMBOL_JOINS_NEXT) || count == 0) continue;
            const uint32_t *next = symbol_next_record(record);
            if (next != NULL && pair_allowed(rule, symbols[count - 1], next[SYMBOL_HEADER]))
                visit(c, w, place, pair_key(symbols[count - 1], next[SYMBOL_HEADER]), weight);
        }
    }
}

static void visit_sketch(counting *c, worker *w, uint32_t record, uint64_t key, int64_t weight) {
    (void)record;
    w->sketch[pair_hash(key) & c->sketch_mask] += (uint64_t)weight;
}

static maske_status grow_counts(worker *w) {
    size_t mask = w->counts == NULL ? 4095 : w->count_mask * 2 + 1;
    pair_count *counts = NULL;
    TRY(memory_new(&counts, mask + 1, sizeof *counts, "pairs"));
    for (size_t i = 0; w->counts != NULL && i <= w->count_mask; i++) {
        if (w->counts[i].count == 0) continue;
        size_t at = pair_hash(w->counts[i].key) & mask;
        while (counts[at].count != 0) at = (at + 1) & mask;
        counts[at] = w->counts[i];
    }
    free(w->counts);
    w->counts = counts;
    w->count_mask = mask;
    return MASKE_OK;
}

static void visit_count(counting *c, worker *w, uint32_t record, uint64_t key, int64_t weight) {
    uint64_t hash = pair_hash(key);
    if (c->sketch[hash & c->sketch_mask] < c->threshold || w->full || w->status != MASKE_OK) return;
    if (c->round_bits > 0 && hash >> (64 - c->round_bits) != c->round) return;
    size_t at = hash & w->count_mask;
    while (w->counts[at].count != 0 && w->counts[at].key != key) at = (at + 1) & w->count_mask;
    pair_count *count = &w->counts[at];
    bool is_new = count->count == 0;
    count->key = key;
    count->count += weight;
    count->records += count->last != record + 1;
    count->last = record + 1;
    if (!is_new || ++w->used * 2 <= w->count_mask) return;
    w->full = w->count_mask + 1 >= c->slots_most && c->round_bits < ROUND_BITS_MOST;
    if (!w->full) w->status = grow_counts(w);
}

static void visit_scatter(counting *c, worker *w, uint32_t record, uint64_t key, int64_t weight) {
    (void)weight;
    uint32_t place = pair_index_find(c->index, key);
    if (place == PAIR_NONE) return;
    uint32_t *cursor = w->cursors[place];
    /* The counts have become cursors; 0 marks that one was moved. Before that, what lies in front of it is another
     * worker's, who may be writing it. */
    if (w->records[place] == 0 && cursor[-1] == record) return;
    *cursor = record;
    w->cursors[place]++;
    w->records[place] = 0;
}

static void sketch_task(void *user, size_t i, int thread) {
    (void)thread;
    counting *c = user;
    each_pair(c, &c->workers[i], visit_sketch);
}
static void count_task(void *user, size_t i, int thread) {
    (void)thread;
    counting *c = user;
    each_pair(c, &c->workers[i], visit_count);
}
static void scatter_task(void *user, size_t i, int thread) {
    (void)thread;
    counting *c = user;
    each_pair(c, &c->workers[i], visit_scatter);
}

/* Sums the sketches into the first one; returns the largest cell. */
static uint64_t sum_sketches(counting *c) {
    uint64_t *sum = c->workers[0].sketch, top = 0;
    for (int w = 1; w < c->worker_count; w++)
        for (size_t i = 0; i <= c->sketch_mask; i++) sum[i] += c->workers[w].sketch[i];
    for (size_t i = 0; i <= c->sketch_mask; i++) top = sum[i] > top ? sum[i] : top;
    c->sketch = sum;
    return top;
}

/* Too many pairs to index: the threshold goes up until half as many are left, as far as equal counts allow. */
static maske_status raise_threshold(counting *c) {
    enum { HIGHEST = 1 << 16 };
    pair_index *index = c->index, kept = {.threshold = index->threshold};
    size_t *by_count, left = index->count;
    TRY(memory_new(&by_count, HIGHEST, sizeof *by_count, "pairs"));
    for (size_t i = 0; i < index->count; i++)
        by_count[index->pairs[i].count < HIGHEST ? index->pairs[i].count : HIGHEST - 1]++;
    while (left > c->pairs_most / 2 && kept.threshold < HIGHEST - 1 && by_count[kept.threshold] < left)
        left -= by_count[kept.threshold++];
    free(by_count);
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < index->count && status == MASKE_OK; i++) {
        size_t place = 0;
        if (index->pairs[i].count < kept.threshold) continue;
        status = add_bare(&kept, index->pairs[i].key, index->pairs[i].count, &place);
        if (status != MASKE_OK) break;
        kept.pairs[place].record_count = index->pairs[i].record_count;
        for (int w = 0; w < c->worker_count; w++) c->workers[w].records[place] = c->workers[w].records[i];
    }
    pair_index_free(index);
    *index = kept;
    c->threshold = (uint64_t)kept.threshold;
    return status;
}

/* Adds the pairs of the round whose counts, summed over the workers, reach the threshold; they have no lists yet. */
static maske_status gather_counts(counting *c) {
    pair_index *index = c->index, all = {0};
    maske_status status = MASKE_OK;
    for (int w = 0; w < c->worker_count && status == MASKE_OK; w++) {
        worker *from = &c->workers[w];
        for (size_t i = 0; i <= from->count_mask && status == MASKE_OK; i++) {
            if (from->counts[i].count == 0) continue;
            size_t place = pair_index_find(&all, from->counts[i].key);
            if (place == PAIR_NONE) status = add_bare(&all, from->counts[i].key, 0, &place);
            if (status != MASKE_OK) break;
            all.pairs[place].count += from->counts[i].count;
            all.pairs[place].record_count += from->counts[i].records;
        }
    }
    size_t first = index->count;
    for (size_t i = 0; i < all.count && status == MASKE_OK; i++) {
        size_t place = 0;
        if (all.pairs[i].count < index->threshold) continue;
        status = add_bare(index, all.pairs[i].key, all.pairs[i].count, &place);
        if (status == MASKE_OK) index->pairs[place].record_count = all.pairs[i].record_count;
    }
    pair_index_free(&all);
    for (int w = 0; w < c->worker_count && status == MASKE_OK; w++) {
        worker *from = &c->workers[w];
        status = memory_reserve(&from->records, &from->records_capacity, index->count, sizeof *from->records, "pairs");
        if (status == MASKE_OK && index->count > first)
            memset(from->records + first, 0, (index->count - first) * sizeof *from->records);
        for (size_t i = 0; status == MASKE_OK && i <= from->count_mask; i++) {
            uint32_t place = from->counts[i].count == 0 ? PAIR_NONE : pair_index_find(index, from->counts[i].key);
            if (place != PAIR_NONE) from->records[place] = from->counts[i].records;
        }
    }
    return status == MASKE_OK && index->count > c->pairs_most ? raise_threshold(c) : status;
}

/* One round; *full: its pairs are too many for one, and nothing has been gathered. */
static maske_status count_round(counting *c, int threads, bool *full) {
    *full = false;
    for (int w = 0; w < c->worker_count; w++) {
        worker *to = &c->workers[w];
        free(to->counts);
        to->counts = NULL;
        to->used = 0;
        to->full = false;
        TRY(grow_counts(to));
    }
    parallel_for(threads, (size_t)c->worker_count, count_task, c);
    for (int w = 0; w < c->worker_count; w++) {     /* the sentence of a failure stayed in its thread */
        if (c->workers[w].status != MASKE_OK)
            return error_memory((c->workers[w].count_mask * 2 + 2) * sizeof(pair_count), "pairs");
        *full = *full || c->workers[w].full;
    }
    return *full ? MASKE_OK : gather_counts(c);
}

/* All rounds. Where one is too large, it and those behind it become two each. */
static maske_status count_rounds(counting *c, int threads) {
    for (c->round = 0; c->round >> c->round_bits == 0;) {
        bool full = false;
        TRY(count_round(c, threads, &full));
        if (full) {
            c->round_bits++;
            c->round *= 2;
        } else c->round++;
    }
    return MASKE_OK;
}

/* The lists, and each worker's part of each. */
static maske_status place_cursors(counting *c) {
    pair_index *index = c->index;
    for (size_t i = 0; i < index->count; i++)
        TRY(arena_take(index, index->pairs[i].record_count, &index->pairs[i].records));
    for (int w = 0; w < c->worker_count; w++) {
        worker *to = &c->workers[w];
        free(to->counts);
        to->counts = NULL;
        TRY(memory_new(&to->cursors, index->count, sizeof *to->cursors, "pairs"));
    }
    for (size_t i = 0; i < index->count; i++) {
        uint32_t *next = index->pairs[i].records;
        for (int w = 0; w < c->worker_count; w++) {
            c->workers[w].cursors[i] = next;
            next += c->workers[w].records[i];
        }
    }
    return MASKE_OK;
}

static maske_status count_all(counting *c, int64_t minimum, int64_t highest, int64_t share, int threads) {
    size_t blocks = c->words->block_count;
    for (int w = 0; w < c->worker_count; w++) {
        worker *to = &c->workers[w];
        size_t first = blocks * (size_t)w / (size_t)c->worker_count,
               last = blocks * ((size_t)w + 1) / (size_t)c->worker_count;
        to->blocks = c->words->blocks + first;
        to->block_count = last - first;
        TRY(memory_new(&to->sketch, c->sketch_mask + 1, sizeof *to->sketch, "pairs"));
    }
    parallel_for(threads, (size_t)c->worker_count, sketch_task, c);
    uint64_t top = sum_sketches(c);
    if (top < (uint64_t)highest) highest = (int64_t)top;
    c->index->threshold = highest / share > minimum ? highest / share : minimum;
    c->threshold = (uint64_t)c->index->threshold;
    TRY(count_rounds(c, threads));
    TRY(place_cursors(c));
    parallel_for(threads, (size_t)c->worker_count, scatter_task, c);
    return MASKE_OK;
}

maske_status pair_index_build(pair_index *index, symbol_words *words, const pair_rule *rule, int64_t minimum,
        int64_t highest, int64_t share, int threads) {
    int bits = SKETCH_BITS_MIN;
    while (bits < SKETCH_BITS_MAX && ((uint64_t)8 << bits) < words->symbols) bits++;
    counting c = {.words = words, .rule = rule, .index = index, .sketch_mask = ((size_t)1 << bits) - 1};
    c.worker_count = threads < WORKERS_MAX ? threads : WORKERS_MAX;
    if ((size_t)c.worker_count > words->block_count)
        c.worker_count = words->block_count > 0 ? (int)words->block_count : 1;
    size_t slots = words->cell_bytes / 2 / SLOT_COST / (size_t)c.worker_count, pairs = words->cell_bytes / 4 / PAIR_COST;
    c.slots_most = slots > SLOTS_LEAST ? slots : SLOTS_LEAST;
    c.pairs_most = pairs > PAIRS_LEAST ? pairs : PAIRS_LEAST;
    pair_index_free(index);
    maske_status status = count_all(&c, minimum, highest, share, threads);
    for (int w = 0; w < c.worker_count; w++) {
        free(c.workers[w].sketch);
        free(c.workers[w].counts);
        free(c.workers[w].records);
        free(c.workers[w].cursors);
    }
    if (status != MASKE_OK) pair_index_free(index);
    return status;
}
