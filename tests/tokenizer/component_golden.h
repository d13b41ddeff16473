/* tests/tokenizer/component_golden.h: the cases of golden/components.json, which
 * tests/reference/make_component_golden.py made with the tokenizers library. */
#ifndef MASKE_TESTS_COMPONENT_GOLDEN_H
#define MASKE_TESTS_COMPONENT_GOLDEN_H

#include "base/json.h"
#include "scratch.h"

typedef void component_check(const json_t *component, const char *saved, const json_t *cases);

/* Calls check for each component of a list: its JSON, the same as the library saves it, its cases. */
static inline void each_component(const char *list, component_check *check) {
    json_t *root = json_load_file(TEST_DATA "/tokenizer/golden/components.json", JSON_ALLOW_NUL, NULL), *item;
    assert_non_null(root);
    size_t i;
    json_array_foreach(json_object_get(root, list), i, item) {
        const char *saved = json_string_value(json_object_get(item, "json"));
        json_t *component = json_loads(saved, 0, NULL);
        assert_non_null(component);
        check(component, saved, json_object_get(item, "cases"));
        json_decref(component);
    }
    assert_true(i > 30);
    json_decref(root);
}

static inline void expect_bytes(const char *what, const char *component, const json_t *text, const json_t *expected,
                                const char *found, size_t length) {
    if (length == json_string_length(expected) &&
        (length == 0 || memcmp(found, json_string_value(expected), length) == 0)) return;
    fail_msg("%s: \"%s\": the %s is \"%.*s\", expected \"%s\"", component, json_string_value(text), what, (int)length,
             length == 0 ? "" : found, json_string_value(expected));
}

#endif
