/* tests of word_vectors: against mutual information written plainly, and for what it is there for. */
#include "train/word_vectors.h"

#include "../data/fake_tokenizer.h"
#include "scratch.h"

#include <math.h>

enum { VOCAB = 270, PLACES = 8 };

static dataset *build(const char *path) {
    dataset *d = NULL;
    maske_text text = {.paths = &path, .count = 1};
    assert_ok(dataset_build(&d, NULL, &fake, &text, &(dataset_options){.max_length = 64}, NULL));
    return d;
}

static maske_status find(float *out, const dataset *d, size_t hidden, int threads, const maske_control *control) {
    neighbours n;
    maske_status status = neighbours_new(&n, d, VOCAB);
    if (status == MASKE_OK) status = word_vectors(out, &n, hidden, 0.05, 3, threads, control);
    neighbours_free(&n);
    return status;
}

static float *vectors_of(const dataset *d, size_t hidden, int threads) {
    float *out = calloc(VOCAB * hidden, sizeof *out);
    for (size_t i = 0; i < VOCAB * hidden; i++) out[i] = 7;
    assert_ok(find(out, d, hidden, threads, NULL));
    return out;
}

static double cosine(const double *a, const double *b, size_t count) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
    return ab / sqrt(aa * bb);
}
static double cosine_of_rows(const float *rows, size_t a, size_t b, size_t hidden) {
    double first[256], second[256];
    for (size_t i = 0; i < hidden; i++) first[i] = rows[a * hidden + i], second[i] = rows[b * hidden + i];
    return cosine(first, second, hidden);
}

/* The eight matrices side by side, from the sequences. */
static double *information(const dataset *d, double *occurrences) {
    double *m = calloc((size_t)VOCAB * PLACES * VOCAB, sizeof *m), smoothed = 0;
    int32_t tokens[64];
    for (int64_t s = 0; s < dataset_describe(d)->sequences; s++) {
        int length = (int)dataset_sequence_length(d, s);
        dataset_sequence_tokens(d, s, tokens);
        for (int i = 0; i < length; i++) {
            occurrences[tokens[i]]++;
            for (int place = 0; place < PLACES; place++) {
                int j = i + (place < 4 ? place - 4 : place - 3);
                if (j >= 0 && j < length) m[((size_t)tokens[i] * PLACES + (size_t)place) * VOCAB + (size_t)tokens[j]]++;
            }
        }
    }
    for (int i = 0; i < VOCAB; i++) smoothed += pow(occurrences[i], 0.75);
    for (size_t i = 0; i < (size_t)VOCAB * PLACES * VOCAB; i++)
        if (m[i] > 0)
            m[i] = fmax(0, log(m[i] / (occurrences[i / (PLACES * VOCAB)] * pow(occurrences[i % VOCAB], 0.75) / smoothed)));
    return m;
}

/* With at least as many numbers a row as different tokens, no product of two rows is lost. */
static void rows_have_the_products_of_mutual_information(void **state) {
    (void)state;
    enum { HIDDEN = 96 };
    dataset *d = build(TEST_DATA "/train/kasaba.txt");
    double occurrences[VOCAB] = {0}, *m = information(d, occurrences);
    float *found = vectors_of(d, HIDDEN, 2);
    size_t used = 0, compared = 0;
    for (size_t a = 0; a < VOCAB; a++) {
        used += occurrences[a] > 0;
        for (size_t b = 0; b < a; b++) {
            if (occurrences[a] == 0 || occurrences[b] == 0) continue;
            double expected = cosine(m + a * PLACES * VOCAB, m + b * PLACES * VOCAB, PLACES * VOCAB);
            assert_true(fabs(cosine_of_rows(found, a, b, HIDDEN) - expected) < 1e-3);
            compared++;
        }
    }
    assert_true(used > 40 && used <= HIDDEN && compared > 800);
    free(m);
    free(found);
    dataset_free(d);
}

static void rows_are_equally_long_and_the_others_stay(void **state) {
    (void)state;
    enum { HIDDEN = 16 };
    dataset *d = build(TEST_DATA "/train/kasaba.txt");
    int64_t counts[VOCAB];
    dataset_unigram_counts(d, counts, VOCAB);
    float *found = vectors_of(d, HIDDEN, 1);
    for (size_t row = 0; row < VOCAB; row++) {
        double square = 0;
        for (size_t i = 0; i < HIDDEN; i++) square += (double)found[row * HIDDEN + i] * (double)found[row * HIDDEN + i];
        assert_true(fabs(sqrt(square / HIDDEN) - (counts[row] > 0 ? 0.05 : 7)) < 1e-5);
    }
    for (int threads = 2; threads <= 5; threads += 3) {
        float *again = vectors_of(d, HIDDEN, threads);
        assert_memory_equal(found, again, VOCAB * HIDDEN * sizeof *found);
        free(again);
    }
    free(found);
    dataset_free(d);
}

/* a, b and c stand where one of them may stand, d, e and f elsewhere; which of them is left to chance. */
static void what_stands_alike_is_alike(void **state) {
    (void)state;
    enum { HIDDEN = 8, LINES = 400 };
    static char text[LINES * 8 + 1];
    for (unsigned i = 0, at = 0, draw = 1; i < LINES; i++) {
        draw = draw * 1103515245 + 12345;
        at += (unsigned)sprintf(text + at, "(%c-%c)\n", "abc"[(draw >> 16) % 3], "def"[(draw >> 20) % 3]);
    }
    dataset *d = build(scratch_text("classes.txt", text));
    float *found = vectors_of(d, HIDDEN, 2);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++) {
            double alike = cosine_of_rows(found, 5 + "abcdef"[i], 5 + "abcdef"[j], HIDDEN);
            assert_true(i / 3 == j / 3 ? alike > 0.95 : alike < 0.3);
        }
    free(found);
    dataset_free(d);
}

static void little_text_and_a_stop_change_nothing(void **state) {
    (void)state;
    dataset *d = build(scratch_text("little.txt", "a\n"));
    float *found = vectors_of(d, 200, 1);               /* too wide for so few entries */
    for (size_t i = 0; i < VOCAB * 200; i++) assert_true(found[i] == 7);
    free(found);
    found = vectors_of(d, 16, 2);                       /* no token has a neighbour */
    for (size_t i = 0; i < VOCAB * 16; i++) assert_true(isfinite(found[i]));
    volatile sig_atomic_t stop = 1;
    memset(found, 0, VOCAB * 16 * sizeof *found);
    assert_fails(find(found, d, 16, 1, &(maske_control){.stop = &stop}), MASKE_STOPPED, "stopped");
    for (size_t i = 0; i < VOCAB * 16; i++) assert_true(found[i] == 0);
    free(found);
    dataset_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_products_of_mutual_information),
        cmocka_unit_test(rows_are_equally_long_and_the_others_stay),
        cmocka_unit_test(what_stands_alike_is_alike),
        cmocka_unit_test(little_text_and_a_stop_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
