/* The mask: its share, its independence of blocks, levels and neighbours, and the same in backward. */
#include "nn/dropout.h"
#include "operation.h"

enum { ROWS = 700, COLUMNS = 515 };

static void the_share_dropped_is_within_four_sigma(void **state) {
    (void)state;
    static const double probabilities[] = {0.1, 0.5, 0.01, 0.9};
    float *ones = zeros(ROWS * COLUMNS), *out = zeros(ROWS * COLUMNS);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) ones[i] = 1;
    for (int p = 0; p < 4; p++)
        for (uint64_t step = 0; step < 3; step++) {
            dropout_mask mask = dropout_mask_new(probabilities[p], 11, step, 8);
            dropout_forward(out, ones, &mask, 5, ROWS, COLUMNS);
            double dropped = 0, count = ROWS * COLUMNS, sigma = sqrt(probabilities[p] * (1 - probabilities[p]) / count);
            for (size_t i = 0; i < ROWS * COLUMNS; i++) {
                assert_true(out[i] == 0 || out[i] == (float)(1 / (1 - probabilities[p])));
                dropped += out[i] == 0;
            }
            assert_true(fabs(dropped / count - probabilities[p]) < 4 * sigma);
        }
    free(ones); free(out);
}

/* Of two kept-or-dropped series, how far the share in which both drop is from p^2, in sigma. */
static double dependence(const dropout_mask *a, const dropout_mask *b, uint64_t row_shift, uint32_t column_shift, double p) {
    double both = 0, count = 0;
    for (uint64_t r = 0; r < ROWS; r++)
        for (uint32_t c = 0; c < COLUMNS; c++, count++)
            both += !dropout_keeps(a, r, c) && !dropout_keeps(b, r + row_shift, c + column_shift);
    return fabs(both / count - p * p) / sqrt(p * p * (1 - p * p) / count);
}
static void neighbours_steps_places_and_seeds_are_independent(void **state) {
    (void)state;
    const double p = 0.1;
    dropout_mask mask = dropout_mask_new(p, 1, 2, 3);
    dropout_mask others[] = {dropout_mask_new(p, 1, 2, 4), dropout_mask_new(p, 1, 3, 3), dropout_mask_new(p, 2, 2, 3)};
    for (int i = 0; i < 3; i++) assert_true(dependence(&mask, &others[i], 0, 0, p) < 4.5);
    static const uint32_t shifts[] = {1, 2, 4, 8, 15, 16, 17, 31, 32, 64};
    for (int i = 0; i < 10; i++) {
        assert_true(dependence(&mask, &mask, 0, shifts[i], p) < 4.5);
        assert_true(dependence(&mask, &mask, shifts[i], 0, p) < 4.5);
        assert_true(dependence(&mask, &mask, shifts[i], shifts[i], p) < 4.5);
    }
    assert_true(dependence(&mask, &mask, (uint64_t)1 << 32, 0, p) < 4.5);
}

static void every_level_draws_the_same_mask_as_dropout_keeps(void **state) {
    (void)state;
    static const size_t widths[] = {1, 15, 16, 17, 31, 32, 33, 48, 100, 512, 515};
    float *in = random_floats(7 * COLUMNS, 1), *out = zeros(7 * COLUMNS);
    dropout_mask mask = dropout_mask_new(0.3, 9, 9, 9);
    EACH_CPU_LEVEL(level)
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            size_t columns = widths[w];
            out[7 * columns] = 77;
            dropout_forward(out, in, &mask, 1000, 7, columns);
            for (size_t i = 0; i < 7 * columns; i++)
                assert_true(out[i] == (dropout_keeps(&mask, 1000 + i / columns, (uint32_t)(i % columns)) ? in[i] * mask.scale : 0));
            assert_true(out[7 * columns] == 77);
        }
    free(in); free(out);
}

static void blocks_and_backward_see_the_same_mask(void **state) {
    (void)state;
    float *in = random_floats(ROWS * COLUMNS, 1), *whole = zeros(ROWS * COLUMNS), *parts = zeros(ROWS * COLUMNS);
    dropout_mask mask = dropout_mask_new(0.1, 3, 4, 5);
    dropout_forward(whole, in, &mask, 50, ROWS, COLUMNS);
    for (size_t r = 0; r < ROWS; r += 33) {
        size_t rows = ROWS - r < 33 ? ROWS - r : 33;
        dropout_backward(parts + r * COLUMNS, in + r * COLUMNS, &mask, 50 + r, rows, COLUMNS);
    }
    assert_same(parts, whole, ROWS * COLUMNS, "dropout in blocks");
    free(in); free(whole); free(parts);
}

static void probability_0_is_the_identity_and_1_drops_all(void **state) {
    (void)state;
    float *in = random_floats(100, 1), *out = zeros(100);
    dropout_mask none = dropout_mask_new(0, 1, 1, 1), zeroed = {0}, all = dropout_mask_new(1, 1, 1, 1);
    dropout_forward(out, in, &none, 0, 10, 10);
    assert_same(out, in, 100, "dropout of 0");
    memset(out, 0, 100 * sizeof *out);
    dropout_forward(out, in, &zeroed, 0, 10, 10);
    assert_same(out, in, 100, "dropout of nothing");
    dropout_forward(out, in, &all, 0, 10, 10);
    for (int i = 0; i < 100; i++) assert_true(out[i] == 0);
    free(in); free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_dropped_is_within_four_sigma),
        cmocka_unit_test(neighbours_steps_places_and_seeds_are_independent),
        cmocka_unit_test(every_level_draws_the_same_mask_as_dropout_keeps),
        cmocka_unit_test(blocks_and_backward_see_the_same_mask),
        cmocka_unit_test(probability_0_is_the_identity_and_1_drops_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
