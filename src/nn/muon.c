/* nn/muon.c: the products of a step; the loops over elements are in nn/muon_body.h. */
#include "nn/kernels.h"
#include "nn/muon.h"

#include <math.h>

enum { ITERATIONS = 5 };
/* Chosen by the authors for the steepest rise at 0: singular values end between 0.7 and 1.2, and that is enough. */
static const struct { float a, b, c; } by = {3.4445f, -4.7750f, 2.0315f};

static size_t smaller_of(size_t x, size_t y) { return x < y ? x : y; }

/* Where the matrix is at least twice as long as wide, the iteration goes on in its square of the smaller side alone
 * (through_square); in f32, whose precision that needs. */
static bool is_long(size_t rows, size_t columns) { return rows >= 2 * columns || columns >= 2 * rows; }

size_t muon_scratch(size_t rows, size_t columns) {
    size_t side = smaller_of(rows, columns);
    return 2 * rows * columns + (is_long(rows, columns) ? 5 : 2) * side * side;
}

/* out [side, side] = op(a) op(b), known to be symmetric: what lies on and below the diagonal is multiplied, the rest is
 * its mirror. */
enum { SYMMETRIC_BLOCK = 64, MIRROR_BLOCK = 16 };
static void symmetric_product(float *out, const float *a, size_t lda, bool a_transposed, const float *b, size_t ldb,
                              bool b_transposed, gemm_precision precision, size_t side, size_t k) {
    for (size_t i = 0; i < side; i += SYMMETRIC_BLOCK) {
        size_t end = smaller_of(i + SYMMETRIC_BLOCK, side);
        gemm(out + i * side, side, false, a + i * (a_transposed ? 1 : lda), lda, a_transposed, b, ldb, b_transposed,
             precision, end - i, end, k);
    }
    for (size_t first = 0; first < side; first += MIRROR_BLOCK) {
        size_t end = smaller_of(first + MIRROR_BLOCK, side);
        for (size_t i = first; i < side; i++)
            for (size_t j = first; j < smaller_of(end, i); j++) out[j * side + i] = out[i * side + j];
    }
}

/* P = a I + b A + c A A, of a symmetric A. */
static void polynomial(float *P, const float *A, gemm_precision precision, size_t side) {
    symmetric_product(P, A, side, false, A, side, false, precision, side, side);
    kernels_of_cpu()->weighted_sum(P, by.b, A, by.c, P, side * side);
    for (size_t i = 0; i < side; i++) P[i * side + i] += by.a;
}

typedef struct shape {
    size_t rows, columns, side, length;     /* length: the longer side */
    bool tall;
} shape;

/* A [side, side] = x x^T, or x^T x where x is tall. */
static void square_of(float *A, const float *x, gemm_precision precision, const shape *s) {
    symmetric_product(A, x, s->columns, s->tall, x, s->columns, !s->tall, precision, s->side, s->length);
}

/* out = P x, or x P where x is tall. */
static void apply(float *out, const float *P, const float *x, gemm_precision precision, const shape *s) {
    if (s->tall) gemm(out, s->columns, false, x, s->columns, false, P, s->side, false, precision, s->rows, s->columns, s->side);
    else gemm(out, s->columns, false, P, s->side, false, x, s->columns, false, precision, s->rows, s->columns, s->side);
}

static float *step_by_step(float *x, float *next, float *squares, gemm_precision precision, const shape *s) {
    float *A = squares, *P = A + s->side * s->side;
    for (int i = 0; i < ITERATIONS; i++) {
        square_of(A, x, precision, s);
        polynomial(P, A, precision, s->side);
        apply(next, P, x, precision, s);
        float *swapped = x;
        x = next;
        next = swapped;
    }
    return x;
}

/* The same with x read twice, not ten times: A of the next iteration is P A P, and what is applied to x in the end is the
 * product Q of all P. All of them are polynomials of the first A, so they commute and every product is symmetric. */
static float *through_square(float *x, float *next, float *squares, const shape *s) {
    size_t side = s->side, count = side * side;
    float *A = squares, *P = A + count, *Q = P + count, *PA = Q + count, *PQ = PA + count;
    square_of(A, x, GEMM_F32, s);
    polynomial(Q, A, GEMM_F32, side);
    for (int i = 1; i < ITERATIONS; i++) {
        const float *last = i == 1 ? Q : P;
        symmetric_product(PA, last, side, false, A, side, false, GEMM_F32, side, side);
        symmetric_product(A, PA, side, false, last, side, false, GEMM_F32, side, side);
        polynomial(P, A, GEMM_F32, side);
        symmetric_product(PQ, P, side, false, Q, side, false, GEMM_F32, side, side);
        float *swapped = Q;
        Q = PQ;
        PQ = swapped;
    }
    apply(next, Q, x, GEMM_F32, s);
    return next;
}

void muon_step(float *weight, const float *gradient, float *momentum, float *scratch, const muon *settings, size_t rows,
               size_t columns) {
    const kernels *k = kernels_of_cpu();
    size_t count = rows * columns, side = smaller_of(rows, columns);
    const shape s = {rows, columns, side, rows + columns - side, rows > columns};
    float *x = scratch, *next = x + count, *squares = next + count;
    k->muon_momentum(x, gradient, momentum, settings->gradient_scale, (float)(1 - settings->momentum), count);
    /* Its largest singular value is at most its norm. */
    float scale = (float)(1 / fmax(sqrt(gradient_square_sum(x, count)), 1e-7));
    k->weighted_sum(x, scale, x, 0.0f, x, count);
    bool square = settings->precision == GEMM_F32 && is_long(rows, columns);
    x = square ? through_square(x, next, squares, &s) : step_by_step(x, next, squares, settings->precision, &s);
    double step = settings->learning_rate * 0.2 * sqrt((double)(rows > columns ? rows : columns));
    k->weighted_sum(weight, (float)(1 - settings->learning_rate * settings->weight_decay), weight, (float)-step, x,
                    count);
}
