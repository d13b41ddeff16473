/* tests of data/masking: the shares 15 % and 80/10/10, at least one a sequence, special tokens left alone, and the same
 * masks for the same key. Counts are compared with what chance gives: four standard deviations. */
#include "base/random.h"
#include "data/masking.h"

#include <math.h>

#include "scratch.h"

/* Ids 0..4 are special, 900..999 are holes: only 5..899 may be drawn. */
enum { SIZE = 1000, SPECIAL = 5, ORDINARY_END = 900, MASK = 4, LENGTH = 128 };

static uint8_t special[SIZE] = {1, 1, 1, 1, 1};
static int32_t ordinary[ORDINARY_END - SPECIAL];
static vocabulary v = {.size = SIZE, .special = special, .ordinary = ordinary, .ordinary_count = ORDINARY_END - SPECIAL,
                       .cls = 2, .sep = 3, .mask = MASK, .pad = 0};

static int set_up(void **state) {
    (void)state;
    for (int32_t i = SPECIAL; i < ORDINARY_END; i++) ordinary[i - SPECIAL] = i;
    return 0;
}

/* [CLS] length - 2 ordinary tokens [SEP], one of them special now and then. */
static void make_sequence(int32_t *ids, size_t length, uint64_t number, bool some_special) {
    ids[0] = v.cls;
    for (size_t i = 1; i + 1 < length; i++) {
        random_bits bits = random_philox(99, RANDOM_TEST, number, i);
        ids[i] = ordinary[random_below((uint32_t)v.ordinary_count, bits.word[0])];
        if (some_special && bits.word[1] % 16 == 0) ids[i] = (int32_t)(bits.word[2] % SPECIAL);
    }
    ids[length - 1] = v.sep;
}

typedef struct counts { double maskable, chosen, masked, random, kept; int64_t drawn[SIZE], places[LENGTH]; } counts;

/* Masks `sequences` of `length` tokens, checks what holds for each, counts the rest. */
static counts count_masks(size_t sequences, size_t length, double probability) {
    static counts c;
    c = (counts){0};
    for (size_t n = 0; n < sequences; n++) {
        int32_t ids[LENGTH], original[LENGTH], labels[LENGTH];
        uint32_t index[LENGTH];
        make_sequence(original, length, n, true);
        memcpy(ids, original, sizeof ids);
        masking_key key = {1, 1, n, probability, NULL};
        size_t maskable = 0, chosen = mask_sequence(ids, length, &v, &key, index, labels);
        for (size_t i = 0; i < length; i++) maskable += !special[original[i]];
        assert_true(chosen >= (maskable > 0) && chosen <= maskable);
        for (size_t i = 0, next = 0; i < length; i++) {
            if (next == chosen || index[next] != i) {
                assert_int_equal(ids[i], original[i]);          /* not chosen: untouched */
                continue;
            }
            assert_false(special[original[i]]);
            assert_int_equal(labels[next++], original[i]);
            c.places[i]++;
            if (ids[i] == MASK) c.masked++;
            else if (ids[i] == original[i]) c.kept++;
            else {
                assert_true(ids[i] >= SPECIAL && ids[i] < ORDINARY_END);        /* neither special nor a hole */
                c.random++;
                c.drawn[ids[i]]++;
            }
        }
        c.maskable += (double)maskable;
        c.chosen += (double)chosen;
    }
    return c;
}

static void near_share(double count, double of, double share) {
    double deviation = sqrt(of * share * (1 - share));
    if (fabs(count - of * share) > 4 * deviation)
        fail_msg("%.0f of %.0f is %.5f, expected %.5f, %.1f standard deviations away", count, of, count / of, share,
                 (count - of * share) / deviation);
}

static void shares_are_right(void **state) {
    (void)state;
    const double probabilities[] = {0.15, 0.3, 0.05};
    for (size_t i = 0; i < 3; i++) {
        counts c = count_masks(20000, LENGTH, probabilities[i]);
        near_share(c.chosen, c.maskable, probabilities[i]);
        near_share(c.masked, c.chosen, 0.8);
        /* a random token is the original itself once in ordinary_count times */
        near_share(c.random, c.chosen, 0.1 * (1 - 1.0 / (double)v.ordinary_count));
        near_share(c.kept, c.chosen, 0.1 * (1 + 1.0 / (double)v.ordinary_count));
    }
}

/* At least one a sequence must not make short sequences be masked too much. */
static void shares_are_right_in_short_sequences(void **state) {
    (void)state;
    counts c = count_masks(100000, 15, 0.15);
    near_share(c.chosen, c.maskable, 0.15);
}

static void every_place_and_every_token_is_as_likely(void **state) {
    (void)state;
    counts c = count_masks(50000, LENGTH, 0.15);
    for (size_t i = 1; i + 1 < LENGTH; i++) near_share((double)c.places[i], 50000 * 15.0 / 16, 0.15);
    assert_int_equal(c.places[0] + c.places[LENGTH - 1], 0);
    double squares = 0, expected = c.random / (double)v.ordinary_count;
    for (int32_t id = SPECIAL; id < ORDINARY_END; id++) squares += pow((double)c.drawn[id] - expected, 2) / expected;
    /* chi squared: mean n - 1, variance 2 (n - 1) */
    double freedom = (double)v.ordinary_count - 1;
    assert_true(fabs(squares - freedom) < 4 * sqrt(2 * freedom));
}

static void at_least_one_is_chosen(void **state) {
    (void)state;
    for (size_t length = 3; length < 12; length++)
        for (uint64_t n = 0; n < 1000; n++) {
            int32_t ids[16], labels[16];
            uint32_t index[16];
            make_sequence(ids, length, n, false);
            masking_key key = {5, 2, n, 0.15, NULL};
            size_t chosen = mask_sequence(ids, length, &v, &key, index, labels);
            assert_true(chosen >= 1 && index[0] > 0 && index[chosen - 1] < length - 1);
        }
    int32_t only_special[] = {2, 3}, labels[2];
    uint32_t index[2];
    masking_key key = {5, 2, 1, 0.15, NULL};
    assert_int_equal(mask_sequence(only_special, 2, &v, &key, index, labels), 0);
}

static void probability_one_chooses_all(void **state) {
    (void)state;
    counts c = count_masks(10, LENGTH, 1.0);
    assert_true(c.chosen == c.maskable);
}

static void a_mask_is_a_function_of_its_key(void **state) {
    (void)state;
    const masking_key keys[] = {{1, 1, 7, 0.15, NULL}, {1, 1, 7, 0.15, NULL}, {2, 1, 7, 0.15, NULL}, {1, 2, 7, 0.15, NULL}, {1, 1, 8, 0.15, NULL}};
    int32_t ids[5][LENGTH], labels[LENGTH];
    uint32_t index[LENGTH];
    for (size_t k = 0; k < 5; k++) {
        make_sequence(ids[k], LENGTH, 3, false);
        mask_sequence(ids[k], LENGTH, &v, &keys[k], index, labels);
    }
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);         /* the same again */
    for (size_t k = 2; k < 5; k++) assert_memory_not_equal(ids[0], ids[k], sizeof ids[0]); /* seed, epoch, sequence */
}

/* A run that goes on tomorrow must draw what it would have drawn today. */
static void the_masks_of_a_seed_never_change(void **state) {
    (void)state;
    int32_t ids[32], labels[32];
    uint32_t index[32];
    for (int32_t i = 0; i < 32; i++) ids[i] = 100 + i;
    masking_key key = {1, 1, 0, 0.15, NULL};
    size_t chosen = mask_sequence(ids, 32, &v, &key, index, labels);
    char found[256] = "";
    for (size_t i = 0; i < chosen; i++) snprintf(found + strlen(found), 64, "%u:%d ", index[i], ids[index[i]]);
    assert_string_equal(found, "14:4 20:4 23:123 27:4 30:4 ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_right), cmocka_unit_test(shares_are_right_in_short_sequences),
        cmocka_unit_test(every_place_and_every_token_is_as_likely), cmocka_unit_test(at_least_one_is_chosen),
        cmocka_unit_test(probability_one_chooses_all), cmocka_unit_test(a_mask_is_a_function_of_its_key),
        cmocka_unit_test(the_masks_of_a_seed_never_change),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
