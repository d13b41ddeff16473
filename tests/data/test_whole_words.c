/* tests of whole word masking: which tokens are one word, for every kind of tokenizer, and that words are masked whole,
 * about as many tokens as one by one, at every place alike. */
#include "base/random.h"
#include "data/masking.h"

#include <math.h>

#include "scratch.h"

/* ---- which tokens are one word ---- */

/* The text's tokens, words parted by a bar. */
static void expect_words(const char *kind, const char *text, const char *expected) {
    char folder[512], found[512] = "";
    maske_tokenizer *tokenizer = NULL;
    vocabulary v;
    maske_encoding e = {0};
    size_t shown = 0;
    const maske_encode_options plain = {.no_special = true, .no_truncation = true, .no_padding = true};
    snprintf(folder, sizeof folder, "%s/tasks/%s", TEST_DATA, kind);
    assert_ok(maske_tokenizer_open(&tokenizer, folder));
    assert_ok(vocabulary_of(&v, tokenizer));
    assert_ok(vocabulary_find_words(&v, tokenizer));
    assert_ok(maske_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, &plain, &e));
    for (size_t i = 0; i < e.count; i++) {
        bool same = i > 0 && vocabulary_same_word(&v, e.ids[i - 1], e.ids[i]);
        if (i > 0 && !same) strcat(found, "|");
        /* A prefix's offsets may be those of what follows. */
        for (; shown < e.byte_end[i]; shown++)
            if (text[shown] != ' ') strncat(found, text + shown, 1);
    }
    if (strcmp(found, expected) != 0) fail_msg("%s: found \"%s\", expected \"%s\"", kind, found, expected);
    for (int32_t id = 0; id < 5; id++) assert_int_equal(v.joins[id], 0);
    maske_encoding_free(&e);
    vocabulary_free(&v);
    maske_tokenizer_free(tokenizer);
}

static void words_of_every_kind_of_tokenizer(void **state) {
    (void)state;
    const char *const kinds[] = {"metaspace", "bytelevel", "wordpiece"};
    for (size_t i = 0; i < 3; i++) {
        expect_words(kinds[i], "kitaplarımızdan okuyacaksınız", "kitaplarımızdan|okuyacaksınız");
        /* A piece of a BPE that learned across punctuation may hold both. */
        if (i > 0) expect_words(kinds[i], "güzel, evler!", "güzel|,|evler|!");
        expect_words(kinds[i], "evde 12345 gün", "evde|12345|gün");
    }
    expect_words("wordpiece", "ev'de", "ev|'|de");
    expect_words("metaspace", "ev'de", "ev|'|de");
}

/* ---- masking them ---- */

/* Ids 5..99 are words by themselves, 100..999 begin with a letter and end with one; those from 400 on have no space in
 * front, so that words have 1 / 0.4 pieces in the mean. */
enum { SIZE = 1000, LENGTH = 128 };
static uint8_t special[SIZE] = {1, 1, 1, 1, 1}, joins[SIZE];
static int32_t ordinary[SIZE - 5];
static vocabulary v = {.size = SIZE, .special = special, .ordinary = ordinary, .ordinary_count = SIZE - 5, .cls = 2,
                       .sep = 3, .mask = 4, .pad = 0, .joins = joins};

static int set_up(void **state) {
    (void)state;
    for (int32_t i = 5; i < SIZE; i++) {
        ordinary[i - 5] = i;
        joins[i] = (uint8_t)(i < 100 ? 0 : i < 400 ? JOINS_BEHIND : JOINS_BEFORE | JOINS_BEHIND);
    }
    return 0;
}

static void make_sequence(int32_t *ids, size_t length, uint64_t number) {
    ids[0] = v.cls;
    for (size_t i = 1; i + 1 < length; i++)
        ids[i] = ordinary[random_below((uint32_t)v.ordinary_count, random_philox(7, RANDOM_TEST, number, i).word[0])];
    ids[length - 1] = v.sep;
}

/* Masks a sequence; fails unless every word is chosen whole or not at all. Returns how many tokens. */
static size_t mask_whole(uint64_t number, size_t length, double probability, uint32_t *index) {
    int32_t ids[LENGTH], original[LENGTH], labels[LENGTH];
    uint64_t words[LENGTH];
    bool chosen[LENGTH] = {false};
    make_sequence(original, length, number);
    memcpy(ids, original, sizeof ids);
    masking_key key = {3, 1, number, probability, words};
    size_t count = mask_sequence(ids, length, &v, &key, index, labels);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || index[i - 1] < index[i]);
        assert_int_equal(labels[i], original[index[i]]);
        chosen[index[i]] = true;
    }
    size_t shortest = LENGTH, most = (size_t)ceil(probability * (double)(length - 2)), broken = 0;
    for (size_t i = 1, begin = 1; i < length; i++) {
        if (!chosen[i]) assert_int_equal(ids[i], original[i]);
        bool same = i + 1 < length && vocabulary_same_word(&v, original[i], original[i + 1]);
        if (same) {
            broken += chosen[i] != chosen[i + 1];
            continue;
        }
        shortest = i + 1 - begin < shortest && !special[original[i]] ? i + 1 - begin : shortest;
        begin = i + 1;
    }
    assert_true(count >= 1 && count <= (most > 1 ? most : 1));
    /* Only where no word is short enough may one be broken. */
    if (broken > 0) assert_true(shortest > count);
    return count;
}

static void words_are_masked_whole(void **state) {
    (void)state;
    enum { SEQUENCES = 20000 };
    const double probabilities[] = {0.15, 0.3};
    for (size_t p = 0; p < 2; p++) {
        double chosen = 0, places[LENGTH] = {0};
        uint32_t index[LENGTH];
        for (uint64_t n = 0; n < SEQUENCES; n++) {
            size_t count = mask_whole(n, LENGTH, probabilities[p], index);
            chosen += (double)count;
            for (size_t i = 0; i < count; i++) places[index[i]]++;
        }
        /* Words that would be too many are left out: a little less than asked for, and a little more of short words,
         * as those are that stand at the ends. */
        double share = chosen / SEQUENCES / (LENGTH - 2);
        assert_true(share > 0.97 * probabilities[p] && share <= 1.001 * probabilities[p]);
        for (size_t i = 1; i + 1 < LENGTH; i++)
            if (fabs(places[i] / SEQUENCES - share) > 0.03)
                fail_msg("place %zu is masked %.4f of the times, all places %.4f", i, places[i] / SEQUENCES, share);
    }
}

static void short_sequences(void **state) {
    (void)state;
    uint32_t index[LENGTH];
    for (size_t length = 3; length < 16; length++)
        for (uint64_t n = 0; n < 500; n++) (void)mask_whole(n, length, 0.15, index);
}

static void a_mask_is_a_function_of_its_key(void **state) {
    (void)state;
    int32_t ids[3][LENGTH], labels[LENGTH];
    uint32_t index[LENGTH];
    uint64_t words[LENGTH];
    for (uint64_t i = 0; i < 3; i++) {
        make_sequence(ids[i], LENGTH, 1);
        masking_key key = {1, 1 + i / 2, 4, 0.15, words};
        assert_true(mask_sequence(ids[i], LENGTH, &v, &key, index, labels) > 0);
    }
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);
    assert_memory_not_equal(ids[0], ids[2], sizeof ids[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_every_kind_of_tokenizer),
        cmocka_unit_test(words_are_masked_whole),
        cmocka_unit_test(short_sequences),
        cmocka_unit_test(a_mask_is_a_function_of_its_key),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
