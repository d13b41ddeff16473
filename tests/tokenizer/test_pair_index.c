/* tests/tokenizer/test_pair_index.c: pairs that are too many for one table are counted in rounds, and the threshold goes
 * up until the index is small: what is in it stays exact, and what is left out comes with the next one. */
#include "base/random.h"
#include "tokenizer/pair_index.h"
#include "scratch.h"

enum { WORDS = 260000, SYMBOLS = 1000 };

typedef struct random_words { uint32_t (*symbols)[3]; int64_t *weights; } random_words;

static size_t room(const void *user, size_t i) { (void)user, (void)i; return 3; }
static int64_t weight(const void *user, size_t i) { return ((const random_words *)user)->weights[i]; }
static maske_status fill(void *user, int thread, size_t i, uint32_t *symbols, size_t *count) {
    (void)thread;
    memcpy(symbols, ((const random_words *)user)->symbols[i], 3 * sizeof *symbols);
    *count = 3;
    return MASKE_OK;
}

/* Words of three symbols, the small ones more often; half a million pairs, most of them rare. */
static random_words make_words(int64_t *table) {
    random_stream r = random_stream_start(3, RANDOM_TEST, 5, 0);
    random_words words = {calloc(WORDS, sizeof *words.symbols), calloc(WORDS, sizeof *words.weights)};
    assert_true(words.symbols != NULL && words.weights != NULL);
    for (size_t i = 0; i < WORDS; i++) {
        uint32_t bound = random_below(16, random_stream_next(&r)) == 0 ? 20 : SYMBOLS;
        words.weights[i] = 1 + random_below(3, random_stream_next(&r));
        for (size_t s = 0; s < 3; s++) words.symbols[i][s] = random_below(bound, random_stream_next(&r));
        for (size_t s = 0; s < 2; s++)
            table[words.symbols[i][s] * SYMBOLS + words.symbols[i][s + 1]] += words.weights[i];
    }
    return words;
}

static bool holds(const symbol_words *words, uint32_t record, uint64_t key) {
    const uint32_t *symbols = words->cells + record + SYMBOL_HEADER;
    return pair_key(symbols[0], symbols[1]) == key || pair_key(symbols[1], symbols[2]) == key;
}

/* Everything in the index is right, and everything that reaches its threshold is in it. */
static void check_index(const pair_index *index, const symbol_words *words, const int64_t *table) {
    size_t expected = 0;
    for (uint64_t left = 0; left < SYMBOLS; left++)
        for (uint64_t right = 0; right < SYMBOLS; right++) {
            int64_t count = table[left * SYMBOLS + right];
            uint32_t place = pair_index_find(index, pair_key((uint32_t)left, (uint32_t)right));
            assert_true((place != PAIR_NONE) == (count >= index->threshold));
            if (place == PAIR_NONE) continue;
            assert_int_equal(index->pairs[place].count, count);
            expected++;
        }
    assert_int_equal(index->count, expected);
    for (size_t i = 0; i < index->count; i++) {
        const symbol_pair *pair = &index->pairs[i];
        int64_t sum = 0;
        for (uint32_t r = 0; r < pair->record_count; r++) {
            const uint32_t *record = words->cells + pair->records[r], *symbols = record + SYMBOL_HEADER;
            assert_true(r == 0 || pair->records[r] > pair->records[r - 1]);
            assert_true(holds(words, pair->records[r], pair->key));
            bool twice = pair_key(symbols[0], symbols[1]) == pair_key(symbols[1], symbols[2]);
            sum += symbol_weight(record) * (twice ? 2 : 1);
        }
        assert_int_equal(sum, pair->count);
    }
}

static void a_small_index_is_exact(void **state) {
    (void)state;
    int64_t *table = calloc((size_t)SYMBOLS * SYMBOLS, sizeof *table);
    assert_non_null(table);
    random_words source = make_words(table);
    size_t distinct = 0;
    for (size_t i = 0; i < (size_t)SYMBOLS * SYMBOLS; i++) distinct += table[i] > 0;
    assert_true(distinct > 300000);
    const pair_rule rule = {.every = true};
    for (int threads = 1; threads <= 3; threads += 2) {
        symbol_words words = {0};
        pair_index index = {0};
        assert_ok(symbol_words_build(&words, &(symbol_source){WORDS, room, weight, fill, &source}, threads));
        assert_ok(pair_index_build(&index, &words, &rule, 1, INT64_MAX, 256, threads));
        check_index(&index, &words, table);
        assert_true(index.threshold > 1 && index.count <= 1 << 16);
        pair_index_free(&index);
        symbol_words_free(&words);
    }
    free(source.symbols);
    free(source.weights);
    free(table);
}

/* Room ends for pairs and for lists; thinning makes room for the former, a merged pair's list for the latter. */
static void a_full_index_says_so(void **state) {
    (void)state;
    int64_t *table = calloc((size_t)SYMBOLS * SYMBOLS, sizeof *table);
    assert_non_null(table);
    random_words source = make_words(table);
    symbol_words words = {0};
    pair_index index = {0};
    size_t place = 0, added = 0, built = 0;
    assert_ok(symbol_words_build(&words, &(symbol_source){WORDS, room, weight, fill, &source}, 2));
    assert_ok(pair_index_build(&index, &words, &(pair_rule){.every = true}, 1, INT64_MAX, 256, 2));
    built = index.count;
    int64_t threshold = index.threshold;
    for (;; added++) {
        assert_ok(pair_index_add(&index, pair_key(SYMBOLS, (uint32_t)added), threshold + (int64_t)(added % 7), 0, &place));
        if (place == PAIR_NONE) break;
    }
    assert_int_equal(built + added, index.capacity);
    assert_ok(pair_index_thin(&index));
    assert_true(index.threshold > threshold && index.count <= index.capacity / 2);
    for (uint32_t i = 0; i < added; i++) {
        int64_t count = threshold + (int64_t)(i % 7);
        uint32_t found = pair_index_find(&index, pair_key(SYMBOLS, i));
        assert_true((found != PAIR_NONE) == (count >= index.threshold));
        if (found != PAIR_NONE) assert_int_equal(index.pairs[found].count, count);
    }
    size_t left = index.list_room - index.list_used;
    assert_ok(pair_index_add(&index, pair_key(SYMBOLS, SYMBOLS), index.threshold, (uint32_t)left, &place));
    assert_int_not_equal(place, PAIR_NONE);
    assert_ok(pair_index_add(&index, pair_key(SYMBOLS, SYMBOLS + 1), index.threshold, 1, &place));
    assert_int_equal(place, PAIR_NONE);
    const symbol_pair merged = index.pairs[0];
    assert_true(merged.record_count > 1);
    pair_index_give_back(&index, &merged);
    for (uint32_t i = 0; i < 2; i++) {
        assert_ok(pair_index_add(&index, pair_key(SYMBOLS + 1, i), index.threshold, 1, &place));
        assert_ptr_equal(index.pairs[place].records, merged.records + i);
    }
    pair_index_free(&index);
    symbol_words_free(&words);
    free(source.symbols);
    free(source.weights);
    free(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_small_index_is_exact), cmocka_unit_test(a_full_index_says_so)};
    return cmocka_run_group_tests_name("tokenizer/pair_index", tests, NULL, NULL);
}
