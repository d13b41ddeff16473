/* tests/tokenizer/test_word_count.c: words are counted exactly: short and long ones, by any number of threads, in memory or
 * put aside on disk. */
#include "base/random.h"
#include "tokenizer/word_reader.h"
#include "tokenizer/word_spill.h"
#include "scratch.h"

enum { VOCABULARY = 3000 };

static char vocabulary[VOCABULARY][64];
static size_t lengths[VOCABULARY];

/* Different words of 3 to 59 bytes, most of them short. */
static void make_vocabulary(void) {
    random_stream r = random_stream_start(5, RANDOM_TEST, 2, 0);
    for (size_t i = 0; i < VOCABULARY; i++) {
        size_t length = 3 + random_below(random_below(4, random_stream_next(&r)) == 0 ? 57 : 15, random_stream_next(&r));
        snprintf(vocabulary[i], sizeof vocabulary[i], "%03zx", i);          /* makes it different */
        for (size_t at = 3; at < length; at++) vocabulary[i][at] = (char)("abcdefghijklmnopqrstuvwxyz"[random_stream_next(&r) % 26]);
        lengths[i] = length;
    }
}

static int by_text(const void *a, const void *b) {
    const counted_word *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->length < y->length ? x->length : y->length);
    return order != 0 ? order : x->length < y->length ? -1 : x->length > y->length;
}

static void assert_same_words(counted_word *found, size_t count, const int64_t *expected) {
    size_t seen = 0, at = 0;
    for (size_t i = 0; i < VOCABULARY; i++) seen += expected[i] > 0;
    assert_int_equal(count, seen);
    qsort(found, count, sizeof *found, by_text);
    for (size_t i = 0; i < VOCABULARY; i++) {           /* the vocabulary ascends by its first three bytes */
        if (expected[i] == 0) continue;
        assert_int_equal(found[at].length, lengths[i]);
        assert_memory_equal(found[at].text, vocabulary[i], lengths[i]);
        assert_int_equal(found[at].count, expected[i]);
        at++;
    }
}

static void words_that_differ_in_zeros_are_different(void **state) {
    (void)state;
    static const char text[] = "a\0a\0\0a\0\0\0aaaaaaaaaaaaaaa";
    static const text_range words[] = {{0, 1}, {0, 2}, {0, 2}, {2, 5}, {5, 9}, {9, 24}, {9, 23}};
    word_tally tally = {0};
    counted_word found[8];
    word_arena arena = {0};
    size_t count = 0;
    assert_ok(word_tally_add(&tally, text, words, 7));
    for (int i = 0; i < WORD_PARTS; i++) {
        assert_ok(word_table_list(&tally.parts[i], &arena, found + count));
        count += word_table_words(&tally.parts[i]);
    }
    assert_int_equal(count, 6);
    qsort(found, count, sizeof *found, by_text);
    assert_int_equal(found[0].length, 1);
    assert_int_equal(found[1].length, 2);
    assert_int_equal(found[1].count, 2);
    assert_int_equal(found[5].length, 15);
    word_arena_free(&arena);
    word_tally_clear(&tally);
}

/* Three tallies with words in common, two of them put aside. */
static void nothing_is_lost_on_disk(void **state) {
    (void)state;
    random_stream r = random_stream_start(6, RANDOM_TEST, 2, 0);
    int64_t expected[VOCABULARY] = {0};
    word_tally tallies[3] = {0};
    word_spill spill = {0};
    for (int i = 0; i < 30000; i++) {
        uint32_t word = random_below(1 + random_below(VOCABULARY, random_stream_next(&r)), random_stream_next(&r));
        text_range range = {0, (uint32_t)lengths[word]};
        assert_ok(word_tally_add(&tallies[i / 10000], vocabulary[word], &range, 1));
        expected[word]++;
    }
    assert_ok(word_spill_write(&spill, &tallies[0]));
    assert_ok(word_spill_write(&spill, &tallies[1]));
    assert_int_equal(word_tally_bytes(&tallies[0]), 0);
    counted_word *found = calloc(VOCABULARY, sizeof *found);
    word_arena arena = {0};
    size_t count = 0;
    assert_non_null(found);
    for (int i = 0; i < WORD_PARTS; i++) {
        assert_ok(word_spill_read(&spill, i, &tallies[2].parts[i], &tallies[2].arena));
        assert_ok(word_table_list(&tallies[2].parts[i], &arena, found + count));
        count += word_table_words(&tallies[2].parts[i]);
    }
    assert_same_words(found, count, expected);
    free(found);
    word_arena_free(&arena);
    word_tally_clear(&tallies[2]);
    word_spill_free(&spill);
}

/* A text of more than two blocks, so that tallies are put aside between them. */
static void a_corpus_is_counted_the_same_with_little_memory(void **state) {
    (void)state;
    random_stream r = random_stream_start(7, RANDOM_TEST, 2, 0);
    int64_t expected[VOCABULARY] = {0};
    buffer text = {0};
    while (text.length < 9000000) {
        uint32_t word = random_below(1 + random_below(VOCABULARY, random_stream_next(&r)), random_stream_next(&r));
        assert_ok(buffer_add(&text, vocabulary[word], lengths[word]));
        assert_ok(buffer_add(&text, expected[word]++ % 9 == 0 ? "\n" : " ", 1));
    }
    const char *path = scratch_text("corpus.txt", text.data);
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_options options;
    maske_tokenizer_train_options_defaults(&options);
    options.pre_tokenizer = "whitespace";
    assert_ok(tokenizer_new_standard(&tokenizer, &options));
    for (int threads = 1; threads <= 3; threads++) {
        for (int64_t memory = 400000; memory <= INT64_C(400000) << 10; memory <<= 10) {     /* little, and enough */
            const maske_control control = {.threads = threads};
            word_counts counts = {0};
            corpus *in = NULL;
            assert_ok(corpus_open(&in, &(maske_text){&path, 1, NULL}));
            assert_ok(word_counts_read(&counts, in, tokenizer, memory, NULL, &control));
            assert_same_words(counts.words, counts.count, expected);
            word_counts_free(&counts);
            corpus_close(in);
        }
    }
    /* And it was put aside: without a place for that, counting fails. */
    word_counts counts = {0};
    corpus *in = NULL;
    assert_ok(corpus_open(&in, &(maske_text){&path, 1, NULL}));
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_fails(word_counts_read(&counts, in, tokenizer, 400000, NULL, NULL), MASKE_IO, "/nowhere/at/all");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    corpus_close(in);
    maske_tokenizer_free(tokenizer);
    buffer_free(&text);
}

static void a_missing_folder_for_temporary_files_is_named(void **state) {
    (void)state;
    word_tally tally = {0};
    word_spill spill = {0};
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_fails(word_spill_write(&spill, &tally), MASKE_IO, "/nowhere/at/all");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    word_spill_free(&spill);
}

int main(void) {
    make_vocabulary();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_differ_in_zeros_are_different),
        cmocka_unit_test(nothing_is_lost_on_disk),
        cmocka_unit_test(a_corpus_is_counted_the_same_with_little_memory),
        cmocka_unit_test(a_missing_folder_for_temporary_files_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
