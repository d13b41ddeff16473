/* tests of word_vectors: against mutual information written plainly, and for what it is there for. */
#include "train/word_vectors.h"

#include "mutual_information.h"

enum { PLACES = 8 };

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

/* With at least as many numbers a row as different tokens, no product of two rows is lost. */
static void rows_have_the_products_of_mutual_information(void **state) {
    (void)state;
    enum { HIDDEN = 96 };
    dataset *d = text_of_file(TEST_DATA "/train/kasaba.txt");
    static const int offsets[PLACES] = {-4, -3, -2, -1, 1, 2, 3, 4};
    double occurrences[VOCAB], *m = mutual_information(d, offsets, PLACES, occurrences);
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
    dataset *d = text_of_file(TEST_DATA "/train/kasaba.txt");
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
    dataset *d = text_of_file(scratch_text("classes.txt", text));
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
    dataset *d = text_of_file(scratch_text("little.txt", "a\n"));
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
