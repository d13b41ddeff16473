/* base/json_parse.c: JSON text into jansson's values, by RFC 8259.
 *
 * jansson's own reader is not used: where an allocation fails while it collects a string it goes on without the bytes
 * that found no room, and then stops the process by an assertion, writes past the end of a block, or gives a string
 * that was never in the file. It also converts numbers by the host program's locale. Its values are sound, and stay. */
#include "base/json_parse.h"
#include "base/buffer.h"
#include "base/number.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_LIMIT = 2048 };

typedef struct parser {
    const char *text;
    size_t length, at;
    unsigned flags;
    int depth;
    buffer scratch;             /* a string without its escapes, a number with its end */
    const char *plain_in;       /* the member whose members may be plain; NULL: none */
    json_plain *plain;
    size_t plain_count;
    bool in_plain;              /* inside of it */
    json_fault *fault;
} parser;

/* The place of the fault, in lines and characters, is counted only here. */
static void *fail_at(parser *p, size_t at, const char *what) {
    json_fault *fault = p->fault;
    *fault = (json_fault){.position = at < p->length ? at + 1 : p->length, .line = 1, .column = 1};
    for (size_t i = 0; i < at && i < p->length; i++) {
        if (p->text[i] == '\n') fault->line++, fault->column = 1;
        else if (!utf8_is_continuation(p->text[i])) fault->column++;
    }
    snprintf(fault->text, sizeof fault->text, "%s", what);
    return NULL;
}
static void *fail(parser *p, const char *what) {
    return fail_at(p, p->at, p->at < p->length ? what : "the text ends too early");
}
static void *no_memory(parser *p) {
    *p->fault = (json_fault){.out_of_memory = true, .text = "out of memory"};
    return NULL;
}

static char look(const parser *p) { return p->at < p->length ? p->text[p->at] : '\0'; }
static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
static void skip_space(parser *p) {
    while (p->at < p->length && is_space(p->text[p->at])) p->at++;
}

/* ----------------------------------------------------------------------------------------------------- strings --- */

static bool read_four_hex(parser *p, uint32_t *out) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        char c = look(p);
        if (c >= '0' && c <= '9') value = value << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else return fail(p, "four hexadecimal digits are expected behind \\u"), false;
    }
    *out = value;
    return true;
}

/* Behind "\u". */
static bool add_unicode(parser *p) {
    size_t start = p->at;
    uint32_t c, low;
    if (!read_four_hex(p, &c)) return false;
    if (c >= 0xD800 && c < 0xDC00 && look(p) == '\\' && p->at + 1 < p->length && p->text[p->at + 1] == 'u') {
        p->at += 2;
        if (!read_four_hex(p, &low)) return false;
        if (low < 0xDC00 || low > 0xDFFF) return fail_at(p, start, "half of a surrogate pair"), false;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xD800 && c <= 0xDFFF) return fail_at(p, start, "half of a surrogate pair"), false;
    if (c == 0 && !(p->flags & JSON_ALLOW_NUL)) return fail_at(p, start, "\\u0000 is not supported"), false;
    char bytes[4];
    size_t size = utf8_put(bytes, c);
    return buffer_add(&p->scratch, bytes, size) == MASKE_OK || no_memory(p) != NULL;
}

/* Behind a backslash. */
static bool add_escape(parser *p) {
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char c = look(p);
    if (c == 'u') return p->at++, add_unicode(p);
    for (const char *e = escapes; *e != '\0'; e += 2)
        if (c == *e) return p->at++, buffer_add(&p->scratch, e + 1, 1) == MASKE_OK || no_memory(p) != NULL;
    return fail(p, "no such escape"), false;
}

/* Bytes that stand for themselves, up to a quote or a backslash. */
static bool find_plain_end(parser *p, size_t start) {
    const char *text = p->text;
    size_t at = p->at;
    unsigned char all = 0;
    for (; at < p->length && text[at] != '"' && text[at] != '\\' && (unsigned char)text[at] >= 0x20; at++)
        all |= (unsigned char)text[at];
    p->at = at;
    if (at == p->length) return fail(p, ""), false;
    if ((unsigned char)text[at] < 0x20) return fail(p, "a control character in a string"), false;
    size_t valid = all < 0x80 ? at - start : utf8_valid_prefix(text + start, at - start);
    if (valid == p->at - start) return true;
    char what[64];
    number_print(what, sizeof what, "unable to decode byte 0x%02x", (unsigned char)p->text[start + valid]);
    return fail_at(p, start + valid, what), false;
}

/* The string that starts here, without its quotes: a part of the text where it has no escapes, else of the scratch. */
static bool read_string(parser *p, const char **out, size_t *length) {
    size_t start = ++p->at;
    if (!find_plain_end(p, start)) return false;
    *out = p->text + start;
    *length = p->at - start;
    if (p->text[p->at] == '"') return p->at++, true;
    buffer_clear(&p->scratch);
    if (buffer_add(&p->scratch, *out, *length) != MASKE_OK) return no_memory(p), false;
    while (p->text[p->at] == '\\') {
        p->at++;
        if (!add_escape(p)) return false;
        start = p->at;
        if (!find_plain_end(p, start)) return false;
        if (buffer_add(&p->scratch, p->text + start, p->at - start) != MASKE_OK) return no_memory(p), false;
    }
    p->at++;
    *out = p->scratch.data;
    *length = p->scratch.length;
    return true;
}

static json_t *string_value(parser *p) {
    const char *text;
    size_t length;
    if (!read_string(p, &text, &length)) return NULL;
    json_t *value = json_stringn_nocheck(text, length);
    return value != NULL ? value : no_memory(p);
}

/* ----------------------------------------------------------------------------------------------------- numbers --- */

static bool skip_digits(parser *p) {
    size_t start = p->at;
    while (look(p) >= '0' && look(p) <= '9') p->at++;
    return p->at > start || fail(p, "a digit is expected") != NULL;
}

static json_t *number_value(parser *p) {
    size_t start = p->at;
    bool real = (p->flags & JSON_DECODE_INT_AS_REAL) != 0;
    if (look(p) == '-') p->at++;
    if (look(p) == '0') p->at++;
    else if (!skip_digits(p)) return NULL;
    if (look(p) == '.') {
        real = true;
        p->at++;
        if (!skip_digits(p)) return NULL;
    }
    if (look(p) == 'e' || look(p) == 'E') {
        real = true;
        p->at++;
        if (look(p) == '+' || look(p) == '-') p->at++;
        if (!skip_digits(p)) return NULL;
    }
    buffer_clear(&p->scratch);
    if (buffer_add(&p->scratch, p->text + start, p->at - start) != MASKE_OK) return no_memory(p);
    double fraction = 0;
    int64_t integer = 0;
    if (real ? !number_parse_double(&fraction, p->scratch.data) : !number_parse_integer(&integer, p->scratch.data))
        return fail_at(p, start, real ? "a number too large" : "an integer too large");
    json_t *value = real ? json_real(fraction) : json_integer(integer);
    return value != NULL ? value : no_memory(p);
}

/* ------------------------------------------------------------------------------------------------------ arrays --- */

static json_t *any_value(parser *p);

/* Behind an element: true and past the comma if another follows, false at the end. */
static bool another(parser *p, char end, bool *good) {
    skip_space(p);
    char c = look(p);
    *good = c == ',' || c == end;
    if (!*good) fail(p, end == ']' ? "\",\" or \"]\" is expected" : "\",\" or \"}\" is expected");
    else p->at++;
    return c == ',';
}

static json_t *array_value(parser *p) {
    json_t *array = json_array();
    if (array == NULL) return no_memory(p);
    p->at++;
    skip_space(p);
    bool good = true;
    if (look(p) == ']') return p->at++, array;
    do {
        json_t *value = any_value(p);
        good = value != NULL;
        if (good && json_array_append_new(array, value) != 0) good = no_memory(p) != NULL;
    } while (good && another(p, ']', &good));
    if (good) return array;
    json_decref(array);
    return NULL;
}

/* ----------------------------------------------------------------------------------------------- plain members --- */

static bool add_plain_text(parser *p, json_plain *plain, const char *text, size_t length, int64_t integer) {
    if (memory_reserve(&plain->items, &plain->capacity, plain->count + 1, sizeof *plain->items, "text") != MASKE_OK)
        return no_memory(p), false;
    plain->items[plain->count++] = (json_plain_item){(uint32_t)plain->texts.length, (uint32_t)length, integer};
    if (buffer_add(&plain->texts, text, length) != MASKE_OK || buffer_add(&plain->texts, "", 1) != MASKE_OK)
        return no_memory(p), false;
    return true;
}

/* Past the character if it comes next. */
static bool pass(parser *p, char c) {
    skip_space(p);
    bool there = look(p) == c;
    p->at += there;
    return there;
}

static bool add_plain_string(parser *p, json_plain *plain) {
    const char *text;
    size_t length;
    skip_space(p);
    return look(p) == '"' && read_string(p, &text, &length) && add_plain_text(p, plain, text, length, 0);
}

/* One of up to 18 digits. */
static bool read_plain_integer(parser *p, int64_t *out) {
    skip_space(p);
    bool negative = look(p) == '-';
    int64_t value = 0;
    size_t start = p->at += negative;
    for (; look(p) >= '0' && look(p) <= '9' && p->at - start < 18; p->at++) value = value * 10 + (look(p) - '0');
    if (p->at == start || (p->text[start] == '0' && p->at > start + 1)) return false;
    *out = negative ? -value : value;
    return true;
}

static bool add_plain_member(parser *p, json_plain *plain) {
    return add_plain_string(p, plain) && pass(p, ':') &&
           read_plain_integer(p, &plain->items[plain->count - 1].integer);
}

static bool add_plain_pair(parser *p, json_plain *plain) {
    return pass(p, '[') && add_plain_string(p, plain) && pass(p, ',') && add_plain_string(p, plain) && pass(p, ']');
}

/* What stands here is all of one kind, or nothing is said about it. */
static bool read_plain(parser *p, json_plain *plain) {
    skip_space(p);
    char end = look(p) == '{' ? '}' : ']';
    if (!pass(p, end == '}' ? '{' : '[')) return false;
    skip_space(p);
    plain->kind = end == '}' ? JSON_PLAIN_INTEGERS : look(p) == '"' ? JSON_PLAIN_STRINGS : JSON_PLAIN_PAIRS;
    if (pass(p, end)) return true;
    do {
        bool good = plain->kind == JSON_PLAIN_INTEGERS ? add_plain_member(p, plain)
                  : plain->kind == JSON_PLAIN_STRINGS  ? add_plain_string(p, plain) : add_plain_pair(p, plain);
        if (!good) return false;
    } while (pass(p, ','));
    return pass(p, end);
}

/* A plain member leaves an empty object or array in its place. Whatever is odd about it is left to the usual way, which
 * says what and where. */
static json_t *plain_value(parser *p, json_plain *plain) {
    size_t start = p->at;
    if (p->length < UINT32_MAX && read_plain(p, plain)) {
        json_t *empty = plain->kind == JSON_PLAIN_INTEGERS ? json_object() : json_array();
        return empty != NULL ? empty : no_memory(p);
    }
    if (p->fault->out_of_memory) return NULL;
    json_plain_free(plain);
    *p->fault = (json_fault){0};
    p->at = start;
    return any_value(p);
}

void json_plain_free(json_plain *plain) {
    buffer_free(&plain->texts);
    free(plain->items);
    *plain = (json_plain){.key = plain->key};
}

static json_t *member_value(parser *p, const char *key, size_t length) {
    if (p->plain_in == NULL || *p->plain_in == '\0' || p->depth > 2) return any_value(p);
    for (size_t i = 0; i < p->plain_count && p->depth == 2 && p->in_plain; i++)
        if (strlen(p->plain[i].key) == length && memcmp(p->plain[i].key, key, length) == 0)
            return plain_value(p, &p->plain[i]);
    if (p->depth == 1) p->in_plain = strlen(p->plain_in) == length && memcmp(p->plain_in, key, length) == 0;
    return any_value(p);
}

/* ----------------------------------------------------------------------------------------------------- objects --- */

/* The key is part of the text or of the scratch, which a value writes over: the value is put in under it first. */
static bool add_member(parser *p, json_t *object) {
    const char *key;
    size_t length;
    skip_space(p);
    if (look(p) != '"') return fail(p, "a key in quotes is expected"), false;
    if (!read_string(p, &key, &length)) return false;
    if (memchr(key, '\0', length) != NULL) return fail_at(p, p->at - 1, "\\u0000 in a key is not supported"), false;
    if ((p->flags & JSON_REJECT_DUPLICATES) && json_object_getn(object, key, length) != NULL) {
        fail_at(p, p->at - 1, "a duplicate key");
        p->fault->duplicate_key = true;
        return false;
    }
    char *copy = NULL;
    if (key == p->scratch.data && memory_copy_text(&copy, key, length) != MASKE_OK) return no_memory(p), false;
    skip_space(p);
    json_t *value = NULL;
    if (look(p) == ':') p->at++, value = member_value(p, copy != NULL ? copy : key, length);
    else fail(p, "\":\" is expected");
    bool good = value != NULL;
    if (good && json_object_setn_new_nocheck(object, copy != NULL ? copy : key, length, value) != 0)
        good = no_memory(p) != NULL;
    free(copy);
    return good;
}

static json_t *object_value(parser *p) {
    json_t *object = json_object();
    if (object == NULL) return no_memory(p);
    p->at++;
    skip_space(p);
    bool good = true;
    if (look(p) == '}') return p->at++, object;
    do good = add_member(p, object);
    while (good && another(p, '}', &good));
    if (good) return object;
    json_decref(object);
    return NULL;
}

static json_t *word_value(parser *p) {
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);
        if (p->length - p->at < length || memcmp(p->text + p->at, words[i], length) != 0) continue;
        p->at += length;
        return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
    }
    return fail(p, "a value is expected");
}

static json_t *any_value(parser *p) {
    skip_space(p);
    char c = look(p);
    if (c == '"') return string_value(p);
    if (c == '-' || (c >= '0' && c <= '9')) return number_value(p);
    if (c != '{' && c != '[') return word_value(p);
    if (p->depth == DEPTH_LIMIT) return fail(p, "more than 2048 arrays and objects inside one another");
    p->depth++;
    json_t *value = c == '{' ? object_value(p) : array_value(p);
    p->depth--;
    return value;
}

json_t *json_parse(const char *text, size_t length, unsigned flags, json_fault *fault) {
    return json_parse_plain(text, length, flags, fault, NULL, NULL, 0);
}

json_t *json_parse_plain(const char *text, size_t length, unsigned flags, json_fault *fault, const char *in,
                         json_plain *plain, size_t plain_count) {
    parser p = {.text = text, .length = length, .flags = flags, .plain_in = in, .plain = plain,
                .plain_count = plain_count, .fault = fault};
    *fault = (json_fault){0};
    skip_space(&p);
    bool may_begin = (flags & JSON_DECODE_ANY) || look(&p) == '{' || look(&p) == '[';
    bool plain_itself = in != NULL && *in == '\0';
    json_t *value = !may_begin ? fail(&p, "\"{\" or \"[\" is expected") : plain_itself ? plain_value(&p, plain) : any_value(&p);
    skip_space(&p);
    if (value != NULL && p.at < length) {
        fail(&p, "the end is expected");
        json_decref(value);
        value = NULL;
    }
    buffer_free(&p.scratch);
    return value;
}
