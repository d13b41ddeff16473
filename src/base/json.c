/* base/json.c: JSON in and out. */
#include "base/json.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------- reading --- */

maske_status json_parse_object(json_t **out, const char *text, size_t length, const char *name) {
    return json_parse_object_plain(out, text, length, name, NULL, NULL, 0);
}

maske_status json_parse_object_plain(json_t **out, const char *text, size_t length, const char *name, const char *in,
                                     json_plain *plain, size_t plain_count) {
    json_fault fault;
    json_t *root = json_parse_plain(text, length, JSON_REJECT_DUPLICATES, &fault, in, plain, plain_count);
    if (root == NULL) {
        if (fault.out_of_memory) return error_memory(length, name);
        return error_set(MASKE_BAD_FILE, "%s: line %d, column %d: not JSON: %s", name, fault.line, fault.column, fault.text);
    }
    if (!json_is_object(root)) {
        maske_status status = error_set(MASKE_BAD_FILE, "%s: found %s, expected a JSON object", name, json_kind(root));
        json_decref(root);
        return status;
    }
    *out = root;
    return MASKE_OK;
}

maske_status json_read_object(json_t **out, const char *path, size_t limit) {
    char *text;
    size_t length;
    TRY(file_read(&text, &length, path, limit));
    maske_status status = json_parse_object(out, text, length, path);
    free(text);
    return status;
}

const char *json_kind(const json_t *value) {
    if (value == NULL) return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:  return "an object";
    case JSON_ARRAY:   return "an array";
    case JSON_STRING:  return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL:    return "a number with a point";
    case JSON_TRUE:    return "true";
    case JSON_FALSE:   return "false";
    case JSON_NULL:    return "null";
    }
    return "something else";
}

static maske_status wrong_kind(const json_t *value, const char *key, const char *name, const char *expected) {
    return error_set(MASKE_BAD_FILE, "%s: \"%s\": found %s, expected %s", name, key, json_kind(value), expected);
}

maske_status json_get_integer(int64_t *out, const json_t *object, const char *key, int64_t minimum, int64_t maximum, const char *name) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value)) return wrong_kind(value, key, name, "an integer");
    int64_t found = json_integer_value(value);
    if (found < minimum || found > maximum)
        return error_set(MASKE_BAD_FILE, "%s: \"%s\" is %lld, expected %lld to %lld", name, key, (long long)found, (long long)minimum, (long long)maximum);
    *out = found;
    return MASKE_OK;
}

static bool absent(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

maske_status json_get_integer_or(int64_t *out, int64_t fallback, const json_t *object, const char *key, int64_t minimum, int64_t maximum, const char *name) {
    if (!absent(object, key)) return json_get_integer(out, object, key, minimum, maximum, name);
    *out = fallback;
    return MASKE_OK;
}

maske_status json_get_number_or(double *out, double fallback, const json_t *object, const char *key, double minimum, double maximum, const char *name) {
    double found = fallback;
    if (!absent(object, key)) {
        const json_t *value = json_object_get(object, key);
        if (!json_is_number(value)) return wrong_kind(value, key, name, "a number");
        found = json_number_value(value);
        if (!(found >= minimum && found <= maximum))
            return error_set(MASKE_BAD_FILE, "%s: \"%s\" is %g, expected %g to %g", name, key, found, minimum, maximum);
    }
    *out = found;
    return MASKE_OK;
}

maske_status json_get_boolean(bool *out, const json_t *object, const char *key, const char *name) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value)) return wrong_kind(value, key, name, "true or false");
    *out = json_is_true(value);
    return MASKE_OK;
}

maske_status json_get_boolean_or(bool *out, bool fallback, const json_t *object, const char *key, const char *name) {
    if (!absent(object, key)) return json_get_boolean(out, object, key, name);
    *out = fallback;
    return MASKE_OK;
}

maske_status json_get_text(const char **out, const json_t *object, const char *key, const char *name) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return wrong_kind(value, key, name, "a string");
    *out = json_string_value(value);
    return MASKE_OK;
}

maske_status json_get_text_or(const char **out, const char *fallback, const json_t *object, const char *key, const char *name) {
    if (!absent(object, key)) return json_get_text(out, object, key, name);
    *out = fallback;
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

json_writer json_writer_start(buffer *out, bool pretty) {
    return (json_writer){.out = out, .pretty = pretty, .first = true, .status = MASKE_OK};
}

static void add(json_writer *w, const char *bytes, size_t length) {
    if (w->status == MASKE_OK) w->status = buffer_add(w->out, bytes, length);
}

static void new_line(json_writer *w) {
    if (!w->pretty) return;
    add(w, "\n", 1);
    for (int i = 0; i < w->depth; i++) add(w, "  ", 2);
}

/* What stands before an element: nothing after a key, else a comma (but for the first) and a new line. */
static void before_element(json_writer *w) {
    if (w->after_key) { w->after_key = false; return; }
    if (w->depth == 0) return;
    if (!w->first) add(w, ",", 1);
    new_line(w);
    w->first = false;
}

static void begin(json_writer *w, const char *bracket) {
    before_element(w);
    add(w, bracket, 1);
    w->depth++;
    w->first = true;
}

static void end(json_writer *w, const char *bracket) {
    w->depth--;
    if (!w->first) new_line(w);
    add(w, bracket, 1);
    w->first = false;
}

void json_begin_object(json_writer *w) { begin(w, "{"); }
void json_end_object(json_writer *w) { end(w, "}"); }
void json_begin_array(json_writer *w) { begin(w, "["); }
void json_end_array(json_writer *w) { end(w, "]"); }

static void quoted(json_writer *w, const char *text, size_t length) {
    add(w, "\"", 1);
    size_t plain = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        add(w, text + plain, i - plain);
        plain = i + 1;
        char escape[8];
        const char *at = c < 0x20 ? strchr("\bb\tt\nn\ff\rr", c) : NULL;
        if (c == '"' || c == '\\') add(w, (char[]){'\\', (char)c}, 2);
        else if (c != 0 && at != NULL) add(w, (char[]){'\\', at[1]}, 2);
        else add(w, escape, (size_t)number_print(escape, sizeof escape, "\\u%04x", (unsigned)c));
    }
    add(w, text + plain, length - plain);
    add(w, "\"", 1);
}

void json_key_bytes(json_writer *w, const char *key, size_t length) {
    before_element(w);
    quoted(w, key, length);
    add(w, ": ", w->pretty ? 2 : 1);
    w->after_key = true;
}
void json_key(json_writer *w, const char *key) { json_key_bytes(w, key, strlen(key)); }

void json_text_bytes(json_writer *w, const char *text, size_t length) {
    before_element(w);
    quoted(w, text, length);
}
void json_text(json_writer *w, const char *text) {
    if (text == NULL) json_nothing(w);
    else json_text_bytes(w, text, strlen(text));
}
static void plain_text(json_writer *w, const char *text) {
    before_element(w);
    add(w, text, strlen(text));
}
void json_int(json_writer *w, int64_t value) {
    char text[32];
    number_print(text, sizeof text, "%lld", (long long)value);
    plain_text(w, text);
}
void json_double(json_writer *w, double value) {
    if (!(value - value == 0.0)) { json_nothing(w); return; }
    char text[32];
    number_shortest(text, value);
    plain_text(w, text);
}
void json_bool(json_writer *w, bool value) { plain_text(w, value ? "true" : "false"); }
void json_nothing(json_writer *w) { plain_text(w, "null"); }

static void write_real(json_writer *w, double value) {
    char text[400];             /* the largest double has 309 digits */
    bool whole = value == rint(value) && isfinite(value);
    if (!whole) { json_double(w, value); return; }
    number_print(text, sizeof text, "%.0f", value);
    plain_text(w, text);
}

void json_value(json_writer *w, json_t *value) {
    const char *key;
    json_t *member;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_begin_object(w);
        json_object_foreach(value, key, member) {
            json_key(w, key);
            json_value(w, member);
        }
        json_end_object(w);
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (size_t i = 0; i < json_array_size(value); i++) json_value(w, json_array_get(value, i));
        json_end_array(w);
        break;
    case JSON_STRING:  json_text_bytes(w, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: json_int(w, json_integer_value(value)); break;
    case JSON_REAL:    write_real(w, json_real_value(value)); break;
    case JSON_TRUE:    json_bool(w, true); break;
    case JSON_FALSE:   json_bool(w, false); break;
    case JSON_NULL:    json_nothing(w); break;
    }
}

maske_status json_writer_end(json_writer *w) { return w->status; }
