/* tests of data/held_out: how many documents are put aside, that they are whole, and what a long one gives. */
#include "data/held_out.h"

#include <math.h>

#include "scratch.h"

enum { MOST = 100000 };
static uint8_t chosen[MOST];
static uint32_t ends[MOST];

/* Documents of `size` sequences each; returns how many sequences are put aside. */
static size_t choose(size_t documents, uint32_t size, double fraction, uint64_t seed) {
    size_t count = 0, found = 0;
    for (size_t d = 0; d < documents; d++) ends[d] = (uint32_t)(d + 1) * size;
    memset(chosen, 0, sizeof chosen);
    held_out_choose(chosen, &count, ends, documents, fraction, seed);
    for (size_t i = 0; i < MOST; i++) found += chosen[i];
    assert_int_equal(found, count);
    return count;
}

static void whole_documents_are_put_aside(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        assert_int_equal(choose(1000, 7, 0.02, seed), 20 * 7);
        for (size_t i = 0; i < 7000; i++) assert_int_equal(chosen[i], chosen[i / 7 * 7]);
    }
    assert_int_equal(choose(100, 1, 0.5, 1), 50);
    assert_int_equal(choose(2, 1, 0.99, 1), 1);
    assert_int_equal(choose(3, 2, 0.99, 1), 4);
}

static void every_document_is_as_likely(void **state) {
    (void)state;
    int times[10] = {0};
    enum { ROUNDS = 10000 };
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        choose(10, 1, 0.3, seed);
        for (size_t d = 0; d < 10; d++) times[d] += chosen[d];
    }
    for (size_t d = 0; d < 10; d++) assert_true(fabs(times[d] - 0.3 * ROUNDS) < 4 * sqrt(0.3 * 0.7 * ROUNDS));
}

static void nothing_asked_nothing_taken(void **state) {
    (void)state;
    assert_int_equal(choose(10, 3, 0.0, 1), 0);
    assert_int_equal(choose(1, 1, 0.5, 1), 0);          /* one sequence: nothing would be left */
    assert_int_equal(choose(0, 1, 0.5, 1), 0);
}

/* One long document gives a run of its sequences; so does a long one among few. */
static void long_documents_give_a_part(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        assert_int_equal(choose(1, 1000, 0.02, seed), 20);
        size_t changes = 0;
        for (size_t i = 1; i < 1000; i++) changes += chosen[i] != chosen[i - 1];
        assert_true(changes >= 1 && changes <= 2);
        assert_int_equal(choose(2, 500, 0.02, seed), 20);
        assert_int_equal(choose(1, 2, 0.02, seed), 1);
        assert_int_equal(choose(2, 1, 0.02, seed), 1);
    }
}

static void another_seed_takes_others(void **state) {
    (void)state;
    static uint8_t first[MOST];
    choose(1000, 1, 0.02, 1);
    memcpy(first, chosen, sizeof first);
    choose(1000, 1, 0.02, 1);
    assert_memory_equal(first, chosen, sizeof first);
    choose(1000, 1, 0.02, 2);
    assert_memory_not_equal(first, chosen, sizeof first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_documents_are_put_aside), cmocka_unit_test(every_document_is_as_likely),
        cmocka_unit_test(nothing_asked_nothing_taken), cmocka_unit_test(long_documents_give_a_part),
        cmocka_unit_test(another_seed_takes_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
