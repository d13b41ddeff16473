/* tests of base/json_parse: RFC 8259 and no more; the same as jansson's reader says of whole and of spoiled texts. */
#include "base/json_parse.h"

#include "scratch.h"

static json_fault fault;
static json_t *parse(const char *text, size_t length) { return json_parse(text, length, JSON_DECODE_ANY, &fault); }

static void refused_texts_are(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "]",
        "{]",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "01",
        "-",
        "-a",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "truee",
        "nul",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\u0000\"",
        "\"\n\"",
        "\"\xFF\"",
        "\"\xC3\"",
        "1 2",
        "[1]]",
        "9223372036854775808",
        "-9223372036854775809",
        "1e999",
        "/**/1",
        "'a'",
        "[\"a\" \"b\"]",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *value = parse(texts[i], strlen(texts[i]));
        if (value != NULL) fail_msg("taken: %s", texts[i]);
        assert_false(fault.out_of_memory || fault.duplicate_key);
        assert_true(fault.text[0] != '\0' && fault.line == 1);
    }
    assert_null(json_parse("1", 1, 0, &fault));
    assert_null(json_parse("{\"a\":1,\"a\":2}", 13, JSON_REJECT_DUPLICATES, &fault));
    assert_true(fault.duplicate_key && fault.position == 10);
}

static void values_are_those_of_the_text(void **state) {
    (void)state;
    static const char text[] = " {\"a\" : [1, -0, 2.5e3, 9223372036854775807, true, false, null, {}, [ "
                               "]],\n\t\"\\u00e7\\\"\\\\\\/\\b\\f\\n\\r\\t\""
                               ": \"x\\uD83D\\uDE00y \xC3\xA7\", \"\": \"\"}\r\n";
    json_t *root = json_parse(text, sizeof text - 1, 0, &fault), *array = json_object_get(root, "a");
    assert_int_equal(json_array_size(array), 9);
    assert_int_equal(json_integer_value(json_array_get(array, 0)), 1);
    assert_true(json_real_value(json_array_get(array, 2)) == 2500.0);
    assert_true(json_integer_value(json_array_get(array, 3)) == INT64_MAX);
    assert_true(json_is_null(json_array_get(array, 6)));
    assert_string_equal(json_string_value(json_object_get(root, "\xC3\xA7\"\\/\b\f\n\r\t")),
                        "x\xF0\x9F\x98\x80y \xC3\xA7");
    assert_string_equal(json_string_value(json_object_get(root, "")), "");
    json_decref(root);
    root = json_parse("[\"a\\u0000b\", 7]", 15, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &fault);
    assert_int_equal(json_string_length(json_array_get(root, 0)), 3);
    assert_true(json_is_real(json_array_get(root, 1)));
    json_decref(root);
}

static void depth_has_an_end(void **state) {
    (void)state;
    char text[2 * 2049];
    for (size_t depth = 2048; depth <= 2049; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        json_t *value = parse(text, 2 * depth);
        assert_int_equal(value != NULL, depth == 2048);
        json_decref(value);
    }
}

/* A text with one byte changed or its end missing is taken by both readers or by neither, with equal values. */
static void spoiled_texts_are_as_jansson_says(void **state) {
    (void)state;
    static const char whole[] = "{\"key\": [1, -2.5e+3, \"t\\u00e7\\n\xC3\xA7\", true, null], \"o\": {\"k\": {}, "
                                "\"l\": []}, \"s\": \"a\\\\b\"}";
    char text[sizeof whole];
    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (int c = 0; c < 257; c++) {
            memcpy(text, whole, sizeof whole);
            size_t length = c == 256 ? i : sizeof whole - 1;
            text[i] = (char)c;
            json_error_t error;
            json_t *expected = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
            json_t *found = json_parse(text, length, JSON_REJECT_DUPLICATES, &fault);
            if ((expected != NULL) != (found != NULL) || (found != NULL && !json_equal(found, expected)))
                fail_msg("byte %zu as %d: %s by us (%s), %s by jansson (%s)", i, c, found ? "taken" : "refused",
                         fault.text, expected ? "taken" : "refused", error.text);
            json_decref(expected);
            json_decref(found);
        }
}

/* Members that are kept apart: what is in them, and every text with one byte changed or its end missing is taken or
 * refused, with the same fault, as without. */
static void plain_members_are_kept_apart(void **state) {
    (void)state;
    static const char whole[] = "{\"vocab\":{\"x\":1},\"model\": {\"vocab\" : {\"a\": 0 , \"\\u00e7b\":-12},\"merges\":[[\"a\", \"b\"],"
                                "[\"\",\"c\"]],\"old\":[\"a b\",\"c d\"],\"odd\":[\"a\",1],\"n\":{\"merges\":[]}}, \"old\":[\"x\"]}";
    json_plain plain[] = {{.key = "vocab"}, {.key = "merges"}, {.key = "old"}, {.key = "odd"}, {.key = "none"}};
    enum { COUNT = sizeof plain / sizeof *plain };
    json_t *root = json_parse_plain(whole, sizeof whole - 1, JSON_REJECT_DUPLICATES, &fault, "model", plain, COUNT);
    json_t *model = json_object_get(root, "model");
    static const json_plain_kind kinds[] = {JSON_PLAIN_INTEGERS, JSON_PLAIN_PAIRS, JSON_PLAIN_STRINGS};
    static const size_t counts[] = {2, 4, 2, 0, 0};
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(plain[i].kind, i < 3 ? kinds[i] : JSON_PLAIN_NONE);
        assert_int_equal(plain[i].count, counts[i]);
        if (i < 3) assert_int_equal(json_object_size(json_object_get(model, plain[i].key)), 0);
    }
    assert_string_equal(plain[0].texts.data + plain[0].items[1].offset, "\xC3\xA7\x62");
    assert_int_equal(plain[0].items[1].length, 3);
    assert_int_equal(plain[0].items[1].integer, -12);
    assert_string_equal(plain[1].texts.data + plain[1].items[3].offset, "c");
    assert_int_equal(json_array_size(json_object_get(model, "odd")), 2);
    assert_int_equal(json_object_size(json_object_get(root, "vocab")), 1);
    json_decref(root);
    char text[sizeof whole];
    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (int c = 0; c < 257; c++) {
            memcpy(text, whole, sizeof whole);
            size_t length = c == 256 ? i : sizeof whole - 1;
            text[i] = (char)c;
            json_fault usual;
            for (int j = 0; j < COUNT; j++) json_plain_free(&plain[j]);
            json_t *expected = json_parse(text, length, 0, &usual);
            json_t *found = json_parse_plain(text, length, 0, &fault, "model", plain, COUNT);
            if ((expected != NULL) != (found != NULL) || (found == NULL && (fault.line != usual.line ||
                fault.column != usual.column || strcmp(fault.text, usual.text) != 0)))
                fail_msg("byte %zu as %d: \"%s\", without plain members \"%s\"", i, c, found ? "taken" : fault.text,
                         expected ? "taken" : usual.text);
            json_decref(expected);
            json_decref(found);
        }
    for (int j = 0; j < COUNT; j++) json_plain_free(&plain[j]);
}

/* A whole text that is plain; where it is not, all of it is as usual. */
static void a_plain_text_is_kept_apart(void **state) {
    (void)state;
    static const char whole[] = " {\"a\": 3,\"vocab\":1, \"\":2} ", nested[] = "{\"\":{\"vocab\":{\"a\":0}},\"vocab\":{\"b\":1}}";
    json_plain plain = {.key = "vocab"};
    json_t *root = json_parse_plain(whole, sizeof whole - 1, JSON_REJECT_DUPLICATES, &fault, "", &plain, 1);
    assert_true(json_is_object(root) && json_object_size(root) == 0);
    assert_int_equal(plain.kind, JSON_PLAIN_INTEGERS);
    assert_int_equal(plain.count, 3);
    assert_string_equal(plain.texts.data + plain.items[1].offset, "vocab");
    assert_int_equal(plain.items[2].integer, 2);
    json_decref(root);
    json_plain_free(&plain);
    root = json_parse_plain(nested, sizeof nested - 1, JSON_REJECT_DUPLICATES, &fault, "", &plain, 1);
    assert_int_equal(json_object_size(root), 2);
    assert_int_equal(plain.kind, JSON_PLAIN_NONE);
    json_decref(root);
    static const char *const broken[] = {"{\"a\":1", "{\"a\":1}}", "{\"a\":1} x", "{\"a\":1},{\"b\":2}", "{\"a\":}", "{\"a\" 1}", "{,}", ""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        json_fault usual;
        assert_null(json_parse(broken[i], strlen(broken[i]), 0, &usual));
        assert_null(json_parse_plain(broken[i], strlen(broken[i]), 0, &fault, "", &plain, 1));
        assert_string_equal(fault.text, usual.text);
        assert_int_equal(fault.column, usual.column);
        json_plain_free(&plain);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_texts_are),
        cmocka_unit_test(values_are_those_of_the_text),
        cmocka_unit_test(plain_members_are_kept_apart),
        cmocka_unit_test(a_plain_text_is_kept_apart),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(spoiled_texts_are_as_jansson_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
