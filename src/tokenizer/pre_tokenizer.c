/* tokenizer/pre_tokenizer.c: reading, writing and running pre-tokenizers; what each type does is in pre_tokenizer_*.c. */
#include "tokenizer/pre_tokenizer_types.h"

#include <stdlib.h>

enum { NESTING_LIMIT = 16 };

static const pre_tokenizer_type *const types[] = {
    &pre_tokenizer_bert, &pre_tokenizer_byte_level, &pre_tokenizer_metaspace, &pre_tokenizer_whitespace, &pre_tokenizer_whitespace_split,
    &pre_tokenizer_punctuation, &pre_tokenizer_digits, &pre_tokenizer_delimiter, &pre_tokenizer_pattern, &pre_tokenizer_scripts,
    &pre_tokenizer_fixed_length, &pre_tokenizer_sequence
};

/* ---- reading and writing ---- */

maske_status pre_tokenizer_read_nested(pre_tokenizer **out, const json_t *json, const char *name, int depth) {
    if (!json_is_object(json))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object with a \"type\"", name, json_kind(json));
    if (depth >= NESTING_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: sequences within sequences are more than %d deep", name, NESTING_LIMIT);
    const char *type_name;
    TRY(json_get_text(&type_name, json, "type", name));
    const pre_tokenizer_type *type = NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types && type == NULL; i++)
        if (strcmp(types[i]->name, type_name) == 0) type = types[i];
    if (type == NULL)
        return error_set(MASKE_UNSUPPORTED, "%s: found type \"%.100s\", which is not supported; expected BertPreTokenizer, ByteLevel, Metaspace, "
                         "Whitespace, WhitespaceSplit, Punctuation, Digits, CharDelimiterSplit, Split, UnicodeScripts, FixedLength or Sequence",
                         name, type_name);
    pre_tokenizer *made = NULL;
    TRY(memory_new(&made, 1, sizeof *made, "a pre-tokenizer"));
    made->type = type;
    maske_status status = type->read == NULL ? MASKE_OK : type->read(made, json, name, depth);
    if (status != MASKE_OK) {
        pre_tokenizer_free(made);
        return status;
    }
    *out = made;
    return MASKE_OK;
}

maske_status pre_tokenizer_read(pre_tokenizer **out, const json_t *json, const char *name) {
    if (json == NULL || json_is_null(json)) {
        *out = NULL;
        return MASKE_OK;
    }
    return pre_tokenizer_read_nested(out, json, name, 0);
}

maske_status pre_tokenizer_new_named(pre_tokenizer **out, const char *name) {
    static const struct { const char *name, *json; } named[] = {
        {"metaspace", "{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"first\",\"split\":true}"},
        {"bytelevel", "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}"},
        {"bert", "{\"type\":\"BertPreTokenizer\"}"},
        {"whitespace", "{\"type\":\"Whitespace\"}"},
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(named[i].name, name) != 0) continue;
        json_t *json = NULL;
        TRY(json_parse_object(&json, named[i].json, strlen(named[i].json), name));
        maske_status status = pre_tokenizer_read(out, json, name);
        json_decref(json);
        return status;
    }
    return error_set(MASKE_BAD_ARGUMENT, "found pre-tokenizer \"%.100s\", expected metaspace, bytelevel, bert or whitespace", name);
}

void pre_tokenizer_write(json_writer *w, const pre_tokenizer *self) {
    if (self == NULL) {
        json_nothing(w);
        return;
    }
    json_begin_object(w);
    json_key(w, "type");
    json_text(w, self->type->name);
    if (self->type->write != NULL) self->type->write(w, self);
    json_end_object(w);
}

void pre_tokenizer_free(pre_tokenizer *self) {
    if (self == NULL) return;
    if (self->type->free != NULL) self->type->free(self);
    free(self);
}

/* ---- splitting pieces ---- */

typedef enum rewrite_step { STEP_PREPARE, STEP_FINISH } rewrite_step;

/* Writes the text of all pieces anew, those that are text through one of the two steps. */
static maske_status rewrite(const pre_tokenizer *self, pieces *list, rewrite_step step) {
    list->next_text.length = 0;
    for (size_t i = 0; i < list->count; i++) {
        piece *item = &list->items[i];
        const char *text = list->text.bytes + item->begin;
        size_t length = item->end - item->begin, begin = list->next_text.length;
        text_edit edit = {.source = text, .length = length, .aligned = list->aligned, .origin_begin = item->origin_begin,
                          .origins = list->aligned ? list->text.origins + item->begin : NULL,
                          .out = &list->next_text, .out_begin = begin};
        bool prepares = step == STEP_PREPARE && self->type->needs_prepare(self, text, length, item->origin_begin);
        if (item->token != PIECE_IS_TEXT || (step == STEP_PREPARE && !prepares)) text_edit_keep(&edit, length);
        else if (step == STEP_PREPARE) self->type->prepare(self, &edit);
        else self->type->finish(&edit);
        TRY(edit.status);
        item->begin = (uint32_t)begin;
        item->end = (uint32_t)list->next_text.length;
    }
    aligned_bytes written = list->next_text;
    list->next_text = list->text;
    list->text = written;
    return MASKE_OK;
}

static bool any_needs_prepare(const pre_tokenizer *self, const pieces *list) {
    for (size_t i = 0; i < list->count; i++) {
        const piece *item = &list->items[i];
        if (item->token == PIECE_IS_TEXT &&
            self->type->needs_prepare(self, list->text.bytes + item->begin, item->end - item->begin, item->origin_begin)) return true;
    }
    return false;
}

static maske_status add_cut(pieces *list, size_t *count, const piece *whole, text_range range) {
    if (range.begin == range.end) return MASKE_OK;
    TRY(memory_reserve(&list->next_items, &list->next_capacity, *count + 1, sizeof *list->next_items, "pieces"));
    piece cut = {whole->begin + range.begin, whole->begin + range.end, 1, 1, PIECE_IS_TEXT};
    if (list->aligned) {
        cut.origin_begin = list->text.origins[cut.begin].begin;
        cut.origin_end = list->text.origins[cut.end - 1].end;
    } else if (range.begin == 0) {
        cut.origin_begin = whole->origin_begin;
    }
    list->next_items[(*count)++] = cut;
    return MASKE_OK;
}

static maske_status cut_pieces(const pre_tokenizer *self, pieces *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const piece *whole = &list->items[i];
        if (whole->token != PIECE_IS_TEXT) {
            TRY(memory_reserve(&list->next_items, &list->next_capacity, count + 1, sizeof *list->next_items, "pieces"));
            list->next_items[count++] = *whole;
            continue;
        }
        list->ranges.count = 0;
        TRY(self->type->cut(self, list->text.bytes + whole->begin, whole->end - whole->begin, &list->search, &list->ranges));
        for (size_t r = 0; r < list->ranges.count; r++) TRY(add_cut(list, &count, whole, list->ranges.items[r]));
    }
    piece *items = list->next_items;
    size_t capacity = list->next_capacity;
    list->next_items = list->items;
    list->next_capacity = list->capacity;
    list->items = items;
    list->capacity = capacity;
    list->count = count;
    return MASKE_OK;
}

maske_status pre_tokenizer_split(const pre_tokenizer *self, pieces *list) {
    if (self == NULL) return MASKE_OK;
    const pre_tokenizer_type *type = self->type;
    if (type == &pre_tokenizer_sequence) {
        for (size_t i = 0; i < self->sequence.count; i++) TRY(pre_tokenizer_split(self->sequence.items[i], list));
        return MASKE_OK;
    }
    if (type->prepare != NULL && any_needs_prepare(self, list)) TRY(rewrite(self, list, STEP_PREPARE));
    if (type->cut != NULL) TRY(cut_pieces(self, list));
    return type->finish != NULL ? rewrite(self, list, STEP_FINISH) : MASKE_OK;
}

/* ---- Sequence ---- */

static maske_status sequence_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    const json_t *list = json_object_get(json, "pretokenizers");
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: found %s as \"pretokenizers\", expected an array", name, json_kind(list));
    TRY(memory_new(&self->sequence.items, json_array_size(list), sizeof *self->sequence.items, "pre-tokenizers"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(pre_tokenizer_read_nested(&self->sequence.items[i], json_array_get(list, i), name, depth + 1));
        self->sequence.count = i + 1;
    }
    return MASKE_OK;
}

static void sequence_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "pretokenizers");
    json_begin_array(w);
    for (size_t i = 0; i < self->sequence.count; i++) pre_tokenizer_write(w, self->sequence.items[i]);
    json_end_array(w);
}

static void sequence_free(pre_tokenizer *self) {
    for (size_t i = 0; i < self->sequence.count; i++) pre_tokenizer_free(self->sequence.items[i]);
    free(self->sequence.items);
}

const pre_tokenizer_type pre_tokenizer_sequence = {.name = "Sequence", .read = sequence_read, .write = sequence_write, .free = sequence_free};
