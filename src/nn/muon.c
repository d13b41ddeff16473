/* nn/muon.c: the products of a step; the loops over elements are in nn/muon_body.h. */
#include "nn/kernels.h"
#include "nn/muon.h"

#include <math.h>

enum { ITERATIONS = 5 };
/* Chosen by the authors for the steepest rise at 0: singular values end between 0.7 and 1.2, and that is enough. */
static const float a = 3.4445f, b = -4.7750f, c = 2.0315f;

static size_t smaller_of(size_t x, size_t y) { return x < y ? x : y; }

size_t muon_scratch(size_t rows, size_t columns) {
    size_t side = smaller_of(rows, columns);
    return 2 * rows * columns + 2 * side * side;
}

/* next = a x + (b A + c A A) x, or the same from the right where x is tall; A and P [side, side] are scratch.
 * a is put on P's diagonal, so that x is read by one product alone. */
static void newton_schulz(float *next, const float *x, float *A, float *P, gemm_precision precision, size_t rows,
                          size_t columns) {
    bool tall = rows > columns;
    size_t side = smaller_of(rows, columns), length = rows + columns - side;
    gemm(A, side, false, x, columns, tall, x, columns, !tall, precision, side, side, length);
    gemm(P, side, false, A, side, false, A, side, false, precision, side, side, side);
    kernels_of_cpu()->weighted_sum(P, b, A, c, P, side * side);
    for (size_t i = 0; i < side; i++) P[i * side + i] += a;
    if (tall) gemm(next, columns, false, x, columns, false, P, side, false, precision, rows, columns, side);
    else gemm(next, columns, false, P, side, false, x, columns, false, precision, rows, columns, side);
}

void muon_step(float *weight, float *gradient, float *momentum, float *scratch, const muon *settings, size_t rows,
               size_t columns) {
    const kernels *k = kernels_of_cpu();
    size_t count = rows * columns, side = smaller_of(rows, columns);
    float *x = scratch, *next = x + count, *A = next + count, *P = A + side * side;
    k->muon_momentum(x, gradient, momentum, settings->gradient_scale, (float)(1 - settings->momentum), count);
    /* Its largest singular value is at most its norm. */
    float scale = (float)(1 / fmax(sqrt(gradient_square_sum(x, count)), 1e-7));
    k->weighted_sum(x, scale, x, 0.0f, x, count);
    for (int i = 0; i < ITERATIONS; i++) {
        newton_schulz(next, x, A, P, settings->precision, rows, columns);
        float *swapped = x;
        x = next;
        next = swapped;
    }
    double step = settings->learning_rate * 0.2 * sqrt((double)(rows > columns ? rows : columns));
    k->weighted_sum(weight, (float)(1 - settings->learning_rate * settings->weight_decay), weight, (float)-step, x,
                    count);
}
