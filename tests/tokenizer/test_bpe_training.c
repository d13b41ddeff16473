/* tests/tokenizer/test_bpe_training.c: vocabularies and merges that the tokenizers library (0.23.3) learned, written down
 * by tests/reference/make_bpe_training_golden.py. An argument names another file of such cases. */
#include "base/json.h"
#include "tokenizer/bpe_trainer.h"
#include "scratch.h"

static const char *cases_path = TEST_DATA "/tokenizer/golden/bpe_training.json";

static int64_t number(const json_t *object, const char *key) { return json_integer_value(json_object_get(object, key)); }
static const char *text_at(const json_t *array, size_t i) { return json_string_value(json_array_get(array, i)); }

/* The words of a case; the texts are borrowed from it. */
static word_counts read_words(const json_t *golden) {
    const json_t *words = json_object_get(golden, "words");
    word_counts counts = {.form = WORD_AS_IS, .count = json_array_size(words)};
    counts.words = calloc(counts.count + 1, sizeof *counts.words);
    assert_non_null(counts.words);
    for (size_t i = 0; i < counts.count; i++) {
        const json_t *word = json_array_get(words, i), *text = json_array_get(word, 0);
        counts.words[i] = (counted_word){.text = json_string_value(text), .length = (uint32_t)json_string_length(text),
                                         .count = json_integer_value(json_array_get(word, 1))};
    }
    return counts;
}

static void check_vocab(const json_t *golden, const vocab *entries, size_t index) {
    const json_t *expected = json_object_get(golden, "vocab");
    if (entries->count != json_array_size(expected))
        fail_msg("case %zu: %zu entries, expected %zu", index, entries->count, json_array_size(expected));
    for (size_t id = 0; id < entries->count; id++) {
        size_t length = 0;
        const char *text = vocab_text(entries, (int32_t)id, &length);
        if (strcmp(text, text_at(expected, id)) != 0)
            fail_msg("case %zu: id %zu is \"%s\", expected \"%s\"", index, id, text, text_at(expected, id));
    }
}

static void check_merges(const json_t *golden, const bpe_merge *merges, size_t count, size_t index) {
    const json_t *expected = json_object_get(golden, "merges");
    if (count != json_array_size(expected))
        fail_msg("case %zu: %zu merges, expected %zu", index, count, json_array_size(expected));
    for (size_t rank = 0; rank < count; rank++) {
        const json_t *merge = json_array_get(expected, rank);
        int32_t found[3] = {merges[rank].left, merges[rank].right, merges[rank].id};
        for (size_t i = 0; i < 3; i++)
            if (json_integer_value(json_array_get(merge, i)) != found[i])
                fail_msg("case %zu: merge %zu is (%d, %d, %d), expected another", index, rank, found[0], found[1], found[2]);
    }
}

static void check_case(const json_t *golden, size_t index) {
    enum { MOST = 16, ALPHABET = 256 };
    const json_t *special = json_object_get(golden, "special_tokens");
    const char *tokens[MOST], *initial = json_string_value(json_object_get(golden, "initial_alphabet"));
    uint32_t alphabet[ALPHABET];
    size_t letters = 0;
    for (size_t size; *initial != '\0' && letters < ALPHABET; initial += size) alphabet[letters++] = utf8_next(initial, &size);
    assert_true(json_array_size(special) <= MOST);
    for (size_t i = 0; i < json_array_size(special); i++) tokens[i] = text_at(special, i);
    bpe_trainer_options options = {
        .vocab_size = number(golden, "vocab_size"), .min_frequency = number(golden, "min_frequency"),
        .alphabet_limit = number(golden, "alphabet_limit"), .max_token_length = (uint32_t)number(golden, "max_token_length"),
        .special_tokens = tokens, .special_count = json_array_size(special),
        .initial_alphabet = alphabet, .initial_count = letters};
    word_counts words = read_words(golden);
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0;
    assert_ok(bpe_train(&entries, &merges, &count, &words, &options, &(maske_control){.threads = 1 + (int)(index % 2)}));
    check_vocab(golden, &entries, index);
    check_merges(golden, merges, count, index);
    free(merges);
    vocab_free(&entries);
    free(words.words);
}

static void equals_the_library(void **state) {
    (void)state;
    json_t *cases = json_load_file(cases_path, 0, NULL);
    if (!json_is_array(cases)) fail_msg("%s cannot be read", cases_path);
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) check_case(json_array_get(cases, i), i);
    json_decref(cases);
}

int main(int argument_count, char **arguments) {
    if (argument_count > 1) cases_path = arguments[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_library)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
