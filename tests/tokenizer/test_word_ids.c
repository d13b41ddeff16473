/* tests/tokenizer/test_word_ids.c: what is found is what was put in, whichever thread put it in, also when the table grows
 * or is full and starts again; a key is the word, wherever in a text it stands. */
#include "tokenizer/word_ids.h"
#include "scratch.h"

/* Word number i: short, or (every third) longer than a key holds. */
typedef struct word { char text[64]; word_text range; short_key key; uint64_t hash; } word;

static void make_word(word *w, int i) {
    int length = snprintf(w->text, sizeof w->text, i % 3 == 0 ? "%x and so on and on .%x" : "%x.%x", i, i % 7);
    w->range = (word_text){w->text, (size_t)length};
    w->key = w->range.length > SHORT_WORD ? word_ids_long_key(w->text, w->range.length)
                                          : short_key_load(w->text, w->range.length, w->text, w->text + length);
    w->hash = short_key_hash(w->key);
}

static size_t id_count(int i) { return (size_t)(i % 9 < 8 ? i % 9 : 8); }

/* Adds word i, to a larger table where need be. */
static void add(known_words *known, word_ids_holder *held, int i) {
    int32_t ids[8];
    word w;
    for (int j = 0; j < 8; j++) ids[j] = i * 10 + j;
    make_word(&w, i);
    while (!word_ids_add(held, w.key, w.hash, w.range, ids, id_count(i))) {
        if (!known_words_grow(known, held)) return; /* another thread is at it */
    }
}

static bool find(const word_ids_holder *held, int i) {
    const word_ids *table = held->table;
    word w;
    make_word(&w, i);
    const word_ids_entry *entry = word_ids_find(table, w.key, w.hash);
    if (entry == NULL) return false;
    assert_int_equal(word_ids_count(entry), id_count(i));
    const int32_t *ids = w.range.length > SHORT_WORD              ? word_ids_of_long(table, entry, w.range)
                         : word_ids_count(entry) > WORD_IDS_INSIDE ? word_ids_more(table, entry)
                                                                   : entry->ids;
    assert_non_null(ids);
    for (size_t j = 0; j < id_count(i); j++) assert_int_equal(ids[j], i * 10 + (int)j);
    return true;
}

static const word_ids_entry *must_find(const word_ids *table, short_key key) {
    const word_ids_entry *entry = word_ids_find(table, key, short_key_hash(key));
    assert_non_null(entry);
    if (entry == NULL) abort(); /* for compilers, which do not know what the line above does */
    return entry;
}

static known_words *start(word_ids_holder *held) {
    known_words *known = NULL;
    assert_int_equal(known_words_new(&known), MASKE_OK);
    known_words_take(known, held);
    assert_non_null(held->table);
    return known;
}

static void finds_what_was_added_and_nothing_else(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    assert_false(find(&held, 1));
    for (int i = 0; i < 20000; i++) {
        add(known, &held, i);
        assert_true(find(&held, i));
        assert_false(find(&held, i + 1));
    }
    const word_ids *table = held.table;
    for (int i = 0; i < 20000; i++) add(known, &held, i); /* they are there */
    for (int i = 0; i < 20000; i++) assert_true(find(&held, i));
    size_t taken = 0;
    for (size_t i = 0; i < table->room; i++) taken += table->entries[i].state != 0;
    assert_int_equal(taken, 20000);
    assert_ptr_equal(held.table, table);
    known_words_clear(known);
    for (int i = 0; i < 20000; i++) assert_true(find(&held, i)); /* who holds it keeps it */
    known_words_take(known, &held);
    for (int i = 0; i < 20000; i++) assert_false(find(&held, i));
    known_words_free(known);
    assert_false(find(&held, 1));
    word_ids_leave(&held);
}

static void a_full_table_starts_again_and_stays_in_bounds(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    int found = 0, words = 1000000;
    for (int i = 0; i < words; i++) add(known, &held, i);
    assert_true(find(&held, words - 1));
    const word_ids *table = held.table;
    size_t taken = 0;
    for (size_t i = 0; i < table->room; i++) taken += table->entries[i].state != 0;
    assert_true(table->room <= WORD_IDS_ROOM && taken * 4 <= table->room * 3 && table->more->count <= WORD_IDS_MORE);
    for (int i = 0; i < words; i++) found += find(&held, i);
    assert_true(found > 0 && found < words);
    word_ids_leave(&held);
    known_words_free(known);
}

/* Words of many ids fill what lies outside of the entries long before these are full. */
static void the_room_outside_of_entries_starts_again_as_well(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    int32_t ids[WORD_IDS_LONGEST];
    word w;
    int added = 0;
    for (int j = 0; j < WORD_IDS_LONGEST; j++) ids[j] = j * 3;
    for (; added * WORD_IDS_LONGEST < (int)WORD_IDS_MORE + 100 * WORD_IDS_LONGEST; added++) {
        make_word(&w, added);
        while (!word_ids_add(&held, w.key, w.hash, w.range, ids, WORD_IDS_LONGEST)) {
            assert_true(known_words_grow(known, &held));
        }
    }
    const word_ids_entry *entry = must_find(held.table, w.key);
    const int32_t *found = w.range.length > SHORT_WORD ? word_ids_of_long(held.table, entry, w.range) : word_ids_more(held.table, entry);
    assert_memory_equal(found, ids, sizeof ids);
    make_word(&w, 0);
    assert_null(word_ids_find(held.table, w.key, w.hash));
    word_ids_leave(&held);
    known_words_free(known);
}

/* An encoding that serves one text comes and goes. */
static void who_leaves_gives_back_what_it_put_aside(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    size_t room = held.table->room, more = held.table->more->count;
    for (int i = 0; i < 100000; i++) {
        word_ids_leave(&held);
        known_words_take(known, &held);
        add(known, &held, i % 60);
    }
    assert_int_equal(held.table->room, room);
    assert_true(held.table->more->count < more + 5000);
    for (int i = 0; i < 60; i++) assert_true(find(&held, i));
    word_ids_leave(&held);
    known_words_free(known);
}

static void a_key_that_two_long_words_share_does_not_mix_them_up(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    word_text one = {"the first long word", 19}, other = {"another of the same", 19}, longer = {"the first long word!", 20};
    short_key key = word_ids_long_key(one.bytes, one.length);
    int32_t ids[2] = {4, 5};
    assert_true(word_ids_add(&held, key, short_key_hash(key), one, ids, 2));
    assert_true(word_ids_add(&held, key, short_key_hash(key), other, ids, 1)); /* not kept */
    const word_ids_entry *entry = must_find(held.table, key);
    assert_int_equal(word_ids_count(entry), 2);
    assert_memory_equal(word_ids_of_long(held.table, entry, one), ids, sizeof ids);
    assert_null(word_ids_of_long(held.table, entry, other));
    assert_null(word_ids_of_long(held.table, entry, longer));
    word_ids_leave(&held);
    known_words_free(known);
}

static void words_too_long_to_keep_are_passed_over(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    char text[WORD_IDS_LONGEST + 1];
    int32_t ids[WORD_IDS_LONGEST + 1] = {0};
    memset(text, 'x', sizeof text);
    for (size_t length = sizeof text - 1; length <= sizeof text; length++) {
        short_key key = word_ids_long_key(text, length);
        assert_true(word_ids_add(&held, key, short_key_hash(key), (word_text){text, length}, ids, 1));
        assert_int_equal(word_ids_find(held.table, key, short_key_hash(key)) != NULL, length <= WORD_IDS_LONGEST);
    }
    word w;
    make_word(&w, 1);
    assert_true(word_ids_add(&held, w.key, w.hash, w.range, ids, WORD_IDS_LONGEST + 1));
    assert_null(word_ids_find(held.table, w.key, w.hash));
    word_ids_leave(&held);
    known_words_free(known);
}

/* Threads add the same words in different orders while the table grows under them, and look for what others added. */
enum { THREADS = 4, SHARED_WORDS = 60000 };
typedef struct walker { known_words *known; int first, found; } walker;

static void *walk(void *argument) {
    walker *w = argument;
    word_ids_holder held = {0};
    for (int n = 0; n < SHARED_WORDS; n++) {
        int i = (w->first + n) % SHARED_WORDS;
        known_words_take(w->known, &held);
        if (find(&held, i)) w->found++;
        else add(w->known, &held, i);
    }
    word_ids_leave(&held);
    return NULL;
}

static void threads_share_what_they_learn(void **state) {
    (void)state;
    word_ids_holder held = {0};
    known_words *known = start(&held);
    pthread_t threads[THREADS];
    walker walkers[THREADS];
    for (int t = 0; t < THREADS; t++) {
        walkers[t] = (walker){known, t * SHARED_WORDS / THREADS, 0};
        assert_int_equal(pthread_create(&threads[t], NULL, walk, &walkers[t]), 0);
    }
    int found = 0, missing = 0;
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        found += walkers[t].found;
    }
    assert_true(found > 0);
    known_words_take(known, &held);
    for (int i = 0; i < SHARED_WORDS; i++) missing += !find(&held, i); /* added while another thread was copying */
    for (int i = 0; i < SHARED_WORDS; i++) add(known, &held, i);
    for (int i = 0; i < SHARED_WORDS; i++) assert_true(find(&held, i));
    assert_true(missing < SHARED_WORDS / 2);
    word_ids_leave(&held);
    known_words_free(known);
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
        cmocka_unit_test(the_room_outside_of_entries_starts_again_as_well),
        cmocka_unit_test(who_leaves_gives_back_what_it_put_aside),
        cmocka_unit_test(a_key_that_two_long_words_share_does_not_mix_them_up),
        cmocka_unit_test(words_too_long_to_keep_are_passed_over),
        cmocka_unit_test(threads_share_what_they_learn),
        cmocka_unit_test(a_key_is_the_word_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
