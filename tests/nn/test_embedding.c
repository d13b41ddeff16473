/* embedding, rows, bias: plain sums, compared exactly; the order of scatter and the padding row. */
#include "base/half.h"
#include "nn/bias.h"
#include "nn/embedding.h"
#include "nn/rows.h"
#include "operation.h"

enum { TOKENS = 9, HIDDEN = 19, VOCAB = 7, POSITIONS = 6, TYPES = 2, SEQUENCES = 2 };
static const int32_t ids[TOKENS] = {3, 0, 6, 3, 3, 1, 0, 6, 5}, types[TOKENS] = {0, 0, 1, 1, 0, 1, 0, 0, 1};
static const uint32_t positions[TOKENS] = {0, 1, 2, 3, 0, 1, 2, 3, 4}, sequence_start[] = {0, 4, 9};

static void forward_adds_the_three_tables(void **state) {
    (void)state;
    float *word = random_floats(VOCAB * HIDDEN, 1), *position = random_floats(POSITIONS * HIDDEN, 2), *type = random_floats(TYPES * HIDDEN, 3);
    float *embeds = random_floats(TOKENS * HIDDEN, 4), *out = zeros(TOKENS * HIDDEN);
    embedding_forward(out, ids, NULL, positions, types, word, position, type, TOKENS, HIDDEN);
    for (size_t i = 0; i < TOKENS * HIDDEN; i++) {
        size_t t = i / HIDDEN, c = i % HIDDEN;
        assert_true(out[i] == (word[(size_t)ids[t] * HIDDEN + c] + type[(size_t)types[t] * HIDDEN + c]) + position[positions[t] * HIDDEN + c]);
    }
    embedding_forward(out, NULL, embeds, positions, NULL, word, position, type, TOKENS, HIDDEN);
    for (size_t i = 0; i < TOKENS * HIDDEN; i++)
        assert_true(out[i] == (embeds[i] + type[i % HIDDEN]) + position[positions[i / HIDDEN] * HIDDEN + i % HIDDEN]);
    free(word); free(position); free(type); free(embeds); free(out);
}

static void order_sorts_by_id_and_keeps_equal_ids_in_place(void **state) {
    (void)state;
    static const uint32_t expected[TOKENS] = {1, 6, 5, 0, 3, 4, 8, 2, 7}, expected_start[VOCAB + 1] = {0, 2, 3, 3, 6, 6, 7, 9};
    uint32_t order[TOKENS], start[VOCAB + 1];
    embedding_order(order, start, ids, TOKENS, VOCAB);
    assert_memory_equal(order, expected, sizeof expected);
    assert_memory_equal(start, expected_start, sizeof expected_start);
    embedding_order(order, start, ids, 0, VOCAB);
    for (int i = 0; i <= VOCAB; i++) assert_int_equal(start[i], 0);
    const int32_t only[] = {0, 0};
    embedding_order(order, start, only, 2, 1);
    assert_true(start[0] == 0 && start[1] == 2 && order[0] == 0 && order[1] == 1);
}

static void backward_scatters_in_order_and_skips_the_padding_row(void **state) {
    (void)state;
    float *d_out = random_floats(TOKENS * HIDDEN, 1), *word = zeros(VOCAB * HIDDEN), *position = zeros(POSITIONS * HIDDEN), *type = zeros(TYPES * HIDDEN);
    float *got_word = zeros(VOCAB * HIDDEN), *got_position = zeros(POSITIONS * HIDDEN), *got_type = zeros(TYPES * HIDDEN);
    for (size_t i = 0; i < TOKENS * HIDDEN; i++) {
        size_t t = i / HIDDEN, c = i % HIDDEN;
        if (ids[t] != 0) word[(size_t)ids[t] * HIDDEN + c] += d_out[i];
        position[positions[t] * HIDDEN + c] += d_out[i];
        type[(size_t)types[t] * HIDDEN + c] += d_out[i];
    }
    uint32_t order[TOKENS], start[VOCAB + 1];
    embedding_order(order, start, ids, TOKENS, VOCAB);
    embedding_backward_word(got_word, d_out, order, start, 0, 4, VOCAB, HIDDEN);        /* two threads' ranges */
    embedding_backward_word(got_word, d_out, order, start, 0, 0, 4, HIDDEN);
    embedding_backward_position(got_position, d_out, sequence_start, SEQUENCES, 3, POSITIONS, HIDDEN);
    embedding_backward_position(got_position, d_out, sequence_start, SEQUENCES, 0, 3, HIDDEN);
    embedding_backward_token_type(got_type, d_out, types, TOKENS, HIDDEN);
    assert_same(got_word, word, VOCAB * HIDDEN, "d_word");
    assert_same(got_position, position, POSITIONS * HIDDEN, "d_position");
    assert_same(got_type, type, TYPES * HIDDEN, "d_token_type");
    memset(got_word, 0, VOCAB * HIDDEN * sizeof *got_word);
    embedding_backward_word(got_word, d_out, order, start, -1, 0, 1, HIDDEN);
    assert_true(got_word[0] == d_out[1 * HIDDEN] + d_out[6 * HIDDEN]);
    free(d_out); free(word); free(position); free(type); free(got_word); free(got_position); free(got_type);
}

static void rows_are_gathered_and_scattered(void **state) {
    (void)state;
    static const uint32_t index[] = {1, 4, 8};
    float *all = random_floats(TOKENS * HIDDEN, 1), *before = random_floats(TOKENS * HIDDEN, 1), *picked = zeros(3 * HIDDEN);
    rows_gather(picked, all, index, 3, HIDDEN);
    for (int i = 0; i < 3; i++) assert_same(picked + i * HIDDEN, all + index[i] * HIDDEN, HIDDEN, "picked");
    rows_scatter_add(all, picked, index, 3, HIDDEN);
    for (uint32_t t = 0; t < TOKENS; t++)
        for (int c = 0; c < HIDDEN; c++)
            assert_true(all[t * HIDDEN + c] == before[t * HIDDEN + c] * (t == 1 || t == 4 || t == 8 ? 2 : 1));
    free(all); free(before); free(picked);
}

static void biases_and_partial_sums_add_row_by_row(void **state) {
    (void)state;
    enum { ROWS = 11, STRIDE = 40, COLUMNS = 37 };
    EACH_CPU_LEVEL(level) {
        float *x = random_floats(ROWS * STRIDE, 1), *before = random_floats(ROWS * STRIDE, 1), *bias = random_floats(COLUMNS, 2);
        float *d_bias = random_floats(COLUMNS, 3), *expected = random_floats(COLUMNS, 3);
        bias_forward(x, STRIDE, bias, ROWS, COLUMNS);
        for (int i = 0; i < ROWS * STRIDE; i++) assert_true(x[i] == before[i] + (i % STRIDE < COLUMNS ? bias[i % STRIDE] : 0));
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLUMNS; c++) expected[c] += before[r * STRIDE + c];
        bias_backward(d_bias, before, STRIDE, ROWS, COLUMNS);
        assert_same(d_bias, expected, COLUMNS, "d_bias");
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLUMNS; c++) expected[c] += before[r * STRIDE + c];
        partials_add(d_bias, before, STRIDE, ROWS, COLUMNS);
        assert_same(d_bias, expected, COLUMNS, "total");
        free(x); free(before); free(bias); free(d_bias); free(expected);
    }
}

/* In bf16: what is stored is the rounded sum; sums are those of the stored numbers. */
static void rounded_biases_are_the_same_rounded(void **state) {
    (void)state;
    enum { ROWS = 11, STRIDE = 40, COLUMNS = 37 };
    EACH_CPU_LEVEL(level) {
        float *x = random_floats(ROWS * COLUMNS, 1), *bias = random_floats(COLUMNS, 2), d_bias[COLUMNS] = {0}, expected[COLUMNS] = {0};
        uint16_t out[ROWS * STRIDE];
        memset(out, 0x55, sizeof out);
        bias_forward_rounded(out, STRIDE, x, bias, ROWS, COLUMNS);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < STRIDE; c++) {
                uint16_t got = out[r * STRIDE + c];
                float value = c < COLUMNS ? x[r * COLUMNS + c] + bias[c] : 0;
                assert_int_equal(got, c < COLUMNS ? float_to_bfloat16(value) : 0x5555);
                if (c < COLUMNS) expected[c] += bfloat16_to_float(got);
            }
        bias_backward_rounded(d_bias, out, STRIDE, ROWS, COLUMNS);
        assert_same(d_bias, expected, COLUMNS, "d_bias");
        free(x); free(bias);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_adds_the_three_tables),
        cmocka_unit_test(order_sorts_by_id_and_keeps_equal_ids_in_place),
        cmocka_unit_test(backward_scatters_in_order_and_skips_the_padding_row),
        cmocka_unit_test(rows_are_gathered_and_scattered),
        cmocka_unit_test(biases_and_partial_sums_add_row_by_row),
        cmocka_unit_test(rounded_biases_are_the_same_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
