/* tests/tokenizer/test_word_cache.c: what is found is what was put in, also when the cache is full and starts again. */
#include "tokenizer/word_cache.h"
#include "scratch.h"

static size_t word_of(char out[32], int i) { return (size_t)snprintf(out, 32, "word%dx%d", i, i * 31); }

static void add(word_cache *cache, int i) {
    char word[32];
    size_t length = word_of(word, i), count = (size_t)(i % 5);
    int32_t ids[5];
    uint32_t lengths[5];
    for (size_t j = 0; j < count; j++) { ids[j] = i * 10 + (int32_t)j; lengths[j] = (uint32_t)(j + 1); }
    word_cache_add(cache, word_cache_hash(word, length), word, length, ids, lengths, count);
}

static bool find(const word_cache *cache, int i) {
    char word[32];
    word_record record;
    size_t length = word_of(word, i);
    if (!word_cache_find(cache, word_cache_hash(word, length), word, length, &record)) return false;
    assert_int_equal(record.count, i % 5);
    for (size_t j = 0; j < record.count; j++) {
        int32_t id;
        memcpy(&id, record.ids + 4 * j, 4);
        assert_int_equal(id, i * 10 + (int)j);
        assert_int_equal(record.lengths[j], j + 1);
    }
    return true;
}

static void finds_what_was_added_and_nothing_else(void **state) {
    (void)state;
    word_cache cache = {0};
    assert_false(find(&cache, 1));
    for (int i = 0; i < 20000; i++) {
        add(&cache, i);
        assert_true(find(&cache, i));
        assert_false(find(&cache, i + 1));
    }
    for (int i = 0; i < 20000; i++) assert_true(find(&cache, i));
    word_cache_free(&cache);
}

static void a_full_cache_starts_again_and_stays_in_bounds(void **state) {
    (void)state;
    word_cache cache = {0};
    int found = 0;
    for (int i = 0; i < 300000; i++) {
        add(&cache, i);
        assert_true(find(&cache, i));
    }
    assert_true(cache.slot_count <= WORD_CACHE_SLOTS);
    assert_true(cache.capacity <= 2 * WORD_CACHE_ARENA);
    for (int i = 0; i < 300000; i++) found += find(&cache, i);
    assert_true(found > 0 && found < 300000);
    word_cache_free(&cache);
}

static void another_tokenizer_finds_nothing(void **state) {
    (void)state;
    word_cache cache = {0};
    word_cache_use(&cache, 1);
    add(&cache, 3);
    word_cache_use(&cache, 1);
    assert_true(find(&cache, 3));
    word_cache_use(&cache, 2);
    assert_false(find(&cache, 3));
    word_cache_free(&cache);
}

static void long_words_are_not_kept(void **state) {
    (void)state;
    word_cache cache = {0};
    word_record record = {0};
    char word[300];
    int32_t ids[300] = {0};
    uint32_t lengths[300] = {0};
    memset(word, 'a', sizeof word);
    word_cache_add(&cache, 7, word, 256, ids, lengths, 1);
    word_cache_add(&cache, 7, word, 10, ids, lengths, 256);
    assert_false(word_cache_find(&cache, 7, word, 256, &record));
    assert_false(word_cache_find(&cache, 7, word, 10, &record));
    word_cache_add(&cache, 7, word, 255, ids, lengths, 255);
    assert_true(word_cache_find(&cache, 7, word, 255, &record));
    assert_int_equal(record.count, 255);
    word_cache_free(&cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added_and_nothing_else),
        cmocka_unit_test(a_full_cache_starts_again_and_stays_in_bounds),
        cmocka_unit_test(another_tokenizer_finds_nothing),
        cmocka_unit_test(long_words_are_not_kept),
    };
    return cmocka_run_group_tests_name("tokenizer/word_cache", tests, NULL, NULL);
}
