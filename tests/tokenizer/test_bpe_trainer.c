/* The trainer against the naive one that follows the library's steps to the letter, on random corpora that are as
 * repetitive as possible; and its promises: the same for any number of threads and any order of words. */
#include "tokenizer/naive_bpe.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { TEXT_ROOM = 1 << 16 };

typedef struct random_corpus {
    word_counts counts;
    counted_word words[NAIVE_WORDS];
    char text[TEXT_ROOM];
    size_t used;
} random_corpus;

static uint32_t draw(random_stream *r, uint32_t bound) { return random_below(bound, random_stream_next(r)); }

/* What a corpus is made of: few different pieces, so that everything collides with everything. */
static const char *const morsels[][8] = {
    {"a", "b"}, {"a"}, {"-", "=", "--"}, {"a", "b", "c", "ab", "abab"}, {"x", "aaaa", "y"}, {"ç", "ş", "e", "r"},
    {"日", "本", "語", "a"}, {"a", "b", "c", "d", "e", "f", "g", "h"}, {" ", "a", "b", " a"}, {"th", "e", "in", "g", "s"},
    {"🙂", "é", "-"}, {"a", "b", "0", "1", "-"}
};

static bool has_word(const random_corpus *c, const char *text, size_t length) {
    for (size_t i = 0; i < c->counts.count; i++)
        if (c->words[i].length == length && memcmp(c->words[i].text, text, length) == 0) return true;
    return false;
}

static void make_corpus(random_corpus *c, random_stream *r) {
    const char *const *kind = morsels[draw(r, sizeof morsels / sizeof *morsels)];
    uint32_t kinds = 0, words = 1 + draw(r, NAIVE_WORDS), longest = draw(r, 8) == 0 ? 150 : 1 + draw(r, 20);
    while (kinds < 8 && kind[kinds] != NULL) kinds++;
    memset(c, 0, sizeof *c);
    c->counts.words = c->words;
    c->counts.form = draw(r, 3);
    c->counts.replacement = 0x2581;
    for (uint32_t w = 0; w < words; w++) {
        char *text = c->text + c->used;
        size_t length = 0;
        const char *run = draw(r, 4) == 0 ? kind[draw(r, kinds)] : NULL;       /* one piece over and over */
        for (uint32_t i = 0, count = 1 + draw(r, longest); i < count; i++) {
            const char *morsel = run != NULL ? run : kind[draw(r, kinds)];
            if (length + strlen(morsel) > NAIVE_SYMBOLS || c->used + length + strlen(morsel) > TEXT_ROOM) break;
            memcpy(text + length, morsel, strlen(morsel));
            length += strlen(morsel);
        }
        if (length == 0 || has_word(c, text, length)) continue;
        c->words[c->counts.count++] = (counted_word){text, 1 + draw(r, draw(r, 2) ? 3 : 50), (uint32_t)length, 0};
        c->used += length;
    }
}

static bpe_trainer_options make_options(random_stream *r) {
    static const char *const specials[] = {"[PAD]", "[UNK]", "ab", "aa", "--", "a", "abab", "[PAD]"};
    static const uint32_t lengths[] = {0, 0, 0, 2, 3, 16}, initial[] = {'a', 'q', 0x131, 0x2581};
    return (bpe_trainer_options){.vocab_size = 1 + draw(r, draw(r, 2) ? 40 : 400),
                                 .min_frequency = draw(r, 4),
                                 .alphabet_limit = draw(r, 4) ? 0 : 1 + draw(r, 6),
                                 .max_token_length = lengths[draw(r, 6)],
                                 .special_tokens = specials,
                                 .special_count = draw(r, 9),
                                 .initial_alphabet = initial,
                                 .initial_count = draw(r, 2) ? 0 : draw(r, 5)};
}

/* Merges as a model keeps them: of a pair recorded twice the last stays. Returns how many. */
static size_t keep_last(bpe_merge *merges, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool later = false;
        for (size_t j = i + 1; j < count; j++)
            later = later || (merges[j].left == merges[i].left && merges[j].right == merges[i].right);
        if (!later) merges[kept++] = merges[i];
    }
    return kept;
}

static void assert_same_entries(const vocab *got, const vocab *expected) {
    assert_int_equal(got->count, expected->count);
    assert_int_equal(got->limit, expected->limit);
    for (int32_t id = 0; id < expected->limit; id++) {
        size_t got_length = 0, length = 0;
        const char *got_text = vocab_text(got, id, &got_length), *text = vocab_text(expected, id, &length);
        assert_int_equal(got_length, length);
        assert_memory_equal(got_text, text, length);
    }
}

static void assert_same_merges(const bpe_merge *got, size_t got_count, const bpe_merge *expected, size_t count) {
    assert_int_equal(got_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(got[i].left, expected[i].left);
        assert_int_equal(got[i].right, expected[i].right);
        assert_int_equal(got[i].id, expected[i].id);
    }
}

static void equals_the_naive_trainer(void **state) {
    (void)state;
    random_corpus *corpus = malloc(sizeof *corpus);
    naive_bpe *naive = malloc(sizeof *naive);
    size_t merges_seen = 0, reused = 0;
    assert_non_null(corpus);
    assert_non_null(naive);
    for (uint64_t seed = 1; seed <= 600; seed++) {
        random_stream r = random_stream_start(seed, RANDOM_TEST, 0, 0);
        make_corpus(corpus, &r);
        bpe_trainer_options options = make_options(&r);
        maske_control control = {.threads = seed % 3 == 0 ? 3 : 1};
        vocab entries = {0};
        bpe_merge *merges = NULL;
        size_t count = 0;
        naive_bpe_train(naive, &corpus->counts, &options);
        assert_int_equal(bpe_train(&entries, &merges, &count, &corpus->counts, &options, &control), MASKE_OK);
        assert_same_entries(&entries, &naive->entries);
        /* A string is only ever made from the same two halves, so the library's rule for repeats never applies. */
        assert_int_equal(keep_last(naive->merges, naive->merge_count), naive->merge_count);
        assert_same_merges(merges, count, naive->merges, naive->merge_count);
        merges_seen += count;
        for (size_t i = 0; i < count; i++) reused += merges[i].id < (int32_t)options.special_count;
        free(merges);
        vocab_free(&entries);
        vocab_free(&naive->entries);
    }
    assert_true(merges_seen > 10000);
    assert_true(reused > 20);           /* special tokens were made by merges, too */
    free(corpus);
    free(naive);
}

/* Many words of Zipf's frequencies, some very long, so that lists are shared among threads. */
static void make_large(word_counts *counts, char **text, uint64_t seed, size_t words) {
    static const char *const syllables[] = {"ka", "le",  "mi", "no", "tu", "ş",  "ler",
                                            "da", "xyz", "e",  "i",  "n",  "--", "a"};
    random_stream r = random_stream_start(seed, RANDOM_TEST, 1, 0);
    char *at = *text = malloc(words * 64 + 400000);
    counts->words = calloc(words + 2, sizeof *counts->words);
    assert_non_null(at);
    assert_non_null(counts->words);
    for (size_t w = 0; w < words + 2; w++) {
        char *begin = at;
        uint32_t parts = w < words ? 1 + draw(&r, 9) : 60000;
        for (uint32_t i = 0; i < parts; i++) {
            const char *s = w == words + 1 ? "a" : syllables[draw(&r, 14)];
            memcpy(at, s, strlen(s));
            at += strlen(s);
        }
        counts->words[w] = (counted_word){begin, (int64_t)(1 + words / (w + 1)), (uint32_t)(at - begin), 0};
    }
    counts->count = words + 2;
}

static void does_not_depend_on_threads_or_order(void **state) {
    (void)state;
    word_counts counts = {.form = WORD_BYTES};
    char *text = NULL;
    make_large(&counts, &text, 7, 60000);
    bpe_trainer_options options = {.vocab_size = 3000, .min_frequency = 2};
    vocab first = {0};
    bpe_merge *first_merges = NULL;
    size_t first_count = 0;
    assert_int_equal(bpe_train(&first, &first_merges, &first_count, &counts, &options, &(maske_control){.threads = 1}),
                     MASKE_OK);
    assert_int_equal(first.count, 3000);
    for (int threads = 2; threads <= 5; threads += 3) {
        for (size_t i = 0; i < counts.count / 2; i++) {         /* reversed each time */
            counted_word swap = counts.words[i];
            counts.words[i] = counts.words[counts.count - 1 - i];
            counts.words[counts.count - 1 - i] = swap;
        }
        vocab entries = {0};
        bpe_merge *merges = NULL;
        size_t count = 0;
        assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, &(maske_control){.threads = threads}),
                         MASKE_OK);
        assert_same_entries(&entries, &first);
        assert_same_merges(merges, count, first_merges, first_count);
        free(merges);
        vocab_free(&entries);
    }
    free(first_merges);
    vocab_free(&first);
    free(counts.words);
    free(text);
}

/* The most frequent pair after each merge, found by looking at everything: the textbook's BPE on long lists. */
static void equals_the_textbook_on_many_words(void **state) {
    (void)state;
    word_counts counts = {.form = WORD_AS_IS};
    char *text = NULL;
    make_large(&counts, &text, 8, 20000);
    counts.count -= 2;                  /* without the very long ones: lengths below 64 */
    enum { ROOM = 64, SIZE = 120 };
    uint32_t (*words)[ROOM] = calloc(counts.count, sizeof *words);
    size_t *lengths = calloc(counts.count, sizeof *lengths);
    int64_t (*table)[SIZE] = calloc(SIZE, sizeof *table);
    bpe_trainer_options options = {.vocab_size = SIZE, .min_frequency = 0};
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0;
    assert_true(words != NULL && lengths != NULL && table != NULL);
    assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, &(maske_control){.threads = 2}), MASKE_OK);
    assert_int_equal(entries.count, SIZE);
    for (size_t w = 0; w < counts.count; w++)
        for (size_t at = 0, size = 0; at < counts.words[w].length; at += size) {
            size = utf8_size(counts.words[w].text[at]);
            words[w][lengths[w]++] = (uint32_t)vocab_find(&entries, counts.words[w].text + at, size);
        }
    for (size_t m = 0; m < count; m++) {
        memset(table, 0, SIZE * sizeof *table);
        for (size_t w = 0; w < counts.count; w++)
            for (size_t i = 0; i + 1 < lengths[w]; i++) table[words[w][i]][words[w][i + 1]] += counts.words[w].count;
        uint32_t a = 0, b = 0;
        for (uint32_t x = 0; x < SIZE; x++)
            for (uint32_t y = 0; y < SIZE; y++)
                if (table[x][y] > table[a][b]) { a = x; b = y; }
        assert_int_equal(merges[m].left, a);
        assert_int_equal(merges[m].right, b);
        for (size_t w = 0; w < counts.count; w++) {
            size_t kept = 0;
            for (size_t i = 0; i < lengths[w]; kept++) {
                bool here = words[w][i] == a && i + 1 < lengths[w] && words[w][i + 1] == b;
                words[w][kept] = here ? (uint32_t)merges[m].id : words[w][i];
                i += here ? 2 : 1;
            }
            lengths[w] = kept;
        }
    }
    free(words);
    free(lengths);
    free(table);
    free(merges);
    vocab_free(&entries);
    free(counts.words);
    free(text);
}

static int warnings;
static void count_warnings(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    (void)sentence;
    warnings += level == MASKE_LOG_WARNING;
}

static void too_small_a_vocabulary_keeps_the_alphabet(void **state) {
    (void)state;
    counted_word words[] = {{"abcab", 10, 5, 0}};
    word_counts counts = {.words = words, .count = 1};
    bpe_trainer_options options = {.vocab_size = 2};
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0;
    maske_set_log(count_warnings, NULL);
    assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, NULL), MASKE_OK);
    maske_set_log(NULL, NULL);
    assert_int_equal(entries.count, 3);
    assert_int_equal(count, 0);
    assert_int_equal(warnings, 1);
    free(merges);
    vocab_free(&entries);
}

static void stops_when_told(void **state) {
    (void)state;
    counted_word words[] = {{"abcab", 10, 5, 0}};
    word_counts counts = {.words = words, .count = 1};
    bpe_trainer_options options = {.vocab_size = 20};
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0;
    const volatile sig_atomic_t stop = 1;
    assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, &(maske_control){.stop = &stop}),
                     MASKE_STOPPED);
    assert_null(merges);
    vocab_free(&entries);
}

static void nothing_gives_an_empty_vocabulary(void **state) {
    (void)state;
    word_counts counts = {0};
    bpe_trainer_options options = {.vocab_size = 20};
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0;
    assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, NULL), MASKE_OK);
    assert_int_equal(entries.count + count, 0);
    free(merges);
    vocab_free(&entries);
}

/* Counts that 32 bits cannot hold, of words and in the sum: the library's wrap, these order as numbers do. */
static void counts_are_64_bits(void **state) {
    (void)state;
    counted_word words[] = {{"ef", 2147483646, 2, 0}, {"ab", 3000000000, 2, 0}, {"cd", 2147483647, 2, 0},
                            {"cdg", 2147483647, 3, 0}, {"hi", INT64_C(1) << 40, 2, 0}, {"jk", 2, 2, 0}};
    static const char *const expected[] = {"hi", "cd", "ab", "cdg", "ef"};
    word_counts counts = {.words = words, .count = 6, .form = WORD_AS_IS};
    bpe_trainer_options options = {.vocab_size = 100, .min_frequency = 2147483646};
    for (int threads = 1; threads <= 2; threads++) {
        vocab entries = {0};
        bpe_merge *merges = NULL;
        size_t count = 0;
        assert_int_equal(bpe_train(&entries, &merges, &count, &counts, &options, &(maske_control){.threads = threads}),
                         MASKE_OK);
        assert_int_equal(count, 5);
        for (size_t i = 0; i < count; i++) {
            size_t length = 0;
            const char *text = vocab_text(&entries, merges[i].id, &length);
            assert_string_equal(text, expected[i]);
        }
        free(merges);
        vocab_free(&entries);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_naive_trainer),
        cmocka_unit_test(equals_the_textbook_on_many_words),
        cmocka_unit_test(does_not_depend_on_threads_or_order),
        cmocka_unit_test(counts_are_64_bits),
        cmocka_unit_test(too_small_a_vocabulary_keeps_the_alphabet),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(nothing_gives_an_empty_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
