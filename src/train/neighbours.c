/* train/neighbours.c: pairs sorted and counted; products with them. */
#include "train/neighbours.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TOKENS = 1 << 20,      /* of the text */
    ROWS_A_TASK = 64
};
static const double SMOOTHING = 0.75;

size_t neighbours_bytes(size_t vocab_size, int64_t tokens) {
    size_t counted = (size_t)(tokens < MOST_TOKENS ? tokens : MOST_TOKENS);
    return counted * (3 + 6) * 4 + vocab_size * (2 * 8 + 3 * 4);        /* tokens and pairs; two tables */
}

/* ------------------------------------------------------------------------------------------------------ counting --- */

static void count_tokens(neighbours *n) {
    double all = 0;
    for (size_t i = 0; i < n->count; i++)
        if (n->tokens[i] >= 0) n->occurrences[n->tokens[i]]++;
    for (size_t i = 0; i < n->vocab; i++) all += n->share[i] = pow(n->occurrences[i], SMOOTHING);
    for (size_t i = 0; i < n->vocab; i++) n->share[i] /= all;
}

/* The pairs (by, other), in the order of `by` and among those of one `by` in the order they had. */
static void sort_pairs(neighbours *n, int32_t *sorted_by, int32_t *sorted_other, const int32_t *by, const int32_t *other,
                       size_t count) {
    memset(n->place, 0, (n->vocab + 1) * sizeof *n->place);
    for (size_t i = 0; i < count; i++) n->place[by[i] + 1]++;
    for (size_t i = 0; i < n->vocab; i++) n->place[i + 1] += n->place[i];
    for (size_t i = 0; i < count; i++) {
        size_t at = n->place[by[i]]++;
        sorted_by[at] = by[i];
        sorted_other[at] = other[i];
    }
}

static float information(const neighbours *n, double together, int32_t token, int32_t neighbour) {
    double found = log(together / (n->occurrences[token] * n->share[neighbour]));
    return found > 0 ? (float)found : 0.0f;
}

/* From pairs in the order of their first and then of their second token: each pair once. */
static void fill(neighbour_table *out, const neighbours *n, const int32_t *first, const int32_t *second, size_t count) {
    size_t used = 0;
    memset(out->start, 0, (n->vocab + 1) * sizeof *out->start);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && first[next] == first[i] && second[next] == second[i];) next++;
        float value = information(n, (double)(next - i), first[i], second[i]);
        float back = information(n, (double)(next - i), second[i], first[i]);
        if (value == 0 && back == 0) continue;
        out->token[used] = second[i];
        out->value[used] = value;
        out->back[used++] = back;
        out->start[first[i] + 1]++;
    }
    for (size_t i = 0; i < n->vocab; i++) out->start[i + 1] += out->start[i];
}

/* Sorting borrows room in a table that is not filled yet. */
void neighbours_count(neighbours *n, size_t distance) {
    size_t count = 0;
    for (size_t i = 0; i + distance < n->count; i++) {
        size_t same = 0;
        while (same <= distance && n->tokens[i + same] >= 0) same++;
        if (same <= distance) continue;         /* a sequence ends between them */
        n->first[count] = n->tokens[i];
        n->second[count++] = n->tokens[i + distance];
    }
    int32_t *a = (int32_t *)(void *)n->before.value, *b = (int32_t *)(void *)n->before.back;
    sort_pairs(n, a, b, n->second, n->first, count);            /* by the second */
    sort_pairs(n, n->first, n->second, b, a, count);            /* then by the first */
    fill(&n->behind, n, n->first, n->second, count);
    sort_pairs(n, a, b, n->second, n->first, count);            /* by the second; the first in order already */
    memcpy(n->second, a, count * sizeof *a);
    memcpy(n->first, b, count * sizeof *b);
    fill(&n->before, n, n->second, n->first, count);
}

maske_status neighbours_new(neighbours *n, const dataset *text, size_t vocab_size) {
    *n = (neighbours){.vocab = vocab_size};
    const dataset_totals *totals = dataset_describe(text);
    int64_t every = (totals->tokens + MOST_TOKENS - 1) / MOST_TOKENS;
    size_t room = 0;
    if (every < 1) every = 1;
    for (int64_t i = 0; i < totals->sequences; i += every) room += dataset_sequence_length(text, i) + 1;
    TRY(memory_new(&n->tokens, room, sizeof *n->tokens, "tokens"));
    for (int64_t i = 0; i < totals->sequences; i += every) {
        dataset_sequence_tokens(text, i, n->tokens + n->count);
        n->count += dataset_sequence_length(text, i);
        n->tokens[n->count++] = -1;
    }
    TRY(memory_new(&n->first, n->count, sizeof *n->first, "tokens"));
    TRY(memory_new(&n->second, n->count, sizeof *n->second, "tokens"));
    TRY(memory_new(&n->occurrences, vocab_size, sizeof *n->occurrences, "tokens"));
    TRY(memory_new(&n->share, vocab_size, sizeof *n->share, "tokens"));
    TRY(memory_new(&n->place, vocab_size + 1, sizeof *n->place, "tokens"));
    neighbour_table *const both[] = {&n->behind, &n->before};
    for (int i = 0; i < 2; i++) {
        TRY(memory_new(&both[i]->start, vocab_size + 1, sizeof *both[i]->start, "neighbours"));
        TRY(memory_new(&both[i]->token, n->count, sizeof *both[i]->token, "neighbours"));
        TRY(memory_new(&both[i]->value, n->count, sizeof *both[i]->value, "neighbours"));
        TRY(memory_new(&both[i]->back, n->count, sizeof *both[i]->back, "neighbours"));
    }
    count_tokens(n);
    return MASKE_OK;
}

void neighbours_free(neighbours *n) {
    void *const parts[] = {n->tokens, n->first, n->second, n->occurrences, n->share, n->place, n->behind.start,
                           n->behind.token, n->behind.value, n->behind.back, n->before.start, n->before.token,
                           n->before.value, n->before.back};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
    *n = (neighbours){0};
}

/* ------------------------------------------------------------------------------------------------------ products --- */

typedef struct sparse_product {
    const neighbour_table *rows;
    const float *values;        /* beside rows' tokens */
    float *out;
    const float *in;
    size_t vocab, columns;
    bool add;
} sparse_product;

static void sparse_task(void *user, size_t task, int thread) {
    const sparse_product *p = user;
    size_t columns = p->columns, end = (task + 1) * ROWS_A_TASK;
    (void)thread;
    for (size_t row = task * ROWS_A_TASK; row < end && row < p->vocab; row++) {
        float *out = p->out + row * columns;
        if (!p->add) memset(out, 0, columns * sizeof *out);
        for (uint32_t i = p->rows->start[row]; i < p->rows->start[row + 1]; i++)
            if (p->values[i] != 0)
                kernels_of_cpu()->weighted_sum(out, 1, out, p->values[i], p->in + (size_t)p->rows->token[i] * columns, columns);
    }
}

void neighbours_multiply(const neighbours *n, float *out, neighbour_side side, bool transposed, const float *in, size_t columns,
                         bool add, int threads) {
    /* Who has a token behind it stands before that token: the other side's table has the transposed matrix's rows. */
    const neighbour_table *rows = (side == NEIGHBOURS_BEHIND) != transposed ? &n->behind : &n->before;
    parallel_for(threads, (n->vocab + ROWS_A_TASK - 1) / ROWS_A_TASK, sparse_task,
                 &(sparse_product){rows, transposed ? rows->back : rows->value, out, in, n->vocab, columns, add});
}
