/* tests/tokenizer/test_normalizer.c: each normalizer by itself: the text it makes, and what each character of it stands
 * for, as the library has it; the way without origins; what it writes. */
#include "tokenizer/normalizer.h"

#include "component_golden.h"

static void check_origins(const char *saved, const json_t *text, const json_t *expected, const aligned_bytes *found) {
    size_t i = 0, size;
    for (size_t at = 0; at < found->length; at += size, i += 2) {
        size = utf8_size(found->bytes[at]);
        text_range first = found->origins[at], last = found->origins[at + size - 1];
        long begin = (long)json_integer_value(json_array_get(expected, i)),
             end = (long)json_integer_value(json_array_get(expected, i + 1));
        if (first.begin != begin || last.end != end)
            fail_msg("%s: \"%s\": character %zu stands for %u-%u, expected %ld-%ld", saved, json_string_value(text),
                     i / 2, first.begin, last.end, begin, end);
    }
    assert_int_equal(i, json_array_size(expected));
}

static void check_normalizer(const json_t *component, const char *saved, const json_t *cases) {
    normalizer *n = NULL;
    aligned_text text = {0}, scratch = {0};
    json_t *item;
    size_t i;
    assert_ok(normalizer_read(&n, component, "test"));
    json_array_foreach(cases, i, item) {
        const json_t *given = json_array_get(item, 0), *expected = json_array_get(item, 1);
        const char *bytes = json_string_value(given), *plain;
        size_t length = json_string_length(given), plain_length;
        assert_ok(aligned_text_set(&text, bytes, length, 0, true));
        assert_ok(normalizer_apply(n, &text));
        expect_bytes("text", saved, given, expected, text.now.bytes, text.now.length);
        check_origins(saved, given, json_array_get(item, 2), &text.now);
        size_t start = 0, expected_start = 0;
        while (expected_start < text.now.length && text.now.origins[expected_start].begin == 0) expected_start++;
        assert_ok(normalizer_apply_plain(n, bytes, length, &scratch, &plain, &plain_length, &start));
        expect_bytes("text without origins", saved, given, expected, plain, plain_length);
        if (start != expected_start)
            fail_msg("%s: \"%s\": %zu bytes are of the start, %zu without origins", saved, bytes, expected_start, start);
    }
    aligned_text_free(&text);
    aligned_text_free(&scratch);
    normalizer_free(n);
}

static void check_writing(const json_t *component, const char *saved, const json_t *cases) {
    (void)cases;
    normalizer *n = NULL;
    buffer out = {0};
    json_writer w = json_writer_start(&out, false);
    assert_ok(normalizer_read(&n, component, "test"));
    normalizer_write(&w, n);
    assert_ok(json_writer_end(&w));
    assert_string_equal(out.data, saved);
    buffer_free(&out);
    normalizer_free(n);
}

static void each_normalizer_is_the_librarys(void **state) {
    (void)state;
    each_component("normalizers", check_normalizer);
}

static void each_normalizer_is_written_as_it_was_read(void **state) {
    (void)state;
    each_component("normalizers", check_writing);
}

/* Unicode's own rule: marks in the order of their classes, whatever the number of them; no mark is composed over one of
 * its class. Runs longer than any block or buffer. */
static void long_runs_of_marks_keep_their_order(void **state) {
    (void)state;
    enum { RUN = 3000 };
    normalizer *n = NULL;
    aligned_text text = {0};
    buffer given = {0}, expected = {0};
    assert_ok(buffer_add_text(&given, "q"));
    assert_ok(buffer_add_text(&expected, "q"));
    for (int i = 0; i < RUN; i++) assert_ok(buffer_add_text(&given, "\xCC\x87\xCC\xA3")); /* above, below */
    for (int i = 0; i < RUN; i++) assert_ok(buffer_add_text(&expected, "\xCC\xA3"));
    for (int i = 0; i < RUN; i++) assert_ok(buffer_add_text(&expected, "\xCC\x87"));
    assert_ok(normalizer_new_named(&n, "nfc"));
    assert_ok(aligned_text_set(&text, given.data, given.length, 0, true));
    assert_ok(normalizer_apply(n, &text));
    assert_int_equal(text.now.length, expected.length);
    assert_memory_equal(text.now.bytes, expected.data, expected.length);
    buffer_free(&given);
    buffer_free(&expected);
    aligned_text_free(&text);
    normalizer_free(n);
}

static void names_give_normalizers(void **state) {
    (void)state;
    static const char *const names[] = {"none", "nfc", "nfkc", "bert-cased", "bert-uncased", "lower-tr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        normalizer *n = NULL;
        assert_ok(normalizer_new_named(&n, names[i]));
        assert_int_equal(n == NULL, i == 0);
        normalizer_free(n);
    }
    normalizer *n = NULL;
    assert_fails(normalizer_new_named(&n, "nfx"), MASKE_BAD_ARGUMENT,
                 "found normalizer \"nfx\", expected none, nfc, nfkc, bert-cased, bert-uncased or lower-tr");
    assert_null(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_normalizer_is_the_librarys),
        cmocka_unit_test(each_normalizer_is_written_as_it_was_read),
        cmocka_unit_test(long_runs_of_marks_keep_their_order),
        cmocka_unit_test(names_give_normalizers),
    };
    return cmocka_run_group_tests_name("tokenizer/normalizer", tests, NULL, NULL);
}
