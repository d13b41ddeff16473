/* nn/vector_math_body.h: exp, the normal distribution's Phi, gelu and tanh over a vector (nn/vector.h).
 *
 * Largest errors, over every CPU level, as tests/nn/test_vector_math.c measures them against double:
 *     exponential         relative 1e-7 for -87.3 <= x <= 88.3; 0 below
 *     gelu_value          absolute 1e-6 for |x| <= 8, exact 0 or x beyond (no promise for the relative error of the tail)
 *     gelu_slope          absolute 1e-6
 *     gelu_new_*, silu_*  absolute 1e-6
 *     sigmoid             absolute 2e-7
 *     hyperbolic_tangent  absolute 2e-7
 * The coefficients come from tests/reference/fit_vector_math.py.
 *
 * gelu is not taken from erf: that needs an exponential and a division. Phi(x) - 1/2 and gelu'(x) - 1/2 are odd, so each
 * is x times a polynomial in x^2, and with x^2 mapped to [-1, 1] the coefficients are small and nothing cancels: 14 and
 * 16 multiply-adds. */
#ifndef MASKE_NN_VECTOR_MATH_BODY_H
#define MASKE_NN_VECTOR_MATH_BODY_H

#include "nn/vector.h"

/* Coefficients from that of the highest power down: Horner's rule. */
INLINE floats polynomial(floats x, const float *coefficients, int count) {
    floats sum = floats_all(coefficients[0]);
#pragma GCC unroll 16
    for (int i = 1; i < count; i++) sum = fused(sum, x, floats_all(coefficients[i]));
    return sum;
}
#define POLYNOMIAL(x, ...) \
    polynomial(x, (const float[]){__VA_ARGS__}, (int)(sizeof((const float[]){__VA_ARGS__}) / sizeof(float)))

/* exp(x) = 2^n exp(r), r = x - n ln 2, for -87.3 <= x <= 88.3 (and NaN); rubbish beyond. n is rounded by adding
 * 1.5 * 2^23, which leaves it in the lowest bits, and goes into the exponent by a shift. ln 2 is cut into a part whose
 * product with n is exact and the rest (Cody and Waite). */
INLINE floats exponential_bounded(floats x) {
    const floats shift = floats_all(0x1.8p23f);
    floats shifted = fused(x, floats_all(1.44269504f), shift), n = shifted - shift;
    floats r = fused(n, floats_all(-0.693359375f), x);
    r = fused(n, floats_all(2.12194440e-4f), r);
    floats y = POLYNOMIAL(r, 0.00138146132f, 0.00836870991f, 0.0416683874f, 0.166665207f, 0.499999935f, 1.0f, 1.0f);
    return (floats)((words)y + ((words)shifted << 23));
}
/* For x <= 88.3, as after a maximum was taken off. */
INLINE floats exponential(floats x) { return keep(not_below(x, floats_all(-87.3f)), exponential_bounded(x)); }

/* 1 / (1 + exp(-x)); *rest is 1 minus that, without the cancellation. */
INLINE floats sigmoid(floats *rest, floats x) {
    floats bounded = larger(floats_all(-87.0f), smaller(floats_all(87.0f), x));
    floats e = exponential_bounded(-bounded), y = floats_all(1.0f) / (floats_all(1.0f) + e);
    *rest = e * y;
    return y;
}
INLINE floats hyperbolic_tangent(floats x) {
    floats rest, y = sigmoid(&rest, x + x);
    return y - rest;
}
/* 1 - tanh(x)^2 = 4 y (1 - y), y = sigmoid(2 x) */
INLINE floats hyperbolic_tangent_slope(floats x) {
    floats rest, y = sigmoid(&rest, x + x);
    return floats_all(4.0f) * y * rest;
}

/* Below -87 the sigmoid no longer falls, but x does: there it is 0. */
INLINE floats silu_value(floats x) {
    floats rest, y = sigmoid(&rest, x);
    return x * keep(not_below(x, floats_all(-87.0f)), y);
}
INLINE floats silu_slope(floats x) {
    floats rest, y = sigmoid(&rest, x), bounded = larger(floats_all(-87.0f), smaller(floats_all(87.0f), x));
    return fused(y * rest, bounded, y);
}

/* ------------------------------------------------------------------------------------------------ gelu --- */

/* A polynomial of each vector of a group, step by step side by side: a step waits for the one before it. */
INLINE void polynomial_group(floats sum[VECTORS], const floats x[VECTORS], const float *coefficients, int count) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) sum[v] = floats_all(coefficients[0]);
#pragma GCC unroll 16
    for (int i = 1; i < count; i++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) sum[v] = fused(sum[v], x[v], floats_all(coefficients[i]));
}
#define POLYNOMIAL_GROUP(sum, x, ...) \
    polynomial_group(sum, x, (const float[]){__VA_ARGS__}, (int)(sizeof((const float[]){__VA_ARGS__}) / sizeof(float)))

/* Where x^2 stops, the product x P does not: it passes 1/2 and is cut off there, so gelu is exactly x or 0. */
INLINE void gelu_value(floats out[VECTORS], const floats x[VECTORS]) {
    const float end = 5.25f;
    floats place[VECTORS], sum[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++)
        place[v] = fused(smaller(floats_all(end * end), x[v] * x[v]), floats_all(2 / (end * end)), floats_all(-1.0f));
    POLYNOMIAL_GROUP(sum, place, -0.000470261695f, 0.00138760998f, -0.00157863432f, 0.00205279865f, -0.00485588003f, 0.00889031562f,
                     -0.0130835362f, 0.0184061021f, -0.0249652825f, 0.0320484846f, -0.0397714177f, 0.0496450059f, -0.0671265822f,
                     0.134659352f);
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++)
        out[v] = x[v] * (larger(floats_all(-0.5f), smaller(floats_all(0.5f), x[v] * sum[v])) + floats_all(0.5f));
}
INLINE void gelu_slope(floats out[VECTORS], const floats x[VECTORS]) {
    const float end = 5.5f;
    floats bounded[VECTORS], place[VECTORS], sum[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) {
        bounded[v] = larger(floats_all(-end), smaller(floats_all(end), x[v]));
        place[v] = fused(bounded[v] * bounded[v], floats_all(2 / (end * end)), floats_all(-1.0f));
    }
    POLYNOMIAL_GROUP(sum, place, -0.00490986808f, 0.0121202603f, -0.00642489968f, 0.00410066669f, -0.0278236353f, 0.0495665008f,
                     -0.0530861171f, 0.060656393f, -0.0729194831f, 0.075335193f, -0.0688571524f, 0.0601872272f, -0.0537258249f,
                     0.0536708728f, -0.06574014f, 0.128759168f);
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) out[v] = fused(bounded[v], sum[v], floats_all(0.5f));
}

/* The tanh form: (1 + tanh y) / 2 = sigmoid(2 y), y = sqrt(2 / pi) (x + 0.044715 x^3). Beyond |x| = 10 it is 0 or 1. */
INLINE floats gelu_new_gate(floats *rest, floats *x) {
    *x = larger(floats_all(-10.0f), smaller(floats_all(10.0f), *x));
    return sigmoid(rest, *x * fused(*x * *x, floats_all(0.0713548163f), floats_all(1.59576912f)));
}
INLINE floats gelu_new_value(floats x) {
    floats bounded = x, rest;
    return x * gelu_new_gate(&rest, &bounded);
}
INLINE floats gelu_new_slope(floats x) {
    floats rest, gate = gelu_new_gate(&rest, &x);
    floats inner = fused(x * x, floats_all(3 * 0.0713548163f), floats_all(1.59576912f));
    return fused(gate * rest, x * inner, gate);
}

/* For the test of exponential. */
static void exponential_body(float *out, const float *in, size_t count) {
    EACH_VECTOR(i, n, count, { store(out + i, exponential(load(in + i, n)), n); });
}

#endif
