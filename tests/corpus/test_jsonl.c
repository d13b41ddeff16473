/* tests of corpus/jsonl: a record is a document; what is not one is named with its line. */
#include "corpus/jsonl.h"
#include "corpus/lines.h"

#include "reading.h"

static const char *texts(const char *lines) { return reading(scratch_text("x.jsonl", lines)); }
static maske_status fails(const char *lines) { return fails_reading(scratch_text("x.jsonl", lines)); }

static void a_record_is_a_document(void **state) {
    (void)state;
    assert_string_equal(texts("{\"text\": \"bir\"}\n{\"id\": 1, \"text\": \"iki\"}\n"), "bir\n\niki\n\n");
    assert_string_equal(texts("{\"text\": \"a\\nb\\r\\n\\n \\t\\nc\\n\"}"), "a\nb\nc\n\n");
    assert_string_equal(texts("\n{\"text\": \"a\"}\r\n  \n\n{\"text\": \"b\"}\n"), "a\n\nb\n\n");
    assert_string_equal(texts("{\"text\": \"\"}\n{\"text\": \"x\"}\n"), "\nx\n\n");
    assert_string_equal(texts("{\"text\": \"\\u00e7 \\ud83d\\ude00 \\\" \\\\ {[\"}"),
                        "\xC3\xA7 \xF0\x9F\x98\x80 \" \\ {[\n\n");
}

static void lines_and_bytes_are_the_texts_own(void **state) {
    (void)state;
    const char *path = scratch_text("x.jsonl", "{\"text\": \"bir\"}\n{\"text\": \"iki\\nuc\"}\n");
    buffer out = {0};
    corpus_totals totals;
    assert_ok(try_reading(&out, &totals, &path, 1, NULL));
    assert_int_equal(totals.lines, 3);
    assert_int_equal(totals.bytes, 4 + 4 + 3);
    assert_int_equal(totals.file_bytes, totals.file_bytes_total);
    buffer_free(&out);
}

static void another_field_may_be_asked_for(void **state) {
    (void)state;
    const char *path = scratch_text("x.jsonl", "{\"text\": \"no\", \"content\": \"yes\"}");
    buffer out = {0};
    assert_ok(try_reading(&out, NULL, &path, 1, "content"));
    assert_string_equal(out.data, "yes\n\n");
    assert_fails(try_reading(&out, NULL, &path, 1, "body"), MASKE_BAD_FILE,
                 "x.jsonl: line 1: found \"text\", \"content\", expected a member \"body\"");
    buffer_free(&out);
}

static void what_is_wrong_is_named_with_its_line(void **state) {
    (void)state;
    assert_fails(fails("{\"text\": \"a\"}\n\n{\"text\": 3}\n"), MASKE_BAD_FILE,
                 "x.jsonl: line 3: \"text\": found an integer, expected a string");
    assert_fails(fails("{\"text\": null}"), MASKE_BAD_FILE, "line 1: \"text\": found null");
    assert_fails(fails("{}"), MASKE_BAD_FILE, "line 1: found an empty object");
    assert_fails(fails("{\"text\": \"a\"}\n[\"text\"]"), MASKE_BAD_FILE,
                 "line 2: found an array, expected a JSON object");
    assert_fails(fails("{\"text\": \"a\"}\n\"text\""), MASKE_BAD_FILE, "line 2: found a string");
    assert_fails(fails("{\"text\": \"a\"}\n{\"text\": \"b\""), MASKE_BAD_FILE, "line 2, column");
    assert_fails(fails("{\"text\": \"a\"} {}"), MASKE_BAD_FILE, "line 1, column");
    assert_fails(fails("plain text\n"), MASKE_BAD_FILE, "line 1, column");
    assert_fails(fails("{\"text\": \"a\", \"text\": \"b\"}"), MASKE_BAD_FILE, "duplicate");
    assert_fails(fails("{\"text\": \"\\ud800\"}"), MASKE_BAD_FILE, "line 1");
}

static void wrong_bytes_are_repaired_first(void **state) {
    (void)state;
    assert_string_equal(texts("{\"text\": \"a\xFF" "b\"}"), "a\xEF\xBF\xBD" "b\n\n");
}

static void depth_has_a_limit(void **state) {
    (void)state;
    for (int depth = JSONL_DEPTH - 1; depth <= JSONL_DEPTH; depth++) {
        buffer b = {0};
        assert_ok(buffer_add_text(&b, "{\"text\": \"[[[[{{{{ \\\" [[[\", \"deep\": "));
        for (int i = 0; i < depth; i++) assert_ok(buffer_add_text(&b, "["));
        for (int i = 0; i < depth; i++) assert_ok(buffer_add_text(&b, "]"));
        assert_ok(buffer_add_text(&b, "}\n"));
        if (depth < JSONL_DEPTH) assert_ok(fails(b.data));
        else assert_fails(fails(b.data), MASKE_BAD_FILE, "line 1: more than 64");
        buffer_free(&b);
    }
}

static void names_tell_json_lines(void **state) {
    (void)state;
    assert_string_equal(reading(scratch_text("x.json", "{\"text\": \"a\"}\n")), "{\"text\": \"a\"}\n");
    assert_string_equal(reading(scratch_text("x.jsonl.txt", "{\"text\": \"a\"}\n")), "{\"text\": \"a\"}\n");
    assert_string_equal(reading(scratch_text("x.jsonl.gz", "{\"text\": \"a\"}\n")), "a\n\n");
    assert_string_equal(reading(scratch_text("x.jsonl.zst", "{\"text\": \"a\"}\n")), "a\n\n");
    assert_string_equal(reading(scratch_text("x.ndjson", "{\"text\": \"a\"}\n")), "a\n\n");
    assert_string_equal(reading(scratch_text("x.ndjson.bz2", "{\"text\": \"a\"}\n")), "a\n\n");
}

/* What has no name is JSON lines where the field to take is given; a field that nothing has is said. */
static void a_field_is_never_ignored(void **state) {
    (void)state;
    static const char lines[] = "{\"body\": \"bir\"}\n{\"body\": \"iki\"}\n";
    const char *input[] = {"-"}, *named[] = {scratch_text("x.txt", lines), scratch_text("x.jsonl", lines)};
    buffer out = {0};
    for (int i = 0; i < 2; i++) {
        assert_non_null(freopen(named[0], "r", stdin));
        assert_ok(try_reading(&out, NULL, input, 1, i == 0 ? NULL : "body"));
        assert_string_equal(out.data, i == 0 ? lines : "bir\n\niki\n\n");
    }
    assert_fails(try_reading(&out, NULL, named, 1, "body"), MASKE_BAD_ARGUMENT,
                 "field is \"body\", but no text is JSON lines, expected a file named .jsonl or .ndjson, or \"-\"");
    assert_ok(try_reading(&out, NULL, named, 2, "body"));
    assert_ok(try_reading(&out, NULL, named, 1, NULL));
    buffer_free(&out);
}

static void separators_stand_between_kinds_of_files(void **state) {
    (void)state;
    const char *paths[] = {scratch_text("1.txt", "plain"), scratch_text("2.jsonl", "{\"text\": \"json\"}"),
                           scratch_text("3.txt", "plain\n")};
    buffer out = {0};
    corpus_totals totals;
    assert_ok(try_reading(&out, &totals, paths, 3, NULL));
    assert_string_equal(out.data, "plain\n\njson\n\n\nplain\n");
    assert_int_equal(totals.lines, 3);
    assert_int_equal(totals.files, 3);
    buffer_free(&out);
}

/* A text of over 16 MiB in one record is cut; a record of over 64 MiB is refused. */
static void long_texts_and_records(void **state) {
    (void)state;
    buffer b = {0}, out = {0};
    const size_t lengths[] = {LINES_LONGEST + 1, JSONL_LONGEST};
    for (size_t i = 0; i < 2; i++) {
        buffer_clear(&b);
        assert_ok(buffer_add_text(&b, "{\"text\": \"first\"}\n{\"text\": \""));
        assert_ok(buffer_reserve(&b, lengths[i] + 3));
        memset(b.data + b.length, 'a', lengths[i]);
        b.length += lengths[i];
        assert_ok(buffer_add_text(&b, "\"}"));
        const char *path = scratch_write("long.jsonl", b.data, b.length);
        corpus_totals totals;
        if (i == 0) {
            assert_ok(try_reading(&out, &totals, &path, 1, NULL));
            assert_int_equal(totals.cut_lines, 1);
            assert_int_equal(out.length, 7 + LINES_LONGEST + 1 + 1 + 1 + 1);
        } else
            assert_fails(try_reading(&out, &totals, &path, 1, NULL), MASKE_BAD_FILE,
                         "long.jsonl: line 2: longer than 64 MiB");
    }
    buffer_free(&b);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_document),         cmocka_unit_test(lines_and_bytes_are_the_texts_own),
        cmocka_unit_test(another_field_may_be_asked_for), cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(wrong_bytes_are_repaired_first), cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(names_tell_json_lines),
        cmocka_unit_test(a_field_is_never_ignored),          cmocka_unit_test(separators_stand_between_kinds_of_files),
        cmocka_unit_test(long_texts_and_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
