/* tokenizer/pair_index.c: counting all pairs, keeping those that matter.
 *
 * Three passes over the words, each split among workers by blocks:
 *   1. a sketch: weights summed by a few bits of the pair's hash. A pair occurs at most as often as its cell says, so
 *      whole swarms of rare pairs are ruled out in an array that fits the cache;
 *   2. exact counts of the pairs that the sketch leaves, in tables of a size that the words suggest; where the pairs are
 *      too many for them, in several rounds, each for the pairs whose hash says so;
 *   3. the lists of records of the pairs that reach the threshold.
 * Workers have fixed, ascending shares of the blocks, and lists are put together in the workers' order, so they ascend.
 */
#include "tokenizer/pair_index.h"

#include <stdlib.h>

enum { WORKERS_MAX = 32, SKETCH_BITS_MIN = 10, SKETCH_BITS_MAX = 19 };
/* Of memory: all workers' tables may take a sixth of what the words' cells take, the pairs a quarter, each of which is
 * indexed, queued and listed. */
enum { SLOTS_SHARE = 6, SLOTS_LEAST = 1 << 18, PAIRS_SHARE = 4, PAIR_COST = 80, PAIRS_LEAST = 1 << 17, ROUND_BITS_MOST = 12 };
/* Fewer, where the text is small. */
enum { SYMBOLS_A_SLOT = 4, SYMBOLS_A_PAIR = 8 };
/* For pair_index_bytes, where the numbers are what fits 420 trainings best: a text is exhausted by so many merges, and
 * one adds so many pairs, where there is room. */
enum { SYMBOLS_A_MERGE = 17, MERGE_PAIRS = 15 };

/* ---------------------------------------------------------------------------------------------------- the index --- */

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

/* The least threshold that at most `most` pairs reach; where more are equal to the most frequent ones, those. */
static maske_status find_threshold(const pair_index *index, size_t most, int64_t *out) {
    enum { HIGHEST = 1 << 16 };
    size_t *by_count, left = 0;
    int64_t threshold = index->threshold;
    TRY(memory_new(&by_count, HIGHEST, sizeof *by_count, "pairs"));
    for (size_t i = 0; i < index->count; i++) {
        int64_t count = index->pairs[i].count;
        if (count < threshold) continue;
        by_count[count < HIGHEST ? count : HIGHEST - 1]++;
        left++;
    }
    while (left > most && threshold < HIGHEST - 1 && by_count[threshold] < left) left -= by_count[threshold++];
    free(by_count);
    *out = threshold;
    return MASKE_OK;
}

/* Drops the pairs that occur less often. Places change, their order does not. */
static void keep_above(pair_index *index, int64_t threshold) {
    size_t kept = 0;
    memset(index->slots, 0, index->slot_count * sizeof *index->slots);
    for (size_t i = 0; i < index->count; i++) {
        if (index->pairs[i].count < threshold) continue;
        index->pairs[kept] = index->pairs[i];
        put_slot(index->slots, index->slot_count, index->pairs[kept].key, kept);
        kept++;
    }
    index->count = kept;
    index->threshold = threshold;
}

maske_status pair_index_thin(pair_index *index) {
    int64_t threshold = 0;
    TRY(find_threshold(index, index->capacity / 2, &threshold));
    keep_above(index, threshold);
    if (index->count <= index->capacity / 4 * 3) return MASKE_OK;
    return memory_reserve(&index->pairs, &index->capacity, index->capacity + 1, sizeof *index->pairs, "pairs");
}

/* Room for a list; NULL: there is none. */
static uint32_t *take_list(pair_index *index, size_t count) {
    uint32_t *list = NULL;
    if (index->spare != NULL && count <= index->spare_room) {
        list = index->spare;
        index->spare += count;
        index->spare_room -= count;
    } else if (count <= index->list_room - index->list_used) {
        list = index->lists + index->list_used;
        index->list_used += count;
    }
    return list;
}

maske_status pair_index_add(pair_index *index, uint64_t key, int64_t count, uint32_t record_count, size_t *place) {
    uint32_t *records = index->count < index->capacity ? take_list(index, record_count) : NULL;
    *place = PAIR_NONE;
    if (records == NULL) return MASKE_OK;
    TRY(add_bare(index, key, count, place));
    index->pairs[*place].records = records;
    index->pairs[*place].record_count = record_count;
    return MASKE_OK;
}

void pair_index_give_back(pair_index *index, const symbol_pair *pair) {
    if (pair->record_count <= index->spare_room) return;
    index->spare = pair->records;
    index->spare_room = pair->record_count;
}

void pair_index_free(pair_index *index) {
    free(index->pairs);
    free(index->slots);
    memory_pages_free(index->lists, index->list_room * sizeof *index->lists);
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
    size_t sketch_bytes, slots, pairs_most, list_room;
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

static void free_counts(worker *w) {
    memory_pages_free(w->counts, (w->count_mask + 1) * sizeof *w->counts);
    w->counts = NULL;
}

static maske_status new_counts(worker *w, size_t slots) {
    TRY(memory_pages_new(&w->counts, slots * sizeof *w->counts, "pairs"));
    w->count_mask = slots - 1;
    w->used = 0;
    return MASKE_OK;
}

/* Where the key is counted, or will be. */
static inline pair_count *count_place(const worker *w, uint64_t key) {
    size_t at = pair_hash(key) & w->count_mask;
    while (w->counts[at].count != 0 && w->counts[at].key != key) at = (at + 1) & w->count_mask;
    return &w->counts[at];
}

static maske_status grow_counts(worker *w) {
    worker grown = *w;
    TRY(new_counts(&grown, (w->count_mask + 1) * 2));
    for (size_t i = 0; i <= w->count_mask; i++)
        if (w->counts[i].count != 0) *count_place(&grown, w->counts[i].key) = w->counts[i];
    free_counts(w);
    w->counts = grown.counts;
    w->count_mask = grown.count_mask;
    return MASKE_OK;
}

static void visit_count(counting *c, worker *w, uint32_t record, uint64_t key, int64_t weight) {
    uint64_t hash = pair_hash(key);
    if (c->sketch[hash & c->sketch_mask] < c->threshold || w->full || w->status != MASKE_OK) return;
    if (c->round_bits > 0 && hash >> (64 - c->round_bits) != c->round) return;
    pair_count *count = count_place(w, key);
    bool is_new = count->count == 0;
    count->key = key;
    count->count += weight;
    count->records += count->last != record + 1;
    count->last = record + 1;
    if (!is_new || ++w->used * 2 <= w->count_mask) return;
    w->full = c->round_bits < ROUND_BITS_MOST;
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

static void free_sketch(counting *c, int w) {
    memory_pages_free(c->workers[w].sketch, c->sketch_bytes);
    c->workers[w].sketch = NULL;
}

/* Sums the sketches into the first one, which is kept; returns the largest cell. */
static uint64_t sum_sketches(counting *c) {
    uint64_t *sum = c->workers[0].sketch, top = 0;
    for (int w = 1; w < c->worker_count; w++) {
        for (size_t i = 0; i <= c->sketch_mask; i++) sum[i] += c->workers[w].sketch[i];
        free_sketch(c, w);
    }
    for (size_t i = 0; i <= c->sketch_mask; i++) top = sum[i] > top ? sum[i] : top;
    c->sketch = sum;
    return top;
}

/* Too many pairs: a quarter of what there is room for stays. */
static maske_status thin_counted(counting *c) {
    pair_index *index = c->index;
    int64_t threshold = 0;
    size_t kept = 0;
    TRY(find_threshold(index, c->pairs_most / 4, &threshold));
    for (size_t i = 0; i < index->count; i++) {
        if (index->pairs[i].count < threshold) continue;
        for (int w = 0; w < c->worker_count; w++) c->workers[w].records[kept] = c->workers[w].records[i];
        kept++;
    }
    keep_above(index, threshold);
    c->threshold = (uint64_t)threshold;
    return MASKE_OK;
}

/* A pair that no worker before `first` has met: all workers' counts of it, and, if they reach the threshold, its place. */
static maske_status gather_pair(counting *c, int first, uint64_t key) {
    pair_index *index = c->index;
    uint32_t records[WORKERS_MAX] = {0};
    int64_t sum = 0;
    for (int w = first; w < c->worker_count; w++) {
        const pair_count *count = count_place(&c->workers[w], key);
        if (count->count == 0) continue;
        sum += count->count;
        records[w] = count->records;
    }
    if (sum < index->threshold) return MASKE_OK;
    size_t place = 0;
    TRY(add_bare(index, key, sum, &place));
    for (int w = 0; w < c->worker_count; w++) {
        worker *of = &c->workers[w];
        TRY(memory_reserve(&of->records, &of->records_capacity, place + 1, sizeof *of->records, "pairs"));
        of->records[place] = records[w];
        index->pairs[place].record_count += records[w];
    }
    return MASKE_OK;
}

/* Adds the pairs of the round whose counts, summed over the workers, reach the threshold; they have no lists yet. */
static maske_status gather_counts(counting *c) {
    for (int w = 0; w < c->worker_count; w++) {
        const worker *from = &c->workers[w];
        for (size_t i = 0; i <= from->count_mask; i++) {
            uint64_t key = from->counts[i].key;
            bool is_known = from->counts[i].count == 0;
            for (int earlier = 0; earlier < w && !is_known; earlier++)
                is_known = count_place(&c->workers[earlier], key)->count != 0;
            if (!is_known) TRY(gather_pair(c, w, key));
        }
    }
    return c->index->count > c->pairs_most / 2 ? thin_counted(c) : MASKE_OK;
}

/* One round; *full: its pairs are too many for one, and nothing has been gathered. */
static maske_status count_round(counting *c, int threads, bool *full) {
    *full = false;
    for (int w = 0; w < c->worker_count; w++) {
        worker *to = &c->workers[w];
        free_counts(to);
        to->full = false;
        TRY(new_counts(to, c->slots));
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
    size_t records = 0;
    for (size_t i = 0; i < index->count; i++) records += index->pairs[i].record_count;
    records += records / 8;             /* so that some pairs can be added */
    if (records > c->list_room) c->list_room = records;
    TRY(memory_sparse_new(&index->lists, c->list_room * sizeof *index->lists, "places of pairs"));
    index->list_room = c->list_room;
    for (size_t i = 0; i < index->count; i++) index->pairs[i].records = take_list(index, index->pairs[i].record_count);
    for (int w = 0; w < c->worker_count; w++) {
        worker *to = &c->workers[w];
        free_counts(to);
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
        TRY(memory_pages_new(&to->sketch, c->sketch_bytes, "pairs"));
    }
    parallel_for(threads, (size_t)c->worker_count, sketch_task, c);
    uint64_t top = sum_sketches(c);
    if (top < (uint64_t)highest) highest = (int64_t)top;
    c->index->threshold = highest / share > minimum ? highest / share : minimum;
    c->threshold = (uint64_t)c->index->threshold;
    TRY(count_rounds(c, threads));
    free_sketch(c, 0);
    if (c->index->capacity < c->pairs_most) {
        TRY(memory_resize(&c->index->pairs, c->pairs_most, sizeof *c->index->pairs, "pairs"));
        c->index->capacity = c->pairs_most;
    }
    TRY(place_cursors(c));
    parallel_for(threads, (size_t)c->worker_count, scatter_task, c);
    return MASKE_OK;
}

/* What is taken, by the words' size and the number of threads. */
static void choose_sizes(counting *c, const symbol_words *words, int threads) {
    int bits = SKETCH_BITS_MIN;
    while (bits < SKETCH_BITS_MAX && ((uint64_t)8 << bits) < words->symbols) bits++;
    c->sketch_mask = ((size_t)1 << bits) - 1;
    c->sketch_bytes = sizeof(uint64_t) << bits;
    c->worker_count = threads < WORKERS_MAX ? threads : WORKERS_MAX;
    if ((size_t)c->worker_count > words->block_count)
        c->worker_count = words->block_count > 0 ? (int)words->block_count : 1;
    size_t share = c->worker_count > 2 ? (size_t)c->worker_count : 2, most = words->cell_bytes / SLOTS_SHARE / sizeof(pair_count);
    if (most < SLOTS_LEAST) most = SLOTS_LEAST;
    for (c->slots = 4096; c->slots * 2 * share <= most && c->slots * share * SYMBOLS_A_SLOT < words->symbols;) c->slots *= 2;
    size_t few = words->symbols / SYMBOLS_A_PAIR, many = words->cell_bytes / PAIRS_SHARE / PAIR_COST;
    c->pairs_most = few < 1024 ? 1024 : few < PAIRS_LEAST ? few : PAIRS_LEAST;
    if (c->pairs_most < many) c->pairs_most = many;
    c->list_room = words->symbols;
}

size_t pair_index_bytes(const symbol_words *words, size_t merges, int threads) {
    if (merges == 0) return 0;
    counting c = {0};
    choose_sizes(&c, words, threads);
    if (merges > words->symbols / SYMBOLS_A_MERGE) merges = words->symbols / SYMBOLS_A_MERGE;
    size_t pairs = MERGE_PAIRS * merges + 1000, workers = (size_t)c.worker_count;
    if (pairs > c.pairs_most / 9 * 5) pairs = c.pairs_most / 9 * 5;
    size_t sketches = workers * c.sketch_bytes / 10 * 7, counts = workers * c.slots * 14 + c.sketch_bytes * 2;
    size_t lists = c.list_room * 2, passing = sketches > counts ? sketches : counts;
    return 330000 + pairs * 57 + merges * 134 + (lists > passing ? lists : passing);
}

maske_status pair_index_build(pair_index *index, symbol_words *words, const pair_rule *rule, int64_t minimum,
        int64_t highest, int64_t share, int threads) {
    counting c = {.words = words, .rule = rule, .index = index};
    choose_sizes(&c, words, threads);
    pair_index_free(index);
    maske_status status = count_all(&c, minimum, highest, share, threads);
    for (int w = 0; w < c.worker_count; w++) {
        free_sketch(&c, w);
        free_counts(&c.workers[w]);
        free(c.workers[w].records);
        free(c.workers[w].cursors);
    }
    if (status != MASKE_OK) pair_index_free(index);
    return status;
}
