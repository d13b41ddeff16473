/* train/word_vectors.c: the factorisation. */
#include "train/word_vectors.h"
#include "base/memory.h"
#include "base/random.h"
#include "train/subspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISTANCES = 4,              /* places before a token and behind it that count */
    ITERATIONS = 2              /* of the subspace; a third one changes nothing that training could tell */
};

typedef struct vectors {
    neighbours *n;
    size_t vocab, hidden;
    int threads;
    const maske_control *control;
    subspace space;
    float *q, *y, *z;           /* [vocab, hidden] */
} vectors;

size_t word_vectors_bytes(size_t vocab_size, size_t hidden) {
    size_t dense;
    if (!size_multiply(&dense, vocab_size, hidden) || !size_multiply(&dense, dense, 3 * sizeof(float)) ||
        !size_add(&dense, dense, subspace_bytes(hidden)))
        return SIZE_MAX;
    return dense;
}

static maske_status prepare(vectors *v) {
    size_t cells = v->vocab * v->hidden;
    TRY(memory_new(&v->q, cells, sizeof *v->q, "word vectors"));
    TRY(memory_new(&v->y, cells, sizeof *v->y, "word vectors"));
    TRY(memory_new(&v->z, cells, sizeof *v->z, "word vectors"));
    return subspace_new(&v->space, v->hidden, v->threads);
}

/* y = M M^T q, one of the eight matrices after another. Each pass counts anew: the tables of one distance at a time take as
 * much memory as the text. */
static maske_status multiply_by_all(vectors *v) {
    memset(v->y, 0, v->vocab * v->hidden * sizeof *v->y);
    for (size_t distance = 1; distance <= DISTANCES; distance++) {
        if (control_stopped(v->control)) return error_set(MASKE_STOPPED, "stopped before the first step");
        neighbours_count(v->n, distance);
        for (int side = NEIGHBOURS_BEFORE; side <= NEIGHBOURS_BEHIND; side++) {
            neighbours_multiply(v->n, v->z, (neighbour_side)side, true, v->q, v->hidden, false, v->threads);
            neighbours_multiply(v->n, v->y, (neighbour_side)side, false, v->z, v->hidden, true, v->threads);
        }
    }
    return MASKE_OK;
}

static maske_status find(vectors *v, uint64_t seed) {
    enum { SPACE, TURN };
    subspace *s = &v->space;
    size_t n = v->hidden;
    random_normal(v->y, v->vocab * n, 1, seed, (uint64_t)1 << 32 | SPACE);
    subspace_orthogonalise(s, v->q, v->y, v->vocab);
    for (int i = 0; i <= ITERATIONS; i++) {
        control_progress(v->control, "word vectors", i, ITERATIONS + 1, "passes");
        TRY(multiply_by_all(v));
        if (i < ITERATIONS) subspace_orthogonalise(s, v->q, v->y, v->vocab);
    }
    /* q^T M M^T q = L L^T: the rows of q L have the products of M's. Turned by a random rotation: y = q (L turn). */
    subspace_multiply(s->square, v->q, true, v->y, n, n, v->vocab, v->threads);
    subspace_factorise(s, false);
    float *lower = v->z, *turn = v->y;          /* both have room: word_vectors sees to it */
    for (size_t i = 0; i < n * n; i++) lower[i] = (float)s->factor[i];
    random_normal(lower + n * n, n * n, 1, seed, (uint64_t)1 << 32 | TURN);
    subspace_orthogonalise(s, turn, lower + n * n, n);
    subspace_multiply(s->square, lower, false, turn, n, n, n, v->threads);
    subspace_multiply(v->y, v->q, false, s->square, v->vocab, n, n, v->threads);
    return MASKE_OK;
}

static void take(float *embeddings, const vectors *v, double deviation) {
    double length = deviation * sqrt((double)v->hidden);
    for (size_t row = 0; row < v->vocab; row++) {
        const float *from = v->y + row * v->hidden;
        double square = 0;
        for (size_t i = 0; i < v->hidden; i++) square += (double)from[i] * (double)from[i];
        if (v->n->occurrences[row] == 0 || !(square > 1e-20) || !isfinite(square)) continue;
        float factor = (float)(length / sqrt(square));
        for (size_t i = 0; i < v->hidden; i++) embeddings[row * v->hidden + i] = factor * from[i];
    }
}

maske_status word_vectors(float *embeddings, neighbours *n, size_t hidden, double deviation, uint64_t seed, int threads,
                          const maske_control *control) {
    vectors v = {.n = n, .vocab = n->vocab, .hidden = hidden, .threads = threads, .control = control};
    if (v.vocab < 2 * hidden) return MASKE_OK;          /* fewer tokens than directions: nothing to find */
    maske_status status = prepare(&v);
    if (status == MASKE_OK) status = find(&v, seed);
    if (status == MASKE_OK) take(embeddings, &v, deviation);
    free(v.q);
    free(v.y);
    free(v.z);
    subspace_free(&v.space);
    return status;
}
