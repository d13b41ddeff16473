/* tests/tokenizer/test_pair_ranks.c: every merge has its rank and no other pair has one, for tables of any size. */
#include "tokenizer/bpe.h"
#include "scratch.h"

/* Different pairs: merge i of left symbols of `width`. */
static bpe_merge merge_of(size_t i, size_t width, int32_t highest) {
    return (bpe_merge){highest - (int32_t)(i % width), (int32_t)(i / width), 0};
}

/* What who merges makes of a guess. */
static uint32_t rank_of(const pair_ranks *table, const bpe_merge *merges, int32_t left, int32_t right, size_t *asked) {
    uint32_t rank = pair_ranks_guess(table, left, right);
    *asked += rank == PAIR_RANK_ASK;
    if (rank == PAIR_RANK_NONE || rank == PAIR_RANK_ASK) return rank;
    bool same = merges[rank].left == left && merges[rank].right == right;
    assert_int_equal(pair_ranks_is(table, rank, left, right), same);
    return same ? rank : PAIR_RANK_NONE;
}

static void each_merge_is_found_and_nothing_else(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 7, 63, 64, 65, 1000, 32768, 50000, 300000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        bpe_merge *merges = malloc((counts[c] + 1) * sizeof *merges);
        pair_ranks table;
        size_t width = 1 + counts[c] / 5, asked = 0, elsewhere = 0;
        assert_non_null(merges);
        for (size_t i = 0; i < counts[c]; i++) merges[i] = merge_of(i, width, (int32_t)width - 1);
        assert_ok(pair_ranks_build(&table, merges, counts[c]));
        assert_non_null(table.slots);
        for (size_t i = 0; i < counts[c]; i++) {
            int32_t left = merges[i].left, right = merges[i].right;
            uint32_t rank = rank_of(&table, merges, left, right, &asked);
            assert_true(rank == i || rank == PAIR_RANK_ASK);
            assert_true(rank_of(&table, merges, left, right + 100000, &elsewhere) >= PAIR_RANK_ASK);
            assert_true(rank_of(&table, merges, PAIR_RANKS_SYMBOLS - 1, right, &elsewhere) >= PAIR_RANK_ASK);
        }
        assert_true(asked <= counts[c] / 10); /* or the table would be of no use */
        if (counts[c] == 0) assert_int_equal(pair_ranks_guess(&table, 0, 0), PAIR_RANK_NONE);
        pair_ranks_free(&table);
        free(merges);
    }
}

/* Pairs of one bucket, as somebody may choose them: some with equal marks, and far more than a bucket holds. */
static void crowded_buckets_ask_for_what_they_left_out(void **state) {
    (void)state;
    static const size_t counts[] = {9, 20, 64, 65, 3000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        size_t count = 0, asked = 0, found = 0;
        bpe_merge *merges = malloc(counts[c] * sizeof *merges);
        pair_ranks table;
        assert_non_null(merges);
        /* Equal in the bits that choose one of so few buckets. */
        for (int32_t left = 0; count < counts[c]; left++)
            for (int32_t right = 0; right < 4096 && count < counts[c]; right++)
                if ((pair_ranks_hash(left, right) >> 40 & 0xFFF) == 0) merges[count++] = (bpe_merge){left, right, 0};
        assert_ok(pair_ranks_build(&table, merges, count));
        for (size_t i = 0; i < count; i++) {
            uint32_t rank = rank_of(&table, merges, merges[i].left, merges[i].right, &asked);
            assert_true(rank == i || rank == PAIR_RANK_ASK);
            found += rank == i;
        }
        assert_int_equal(found + asked, count);
        assert_true(found <= PAIR_RANKS_BUCKET);
        pair_ranks_free(&table);
        free(merges);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_merge_is_found_and_nothing_else),
                                       cmocka_unit_test(crowded_buckets_ask_for_what_they_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
