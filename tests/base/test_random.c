/* tests of base/random: the published answers of Philox, no counter shared, and the shapes of what is made from it. */
#include "base/random.h"

#include <math.h>

#include "scratch.h"

/* Philox4x32-10 written the plain way, with its whole counter free: what random_philox is compared with, and what the
 * known answers of the Random123 library (kat_vectors) are for. */
static random_bits reference_philox(const uint32_t counter[4], const uint32_t key[2]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k[1],
                            (uint32_t)a};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return (random_bits){{c[0], c[1], c[2], c[3]}};
}

static void assert_words(random_bits found, const uint32_t expected[4]) {
    for (int i = 0; i < 4; i++) assert_int_equal(found.word[i], expected[i]);
}

static void philox_gives_the_published_answers(void **state) {
    (void)state;
    static const struct { uint32_t counter[4], key[2], words[4]; } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}},
        {{0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344},
         {0xA4093822, 0x299F31D0},
         {0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}},
    };
    for (size_t i = 0; i < 3; i++) {
        const uint32_t *c = known[i].counter, *k = known[i].key;
        assert_words(reference_philox(c, k), known[i].words);
        /* the counter is index (64 bits), step (56), purpose (8); the key is the seed */
        uint64_t seed = (uint64_t)k[1] << 32 | k[0], index = (uint64_t)c[1] << 32 | c[0],
                 step = (uint64_t)(c[3] & 0xFFFFFF) << 32 | c[2];
        assert_words(random_philox(seed, (random_purpose)(c[3] >> 24), step, index), known[i].words);
    }
}

static void no_two_askers_share_a_counter(void **state) {
    (void)state;
    const struct { uint64_t seed; random_purpose purpose; uint64_t step, index; } asked[] = {
        {1, RANDOM_MASK, 1, 1},  {2, RANDOM_MASK, 1, 1},          {1ull << 32, RANDOM_MASK, 1, 1},
        {1, RANDOM_ORDER, 1, 1}, {1, RANDOM_MASK, 2, 1},          {1, RANDOM_MASK, 1ull << 55, 1},
        {1, RANDOM_MASK, 1, 2},  {1, RANDOM_MASK, 1, 1ull << 63}, {1, RANDOM_INITIAL, 1, 1},
    };
    enum { COUNT = sizeof asked / sizeof asked[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++) {
            random_bits a = random_philox(asked[i].seed, asked[i].purpose, asked[i].step, asked[i].index);
            random_bits b = random_philox(asked[j].seed, asked[j].purpose, asked[j].step, asked[j].index);
            assert_memory_not_equal(&a, &b, sizeof a);
        }
}

static void a_stream_is_the_words_in_order(void **state) {
    (void)state;
    random_stream stream = random_stream_start(9, RANDOM_DRAW, 4, 100);
    for (uint64_t index = 100; index < 110; index++)
        for (int word = 0; word < 4; word++)
            assert_int_equal(random_stream_next(&stream), random_philox(9, RANDOM_DRAW, 4, index).word[word]);
}

static void units_and_bounds_stay_inside(void **state) {
    (void)state;
    assert_true(random_unit_float(0) == 0.0f);
    assert_true(random_unit_float(~0u) < 1.0f);
    assert_true(random_unit(0, 0) == 0.0);
    assert_true(random_unit(~0u, ~0u) < 1.0);
    const uint32_t bounds[] = {1, 2, 3, 1000, ~0u};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(random_below(bounds[i], 0), 0);
        assert_int_equal(random_below(bounds[i], ~0u), bounds[i] - 1);
    }
    double sum = 0;
    int64_t sevens[7] = {0};
    enum { COUNT = 70000 };
    for (uint64_t i = 0; i < COUNT; i++) {
        random_bits bits = random_philox(1, RANDOM_TEST, 0, i);
        sum += random_unit(bits.word[0], bits.word[1]);
        sevens[random_below(7, bits.word[2])]++;
    }
    assert_true(fabs(sum / COUNT - 0.5) < 4 * sqrt(1.0 / 12 / COUNT));
    for (int i = 0; i < 7; i++) assert_true(fabs((double)sevens[i] - COUNT / 7.0) < 4 * sqrt(COUNT / 7.0 * 6 / 7));
}

static void normal_numbers_are_normal(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    static float x[COUNT], again[COUNT];
    random_normal(x, COUNT, 0.02f, 3, 5);
    double mean = 0, square = 0, fourth = 0, beyond = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double z = (double)x[i] / 0.02;
        assert_true(isfinite(z));
        mean += z / COUNT;
        square += z * z / COUNT;
        fourth += z * z * z * z / COUNT;
        beyond += fabs(z) > 1.959963985;
    }
    assert_true(fabs(mean) < 4 / sqrt(COUNT));
    assert_true(fabs(square - 1) < 4 * sqrt(2.0 / COUNT));
    assert_true(fabs(fourth - 3) < 4 * sqrt(96.0 / COUNT));
    assert_true(fabs(beyond - 0.05 * COUNT) < 4 * sqrt(0.05 * 0.95 * COUNT));
    random_normal(again, 1001, 0.02f, 3, 5);            /* an element does not depend on how many are asked for */
    assert_memory_equal(again, x, 1001 * sizeof *x);
    random_normal(again, 8, 0.02f, 3, 6);
    assert_memory_not_equal(again, x, 8 * sizeof *x);
}

static void an_order_holds_each_once(void **state) {
    (void)state;
    static uint32_t order[10000], other[10000];
    static bool seen[10000];
    for (size_t count = 0; count <= 10000; count = count * 3 + 1) {
        random_order(order, count, 7, 2);
        memset(seen, 0, sizeof seen);
        for (size_t i = 0; i < count; i++) {
            assert_true(order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
    random_order(order, 100, 7, 2);
    random_order(other, 100, 7, 3);
    assert_memory_not_equal(order, other, 100 * sizeof *order);
    random_order(other, 100, 8, 2);
    assert_memory_not_equal(order, other, 100 * sizeof *order);
    int64_t places[6][6] = {{0}};
    enum { ROUNDS = 36000 };
    for (uint64_t epoch = 0; epoch < ROUNDS; epoch++) {
        random_order(order, 6, 1, epoch);
        for (size_t i = 0; i < 6; i++) places[i][order[i]]++;
    }
    for (size_t i = 0; i < 36; i++)
        assert_true(fabs((double)places[i / 6][i % 6] - ROUNDS / 6.0) < 4 * sqrt(ROUNDS / 6.0 * 5 / 6));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers), cmocka_unit_test(no_two_askers_share_a_counter),
        cmocka_unit_test(a_stream_is_the_words_in_order), cmocka_unit_test(units_and_bounds_stay_inside),
        cmocka_unit_test(normal_numbers_are_normal), cmocka_unit_test(an_order_holds_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
