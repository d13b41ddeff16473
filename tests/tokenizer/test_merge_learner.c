/* tests/tokenizer/test_merge_learner.c: an index of pairs that is too small for all, so that it is thinned and built anew:
 * what is learned is what counting all pairs before each merge gives. And learning says what memory it needs, which is
 * what it takes. */
#include "base/random.h"
#include "tokenizer/merge_learner.h"
#include "scratch.h"

#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 2000, LENGTH = 8, LETTERS = 300, MERGES = 700, SYMBOLS = LETTERS + MERGES };

typedef struct random_words {
    uint32_t symbols[WORDS][LENGTH];
    size_t lengths[WORDS];
    int64_t weights[WORDS];
    int64_t counts[SYMBOLS][SYMBOLS];
} random_words;

static size_t room(const void *user, size_t i) { return ((const random_words *)user)->lengths[i]; }
static int64_t weight(const void *user, size_t i) { return ((const random_words *)user)->weights[i]; }
static maske_status fill(void *user, int thread, size_t i, uint32_t *symbols, size_t *count) {
    const random_words *words = user;
    (void)thread;
    memcpy(symbols, words->symbols[i], sizeof words->symbols[i]);
    *count = words->lengths[i];
    return MASKE_OK;
}

static random_words *make_words(uint64_t seed) {
    random_words *words = calloc(1, sizeof *words);
    random_stream r = random_stream_start(seed, RANDOM_TEST, 11, 0);
    assert_non_null(words);
    for (size_t i = 0; i < WORDS; i++) {
        words->lengths[i] = LENGTH;
        words->weights[i] = 1 + random_below(3, random_stream_next(&r));
        for (size_t s = 0; s < LENGTH; s++) {
            uint32_t bound = random_below(4, random_stream_next(&r)) == 0 ? 20 : LETTERS;
            words->symbols[i][s] = random_below(bound, random_stream_next(&r));
        }
    }
    return words;
}

/* The pair that occurs most often, of equals the first. */
static int64_t most_frequent(random_words *words, uint32_t *left, uint32_t *right) {
    int64_t most = 0;
    memset(words->counts, 0, sizeof words->counts);
    for (size_t i = 0; i < WORDS; i++)
        for (size_t s = 0; s + 1 < words->lengths[i]; s++)
            words->counts[words->symbols[i][s]][words->symbols[i][s + 1]] += words->weights[i];
    for (uint32_t a = 0; a < SYMBOLS; a++)
        for (uint32_t b = 0; b < SYMBOLS; b++) {
            if (words->counts[a][b] <= most) continue;
            most = words->counts[a][b];
            *left = a;
            *right = b;
        }
    return most;
}

static void merge(random_words *words, uint32_t left, uint32_t right, uint32_t merged) {
    for (size_t i = 0; i < WORDS; i++) {
        size_t kept = 0;
        uint32_t *symbols = words->symbols[i];
        for (size_t s = 0; s < words->lengths[i];) {
            bool both = s + 1 < words->lengths[i] && symbols[s] == left && symbols[s + 1] == right;
            symbols[kept++] = both ? merged : symbols[s];
            s += both ? 2 : 1;
        }
        words->lengths[i] = kept;
    }
}

static void a_crowded_index_forgets_nothing(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        random_words *words = make_words((uint64_t)threads);
        symbol_words records = {0};
        vocab entries = {0};
        uint32_t lengths[LETTERS];
        bpe_merge *merges = NULL;
        size_t count = 0;
        for (int i = 0; i < LETTERS; i++) {
            const char text[2] = {(char)('A' + i / 26), (char)('a' + i % 26)};
            assert_ok(vocab_append(&entries, text, sizeof text, NULL));
            lengths[i] = 1;
        }
        assert_ok(symbol_words_build(&records, &(symbol_source){WORDS, room, weight, fill, words}, threads));
        assert_ok(merges_learn(&entries, &records, lengths, &(merge_learner_options){.vocab_size = SYMBOLS},
                               &(maske_control){.threads = threads}, &merges, &count));
        assert_int_equal(count, MERGES);
        for (uint32_t m = 0; m < MERGES; m++) {
            uint32_t left = 0, right = 0;
            assert_true(most_frequent(words, &left, &right) > 0);
            assert_int_equal(merges[m].left, left);
            assert_int_equal(merges[m].right, right);
            assert_int_equal(merges[m].id, LETTERS + m);
            merge(words, left, right, LETTERS + m);
        }
        free(merges);
        vocab_free(&entries);
        symbol_words_free(&records);
        free(words);
    }
}

/* ------------------------------------------------------------------------------------------------------- memory --- */

static double said;             /* megabytes */
static void hear(void *user, maske_log_level level, const char *sentence) {
    char unit = 0;
    (void)user, (void)level;
    if (sscanf(sentence, "learning needs %lf %cB of memory", &said, &unit) == 2 && unit == 'G') said *= 1000;
}

static void what_learning_says_is_what_it_takes(void **state) {
    (void)state;
    if (UNDER_SANITIZER) skip();
    static const struct { const char *text; int64_t vocab_size; int threads; const char *cut; } cases[] = {
        {TEST_DATA "/train/kasaba.txt", 500, 1, "metaspace"}, {TEST_DATA "/../../src", 4000, 2, "bytelevel"},
        {TEST_DATA "/../../src", 1000, 1, "metaspace"}, {TEST_DATA "/../../src", 16000, 2, "metaspace"},
        {TEST_DATA "/../../src", 30000, 3, "metaspace"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t child = fork();           /* its peak is its own */
        assert_true(child >= 0);
        if (child == 0) {
            maske_tokenizer *tokenizer = NULL;
            maske_tokenizer_train_options options;
            maske_tokenizer_train_options_defaults(&options);
            options.vocab_size = cases[i].vocab_size;
            options.pre_tokenizer = cases[i].cut;
            maske_set_log(hear, NULL);
            const maske_control control = {.threads = cases[i].threads};
            maske_status status = maske_tokenizer_train(&tokenizer, &(maske_text){&cases[i].text, 1, NULL},
                                                        &options, &control, NULL);
            double took = (double)memory_peak() / 1e6;
            printf("%s, %d entries, %d threads: said %.1f MB, took %.1f (%.2f)\n", cases[i].cut,
                   (int)cases[i].vocab_size, cases[i].threads, said, took, took / said);
            fflush(stdout);
            _exit(status == MASKE_OK && took > said * 0.85 && took < said * 1.15 ? 0 : 1);
        }
        int ended = 0;
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_int_equal(ended, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_learning_says_is_what_it_takes),
                                       cmocka_unit_test(a_crowded_index_forgets_nothing)};
    return cmocka_run_group_tests_name("tokenizer/merge_learner", tests, NULL, NULL);
}
