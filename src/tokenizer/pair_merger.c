/* tokenizer/pair_merger.c: the inner loop of learning a BPE.
 *
 * Most of the time goes into fetching words that no cache holds, so records are asked for some steps ahead. Long lists
 * are shared among threads by words; each worker counts for itself, and the sums do not depend on who did what. */
#include "tokenizer/pair_merger.h"

#include <stdlib.h>

#define NO_SYMBOL UINT32_MAX

enum {
    PREFETCH_AHEAD = 12,        /* records */
    PARALLEL_MIN = 32768,       /* records in a list that is shared among threads */
    WORKERS_MAX = 16
};
#define WORKER_BYTES ((size_t)128 << 20)        /* that all workers' tables may take */

/* What a worker knows of one neighbour. */
typedef struct tally {
    int64_t weight;
    uint32_t records, last;     /* records: that hold the new pair; last: 1 + the one counted last */
    uint32_t *target;           /* where its next record goes; NULL: nobody wants them */
} tally;
/* An occurrence: neighbours, and the records in which the new pairs begin. */
typedef struct occurrence { uint32_t left_record, record, left, right; } occurrence;

struct merge_worker {
    tally *tallies[2];          /* [symbol_limit] by side, all zero between merges */
    uint32_t *touched[2];       /* [touched_count] symbols whose tally is not zero */
    size_t touched_count[2];
    occurrence *occurrences;
    size_t occurrence_count, occurrence_capacity;
    size_t first, last;         /* its part of the list */
    maske_status status;
};

maske_status pair_merger_open(pair_merger *merger, symbol_words *words, size_t symbol_limit, int threads) {
    *merger = (pair_merger){.words = words, .symbol_limit = symbol_limit, .threads = threads};
    size_t each = symbol_limit * (sizeof(tally) + sizeof(uint32_t)) * 2,
           most = each > 0 ? WORKER_BYTES / each : WORKERS_MAX;
    int workers = threads < WORKERS_MAX ? threads : WORKERS_MAX;
    if ((size_t)workers > most) workers = most > 0 ? (int)most : 1;
    TRY(memory_new(&merger->workers, (size_t)workers, sizeof *merger->workers, "merging"));
    merger->worker_count = workers;
    for (int side = 0; side < 2; side++) {
        TRY(memory_new(&merger->found[side], symbol_limit, sizeof *merger->found[side], "merging"));
        for (int w = 0; w < workers; w++) {
            TRY(memory_new(&merger->workers[w].tallies[side], symbol_limit, sizeof(tally), "merging"));
            TRY(memory_new(&merger->workers[w].touched[side], symbol_limit, sizeof(uint32_t), "merging"));
        }
    }
    return MASKE_OK;
}

void pair_merger_close(pair_merger *merger) {
    for (int w = 0; w < merger->worker_count; w++) {
        for (int side = 0; side < 2; side++) {
            free(merger->workers[w].tallies[side]);
            free(merger->workers[w].touched[side]);
        }
        free(merger->workers[w].occurrences);
    }
    free(merger->found[0]);
    free(merger->found[1]);
    free(merger->workers);
    *merger = (pair_merger){0};
}

static inline void note(merge_worker *w, merge_side side, uint32_t symbol, uint32_t record, int64_t weight) {
    tally *t = &w->tallies[side][symbol];
    if (t->records == 0) w->touched[side][w->touched_count[side]++] = symbol;
    t->weight += weight;
    t->records += t->last != record + 1;
    t->last = record + 1;
}

static inline void note_occurrence(merge_worker *w, occurrence o, int64_t weight) {
    if (o.left != NO_SYMBOL) note(w, MERGE_LEFT, o.left, o.left_record, weight);
    if (o.right != NO_SYMBOL) note(w, MERGE_RIGHT, o.right, o.record, weight);
    w->occurrences[w->occurrence_count++] = o;
}

/* A word of one record. */
static inline void merge_short(const pair_merger *m, merge_worker *w, uint32_t *record, uint32_t place) {
    uint32_t count = symbol_count(record), *symbols = record + SYMBOL_HEADER, a = m->left, b = m->right, i = 0;
    while (i + 1 < count && (symbols[i] != a || symbols[i + 1] != b)) i++;
    if (i + 1 >= count) return;
    uint32_t kept = i;
    int64_t weight = symbol_weight(record);
    while (i < count) {
        if (symbols[i] != a || i + 1 >= count || symbols[i + 1] != b) {
            symbols[kept++] = symbols[i++];
            continue;
        }
        note_occurrence(w, (occurrence){place, place, kept > 0 ? symbols[kept - 1] : NO_SYMBOL,
                                        i + 2 < count ? symbols[i + 2] : NO_SYMBOL}, weight);
        symbols[kept++] = m->merged;
        i += 2;
    }
    symbol_set_count(record, kept);
}

/* One record of a long word: neighbours, and the pair's right half, may be in other records. */
static void merge_chained(const pair_merger *m, merge_worker *w, uint32_t *record, uint32_t place) {
    uint32_t count = symbol_count(record), *symbols = record + SYMBOL_HEADER, kept = 0, i = 0;
    uint32_t *previous = symbol_previous_record(record), *next = symbol_next_record(record);
    int64_t weight = symbol_weight(record);
    while (i < count) {
        bool inside = i + 1 < count;
        uint32_t follower = inside ? symbols[i + 1] : next != NULL ? next[SYMBOL_HEADER] : NO_SYMBOL;
        if (symbols[i] != m->left || follower != m->right) {
            symbols[kept++] = symbols[i++];
            continue;
        }
        if (!inside) {          /* the right half leaves the next record */
            uint32_t rest = symbol_count(next) - 1;
            memmove(next + SYMBOL_HEADER, next + SYMBOL_HEADER + 1, rest * sizeof *next);
            symbol_set_count(next, rest);
            if (rest == 0) next = symbol_next_record(next);
        }
        occurrence o = {place, place, NO_SYMBOL, NO_SYMBOL};
        if (kept > 0) o.left = symbols[kept - 1];
        else if (previous != NULL) {
            o.left = previous[SYMBOL_HEADER + symbol_count(previous) - 1];
            o.left_record = (uint32_t)(previous - m->words->cells);
        }
        if (i + 2 < count) o.right = symbols[i + 2];
        else if (next != NULL) o.right = next[SYMBOL_HEADER];
        note_occurrence(w, o, weight);
        symbols[kept++] = m->merged;
        i += 2;
    }
    symbol_set_count(record, kept);
}

static void merge_task(void *user, size_t i, int thread) {
    const pair_merger *m = user;
    merge_worker *w = &m->workers[i];
    uint32_t *cells = m->words->cells;
    (void)thread;
    for (size_t at = w->first; at < w->last; at++) {
        if (at + PREFETCH_AHEAD < w->last) {
            const uint32_t *ahead = cells + m->records[at + PREFETCH_AHEAD];
            __builtin_prefetch(ahead, 1);
            __builtin_prefetch(ahead + 16, 1);
        }
        if (w->occurrence_capacity - w->occurrence_count < SYMBOL_CHUNK) {
            w->status = memory_reserve(&w->occurrences, &w->occurrence_capacity, w->occurrence_count + SYMBOL_CHUNK,
                                       sizeof *w->occurrences, "merging");
            if (w->status != MASKE_OK) return;
        }
        uint32_t place = m->records[at], *record = cells + place;
        if (record[0] & (SYMBOL_JOINS_PREVIOUS | SYMBOL_JOINS_NEXT)) merge_chained(m, w, record, place);
        else merge_short(m, w, record, place);
    }
}

/* Parts of about equal size; no word is in two of them. */
static void share_list(pair_merger *m, size_t count) {
    m->active = count >= PARALLEL_MIN ? m->worker_count : 1;
    size_t first = 0;
    for (int w = 0; w < m->active; w++) {
        size_t last = count * ((size_t)w + 1) / (size_t)m->active;
        if (last < first) last = first;
        while (last < count && m->words->cells[m->records[last]] & SYMBOL_JOINS_PREVIOUS) last++;
        m->workers[w].first = first;
        m->workers[w].last = last;
        first = last;
    }
}

/* All workers' neighbours of one side, each once. The first worker to have touched one speaks for all. */
static void gather_found(pair_merger *m, merge_side side) {
    m->found_count[side] = 0;
    for (int w = 0; w < m->active; w++) {
        const merge_worker *worker = &m->workers[w];
        for (size_t i = 0; i < worker->touched_count[side]; i++) {
            merge_neighbour sum = {.symbol = worker->touched[side][i]};
            bool earlier = false;
            for (int other = 0; other < w && !earlier; other++)
                earlier = m->workers[other].tallies[side][sum.symbol].records > 0;
            if (earlier) continue;
            for (int other = w; other < m->active; other++) {
                sum.record_count += m->workers[other].tallies[side][sum.symbol].records;
                sum.weight += m->workers[other].tallies[side][sum.symbol].weight;
            }
            m->found[side][m->found_count[side]++] = sum;
        }
    }
}

maske_status pair_merger_apply(pair_merger *m, const uint32_t *records, size_t count, uint32_t left, uint32_t right,
                               uint32_t merged) {
    m->records = records;
    m->left = left;
    m->right = right;
    m->merged = merged;
    share_list(m, count);
    parallel_for(m->threads, (size_t)m->active, merge_task, m);
    for (int w = 0; w < m->active; w++)             /* the sentence of a failure stayed in its thread */
        if (m->workers[w].status != MASKE_OK)
            return error_memory(m->workers[w].occurrence_capacity * sizeof(occurrence), "merging");
    gather_found(m, MERGE_LEFT);
    gather_found(m, MERGE_RIGHT);
    return MASKE_OK;
}

void pair_merger_want(pair_merger *m, merge_side side, uint32_t symbol, uint32_t *target) {
    for (int w = 0; w < m->active; w++) {
        tally *t = &m->workers[w].tallies[side][symbol];
        t->target = target;
        t->last = 0;            /* from here on: 1 + the record written last */
        target += t->records;
    }
}

static inline void write_record(tally *t, uint32_t record) {
    if (t->target == NULL || t->last == record + 1) return;
    *t->target++ = record;
    t->last = record + 1;
}

static void finish_task(void *user, size_t i, int thread) {
    const pair_merger *m = user;
    merge_worker *w = &m->workers[i];
    (void)thread;
    for (size_t at = 0; at < w->occurrence_count; at++) {
        occurrence o = w->occurrences[at];
        if (o.left != NO_SYMBOL) write_record(&w->tallies[MERGE_LEFT][o.left], o.left_record);
        if (o.right != NO_SYMBOL) write_record(&w->tallies[MERGE_RIGHT][o.right], o.record);
    }
    w->occurrence_count = 0;
    for (int side = 0; side < 2; side++) {
        for (size_t at = 0; at < w->touched_count[side]; at++) w->tallies[side][w->touched[side][at]] = (tally){0};
        w->touched_count[side] = 0;
    }
}

void pair_merger_finish(pair_merger *m) {
    parallel_for(m->threads, (size_t)m->active, finish_task, m);
}
