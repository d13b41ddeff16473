/* corpus/jsonl.c: one JSON object a line. */
#include "corpus/jsonl.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/utf8.h"
#include "corpus/lines.h"

static bool is_blank(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t') return false;
    return true;
}

/* How deep arrays and objects lie inside one another. */
static size_t json_depth(const char *line, size_t length) {
    size_t depth = 0, deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        char c = line[i];
        if (in_text) {
            if (c == '\\') i++;
            else if (c == '"') in_text = false;
        } else if (c == '"') in_text = true;
        else if ((c == '{' || c == '[') && ++depth > deepest) deepest = depth;
        else if ((c == '}' || c == ']') && depth > 0) depth--;
    }
    return deepest;
}

/* Adds a line, in several where it is too long. */
static maske_status add_line(jsonl_reader *r, buffer *out, const char *line, size_t length) {
    while (length > LINES_LONGEST) {
        size_t size = LINES_LONGEST;
        while (utf8_is_continuation(line[size])) size--;
        TRY(buffer_add(out, line, size));
        TRY(buffer_add(out, "\n", 1));
        r->cut++;
        line += size;
        length -= size;
    }
    TRY(buffer_add(out, line, length));
    return buffer_add(out, "\n", 1);
}

/* Adds the record's text line by line, without blank ones, and a blank line behind it. */
static maske_status add_document(jsonl_reader *r, buffer *out, const char *text, size_t length) {
    const char *end = text + length;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        const char *next = line_end != NULL ? line_end + 1 : end;
        if (line_end == NULL) line_end = end;
        if (line_end > text && line_end[-1] == '\r') line_end--;
        size_t size = (size_t)(line_end - text);
        if (!is_blank(text, size)) TRY(add_line(r, out, text, size));
        text = next;
    }
    r->records++;
    return buffer_add(out, "\n", 1);
}

/* The sentence that says which members a record has instead. */
static maske_status missing_field(const jsonl_reader *r, json_t *record) {
    buffer keys = {0};
    const char *key;
    json_t *value;
    maske_status status = MASKE_OK;
    json_object_foreach(record, key, value) {
        if (status != MASKE_OK || keys.length > 200) break;
        status = buffer_add_format(&keys, "%s\"%s\"", keys.length > 0 ? ", " : "", key);
    }
    if (status == MASKE_OK)
        status = error_set(MASKE_BAD_FILE, "%s: line %lld: found %s, expected a member \"%s\" with the text", r->name,
                           (long long)r->line, keys.length > 0 ? keys.data : "an empty object", r->field);
    buffer_free(&keys);
    return status;
}

static maske_status add_record(jsonl_reader *r, buffer *out, const char *line, size_t length) {
    long long number = r->line;
    if (json_depth(line, length) > JSONL_DEPTH)
        return error_set(MASKE_BAD_FILE, "%s: line %lld: more than %d objects or arrays inside one another", r->name,
                         number, JSONL_DEPTH);
    json_fault fault;
    json_t *record = json_parse(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &fault);
    if (record == NULL) {
        if (fault.out_of_memory) return error_memory(length, r->name);
        return error_set(MASKE_BAD_FILE, "%s: line %lld, column %d: not JSON: %s", r->name, number, fault.column,
                         fault.text);
    }
    maske_status status;
    const json_t *text = json_object_get(record, r->field);
    if (!json_is_object(record))
        status = error_set(MASKE_BAD_FILE, "%s: line %lld: found %s, expected a JSON object", r->name, number,
                           json_kind(record));
    else if (text == NULL) status = missing_field(r, record);
    else if (!json_is_string(text))
        status = error_set(MASKE_BAD_FILE, "%s: line %lld: \"%s\": found %s, expected a string", r->name, number,
                           r->field, json_kind(text));
    else status = add_document(r, out, json_string_value(text), json_string_length(text));
    json_decref(record);
    return status;
}

maske_status jsonl_add_texts(jsonl_reader *r, buffer *out, const char *block, size_t length) {
    const char *end = block + length;
    while (block < end) {
        const char *line_end = memchr(block, '\n', (size_t)(end - block));
        if (line_end == NULL) line_end = end;
        size_t size = (size_t)(line_end - block);
        r->line++;
        if (!is_blank(block, size)) TRY(add_record(r, out, block, size));
        block = line_end < end ? line_end + 1 : end;
    }
    return MASKE_OK;
}
