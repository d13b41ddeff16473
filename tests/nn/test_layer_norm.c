/* layer_norm and residual_layer_norm: every CPU level against a plain forward in double, and its finite differences. */
#include "base/half.h"
#include "nn/bias.h"
#include "nn/layer_norm.h"
#include "nn/residual_layer_norm.h"
#include "operation.h"

static const struct { size_t tokens, hidden; } cases[] = {{0, 8}, {1, 1}, {3, 2}, {3, 17}, {4, 32}, {2, 50}, {3, 128}, {2, 260}};
static const float epsilon = 1e-5f;

/* The whole of it: out = LN(dropout(x + x_bias) + residual), loss = sum(out * d_out). */
typedef struct oracle {
    size_t tokens, hidden;
    double *x, *x_bias, *residual, *weight, *bias, *d_out, *out;
    dropout_mask mask;
    uint64_t first_row;
} oracle;

static double forward(void *user) {
    oracle *o = user;
    double loss = 0, *sum = calloc(o->hidden, sizeof *sum);
    for (size_t t = 0; t < o->tokens; t++) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < o->hidden; i++) {
            size_t at = t * o->hidden + i;
            double factor = o->mask.threshold == 0 ? 1 : dropout_keeps(&o->mask, o->first_row + t, (uint32_t)i) ? o->mask.scale : 0;
            sum[i] = (o->x[at] + o->x_bias[i]) * factor + o->residual[at];
            mean += sum[i] / (double)o->hidden;
        }
        for (size_t i = 0; i < o->hidden; i++) variance += (sum[i] - mean) * (sum[i] - mean) / (double)o->hidden;
        for (size_t i = 0; i < o->hidden; i++) {
            size_t at = t * o->hidden + i;
            o->out[at] = (sum[i] - mean) / sqrt(variance + epsilon) * o->weight[i] + o->bias[i];
            loss += o->out[at] * o->d_out[at];
        }
    }
    free(sum);
    return loss;
}

/* Runs both directions of one case on the level in use and checks everything. */
static void check(size_t tokens, size_t hidden, double probability, bool plain_layer_norm) {
    size_t count = tokens * hidden;
    float *x = random_floats(count, 1), *x_bias = random_floats(hidden, 2), *residual = random_floats(count, 3);
    float *weight = random_floats(hidden, 4), *bias = random_floats(hidden, 5), *d_out = random_floats(count, 6);
    float *out = zeros(count), *sum = zeros(count), *mean = zeros(tokens), *rstd = zeros(tokens);
    float *d_x = zeros(count), *d_sum = zeros(count), *d_x_bias = zeros(hidden), *d_weight = zeros(hidden), *d_bias = zeros(hidden);
    for (size_t i = 0; i < count; i++) x[i] += 3.0f;        /* a mean far from 0 */
    if (plain_layer_norm) {
        memset(x_bias, 0, hidden * sizeof *x_bias);
        memset(residual, 0, count * sizeof *residual);
    }
    oracle o = {tokens, hidden, as_doubles(x, count), as_doubles(x_bias, hidden), as_doubles(residual, count), as_doubles(weight, hidden),
                as_doubles(bias, hidden), as_doubles(d_out, count), calloc(count + 1, sizeof(double)), dropout_mask_new(probability, 1, 2, 3), 40};
    forward(&o);
    if (plain_layer_norm) {
        layer_norm_forward(out, mean, rstd, x, weight, bias, epsilon, tokens, hidden);
        layer_norm_backward(d_x, d_weight, d_bias, d_out, x, mean, rstd, weight, tokens, hidden);
    } else {
        residual_layer_norm_forward(out, NULL, sum, mean, rstd, x, x_bias, residual, weight, bias, epsilon, &o.mask, 40, tokens, hidden);
        residual_layer_norm_backward(d_x, NULL, d_sum, d_x_bias, d_weight, d_bias, d_out, sum, mean, rstd, weight, &o.mask, 40, tokens, hidden);
    }
    assert_close(out, o.out, count, 2e-5, "out");
    if (hidden > 2) {       /* of one or two elements the gradient is 0, times 1 / epsilon */
        double tolerance = 2e-5;
        assert_gradient(d_x, o.x, count, forward, &o, tolerance, "d_x");
        assert_gradient(d_weight, o.weight, hidden, forward, &o, tolerance, "d_weight");
        assert_gradient(d_bias, o.bias, hidden, forward, &o, tolerance, "d_bias");
        if (!plain_layer_norm) {
            assert_gradient(d_sum, o.residual, count, forward, &o, tolerance, "d_sum");
            assert_gradient(d_x_bias, o.x_bias, hidden, forward, &o, tolerance, "d_x_bias");
        }
    }
    free(x); free(x_bias); free(residual); free(weight); free(bias); free(d_out); free(out); free(sum); free(mean); free(rstd);
    free(d_x); free(d_sum); free(d_x_bias); free(d_weight); free(d_bias);
    free(o.x); free(o.x_bias); free(o.residual); free(o.weight); free(o.bias); free(o.d_out); free(o.out);
}

static void layer_norm_matches_finite_differences(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) check(cases[c].tokens, cases[c].hidden, 0, true);
}
static void residual_layer_norm_matches_finite_differences(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) check(cases[c].tokens, cases[c].hidden, 0, false);
}
static void residual_layer_norm_matches_finite_differences_with_dropout(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) check(cases[c].tokens, cases[c].hidden, 0.3, false);
}

static void avx2_and_avx512_give_the_same_bits(void **state) {
    (void)state;
    enum { TOKENS = 5, HIDDEN = 301, COUNT = TOKENS * HIDDEN };
    dropout_mask mask = dropout_mask_new(0.2, 1, 2, 3);
    float *x = random_floats(COUNT, 1), *weight = random_floats(HIDDEN, 3), *d_weight = zeros(HIDDEN), *kept[4];
    float *out = zeros(COUNT), *sum = zeros(COUNT), *mean = zeros(TOKENS), *rstd = zeros(TOKENS), *d_sum = zeros(COUNT);
    for (int i = 0; i < 4; i++) kept[i] = zeros(COUNT);
    EACH_CPU_LEVEL(level) {
        memset(d_weight, 0, HIDDEN * sizeof *d_weight);
        residual_layer_norm_forward(out, NULL, sum, mean, rstd, x, weight, x, weight, weight, epsilon, &mask, 0, TOKENS, HIDDEN);
        residual_layer_norm_backward(NULL, NULL, d_sum, NULL, d_weight, d_weight, x, sum, mean, rstd, weight, &mask, 0, TOKENS, HIDDEN);
        assert_vector_levels_agree(out, kept[0], COUNT, cpu_levels[level], "out");
        assert_vector_levels_agree(rstd, kept[1], TOKENS, cpu_levels[level], "rstd");
        assert_vector_levels_agree(d_sum, kept[2], COUNT, cpu_levels[level], "d_sum");
        assert_vector_levels_agree(d_weight, kept[3], HIDDEN, cpu_levels[level], "d_weight");
    }
    for (int i = 0; i < 4; i++) free(kept[i]);
    free(x); free(weight); free(d_weight); free(out); free(sum); free(mean); free(rstd); free(d_sum);
}

/* In place, in blocks, without what backward needs: the same bits. */
static void aliases_and_blocks_change_nothing(void **state) {
    (void)state;
    enum { TOKENS = 13, HIDDEN = 77, COUNT = TOKENS * HIDDEN };
    dropout_mask mask = dropout_mask_new(0.2, 1, 2, 3);
    EACH_CPU_LEVEL(level) {
        float *x = random_floats(COUNT, 1), *residual = random_floats(COUNT, 2), *weight = random_floats(HIDDEN, 3), *bias = random_floats(HIDDEN, 4);
        float *out = zeros(COUNT), *sum = zeros(COUNT), *mean = zeros(TOKENS), *rstd = zeros(TOKENS), *again = zeros(COUNT);
        residual_layer_norm_forward(out, NULL, sum, mean, rstd, x, NULL, residual, weight, bias, epsilon, &mask, 0, TOKENS, HIDDEN);
        memcpy(again, x, COUNT * sizeof *x);
        for (size_t t = 0; t < TOKENS; t += 5) {
            size_t tokens = TOKENS - t < 5 ? TOKENS - t : 5;
            float *row = again + t * HIDDEN;
            residual_layer_norm_forward(row, NULL, row, NULL, NULL, row, NULL, residual + t * HIDDEN, weight, bias, epsilon, &mask, t, tokens, HIDDEN);
        }
        assert_same(again, out, COUNT, "out in place and in blocks");
        layer_norm_again(again, NULL, sum, mean, rstd, weight, bias, TOKENS, HIDDEN);
        assert_same(again, out, COUNT, "out from what was kept");
        float *d_sum = zeros(COUNT), *d_x = zeros(COUNT), *d_weight = zeros(HIDDEN), *d_bias = zeros(HIDDEN), *ignored = zeros(HIDDEN);
        residual_layer_norm_backward(d_x, NULL, d_sum, NULL, d_weight, d_bias, x, sum, mean, rstd, weight, &mask, 0, TOKENS, HIDDEN);
        memcpy(again, x, COUNT * sizeof *x);
        residual_layer_norm_backward(NULL, NULL, again, NULL, ignored, ignored, again, sum, mean, rstd, weight, &mask, 0, TOKENS, HIDDEN);
        assert_same(again, d_sum, COUNT, "d_sum in place");
        free(x); free(residual); free(weight); free(bias); free(out); free(sum); free(mean); free(rstd); free(again);
        free(d_sum); free(d_x); free(d_weight); free(d_bias); free(ignored);
    }
}

static void assert_rounded(const uint16_t *got, const float *expected, size_t count) {
    for (size_t i = 0; i < count; i++) assert_int_equal(got[i], float_to_bfloat16(expected[i]));
}

/* What is given in bfloat16 is what is given as floats, rounded; with the floats or without them. */
static void rounded_is_the_same_rounded(void **state) {
    (void)state;
    enum { TOKENS = 7, HIDDEN = 77, COUNT = TOKENS * HIDDEN };
    dropout_mask mask = dropout_mask_new(0.2, 1, 2, 3);
    EACH_CPU_LEVEL(level) {
        float *x = random_floats(COUNT, 1), *residual = random_floats(COUNT, 2), *weight = random_floats(HIDDEN, 3), *bias = random_floats(HIDDEN, 4);
        float *out = zeros(COUNT), *expected = zeros(COUNT), *sum = zeros(COUNT), *mean = zeros(TOKENS), *rstd = zeros(TOKENS);
        uint16_t *rounded = calloc(COUNT, sizeof *rounded);
        residual_layer_norm_forward(expected, NULL, sum, mean, rstd, x, bias, residual, weight, bias, epsilon, &mask, 0, TOKENS, HIDDEN);
        residual_layer_norm_forward(out, rounded, sum, mean, rstd, x, bias, residual, weight, bias, epsilon, &mask, 0, TOKENS, HIDDEN);
        assert_same(out, expected, COUNT, "out beside rounded");
        assert_rounded(rounded, expected, COUNT);
        memset(rounded, 0, COUNT * sizeof *rounded);
        layer_norm_again(NULL, rounded, sum, mean, rstd, weight, bias, TOKENS, HIDDEN);
        assert_rounded(rounded, expected, COUNT);
        float *d_sum = zeros(COUNT), *d_x = zeros(COUNT), *sums = zeros(3 * HIDDEN), *again = zeros(COUNT), *sums_again = zeros(3 * HIDDEN);
        residual_layer_norm_backward(d_x, NULL, d_sum, sums, sums + HIDDEN, sums + 2 * HIDDEN, x, sum, mean, rstd, weight, &mask, 0, TOKENS, HIDDEN);
        residual_layer_norm_backward(NULL, rounded, again, sums_again, sums_again + HIDDEN, sums_again + 2 * HIDDEN, x, sum, mean, rstd, weight,
                                     &mask, 0, TOKENS, HIDDEN);
        assert_rounded(rounded, d_x, COUNT);
        assert_same(again, d_sum, COUNT, "d_sum beside rounded");
        assert_same(sums_again, sums, 3 * HIDDEN, "sums beside rounded");
        free(x); free(residual); free(weight); free(bias); free(out); free(expected); free(sum); free(mean); free(rstd); free(rounded);
        free(d_sum); free(d_x); free(sums); free(again); free(sums_again);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layer_norm_matches_finite_differences),
        cmocka_unit_test(residual_layer_norm_matches_finite_differences),
        cmocka_unit_test(residual_layer_norm_matches_finite_differences_with_dropout),
        cmocka_unit_test(avx2_and_avx512_give_the_same_bits),
        cmocka_unit_test(aliases_and_blocks_change_nothing),
        cmocka_unit_test(rounded_is_the_same_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
