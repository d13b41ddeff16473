/* tokenizer/component.c: reading, writing and freeing by the tables. */
#include "tokenizer/component.h"
#include "base/json_parse.h"
#include "tokenizer/pattern.h"

#include <stdlib.h>

enum { NESTING_LIMIT = 16 };

const char *const prepend_scheme_names[] = {"first", "never", "always", NULL};

static void *member_at(const component *self, const component_member *m) { return (char *)self + m->offset; }

static bool is_sequence(const component *self) { return strcmp(self->type->name, "Sequence") == 0; }

/* ------------------------------------------------------------------------------------------------------ reading --- */

/* "A, B or C" of the names that `name_at` gives, NULL at the end. */
static maske_status add_list(buffer *out, const void *table, const char *(*name_at)(const void *table, size_t i)) {
    for (size_t i = 0; name_at(table, i) != NULL; i++) {
        const char *between = i == 0 ? "" : name_at(table, i + 1) == NULL ? " or " : ", ";
        TRY(buffer_add_format(out, "%s%s", between, name_at(table, i)));
    }
    return MASKE_OK;
}
static const char *choice_at(const void *table, size_t i) { return ((const char *const *)table)[i]; }
static const char *type_at(const void *table, size_t i) {
    const component_type *type = ((const component_type *const *)table)[i];
    return type == NULL ? NULL : type->name;
}
static const char *name_at(const void *table, size_t i) { return ((const component_name *)table)[i].name; }

/* The sentence for a name that is none of the table's. place "": none. */
static maske_status unknown_name(maske_status failure, const char *place, const char *what, const char *found,
                                 const void *table, const char *(*at)(const void *table, size_t i)) {
    buffer list = {0};
    maske_status status = add_list(&list, table, at);
    if (status == MASKE_OK)
        status = error_set(failure, "%s%sfound %s \"%.100s\", expected %s", place, *place == '\0' ? "" : ": ", what,
                           found, list.data);
    buffer_free(&list);
    return status;
}

static maske_status read_text(char **out, const component_member *m, const json_t *json, const char *place) {
    const char *text;
    if (m->fallback == NULL) TRY(json_get_text(&text, json, m->key, place));
    else TRY(json_get_text_or(&text, m->fallback, json, m->key, place));
    size_t length = strlen(text);
    if (m->kind == MEMBER_CHARACTER && (length == 0 || utf8_size(text[0]) != length))
        return error_set(MASKE_BAD_FILE, "%s: \"%s\" is \"%.100s\", expected one character", place, m->key, text);
    return memory_copy_text(out, text, length);
}

static maske_status read_choice(int *out, const component_member *m, const json_t *json, const char *place) {
    const char *text;
    if (m->fallback == NULL) TRY(json_get_text(&text, json, m->key, place));
    else TRY(json_get_text_or(&text, m->fallback, json, m->key, place));
    for (int i = 0; m->names[i] != NULL; i++) {
        if (strcmp(text, m->names[i]) != 0) continue;
        *out = i;
        return MASKE_OK;
    }
    return unknown_name(MASKE_BAD_FILE, place, m->key, text, m->names, choice_at);
}

static maske_status read_count(int64_t *out, const component_member *m, const json_t *json, const char *place) {
    if (m->fallback == NULL) return json_get_integer(out, json, m->key, 0, INT64_MAX, place);
    return json_get_integer_or(out, strtoll(m->fallback, NULL, 10), json, m->key, 0, INT64_MAX, place);
}

static maske_status read_maybe(int *out, const component_member *m, const json_t *json, const char *place) {
    bool value;
    TRY(json_get_boolean_or(&value, false, json, m->key, place));
    *out = json_is_boolean(json_object_get(json, m->key)) ? value : -1;
    return MASKE_OK;
}

static maske_status read_member(component *self, const component_member *m, const json_t *json, const char *place) {
    void *at = member_at(self, m);
    switch (m->kind) {
    case MEMBER_BOOLEAN:
        if (m->fallback == NULL) return json_get_boolean(at, json, m->key, place);
        return json_get_boolean_or(at, strcmp(m->fallback, "true") == 0, json, m->key, place);
    case MEMBER_MAYBE:                       return read_maybe(at, m, json, place);
    case MEMBER_COUNT:                       return read_count(at, m, json, place);
    case MEMBER_TEXT: case MEMBER_CHARACTER: return read_text(at, m, json, place);
    case MEMBER_CHOICE:                      return read_choice(at, m, json, place);
    case MEMBER_PATTERN:                     return pattern_read(at, json_object_get(json, m->key), place);
    }
    return MASKE_OK;
}

static maske_status read_nested(component **out, const component_family *family, const json_t *json, const char *place,
                                int depth);

static maske_status read_items(component *self, const json_t *json, const char *place, int depth) {
    const json_t *list = json_object_get(json, self->family->list);
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: found %s as \"%s\", expected an array", place, json_kind(list),
                         self->family->list);
    TRY(memory_new(&self->items, json_array_size(list), sizeof(component *), self->family->list));
    for (; self->count < json_array_size(list); self->count++)
        TRY(read_nested(&self->items[self->count], self->family, json_array_get(list, self->count), place, depth + 1));
    return MASKE_OK;
}

static maske_status fill(component *self, const json_t *json, const char *place, int depth) {
    if (is_sequence(self)) return read_items(self, json, place, depth);
    const component_member *m = self->type->members;
    for (; m != NULL && m->key != NULL; m++) TRY(read_member(self, m, json, place));
    return self->type->read == NULL ? MASKE_OK : self->type->read(self, json, place);
}

static maske_status find_type(const component_type **out, const component_family *family, const json_t *json,
                              const char *place) {
    const char *name = family->old_type == NULL ? NULL : family->old_type(json);
    if (name == NULL) TRY(json_get_text(&name, json, "type", place));
    for (size_t i = 0; family->types[i] != NULL; i++) {
        if (strcmp(family->types[i]->name, name) != 0) continue;
        *out = family->types[i];
        return MASKE_OK;
    }
    return unknown_name(MASKE_UNSUPPORTED, place, "type", name, family->types, type_at);
}

static maske_status read_nested(component **out, const component_family *family, const json_t *json, const char *place,
                                int depth) {
    if (!json_is_object(json))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object with a \"type\"", place, json_kind(json));
    if (depth >= NESTING_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: sequences within sequences are more than %d deep", place, NESTING_LIMIT);
    const component_type *type = NULL;
    TRY(find_type(&type, family, json, place));
    component *made = NULL;
    TRY(memory_new(&made, 1, family->size, family->what));
    made->type = type;
    made->family = family;
    maske_status status = fill(made, json, place, depth);
    if (status == MASKE_OK) *out = made;
    else component_free(made);
    return status;
}

maske_status component_read(component **out, const component_family *family, const json_t *json, const char *place) {
    if (json == NULL || json_is_null(json)) {
        *out = NULL;
        return MASKE_OK;
    }
    return read_nested(out, family, json, place, 0);
}

maske_status component_new_named(component **out, const component_family *family, const component_name *table,
                                 const char *name) {
    for (size_t i = 0; table[i].name != NULL; i++) {
        if (strcmp(table[i].name, name) != 0) continue;
        json_fault fault;
        json_t *json = json_parse(table[i].json, strlen(table[i].json), JSON_DECODE_ANY, &fault);
        if (json == NULL) return error_memory(strlen(table[i].json), family->what);
        maske_status status = component_read(out, family, json, name);
        json_decref(json);
        return status;
    }
    return unknown_name(MASKE_BAD_ARGUMENT, "", family->what, name, table, name_at);
}

maske_status metaspace_check(const metaspace_settings *settings, const json_t *json, const char *place) {
    bool prefix;
    TRY(json_get_boolean_or(&prefix, true, json, "add_prefix_space", place));
    if (prefix || settings->scheme == PREPEND_NEVER) return MASKE_OK;
    return error_set(MASKE_BAD_FILE,
                     "%s: \"add_prefix_space\" is false, expected \"prepend_scheme\" \"never\" beside it", place);
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static void write_member(json_writer *w, const component *self, const component_member *m) {
    const void *at = member_at(self, m);
    json_key(w, m->key);
    switch (m->kind) {
    case MEMBER_BOOLEAN: json_bool(w, *(const bool *)at); break;
    case MEMBER_MAYBE:
        if (*(const int *)at < 0) json_nothing(w);
        else json_bool(w, *(const int *)at);
        break;
    case MEMBER_COUNT:   json_int(w, *(const int64_t *)at); break;
    case MEMBER_TEXT: case MEMBER_CHARACTER: json_text(w, *(char *const *)at); break;
    case MEMBER_CHOICE:  json_text(w, m->names[*(const int *)at]); break;
    case MEMBER_PATTERN: pattern_write(w, at); break;
    }
}

void component_write(json_writer *w, const component *self) {
    if (self == NULL) {
        json_nothing(w);
        return;
    }
    json_begin_object(w);
    json_key(w, "type");
    json_text(w, self->type->name);
    if (self->type->write != NULL) self->type->write(w, self);
    for (const component_member *m = self->type->members; m != NULL && m->key != NULL; m++) write_member(w, self, m);
    if (is_sequence(self)) {
        json_key(w, self->family->list);
        json_begin_array(w);
        for (size_t i = 0; i < self->count; i++) component_write(w, self->items[i]);
        json_end_array(w);
    }
    json_end_object(w);
}

/* ------------------------------------------------------------------------------------------------------ freeing --- */

void component_free(component *self) {
    if (self == NULL) return;
    for (const component_member *m = self->type->members; m != NULL && m->key != NULL; m++) {
        if (m->kind == MEMBER_TEXT || m->kind == MEMBER_CHARACTER) free(*(char **)member_at(self, m));
        if (m->kind == MEMBER_PATTERN) pattern_free(member_at(self, m));
    }
    if (self->type->free != NULL) self->type->free(self);
    for (size_t i = 0; i < self->count; i++) component_free(self->items[i]);
    free(self->items);
    free(self);
}
