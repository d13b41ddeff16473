/* tests/tokenizer/test_pair_ranks.c: every merge has its rank and no other pair has one, for tables of any size. */
#include "tokenizer/bpe.h"
#include "scratch.h"

/* Different pairs: merge i of left symbols of `width`. */
static bpe_merge merge_of(size_t i, size_t width, int32_t highest) {
    return (bpe_merge){highest - (int32_t)(i % width), (int32_t)(i / width), 0};
}

static void each_merge_is_found_and_nothing_else(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 7, 63, 64, 65, 1000, 32768, 50000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        bpe_merge *merges = malloc((counts[c] + 1) * sizeof *merges);
        pair_ranks table;
        size_t width = 1 + counts[c] / 5;
        assert_non_null(merges);
        for (size_t i = 0; i < counts[c]; i++) merges[i] = merge_of(i, width, (int32_t)width - 1);
        assert_ok(pair_ranks_build(&table, merges, counts[c]));
        assert_non_null(table.slots);
        for (size_t i = 0; i < counts[c]; i++) {
            assert_int_equal(pair_ranks_find(&table, merges[i].left, merges[i].right), i);
            assert_int_equal(pair_ranks_find(&table, merges[i].left, merges[i].right + 100000), PAIR_RANK_NONE);
            assert_int_equal(pair_ranks_find(&table, PAIR_RANKS_SYMBOLS - 1, merges[i].right), PAIR_RANK_NONE);
        }
        if (counts[c] == 0) assert_int_equal(pair_ranks_find(&table, 0, 0), PAIR_RANK_NONE);
        pair_ranks_free(&table);
        free(merges);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_merge_is_found_and_nothing_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
