/* train/subspace.c: products a block of rows a task; Cholesky in double. */
#include "train/subspace.h"
#include "base/parallel.h"
#include "nn/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_TASK = 64 };
/* What floats cannot tell from nothing, beside the sum of a square's diagonal. */
static const double LOST = 1e-6;

size_t subspace_bytes(size_t columns) { return columns * columns * 16; }

maske_status subspace_new(subspace *s, size_t columns, int threads) {
    size_t square = columns * columns;
    *s = (subspace){.columns = columns, .threads = threads};
    TRY(memory_new(&s->square, square, sizeof *s->square, "word vectors"));
    TRY(memory_new(&s->inverse, square, sizeof *s->inverse, "word vectors"));
    return memory_new(&s->factor, square, sizeof *s->factor, "word vectors");
}

void subspace_free(subspace *s) {
    free(s->square);
    free(s->inverse);
    free(s->factor);
    *s = (subspace){0};
}

typedef struct dense_product { float *out; const float *a, *b; size_t m, n, k; bool transposed; } dense_product;

static void dense_task(void *user, size_t task, int thread) {
    const dense_product *p = user;
    size_t first = task * ROWS_A_TASK, rows = p->m - first < ROWS_A_TASK ? p->m - first : ROWS_A_TASK;
    (void)thread;
    gemm(p->out + first * p->n, p->n, false, p->a + (p->transposed ? first : first * p->k), p->transposed ? p->m : p->k,
         p->transposed, p->b, p->n, false, GEMM_F32, rows, p->n, p->k);
}

void subspace_multiply(float *out, const float *a, bool transposed, const float *b, size_t m, size_t n, size_t k, int threads) {
    parallel_for(threads, (m + ROWS_A_TASK - 1) / ROWS_A_TASK, dense_task,
                 &(dense_product){out, a, b, m, n, k, transposed});
}

void subspace_factorise(subspace *s, bool ridge) {
    size_t n = s->columns;
    double *L = s->factor, least = 1e-30;
    for (size_t i = 0; i < n; i++) least += LOST * (double)s->square[i * n + i];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double left = (double)s->square[i * n + j] + (ridge && i == j ? least : 0);
            for (size_t k = 0; k < j; k++) left -= L[i * n + k] * L[j * n + k];
            if (i == j) L[i * n + j] = ridge ? sqrt(fmax(left, least)) : left > least ? sqrt(left) : 0;
            else L[i * n + j] = L[j * n + j] > 0 ? left / L[j * n + j] : 0;
        }
        for (size_t j = i + 1; j < n; j++) L[i * n + j] = 0;
    }
}

void subspace_invert(subspace *s) {
    size_t n = s->columns;
    const double *L = s->factor;
    memset(s->inverse, 0, n * n * sizeof *s->inverse);
    for (size_t i = 0; i < n; i++) {
        s->inverse[i * n + i] = (float)(1 / L[i * n + i]);
        for (size_t j = i + 1; j < n; j++) {        /* row i of L^-T is column i of L^-1 */
            double sum = 0;
            for (size_t k = i; k < j; k++) sum -= L[j * n + k] * (double)s->inverse[i * n + k];
            s->inverse[i * n + j] = (float)(sum / L[j * n + j]);
        }
    }
}

/* The first time the ridge is felt in small directions, which grow; the third time all are of a size and it is not. */
void subspace_orthogonalise(subspace *s, float *out, float *y, size_t rows) {
    size_t n = s->columns;
    float *from = y, *to = out;
    for (int i = 0; i < 3; i++) {
        subspace_multiply(s->square, from, true, from, n, n, rows, s->threads);
        subspace_factorise(s, true);
        subspace_invert(s);
        subspace_multiply(to, from, false, s->inverse, rows, n, n, s->threads);
        float *swapped = from;
        from = to;
        to = swapped;
    }
}
