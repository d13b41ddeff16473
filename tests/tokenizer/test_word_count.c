/* tests/tokenizer/test_word_count.c: words are counted exactly: short and long ones, by any number of threads, in memory or
 * put aside on disk. */
#include "base/random.h"
#include "tokenizer/word_reader.h"
#include "tokenizer/word_sum.h"
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

static const word_limits endless = {INT64_MAX, false};

static void words_that_differ_in_zeros_are_different(void **state) {
    (void)state;
    static const char text[] = "a\0a\0\0a\0\0\0aaaaaaaaaaaaaaa";
    static const text_range words[] = {{0, 1}, {0, 2}, {0, 2}, {2, 5}, {5, 9}, {9, 24}, {9, 23}};
    word_tally tally = {0}, *const tallies[] = {&tally};
    word_spill none = {0};
    word_counts sum = {0};
    assert_ok(word_tally_add(&tally, text, words, 7));
    assert_ok(word_sum(&sum, tallies, 1, &none, &endless));
    assert_int_equal(sum.count, 6);
    assert_int_equal(sum.total, 7);
    qsort(sum.words, sum.count, sizeof *sum.words, by_text);
    assert_int_equal(sum.words[0].length, 1);
    assert_int_equal(sum.words[1].length, 2);
    assert_int_equal(sum.words[1].count, 2);
    assert_int_equal(sum.words[5].length, 15);
    word_counts_free(&sum);
    word_tally_clear(&tally);
}

/* Three tallies with words in common, two of them put aside; expected[VOCABULARY] is how often each word is there. */
static void make_tallies(word_tally tallies[3], word_spill *spill, int64_t *expected) {
    random_stream r = random_stream_start(6, RANDOM_TEST, 2, 0);
    memset(expected, 0, VOCABULARY * sizeof *expected);
    for (int i = 0; i < 30000; i++) {
        uint32_t word = random_below(1 + random_below(VOCABULARY, random_stream_next(&r)), random_stream_next(&r));
        text_range range = {0, (uint32_t)lengths[word]};
        assert_ok(word_tally_add(&tallies[i / 10000], vocabulary[word], &range, 1));
        expected[word]++;
    }
    assert_ok(word_spill_write(spill, &tallies[0]));
    assert_ok(word_spill_write(spill, &tallies[1]));
    assert_int_equal(word_tally_bytes(&tallies[0]), 0);
}

static void free_tallies(word_tally tallies[3], word_spill *spill) {
    for (int i = 0; i < 3; i++) word_tally_clear(&tallies[i]);
    word_spill_free(spill);
}

static void nothing_is_lost_on_disk(void **state) {
    (void)state;
    int64_t expected[VOCABULARY];
    word_tally tallies[3] = {0}, *const list[] = {&tallies[0], &tallies[1], &tallies[2]};
    word_spill spill = {0};
    word_counts sum = {0};
    make_tallies(tallies, &spill, expected);
    assert_ok(word_sum(&sum, list, 3, &spill, &endless));
    assert_same_words(sum.words, sum.count, expected);
    assert_int_equal(sum.total, 30000);
    assert_int_equal(sum.pruned_words + sum.pruned_total, 0);
    word_counts_free(&sum);
    free_tallies(tallies, &spill);
}

/* However a part is shared out, each word comes in one share, with all its occurrences. */
static void shares_of_a_part_are_the_part(void **state) {
    (void)state;
    int64_t expected[VOCABULARY];
    word_tally tallies[3] = {0};
    word_spill spill = {0};
    make_tallies(tallies, &spill, expected);
    assert_ok(word_spill_write(&spill, &tallies[2]));
    for (int bits = 0; bits <= 7; bits += 1 + bits) {
        int64_t found = 0, shares_used = 0;
        size_t words = 0, seen = 0;
        for (int part = 0; part < WORD_PARTS; part++)
            for (uint32_t share = 0; share < 1u << bits; share++) {
                word_table table = {0};
                word_arena arena = {0};
                assert_ok(word_spill_read(&spill, part, (word_share){share, bits}, &table, &arena));
                for (size_t i = 0; i < table.short_room; i++) found += table.shorts[i].count;
                for (size_t i = 0; i < table.count; i++) found += table.words[i].count;
                words += word_table_words(&table);
                shares_used += word_table_words(&table) > 0;
                word_table_free(&table);
                word_arena_free(&arena);
            }
        for (size_t i = 0; i < VOCABULARY; i++) seen += expected[i] > 0;
        assert_int_equal(words, seen);
        assert_int_equal(found, 30000);
        assert_true(shares_used > WORD_PARTS << bits >> 2);     /* they share, roughly evenly */
    }
    free_tallies(tallies, &spill);
}

/* What is dropped are all words that occur less often than some number, the same for any number of threads, with what
 * was put aside or without; the less memory, the higher the number. */
static void the_rarest_words_are_dropped(void **state) {
    (void)state;
    int64_t before = 1;
    for (int64_t memory = 1000000; memory >= 20000; memory /= 2) {
        int64_t least[2];
        for (int put_aside = 0; put_aside < 2; put_aside++) {
            int64_t expected[VOCABULARY], dropped = 0, occurrences = 0;
            word_tally tallies[3] = {0}, *const list[] = {&tallies[0], &tallies[1], &tallies[2]};
            word_spill spill = {0};
            word_counts sum = {0};
            make_tallies(tallies, &spill, expected);
            if (put_aside) assert_ok(word_spill_write(&spill, &tallies[2]));
            assert_ok(word_sum(&sum, list, 3, &spill, &(word_limits){memory, true}));
            for (size_t i = 0; i < VOCABULARY; i++) {
                if (expected[i] == 0 || expected[i] >= sum.least) continue;
                dropped++;
                occurrences += expected[i];
                expected[i] = 0;
            }
            assert_same_words(sum.words, sum.count, expected);
            assert_int_equal(sum.pruned_words, dropped);
            assert_int_equal(sum.pruned_total, occurrences);
            assert_int_equal(sum.total, 30000);
            least[put_aside] = sum.least;
            word_counts_free(&sum);
            if (sum.least > 1) {
                make_tallies(tallies, &spill, expected);
                assert_fails(word_sum(&sum, list, 3, &spill, &(word_limits){memory, false}), MASKE_OUT_OF_MEMORY,
                             "let rare words be dropped");
                word_counts_free(&sum);
            }
            free_tallies(tallies, &spill);
        }
        assert_int_equal(least[0], least[1]);
        assert_true(least[0] >= before);
        before = least[0];
    }
    assert_true(before > 4);
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
    for (int threads = 1; threads <= 4; threads++) {
        for (int64_t memory = 900000; memory <= INT64_C(900000) << 10; memory <<= 10) {     /* little, and enough */
            const maske_control control = {.threads = threads};
            word_counts counts = {0};
            corpus *in = NULL;
            assert_ok(corpus_open(&in, &(maske_text){&path, 1, NULL}, NULL));
            assert_ok(word_counts_read(&counts, in, tokenizer, &(word_limits){memory, false}, NULL, &control));
            assert_same_words(counts.words, counts.count, expected);
            if (memory > 900000) assert_int_equal(counts.spilled, 0);
            word_counts_free(&counts);
            corpus_close(in);
        }
    }
    /* With less, it is put aside: without a place for that, counting fails; with one, some words are dropped. */
    const word_limits little = {300000, true};
    word_counts counts = {0};
    corpus *in = NULL;
    assert_ok(corpus_open(&in, &(maske_text){&path, 1, NULL}, NULL));
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_fails(word_counts_read(&counts, in, tokenizer, &little, NULL, NULL), MASKE_IO, "/nowhere/at/all");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    corpus_close(in);
    assert_ok(corpus_open(&in, &(maske_text){&path, 1, NULL}, NULL));
    assert_ok(word_counts_read(&counts, in, tokenizer, &little, NULL, NULL));
    assert_true(counts.spilled > 0 && counts.pruned_words > 0);
    for (size_t i = 0; i < VOCABULARY; i++) if (expected[i] < counts.least) expected[i] = 0;
    assert_same_words(counts.words, counts.count, expected);
    word_counts_free(&counts);
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
        cmocka_unit_test(shares_of_a_part_are_the_part),
        cmocka_unit_test(the_rarest_words_are_dropped),
        cmocka_unit_test(a_corpus_is_counted_the_same_with_little_memory),
        cmocka_unit_test(a_missing_folder_for_temporary_files_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
