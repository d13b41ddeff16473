/* tests/tokenizer/test_windows.c: what truncation cuts off, as further encodings: where the library's answer (in
 * test_golden.c) does not reach. */
#include "maske.h"
#include "scratch.h"

#define MODEL                                                                                                          \
    "\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"                                                                \
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"s\":2},\"merges\":[]}}"
#define CUT(length, stride)                                                                                            \
    "\"truncation\":{\"max_length\":" length ",\"strategy\":\"LongestFirst\",\"stride\":" stride "},"
#define TWICE                                                                                                          \
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"     \
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":1}}],\"pair\":[],\"special_tokens\":{}},"

static maske_tokenizer *tokenizer_of(const char *members) {
    buffer text = {0};
    maske_tokenizer *t = NULL;
    assert_ok(buffer_add_format(&text, "{\"version\":\"1.0\",%s" MODEL, members));
    assert_ok(maske_tokenizer_open(&t, scratch_text("tokenizer.json", text.data)));
    buffer_free(&text);
    return t;
}

static maske_status windows_of(const maske_tokenizer *t, const char *text, const char *pair, maske_encodings *out) {
    return maske_tokenizer_encode_windows(t, text, strlen(text), pair, pair == NULL ? 0 : strlen(pair), NULL, out);
}

static void what_is_not_cut_is_one_window(void **state) {
    (void)state;
    maske_tokenizer *whole = tokenizer_of(""), *cut = tokenizer_of(CUT("3", "1"));
    maske_encodings out = {0};
    assert_ok(windows_of(whole, "a b a b a b", NULL, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.items[0].count, 6);
    assert_ok(windows_of(cut, "a b a", NULL, &out));
    assert_int_equal(out.count, 1);
    assert_ok(windows_of(cut, "", NULL, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.items[0].count, 0);
    maske_encode_options options = {.no_truncation = true};
    assert_ok(maske_tokenizer_encode_windows(cut, "a b a b", 7, NULL, 0, &options, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.items[0].count, 4);
    maske_encodings_free(&out);
    maske_encodings_free(&out);
    maske_encodings_free(NULL);
    maske_tokenizer_free(whole);
    maske_tokenizer_free(cut);
}

/* Every token is in the window it must be in, and points at its own place in the whole text, in characters and bytes.
 */
static void windows_point_into_the_whole_text(void **state) {
    (void)state;
    enum { WORDS = 20000, KEEP = 9, STRIDE = 4 };
    maske_tokenizer *t = tokenizer_of(CUT("9", "4"));
    buffer text = {0};
    for (int i = 0; i < WORDS; i++) assert_ok(buffer_add_text(&text, i % 3 == 0 ? "a \xC3\xA7 " : "b "));
    maske_encodings out = {0};
    assert_ok(windows_of(t, text.data, NULL, &out));
    assert_int_equal(out.count, 1 + (WORDS - KEEP + KEEP - STRIDE - 1) / (KEEP - STRIDE));
    for (size_t w = 0; w < out.count; w++) {
        const maske_encoding *e = &out.items[w];
        for (size_t i = 0; i < e->count; i++) {
            size_t word = w * (KEEP - STRIDE) + i, odd = (word + 2) / 3; /* so many times a second word of two bytes */
            assert_int_equal(e->ids[i], word % 3 == 0 ? 0 : 1);
            assert_int_equal(e->char_begin[i], 2 * word + 2 * odd);
            assert_int_equal(e->byte_begin[i], 2 * word + 3 * odd);
            assert_int_equal(e->byte_end[i], e->byte_begin[i] + 1);
        }
    }
    maske_encodings_free(&out);
    buffer_free(&text);
    maske_tokenizer_free(t);
}

static void refusals_leave_nothing(void **state) {
    (void)state;
    maske_tokenizer *twice = tokenizer_of(CUT("4", "0") TWICE), *cut = tokenizer_of(CUT("2", "0"));
    maske_encodings out = {0};
    assert_ok(windows_of(twice, "a b", NULL, &out));
    assert_int_equal(out.items[0].count, 4);
    assert_fails(windows_of(twice, "a b a b a", NULL, &out), MASKE_UNSUPPORTED, "puts out a text twice");
    assert_int_equal(out.count, 0);
    assert_fails(windows_of(cut, "a \xFF", NULL, &out), MASKE_BAD_ARGUMENT, "not UTF-8 at byte 2");
    char *text = calloc(20001, 1);
    for (int i = 0; i < 20000; i++) text[i] = i % 2 == 0 ? 'a' : ' ';
    assert_fails(windows_of(cut, text, text, &out), MASKE_BAD_ARGUMENT, "10000 times 10000 windows");
    assert_int_equal(out.count, 0);
    free(text);
    maske_encodings_free(&out);
    maske_tokenizer_free(twice);
    maske_tokenizer_free(cut);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_cut_is_one_window),
        cmocka_unit_test(windows_point_into_the_whole_text),
        cmocka_unit_test(refusals_leave_nothing),
    };
    return cmocka_run_group_tests_name("tokenizer/windows", tests, NULL, NULL);
}
