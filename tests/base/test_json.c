/* tests of base/json: the writer's bytes are serde_json's, the reader's sentences name file, key and fault. */
#include "base/json.h"

#include <math.h>

#include "scratch.h"

/* Bytes as serde_json 1.0 writes them, by to_string_pretty and to_string (what the tokenizers library saves with). */
static void write_sample(json_writer *w) {
    json_begin_object(w);
    json_key(w, "version");
    json_text(w, "1.0");
    json_key(w, "truncation");
    json_nothing(w);
    json_key(w, "added_tokens");
    json_begin_array(w);
    json_begin_object(w);
    json_key(w, "id");
    json_int(w, 0);
    json_key(w, "special");
    json_bool(w, true);
    json_end_object(w);
    json_begin_object(w);
    json_end_object(w);
    json_end_array(w);
    json_key(w, "empty");
    json_begin_array(w);
    json_end_array(w);
    json_key(w, "merges");
    json_begin_array(w);
    json_begin_array(w);
    json_text(w, "\xE2\x96\x81");
    json_text(w, "d");
    json_end_array(w);
    json_int(w, -7);
    json_double(w, 0.5);
    json_end_array(w);
    json_end_object(w);
}

static void writes(bool pretty, void (*write)(json_writer *), const char *expected) {
    buffer out = {0};
    json_writer w = json_writer_start(&out, pretty);
    write(&w);
    assert_ok(json_writer_end(&w));
    assert_string_equal(out.data, expected);
    buffer_free(&out);
}

static void pretty_and_compact_bytes(void **state) {
    (void)state;
    writes(true, write_sample,
           "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"added_tokens\": [\n    {\n      \"id\": 0,\n      "
           "\"special\": true\n"
           "    },\n    {}\n  ],\n  \"empty\": [],\n  \"merges\": [\n    [\n      \"\xE2\x96\x81\",\n      \"d\"\n    "
           "],\n    -7,\n    0.5\n  ]\n}");
    writes(false, write_sample,
           "{\"version\":\"1.0\",\"truncation\":null,\"added_tokens\":[{\"id\":0,\"special\":true},{}],\"empty\":[],"
           "\"merges\":[[\"\xE2\x96\x81\",\"d\"],-7,0.5]}");
}

static void write_escapes(json_writer *w) {
    json_begin_array(w);
    json_text(w, "\"\\/\b\t\n\f\r\x01\x1F\x7F \xC3\xA7\xF0\x9F\x98\x80");
    json_text_bytes(w, "a\0b", 3);
    json_text(w, "");
    json_text(w, NULL);
    json_end_array(w);
}

static void escapes(void **state) {
    (void)state;
    writes(false, write_escapes,
           "[\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7F \xC3\xA7\xF0\x9F\x98\x80\",\"a\\u0000b\",\"\",null]");
}

static void write_numbers(json_writer *w) {
    json_begin_array(w);
    json_int(w, INT64_MIN);
    json_int(w, INT64_MAX);
    json_double(w, 1);
    json_double(w, 1e-12);
    json_double(w, NAN);
    json_double(w, -INFINITY);
    json_bool(w, false);
    json_end_array(w);
}

static void numbers(void **state) {
    (void)state;
    writes(false, write_numbers, "[-9223372036854775808,9223372036854775807,1.0,1e-12,null,null,false]");
}

static void write_scalar(json_writer *w) { json_text(w, "alone"); }
static void write_empty_object(json_writer *w) { json_begin_object(w); json_end_object(w); }

static void top_level_values(void **state) {
    (void)state;
    writes(true, write_scalar, "\"alone\"");
    writes(true, write_empty_object, "{}");
}

/* What was read is written again, the integers too that no integer type holds. */
static void write_read_value(json_writer *w) {
    static const char text[] = "{\"b\":[1,-2.5,true,false,null,{}],\"a\":1000000000000000019884624838656,\"\":\"\xC3\xA7\"}";
    json_fault fault;
    json_t *value = json_parse(text, sizeof text - 1, JSON_DECODE_INT_AS_REAL, &fault);
    assert_non_null(value);
    json_value(w, value);
    json_decref(value);
}
static void write_integer_value(json_writer *w) {
    json_t *value = json_integer(INT64_MIN);
    json_value(w, value);
    json_decref(value);
}

static void values(void **state) {
    (void)state;
    writes(false, write_read_value,
           "{\"b\":[1,-2.5,true,false,null,{}],\"a\":1000000000000000019884624838656,\"\":\"\xC3\xA7\"}");
    writes(false, write_integer_value, "-9223372036854775808");
}

/* Every byte below 0x80 comes back as it went in. */
static void what_is_written_is_read(void **state) {
    (void)state;
    char text[127];
    for (int c = 1; c < 128; c++) text[c - 1] = (char)c;
    buffer out = {0};
    json_writer w = json_writer_start(&out, true);
    json_begin_object(&w);
    json_key_bytes(&w, text, sizeof text);
    json_text_bytes(&w, text, sizeof text);
    json_end_object(&w);
    assert_ok(json_writer_end(&w));
    json_t *root;
    assert_ok(json_parse_object(&root, out.data, out.length, "a text"));
    const char *key = json_object_iter_key(json_object_iter(root));
    assert_memory_equal(key, text, sizeof text);
    assert_string_equal(json_string_value(json_object_get(root, key)), key);
    json_decref(root);
    buffer_free(&out);
}

static maske_status parse(const char *text) {
    json_t *root;
    maske_status status = json_parse_object(&root, text, strlen(text), "x.json");
    if (status == MASKE_OK) json_decref(root);
    return status;
}

static void what_is_not_json_is_placed(void **state) {
    (void)state;
    assert_ok(parse("{\"a\": 1}"));
    assert_fails(parse("{\"a\": 1"), MASKE_BAD_FILE, "x.json: line 1, column");
    assert_fails(parse("{\n\"a\": }"), MASKE_BAD_FILE, "x.json: line 2, column 6: not JSON");
    assert_fails(parse("{\"a\": 1, \"a\": 2}"), MASKE_BAD_FILE, "duplicate");
    assert_fails(parse("{\"a\": \"\xFF\"}"), MASKE_BAD_FILE, "unable to decode byte 0xff");
    assert_fails(parse("[1]"), MASKE_BAD_FILE, "x.json: found an array, expected a JSON object");
    assert_fails(parse(""), MASKE_BAD_FILE, "not JSON");
    json_t *root;
    assert_fails(json_read_object(&root, scratch_path("none.json"), 100), MASKE_IO, "none.json: cannot open");
    assert_fails(json_read_object(&root, scratch_text("long.json", "{\"a\": \"long\"}"), 5), MASKE_BAD_FILE,
                 "13 bytes, at most 5");
}

static void members_are_checked(void **state) {
    (void)state;
    const char *text = "{\"i\": 12, \"d\": 0.5, \"s\": \"text\", \"b\": true, \"n\": null, \"o\": {}, \"one\": 1.0}";
    json_t *o;
    assert_ok(json_parse_object(&o, text, strlen(text), "c.json"));
    int64_t i = 0;
    double d = 0;
    bool b = false;
    const char *s = NULL;
    assert_ok(json_get_integer(&i, o, "i", 1, 12, "c.json"));
    assert_int_equal(i, 12);
    assert_fails(json_get_integer(&i, o, "i", 13, 20, "c.json"), MASKE_BAD_FILE,
                 "c.json: \"i\" is 12, expected 13 to 20");
    assert_fails(json_get_integer(&i, o, "one", 0, 9, "c.json"), MASKE_BAD_FILE,
                 "\"one\": found a number with a point, expected an integer");
    assert_fails(json_get_integer(&i, o, "none", 0, 9, "c.json"), MASKE_BAD_FILE, "\"none\": found nothing");
    assert_ok(json_get_integer_or(&i, 5, o, "none", 0, 9, "c.json"));
    assert_int_equal(i, 5);
    assert_ok(json_get_integer_or(&i, 6, o, "n", 0, 9, "c.json"));
    assert_int_equal(i, 6);
    assert_fails(json_get_integer_or(&i, 6, o, "s", 0, 9, "c.json"), MASKE_BAD_FILE, "found a string");
    assert_int_equal(i, 6);
    assert_ok(json_get_number_or(&d, 9, o, "d", 0, 1, "c.json"));
    assert_true(d == 0.5);
    assert_ok(json_get_number_or(&d, 9, o, "i", 0, 100, "c.json"));
    assert_true(d == 12);
    assert_ok(json_get_number_or(&d, 9, o, "none", 0, 1, "c.json"));
    assert_true(d == 9);
    assert_fails(json_get_number_or(&d, 9, o, "d", 1, 2, "c.json"), MASKE_BAD_FILE, "\"d\" is 0.5, expected 1 to 2");
    assert_ok(json_get_boolean_or(&b, false, o, "b", "c.json"));
    assert_true(b);
    assert_fails(json_get_boolean_or(&b, false, o, "i", "c.json"), MASKE_BAD_FILE, "expected true or false");
    assert_ok(json_get_text(&s, o, "s", "c.json"));
    assert_string_equal(s, "text");
    assert_fails(json_get_text(&s, o, "o", "c.json"), MASKE_BAD_FILE, "\"o\": found an object, expected a string");
    assert_ok(json_get_text_or(&s, "other", o, "n", "c.json"));
    assert_string_equal(s, "other");
    json_decref(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pretty_and_compact_bytes),
        cmocka_unit_test(escapes),
        cmocka_unit_test(numbers),
        cmocka_unit_test(top_level_values),
        cmocka_unit_test(values),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_not_json_is_placed),
        cmocka_unit_test(members_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
