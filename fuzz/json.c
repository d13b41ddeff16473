/* fuzz/json.c: JSON: what jansson's own reader takes is taken with the same value, and nothing else; a value written is
 * read again as the same. */
#include "fuzz.h"
#include "base/json.h"
#include "base/json_parse.h"

static void write_value(json_writer *w, const json_t *value) {
    const char *key;
    json_t *member;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_begin_object(w);
        json_object_foreach((json_t *)(uintptr_t)value, key, member) {
            json_key(w, key);
            write_value(w, member);
        }
        json_end_object(w);
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (size_t i = 0; i < json_array_size(value); i++) write_value(w, json_array_get(value, i));
        json_end_array(w);
        break;
    case JSON_STRING:  json_text_bytes(w, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: json_int(w, json_integer_value(value)); break;
    case JSON_REAL:    json_double(w, json_real_value(value)); break;
    case JSON_TRUE:
    case JSON_FALSE:   json_bool(w, json_is_true(value)); break;
    case JSON_NULL:    json_nothing(w); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned more[] = {0, JSON_ALLOW_NUL, JSON_DECODE_ANY, JSON_DECODE_INT_AS_REAL};
    fuzz_input in = fuzz_start(data, size);
    unsigned choice = fuzz_byte(&in), flags = (choice & 1 ? JSON_REJECT_DUPLICATES : 0) | more[choice / 2 % 4];
    json_fault fault = {0};
    json_error_t error;
    json_t *ours = json_parse(in.at, in.left, flags, &fault), *theirs = json_loadb(in.at, in.left, flags, &error);
    /* jansson's reader passes over a NUL byte behind a number; such a text is no JSON. */
    bool passed_over = ours == NULL && theirs != NULL && memchr(in.at, '\0', in.left) != NULL;
    CHECK((ours == NULL) == (theirs == NULL) || passed_over);
    if (passed_over) json_decref(theirs);
    else if (ours == NULL) {
        CHECK(!fault.out_of_memory && fault.text[0] != '\0' && fault.position <= in.left && fault.line >= 1);
        CHECK(fault.duplicate_key == (json_error_code(&error) == json_error_duplicate_key));
    }
    if (ours == NULL) return 0;
    CHECK(json_equal(ours, theirs));
    buffer text = {0};
    json_writer w = json_writer_start(&text, choice & 8);
    write_value(&w, ours);
    MUST(json_writer_end(&w));
    json_t *again = json_parse(text.data, text.length, JSON_ALLOW_NUL | JSON_DECODE_ANY, &fault);
    CHECK(again != NULL && json_equal(ours, again));
    json_decref(again);
    json_decref(ours);
    json_decref(theirs);
    buffer_free(&text);
    return 0;
}
