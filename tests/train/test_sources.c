/* tests of train/sources: files found in order, known again, kept in JSON; what has changed is named. */
#include "train/sources.h"

#include "training.h"

static sources found(const char *const *paths, size_t count, const char *field) {
    sources s = {0};
    assert_ok(sources_find(&s, &(maske_text){paths, count, field}));
    return s;
}

/* Written and read, as corpus.json is. */
static maske_status again(sources *out, const sources *s, const char *folder) {
    buffer text = {0};
    json_writer w = json_writer_start(&text, false);
    json_t *object = NULL;
    sources_write(&w, s);
    assert_ok(json_writer_end(&w));
    assert_ok(json_parse_object(&object, text.data, text.length, "corpus.json"));
    maske_status status = sources_read(out, object, folder, "corpus.json");
    json_decref(object);
    buffer_free(&text);
    return status;
}

static void files_are_kept(void **state) {
    (void)state;
    assert_ok(folder_make(scratch_path("texts")));
    const char *paths[] = {scratch_path("texts"), TOWN};
    scratch_text("texts/b.txt", "ikinci metin\n");
    scratch_text("texts/a.txt", "birinci metin\n");
    sources s = found(paths, 2, "metin"), back = {0};
    assert_int_equal(s.count, 3);
    assert_ok(sources_measure(&s, NULL));
    assert_int_equal(s.files[0].bytes, strlen("birinci metin\n"));
    assert_ok(again(&back, &s, "/elsewhere"));
    assert_int_equal(back.count, 3);
    assert_string_equal(back.field, "metin");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(back.files[i].path, s.files[i].path);
        assert_true(back.files[i].path[0] == '/');
        assert_true(back.files[i].bytes == s.files[i].bytes && back.files[i].fingerprint == s.files[i].fingerprint);
    }
    assert_true(sources_fingerprint(&back) == sources_fingerprint(&s));
    assert_ok(sources_expect_unchanged(&back, NULL));
    scratch_text("texts/b.txt", "ikinci metim\n");
    assert_fails(sources_expect_unchanged(&back, NULL), MASKE_BAD_ARGUMENT, "b.txt: its fingerprint is ");
    scratch_text("texts/b.txt", "ikinci\n");
    assert_fails(sources_expect_unchanged(&back, NULL), MASKE_BAD_ARGUMENT,
                 "b.txt: has 7 bytes, but had 13 when the run began");
    sources_free(&back);
    sources_free(&s);
}

static void text_is_counted_up_to_a_bound(void **state) {
    (void)state;
    const char *paths[] = {TOWN};
    sources s = found(paths, 1, NULL);
    int64_t bytes = 0;
    assert_ok(sources_measure(&s, NULL));
    assert_ok(sources_text_bytes(&bytes, &s, INT64_MAX));
    assert_int_equal(bytes, s.files[0].bytes);
    sources_free(&s);
}

/* A path that JSON cannot hold could not be found again. */
static void names_must_be_utf8(void **state) {
    (void)state;
    const char *paths[] = {scratch_text("caf\xe9.txt", "metin\n")};
    sources s = {0};
    assert_fails(sources_find(&s, &(maske_text){paths, 1, NULL}), MASKE_UNSUPPORTED, "the name is not UTF-8");
}

static void standard_input_is_read_from_its_copy(void **state) {
    (void)state;
    const char *paths[] = {TOWN, "-"};
    sources s = found(paths, 2, NULL), back = {0};
    assert_true(s.files[1].standard_input && !s.files[0].standard_input);
    assert_ok(sources_set_folder(&s, scratch()));
    scratch_text("standard-input.txt", "gelen metin\n");
    assert_ok(sources_measure(&s, NULL));
    assert_ok(again(&back, &s, scratch()));
    assert_true(back.files[1].standard_input);
    assert_string_equal(back.files[1].path, scratch_path("standard-input.txt"));
    assert_ok(sources_expect_unchanged(&back, NULL));
    maske_text text = sources_text(&back);
    assert_string_equal(text.paths[1], scratch_path("standard-input.txt"));
    scratch_text("standard-input.txt", "gelen metim\n");
    assert_fails(sources_expect_unchanged(&back, NULL), MASKE_BAD_ARGUMENT,
                 "standard input's copy: its fingerprint is");
    sources_free(&back);
    sources_free(&s);
}

/* JSON lines from standard input are copied as their texts, which no field is looked for in again. */
static void json_lines_of_standard_input_become_text(void **state) {
    (void)state;
    const char *paths[] = {"-"};
    sources s = found(paths, 1, "metin"), back = {0};
    int64_t bytes = 0;
    assert_non_null(freopen(scratch_text("input", "{\"metin\": \"bir\"}\n"), "r", stdin));
    assert_true(sources_json_lines(&s));
    assert_ok(sources_take_standard_input(&s, scratch(), NULL));
    char *copy;
    size_t length;
    assert_ok(file_read(&copy, &length, scratch_path("standard-input.txt"), 1 << 20));
    assert_int_equal(length, 5);
    assert_memory_equal(copy, "bir\n\n", 5);
    assert_ok(sources_measure(&s, NULL));
    assert_ok(again(&back, &s, scratch()));
    assert_ok(sources_text_bytes(&bytes, &back, INT64_MAX));
    assert_int_equal(bytes, 5);
    free(copy);
    sources_free(&back);
    sources_free(&s);
}

static void corpus_json_is_checked(void **state) {
    (void)state;
    static const struct { const char *text, *words; } cases[] = {
        {"{}", "x: \"files\" is nothing, expected an array"},
        {"{\"files\":[3]}", "x: \"path\""},
        {"{\"files\":[{\"path\":\"/a\",\"bytes\":-1,\"fingerprint\":\"0000000000000000\"}]}", "x: \"bytes\" is -1"},
        {"{\"files\":[{\"path\":\"/a\",\"bytes\":1,\"fingerprint\":7}]}", "x: \"fingerprint\""},
        {"{\"field\":1,\"files\":[]}", "x: \"field\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *object = NULL;
        sources s = {0};
        assert_ok(json_parse_object(&object, cases[i].text, strlen(cases[i].text), "x"));
        assert_fails(sources_read(&s, object, "/", "x"), MASKE_BAD_FILE, cases[i].words);
        json_decref(object);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_kept),     cmocka_unit_test(text_is_counted_up_to_a_bound),
        cmocka_unit_test(names_must_be_utf8), cmocka_unit_test(standard_input_is_read_from_its_copy),
        cmocka_unit_test(json_lines_of_standard_input_become_text),
        cmocka_unit_test(corpus_json_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
