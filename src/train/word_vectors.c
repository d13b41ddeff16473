/* train/word_vectors.c: neighbours counted, one distance after another; the factorisation. */
#include "train/word_vectors.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "nn/gemm.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISTANCES = 4,              /* places before a token and behind it that count */
    MOST_TOKENS = 1 << 20,      /* of the text */
    ITERATIONS = 2,             /* of the subspace; a third one changes nothing that training could tell */
    ROWS_A_TASK = 64
};
/* LOST: what floats cannot tell from nothing, beside the sum of a square's diagonal. */
static const double SMOOTHING = 0.75, LOST = 1e-6;

/* Pairs of one distance: of each token the neighbours behind it, and of each the neighbours before it. */
typedef struct neighbours {
    uint32_t *start;            /* [vocab + 1] */
    int32_t *token;             /* [start[vocab]] */
    float *value;               /* mutual information of the row's token with this neighbour */
    float *back;                /* and of the neighbour with the row's token */
} neighbours;

typedef struct vectors {
    size_t vocab, hidden;
    int threads;
    const maske_control *control;
    int32_t *tokens;            /* [count] of all sequences; -1 behind each */
    size_t count;
    double *occurrences;        /* [vocab] */
    double *share;              /* [vocab] of all neighbours, smoothed */
    int32_t *first, *second;    /* [count] pairs of one distance */
    uint32_t *place;            /* [vocab + 1] scratch of sorting */
    neighbours behind, before;
    float *q, *y, *z;           /* [vocab, hidden] */
    float *square, *inverse;    /* [hidden, hidden] */
    double *factor;             /* [hidden, hidden] */
} vectors;

size_t word_vectors_bytes(size_t vocab_size, size_t hidden, int64_t tokens) {
    size_t counted = (size_t)(tokens < MOST_TOKENS ? tokens : MOST_TOKENS), dense, all;
    /* tokens and pairs; two tables of neighbours; three matrices, and small ones */
    if (!size_multiply(&dense, vocab_size, hidden) || !size_multiply(&dense, dense, 3 * sizeof(float))) return SIZE_MAX;
    if (!size_add(&all, dense, counted * (3 + 6) * 4 + vocab_size * (2 * 8 + 3 * 4) + hidden * hidden * 16)) return SIZE_MAX;
    return all;
}

static maske_status prepare(vectors *v, const dataset *text) {
    const dataset_totals *totals = dataset_describe(text);
    int64_t every = (totals->tokens + MOST_TOKENS - 1) / MOST_TOKENS;
    size_t cells = v->vocab * v->hidden, square = v->hidden * v->hidden, room = 0;
    if (every < 1) every = 1;
    for (int64_t i = 0; i < totals->sequences; i += every) room += dataset_sequence_length(text, i) + 1;
    TRY(memory_new(&v->tokens, room, sizeof *v->tokens, "tokens"));
    for (int64_t i = 0; i < totals->sequences; i += every) {
        dataset_sequence_tokens(text, i, v->tokens + v->count);
        v->count += dataset_sequence_length(text, i);
        v->tokens[v->count++] = -1;
    }
    TRY(memory_new(&v->first, v->count, sizeof *v->first, "tokens"));
    TRY(memory_new(&v->second, v->count, sizeof *v->second, "tokens"));
    TRY(memory_new(&v->occurrences, v->vocab, sizeof *v->occurrences, "tokens"));
    TRY(memory_new(&v->share, v->vocab, sizeof *v->share, "tokens"));
    TRY(memory_new(&v->place, v->vocab + 1, sizeof *v->place, "tokens"));
    neighbours *const both[] = {&v->behind, &v->before};
    for (int i = 0; i < 2; i++) {
        TRY(memory_new(&both[i]->start, v->vocab + 1, sizeof *both[i]->start, "neighbours"));
        TRY(memory_new(&both[i]->token, v->count, sizeof *both[i]->token, "neighbours"));
        TRY(memory_new(&both[i]->value, v->count, sizeof *both[i]->value, "neighbours"));
        TRY(memory_new(&both[i]->back, v->count, sizeof *both[i]->back, "neighbours"));
    }
    TRY(memory_new(&v->q, cells, sizeof *v->q, "word vectors"));
    TRY(memory_new(&v->y, cells, sizeof *v->y, "word vectors"));
    TRY(memory_new(&v->z, cells, sizeof *v->z, "word vectors"));
    TRY(memory_new(&v->square, square, sizeof *v->square, "word vectors"));
    TRY(memory_new(&v->inverse, square, sizeof *v->inverse, "word vectors"));
    return memory_new(&v->factor, square, sizeof *v->factor, "word vectors");
}

static void free_parts(vectors *v) {
    void *const parts[] = {v->tokens, v->first, v->second, v->occurrences, v->share, v->place, v->behind.start,
                           v->behind.token, v->behind.value, v->behind.back, v->before.start, v->before.token,
                           v->before.value, v->before.back, v->q, v->y, v->z, v->square, v->inverse, v->factor};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
}

/* ------------------------------------------------------------------------------------------------------ counting --- */

static void count_tokens(vectors *v) {
    double all = 0;
    for (size_t i = 0; i < v->count; i++)
        if (v->tokens[i] >= 0) v->occurrences[v->tokens[i]]++;
    for (size_t i = 0; i < v->vocab; i++) all += v->share[i] = pow(v->occurrences[i], SMOOTHING);
    for (size_t i = 0; i < v->vocab; i++) v->share[i] /= all;
}

/* The pairs (by, other), in the order of `by` and among those of one `by` in the order they had. */
static void sort_pairs(vectors *v, int32_t *sorted_by, int32_t *sorted_other, const int32_t *by, const int32_t *other,
                       size_t count) {
    memset(v->place, 0, (v->vocab + 1) * sizeof *v->place);
    for (size_t i = 0; i < count; i++) v->place[by[i] + 1]++;
    for (size_t i = 0; i < v->vocab; i++) v->place[i + 1] += v->place[i];
    for (size_t i = 0; i < count; i++) {
        size_t at = v->place[by[i]]++;
        sorted_by[at] = by[i];
        sorted_other[at] = other[i];
    }
}

static float information(const vectors *v, double together, int32_t token, int32_t neighbour) {
    double found = log(together / (v->occurrences[token] * v->share[neighbour]));
    return found > 0 ? (float)found : 0.0f;
}

/* From pairs in the order of their first and then of their second token: each pair once. */
static void fill(neighbours *out, const vectors *v, const int32_t *first, const int32_t *second, size_t count) {
    size_t used = 0;
    memset(out->start, 0, (v->vocab + 1) * sizeof *out->start);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && first[next] == first[i] && second[next] == second[i];) next++;
        float value = information(v, (double)(next - i), first[i], second[i]);
        float back = information(v, (double)(next - i), second[i], first[i]);
        if (value == 0 && back == 0) continue;
        out->token[used] = second[i];
        out->value[used] = value;
        out->back[used++] = back;
        out->start[first[i] + 1]++;
    }
    for (size_t i = 0; i < v->vocab; i++) out->start[i + 1] += out->start[i];
}

/* The tables of a distance. Sorting borrows room in a table that is not filled yet. */
static void count_neighbours(vectors *v, size_t distance) {
    size_t count = 0;
    for (size_t i = 0; i + distance < v->count; i++) {
        size_t same = 0;
        while (same <= distance && v->tokens[i + same] >= 0) same++;
        if (same <= distance) continue;         /* a sequence ends between them */
        v->first[count] = v->tokens[i];
        v->second[count++] = v->tokens[i + distance];
    }
    int32_t *a = (int32_t *)(void *)v->before.value, *b = (int32_t *)(void *)v->before.back;
    sort_pairs(v, a, b, v->second, v->first, count);            /* by the second */
    sort_pairs(v, v->first, v->second, b, a, count);            /* then by the first */
    fill(&v->behind, v, v->first, v->second, count);
    sort_pairs(v, a, b, v->second, v->first, count);            /* by the second; the first in order already */
    memcpy(v->second, a, count * sizeof *a);
    memcpy(v->first, b, count * sizeof *b);
    fill(&v->before, v, v->second, v->first, count);
}

/* ------------------------------------------------------------------------------------------------------ products --- */

typedef struct sparse_product {
    const vectors *v;
    const neighbours *of;
    float *out;
    const float *in;
    bool back, add;
} sparse_product;

static void sparse_task(void *user, size_t task, int thread) {
    const sparse_product *p = user;
    const float *values = p->back ? p->of->back : p->of->value;
    size_t hidden = p->v->hidden, end = (task + 1) * ROWS_A_TASK;
    (void)thread;
    for (size_t row = task * ROWS_A_TASK; row < end && row < p->v->vocab; row++) {
        float *out = p->out + row * hidden;
        if (!p->add) memset(out, 0, hidden * sizeof *out);
        for (uint32_t i = p->of->start[row]; i < p->of->start[row + 1]; i++)
            if (values[i] != 0)
                kernels_of_cpu()->weighted_sum(out, 1, out, values[i], p->in + (size_t)p->of->token[i] * hidden, hidden);
    }
}

/* out [vocab, hidden] (+)= of's values times in. */
static void multiply_sparse(const vectors *v, float *out, const neighbours *of, bool back, const float *in, bool add) {
    parallel_for(v->threads, (v->vocab + ROWS_A_TASK - 1) / ROWS_A_TASK, sparse_task,
                 &(sparse_product){v, of, out, in, back, add});
}

/* y = M M^T q, one of the eight matrices after another. */
static maske_status multiply_by_all(vectors *v) {
    memset(v->y, 0, v->vocab * v->hidden * sizeof *v->y);
    for (size_t distance = 1; distance <= DISTANCES; distance++) {
        if (control_stopped(v->control)) return error_set(MASKE_STOPPED, "stopped before the first step");
        count_neighbours(v, distance);
        /* Those behind a token: its matrix has value at [token, neighbour]. */
        multiply_sparse(v, v->z, &v->before, true, v->q, false);
        multiply_sparse(v, v->y, &v->behind, false, v->z, true);
        multiply_sparse(v, v->z, &v->behind, true, v->q, false);
        multiply_sparse(v, v->y, &v->before, false, v->z, true);
    }
    return MASKE_OK;
}

typedef struct dense_product { float *out; const float *a, *b; size_t m, n, k; bool transposed; } dense_product;

static void dense_task(void *user, size_t task, int thread) {
    const dense_product *p = user;
    size_t first = task * ROWS_A_TASK, rows = p->m - first < ROWS_A_TASK ? p->m - first : ROWS_A_TASK;
    (void)thread;
    gemm(p->out + first * p->n, p->n, false, p->a + (p->transposed ? first : first * p->k), p->transposed ? p->m : p->k,
         p->transposed, p->b, p->n, false, GEMM_F32, rows, p->n, p->k);
}

/* out [m, n] = op(a) b: a is [m, k], or [k, m] where transposed. */
static void multiply(const vectors *v, float *out, const float *a, bool transposed, const float *b, size_t m, size_t n,
                     size_t k) {
    parallel_for(v->threads, (m + ROWS_A_TASK - 1) / ROWS_A_TASK, dense_task,
                 &(dense_product){out, a, b, m, n, k, transposed});
}

/* --------------------------------------------------------------------------------------------------- orthogonal --- */

/* factor = L with L L^T = square (Cholesky). Where nothing is left of a direction its column becomes 0; with a ridge there
 * is an inverse all the same, since each diagonal element is made a little larger. */
static void factorise(vectors *v, bool ridge) {
    size_t n = v->hidden;
    double *L = v->factor, least = 1e-30;
    for (size_t i = 0; i < n; i++) least += LOST * (double)v->square[i * n + i];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double left = (double)v->square[i * n + j] + (ridge && i == j ? least : 0);
            for (size_t k = 0; k < j; k++) left -= L[i * n + k] * L[j * n + k];
            if (i == j) L[i * n + j] = ridge ? sqrt(fmax(left, least)) : left > least ? sqrt(left) : 0;
            else L[i * n + j] = L[j * n + j] > 0 ? left / L[j * n + j] : 0;
        }
        for (size_t j = i + 1; j < n; j++) L[i * n + j] = 0;
    }
}

/* inverse = (L^T)^-1, upper. */
static void invert(vectors *v) {
    size_t n = v->hidden;
    const double *L = v->factor;
    memset(v->inverse, 0, n * n * sizeof *v->inverse);
    for (size_t i = 0; i < n; i++) {
        v->inverse[i * n + i] = (float)(1 / L[i * n + i]);
        for (size_t j = i + 1; j < n; j++) {        /* row i of L^-T is column i of L^-1 */
            double sum = 0;
            for (size_t k = i; k < j; k++) sum -= L[j * n + k] * (double)v->inverse[i * n + k];
            v->inverse[i * n + j] = (float)(sum / L[j * n + j]);
        }
    }
}

/* out [rows, hidden]: columns at right angles, of length 1, that span what those of y span; y is overwritten. The first
 * time the ridge is felt in small directions, which grow; the third time all are of a size and it is not. */
static void orthogonalise(vectors *v, float *out, float *y, size_t rows) {
    size_t n = v->hidden;
    float *from = y, *to = out;
    for (int i = 0; i < 3; i++) {
        multiply(v, v->square, from, true, from, n, n, rows);
        factorise(v, true);
        invert(v);
        multiply(v, to, from, false, v->inverse, rows, n, n);
        float *swapped = from;
        from = to;
        to = swapped;
    }
}

/* ------------------------------------------------------------------------------------------------------- vectors --- */

static maske_status find(vectors *v, uint64_t seed) {
    enum { SPACE, TURN };
    size_t n = v->hidden;
    random_normal(v->y, v->vocab * n, 1, seed, (uint64_t)1 << 32 | SPACE);
    orthogonalise(v, v->q, v->y, v->vocab);
    for (int i = 0; i <= ITERATIONS; i++) {
        control_progress(v->control, "word vectors", i, ITERATIONS + 1, "passes");
        TRY(multiply_by_all(v));
        if (i < ITERATIONS) orthogonalise(v, v->q, v->y, v->vocab);
    }
    /* q^T M M^T q = L L^T: the rows of q L have the products of M's. Turned by a random rotation: y = q (L turn). */
    multiply(v, v->square, v->q, true, v->y, n, n, v->vocab);
    factorise(v, false);
    float *lower = v->z, *turn = v->y;          /* both have room: word_vectors sees to it */
    for (size_t i = 0; i < n * n; i++) lower[i] = (float)v->factor[i];
    random_normal(lower + n * n, n * n, 1, seed, (uint64_t)1 << 32 | TURN);
    orthogonalise(v, turn, lower + n * n, n);
    multiply(v, v->square, lower, false, turn, n, n, n);
    multiply(v, v->y, v->q, false, v->square, v->vocab, n, n);
    return MASKE_OK;
}

static void take(float *embeddings, const vectors *v, double deviation) {
    double length = deviation * sqrt((double)v->hidden);
    for (size_t row = 0; row < v->vocab; row++) {
        const float *from = v->y + row * v->hidden;
        double square = 0;
        for (size_t i = 0; i < v->hidden; i++) square += (double)from[i] * (double)from[i];
        if (v->occurrences[row] == 0 || !(square > 1e-20) || !isfinite(square)) continue;
        float factor = (float)(length / sqrt(square));
        for (size_t i = 0; i < v->hidden; i++) embeddings[row * v->hidden + i] = factor * from[i];
    }
}

maske_status word_vectors(float *embeddings, const dataset *text, size_t vocab_size, size_t hidden, double deviation,
                          uint64_t seed, int threads, const maske_control *control) {
    vectors v = {.vocab = vocab_size, .hidden = hidden, .threads = threads, .control = control};
    if (vocab_size < 2 * hidden) return MASKE_OK;       /* fewer tokens than directions: nothing to find */
    maske_status status = prepare(&v, text);
    if (status == MASKE_OK) {
        count_tokens(&v);
        status = find(&v, seed);
    }
    if (status == MASKE_OK) take(embeddings, &v, deviation);
    free_parts(&v);
    return status;
}
