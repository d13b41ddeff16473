/* tests/tokenizer/test_golden.c: what the tokenizers library (0.23.3) answered, written down by
 * tests/reference/make_tokenizer_golden.py: ids, types, masks, offsets, decoded text, and saved files to the byte. */
#include "maske.h"
#include "base/json.h"
#include "scratch.h"

#define GOLDEN TEST_DATA "/tokenizer/golden/"

static json_t *read_json(const char *path) {
    json_t *json = json_load_file(path, JSON_ALLOW_NUL, NULL);
    if (json == NULL) fail_msg("%s cannot be read", path);
    return json;
}

/* The base's file with the variant's components in place of its own. */
static maske_tokenizer *open_variant(const json_t *variant) {
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s.json", json_string_value(json_object_get(variant, "base")));
    json_t *root = read_json(path);
    assert_int_equal(json_object_update(root, json_object_get(variant, "components")), 0);
    char *text = json_dumps(root, 0);
    maske_tokenizer *tokenizer = NULL;
    assert_ok(maske_tokenizer_open(&tokenizer, scratch_text("tokenizer.json", text)));
    free(text);
    json_decref(root);
    return tokenizer;
}

static const json_t *numbers_differ(const json_t *expected, const int32_t *found, size_t count) {
    if (json_array_size(expected) != count) return expected;
    for (size_t i = 0; i < count; i++) if (json_integer_value(json_array_get(expected, i)) != found[i]) return expected;
    return NULL;
}

static bool digits_differ(const json_t *expected, const uint8_t *found, size_t count) {
    const char *digits = json_string_value(expected);
    if (json_string_length(expected) != count) return true;
    for (size_t i = 0; i < count; i++) if (digits[i] - '0' != found[i]) return true;
    return false;
}

static bool offsets_differ(const json_t *expected, const maske_encoding *found) {
    if (json_array_size(expected) != 2 * found->count) return true;
    for (size_t i = 0; i < found->count; i++)
        if (json_integer_value(json_array_get(expected, 2 * i)) != found->char_begin[i] ||
            json_integer_value(json_array_get(expected, 2 * i + 1)) != found->char_end[i]) return true;
    return false;
}

static void check_decoded(const maske_tokenizer *tokenizer, const json_t *item, const maske_encoding *e,
                          const char *name) {
    const json_t *decoded = json_object_get(item, "decoded"), *skipped = json_object_get(item, "skipped");
    for (int skip = 0; skip < 2; skip++) {
        const json_t *expected = skip && skipped != NULL ? skipped : decoded;
        char *text = NULL;
        size_t length = 0;
        assert_ok(maske_tokenizer_decode(tokenizer, e->ids, e->count, skip == 1, &text, &length));
        if (length != json_string_length(expected) || memcmp(text, json_string_value(expected), length) != 0)
            fail_msg("%s: \"%s\" decodes to \"%s\", expected \"%s\"", name,
                     json_string_value(json_object_get(item, "text")), text, json_string_value(expected));
        free(text);
    }
}

/* The member that differs, or NULL. */
static const char *difference(const json_t *expected, const maske_encoding *e) {
    return numbers_differ(json_object_get(expected, "ids"), e->ids, e->count)                   ? "ids"
           : numbers_differ(json_object_get(expected, "types"), e->type_ids, e->count)          ? "type_ids"
           : digits_differ(json_object_get(expected, "mask"), e->special_tokens_mask, e->count) ? "special_tokens_mask"
           : digits_differ(json_object_get(expected, "attention"), e->attention_mask, e->count) ? "attention_mask"
           : offsets_differ(json_object_get(expected, "offsets"), e)                            ? "offsets"
                                                                                                : NULL;
}

/* One call's arguments. */
typedef struct call {
    const char *text, *pair;
    size_t length, pair_length;
    maske_encode_options options;
} call;

static void check_windows(const maske_tokenizer *tokenizer, const json_t *item, const call *c, const char *name) {
    const json_t *overflowing = json_object_get(item, "overflowing");
    maske_encodings windows = {0};
    for (int again = 0; again < 2; again++) {               /* the memory of the first time is used again */
        assert_ok(maske_tokenizer_encode_windows(tokenizer, c->text, c->length, c->pair, c->pair_length, &c->options,
                                                 &windows));
        assert_int_equal(windows.count, 1 + json_array_size(overflowing));
        for (size_t i = 0; i < windows.count; i++) {
            const char *wrong = difference(i == 0 ? item : json_array_get(overflowing, i - 1), &windows.items[i]);
            if (wrong != NULL) fail_msg("%s: \"%s\", window %zu: the %s differ", name, c->text, i, wrong);
        }
    }
    maske_encodings_free(&windows);
}

static void check_case(const maske_tokenizer *tokenizer, const json_t *item, maske_encoding *e, const char *name) {
    const json_t *text = json_object_get(item, "text"), *pair = json_object_get(item, "pair");
    call c = {.text = json_string_value(text), .length = json_string_length(text),
              .pair = pair == NULL ? NULL : json_string_value(pair), .pair_length = json_string_length(pair),
              .options = {.no_special = !json_is_true(json_object_get(item, "special"))}};
    maske_status status =
        maske_tokenizer_encode(tokenizer, c.text, c.length, c.pair, c.pair_length, &c.options, e);
    if (json_object_get(item, "error") != NULL) {
        if (status == MASKE_OK) fail_msg("%s: \"%s\" is encoded where the library fails", name, c.text);
        return;
    }
    if (status != MASKE_OK) fail_msg("%s: \"%s\": %s", name, c.text, maske_error());
    const char *wrong = difference(item, e);
    if (wrong != NULL) fail_msg("%s: \"%s\": the %s differ", name, c.text, wrong);
    check_decoded(tokenizer, item, e, name);
    if (json_object_get(item, "overflowing") != NULL) check_windows(tokenizer, item, &c, name);
    c.options.ids_only = true;
    assert_ok(maske_tokenizer_encode(tokenizer, c.text, c.length, c.pair, c.pair_length, &c.options, e));
    if (numbers_differ(json_object_get(item, "ids"), e->ids, e->count))
        fail_msg("%s: \"%s\": the ids by themselves differ", name, c.text);
}

static void every_variant_answers_as_the_library(void **state) {
    (void)state;
    json_t *root = read_json(GOLDEN "cases.json"), *variants = json_object_get(root, "variants"), *variant, *item;
    size_t i, j, cases = 0;
    maske_encoding e = {0};
    json_array_foreach(variants, i, variant) {
        maske_tokenizer *tokenizer = open_variant(variant);
        json_array_foreach(json_object_get(variant, "cases"), j, item) {
            check_case(tokenizer, item, &e, json_string_value(json_object_get(variant, "name")));
            cases++;
        }
        maske_tokenizer_free(tokenizer);
    }
    assert_true(cases > 500);
    maske_encoding_free(&e);
    json_decref(root);
}

static void saved_files_are_the_librarys_to_the_byte(void **state) {
    (void)state;
    static const char *const bases[] = { "metaspace", "bytelevel", "words", "wordpiece" };
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        char path[512], *expected = NULL, *found = NULL;
        size_t expected_length = 0, found_length = 0;
        maske_tokenizer *tokenizer = NULL;
        snprintf(path, sizeof path, GOLDEN "%s.json", bases[i]);
        const char *folder = scratch_path(bases[i]);
        assert_ok(folder_make(folder));
        assert_ok(maske_tokenizer_open(&tokenizer, path));
        assert_ok(maske_tokenizer_save(tokenizer, folder));
        assert_ok(file_read(&expected, &expected_length, path, 1 << 20));
        snprintf(path, sizeof path, "%s/tokenizer.json", folder);
        assert_ok(file_read(&found, &found_length, path, 1 << 20));
        assert_int_equal(found_length, expected_length);
        assert_memory_equal(found, expected, expected_length);
        free(expected);
        free(found);
        maske_tokenizer_free(tokenizer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_answers_as_the_library),
        cmocka_unit_test(saved_files_are_the_librarys_to_the_byte),
    };
    return cmocka_run_group_tests_name("tokenizer/golden", tests, NULL, NULL);
}
