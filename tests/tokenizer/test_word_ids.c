/* tests/tokenizer/test_word_ids.c: what is found is what was put in, also when the table is full and starts again; a
 * key is the word, wherever in a text it stands. */
#include "tokenizer/word_ids.h"
#include "scratch.h"

static short_key key_of(int i) {
    char word[32];
    size_t length = (size_t)snprintf(word, sizeof word, "%x.%x", i, i % 7);
    return short_key_load(word, length, word, word + length);
}

static void add(word_ids *table, int i) {
    int32_t ids[8];
    for (int j = 0; j < i % 9 && j < 8; j++) ids[j] = i * 10 + j;
    word_ids_add(table, key_of(i), short_key_hash(key_of(i)), ids, (size_t)(i % 9 < 8 ? i % 9 : 8));
}

static bool find(const word_ids *table, int i) {
    const word_ids_entry *entry = word_ids_find(table, key_of(i), short_key_hash(key_of(i)));
    if (entry == NULL) return false;
    assert_int_equal(entry->count, i % 9 < 8 ? i % 9 : 8);
    const int32_t *ids = entry->count <= WORD_IDS_INSIDE ? entry->ids : word_ids_more(table, entry);
    for (uint32_t j = 0; j < entry->count; j++) assert_int_equal(ids[j], i * 10 + (int)j);
    return true;
}

static void finds_what_was_added_and_nothing_else(void **state) {
    (void)state;
    word_ids table = {0};
    assert_false(find(&table, 1));
    for (int i = 0; i < 20000; i++) {
        add(&table, i);
        assert_true(find(&table, i));
        assert_false(find(&table, i + 1));
    }
    for (int i = 0; i < 20000; i++) assert_true(find(&table, i));
    word_ids_use(&table, 7);
    for (int i = 0; i < 20000; i++) assert_false(find(&table, i));
    word_ids_free(&table);
}

static void a_full_table_starts_again_and_stays_in_bounds(void **state) {
    (void)state;
    word_ids table = {0};
    int found = 0;
    for (int i = 0; i < 500000; i++) add(&table, i);
    assert_true(find(&table, 499999));
    assert_true(table.room <= WORD_IDS_ROOM && table.more_count <= WORD_IDS_MORE);
    for (int i = 0; i < 500000; i++) found += find(&table, i);
    assert_true(found > 0 && found < 500000);
    word_ids_free(&table);
}

static void a_key_is_the_word_wherever_it_stands(void **state) {
    (void)state;
    char text[64];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('A' + i % 53);
    for (size_t length = 1; length <= SHORT_WORD; length++) {
        for (size_t at = 0; at + length <= sizeof text; at++) {
            char *alone = malloc(length); /* a sanitizer sees any byte read outside of it */
            size_t known = 0;
            assert_non_null(alone);
            memcpy(alone, text + at, length);
            short_key inside = short_key_load(text + at, length, text, text + sizeof text),
                      by_itself = short_key_load(alone, length, alone, alone + length);
            assert_true(short_key_equal(inside, by_itself));
            assert_memory_equal(short_key_text(&inside, &known), text + at, length);
            assert_int_equal(known, length);
            free(alone);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added_and_nothing_else),
        cmocka_unit_test(a_full_table_starts_again_and_stays_in_bounds),
        cmocka_unit_test(a_key_is_the_word_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
