/* tests of tasks/word_statistics: guesses by frequency, against counts made by looking at every word of the text. */
#include "tasks/word_statistics.h"

#include "scratch.h"

#include <math.h>

static const char *const texts[] = {
    "a", "a b", "a a", "su su su akar", "bir iki bir üç bir iki dört", "x y x y x z x y",
    "gel gör beni aşk neyledi gel gör beni aşk neyledi gel dosta gidelim gel gör",
};
enum { TEXTS = sizeof texts / sizeof texts[0], MOST = 64 };

typedef struct words { char text[MOST][16]; uint32_t id[MOST]; size_t count; } words;

static words cut(const char *text) {
    words w = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        snprintf(w.text[w.count++], sizeof w.text[0], "%.*s", (int)length, text);
        text += length + (text[length] == ' ');
    }
    return w;
}

static word_statistics count_all(words *w) {
    word_statistics s = {0};
    uint32_t previous = WORD_LINE_START;
    for (size_t i = 0; i < w->count; i++) {
        assert_ok(word_statistics_add(&s, previous, w->text[i], strlen(w->text[i]), &w->id[i]));
        previous = w->id[i];
    }
    word_statistics_finish(&s);
    return s;
}

static int count_of(const words *w, const char *word) {
    int count = 0;
    for (size_t i = 0; i < w->count; i++) count += strcmp(w->text[i], word) == 0;
    return count;
}

/* What the rest of the text says of word number `at`: the plain definition. */
static double spelled(const words *w, const char *word) {
    double p = 1;
    for (const char *c = word;; c++) {
        if (((unsigned char)*c & 0xC0) == 0x80) continue;
        int size = *c == 0 ? 1 : (unsigned char)*c < 0x80 ? 1 : 2, seen = 0, all = 0, kinds = 0;
        char met[256][3] = {{0}};
        for (size_t i = 0; i < w->count; i++)
            for (const char *d = w->text[i];; d++) {
                if (((unsigned char)*d & 0xC0) == 0x80) continue;
                int d_size = *d == 0 ? 1 : (unsigned char)*d < 0x80 ? 1 : 2;
                seen += d_size == size && memcmp(c, d, (size_t)size) == 0;
                all++;
                int k = 0;
                while (k < kinds && !(met[k][2] == d_size && memcmp(met[k], d, (size_t)d_size) == 0)) k++;
                if (k == kinds) memcpy(met[kinds], d, (size_t)d_size), met[kinds++][2] = (char)d_size;
                if (*d == 0) break;
            }
        p *= (seen + kinds / 1114112.0) / (all + kinds);
        if (*c == 0) return p;
    }
}
static double by_frequency(const words *w, size_t at) {
    int seen = count_of(w, w->text[at]) - 1, kinds = 0;
    for (size_t i = 0; i < w->count; i++) {
        bool first = i != at;
        for (size_t j = 0; j < i; j++) first = first && !(j != at && strcmp(w->text[i], w->text[j]) == 0);
        kinds += first;
    }
    double all = (double)w->count - 1, p = spelled(w, w->text[at]);
    return all + kinds > 0 ? (seen + kinds * p) / (all + kinds) : p;
}
static double by_the_word_before(const words *w, size_t at) {
    int seen = 0, all = 0, kinds = 0;
    const char *before = at > 0 ? w->text[at - 1] : NULL;
    bool met[MOST] = {0};
    for (size_t i = 0; i < w->count; i++) {
        if (i == at || (before == NULL) != (i == 0) || (before != NULL && strcmp(w->text[i - 1], before) != 0)) continue;
        all++;
        seen += strcmp(w->text[i], w->text[at]) == 0;
        size_t same = 0;
        while (strcmp(w->text[same], w->text[i]) != 0) same++;
        kinds += !met[same];
        met[same] = true;
    }
    double p = by_frequency(w, at);
    return all + kinds > 0 ? (seen + kinds * p) / (all + kinds) : p;
}

static void guesses_are_of_the_rest_of_the_text(void **state) {
    (void)state;
    for (size_t t = 0; t < TEXTS; t++) {
        words w = cut(texts[t]);
        word_statistics s = count_all(&w);
        for (size_t i = 0; i < w.count; i++) {
            double alone = word_statistics_guess(&s, w.id[i]).bits;
            double after = word_statistics_guess_after(&s, i > 0 ? w.id[i - 1] : WORD_LINE_START, w.id[i]).bits;
            double alone_expected = -log2(by_frequency(&w, i)), after_expected = -log2(by_the_word_before(&w, i));
            if (fabs(alone - alone_expected) > 1e-9 || fabs(after - after_expected) > 1e-9)
                fail_msg("\"%s\", word %zu: found %.12g and %.12g bits, expected %.12g and %.12g", texts[t], i, alone,
                         after, alone_expected, after_expected);
        }
        word_statistics_free(&s);
    }
}

static void right_is_the_likeliest_of_the_rest(void **state) {
    (void)state;
    words w = cut("x y x y x z x y");
    word_statistics s = count_all(&w);
    uint32_t x = w.id[0], y = w.id[1], z = w.id[5];
    /* Four x, three y: without one x the two are level, and x came first. */
    assert_true(word_statistics_guess(&s, x).right);
    assert_false(word_statistics_guess(&s, y).right);
    /* Behind x: y three times, z once. */
    assert_true(word_statistics_guess_after(&s, x, y).right);
    assert_false(word_statistics_guess_after(&s, x, z).right);
    assert_true(word_statistics_guess_after(&s, y, x).right);
    word_statistics_free(&s);
    /* A word that stands once is nobody's guess. */
    w = cut("tek");
    s = count_all(&w);
    assert_false(word_statistics_guess(&s, w.id[0]).right);
    assert_false(word_statistics_guess_after(&s, WORD_LINE_START, w.id[0]).right);
    word_statistics_free(&s);
}

/* Growing tables lose nothing: 30,000 different words, each twice. */
static void many_words(void **state) {
    (void)state;
    enum { WORDS = 30000 };
    word_statistics s = {0};
    uint32_t first[WORDS], word = WORD_LINE_START;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < WORDS; i++) {
            char text[16];
            int length = snprintf(text, sizeof text, "w%d", i);
            assert_ok(word_statistics_add(&s, word, text, (size_t)length, &word));
            if (round == 0) first[i] = word;
            assert_int_equal(word, first[i]);
        }
    word_statistics_finish(&s);
    assert_int_equal(s.total, 2 * WORDS);
    assert_int_equal(s.count, WORDS + 1);
    for (int i = 1; i < WORDS; i++) {
        assert_int_equal(s.words[first[i]].count, 2);
        assert_true(word_statistics_guess_after(&s, first[i - 1], first[i]).right);
    }
    word_statistics_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guesses_are_of_the_rest_of_the_text),
        cmocka_unit_test(right_is_the_likeliest_of_the_rest),
        cmocka_unit_test(many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
