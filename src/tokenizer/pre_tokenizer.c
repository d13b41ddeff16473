/* tokenizer/pre_tokenizer.c: the types of pre-tokenizers, and running them; pre_tokenizer_*.c: what each type does. */
#include "tokenizer/pre_tokenizer_types.h"

static const component_type *const types[] = {
    &pre_tokenizer_bert.base, &pre_tokenizer_byte_level.base, &pre_tokenizer_metaspace.base,
    &pre_tokenizer_whitespace.base, &pre_tokenizer_whitespace_split.base, &pre_tokenizer_punctuation.base,
    &pre_tokenizer_digits.base, &pre_tokenizer_delimiter.base, &pre_tokenizer_pattern.base, &pre_tokenizer_scripts.base,
    &pre_tokenizer_fixed_length.base, &pre_tokenizer_sequence.base, NULL
};

static const component_family family = {"pre-tokenizer", "pretokenizers", sizeof(pre_tokenizer), types, NULL};

static const component_name names[] = {
    {"metaspace", "{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"first\","
                  "\"split\":true}"},
    {"bytelevel", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
                  "\"pattern\":{\"Regex\":\"" BYTE_LEVEL_SUFFIXES_JSON "\"},"
                  "\"behavior\":\"Isolated\",\"invert\":false},"
                  "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}]}"},
    {"bert", "{\"type\":\"BertPreTokenizer\"}"},
    {"whitespace", "{\"type\":\"Whitespace\"}"},
    {NULL, NULL}
};

const pre_tokenizer_type pre_tokenizer_sequence = {.base = {.name = "Sequence"}};

maske_status pre_tokenizer_read(pre_tokenizer **out, const json_t *json, const char *name) {
    component *made = NULL;
    TRY(component_read(&made, &family, json, name));
    *out = (pre_tokenizer *)made;
    return MASKE_OK;
}

maske_status pre_tokenizer_new_named(pre_tokenizer **out, const char *name) {
    component *made = NULL;
    TRY(component_new_named(&made, &family, names, name));
    *out = (pre_tokenizer *)made;
    return MASKE_OK;
}

void pre_tokenizer_write(json_writer *w, const pre_tokenizer *self) { component_write(w, (const component *)self); }

void pre_tokenizer_free(pre_tokenizer *self) { component_free((component *)self); }

/* ---- splitting pieces ---- */

typedef enum rewrite_step { STEP_PREPARE, STEP_FINISH } rewrite_step;

/* Writes the text of all pieces anew, those that are text through one of the two steps. */
static maske_status rewrite(const pre_tokenizer *self, pieces *list, rewrite_step step) {
    const pre_tokenizer_type *type = pre_tokenizer_type_of(self);
    size_t start_length = 0;
    list->next_text.length = 0;
    for (size_t i = 0; i < list->count; i++) {
        piece *item = &list->items[i];
        const char *text = list->text.bytes + item->begin;
        size_t length = item->end - item->begin, begin = list->next_text.length;
        size_t start = list->start_length > item->begin ? list->start_length - item->begin : 0;
        text_edit edit = {.source = text, .length = length, .aligned = list->aligned, .origin_begin = item->origin_begin,
                          .source_start = start < length ? start : length,
                          .origins = list->aligned ? list->text.origins + item->begin : NULL,
                          .out = &list->next_text, .out_begin = begin};
        bool prepares = step == STEP_PREPARE && type->needs_prepare(self, text, length, item->origin_begin);
        if (item->token != PIECE_IS_TEXT || (step == STEP_PREPARE && !prepares)) text_edit_keep(&edit, length);
        else if (step == STEP_PREPARE) type->prepare(self, &edit);
        else type->finish(&edit);
        TRY(edit.status);
        if (edit.out_start > 0) start_length = begin + edit.out_start;
        item->begin = (uint32_t)begin;
        item->end = (uint32_t)list->next_text.length;
    }
    aligned_bytes written = list->next_text;
    list->next_text = list->text;
    list->text = written;
    list->start_length = start_length;
    return MASKE_OK;
}

static bool any_needs_prepare(const pre_tokenizer *self, const pieces *list) {
    const pre_tokenizer_type *type = pre_tokenizer_type_of(self);
    for (size_t i = 0; i < list->count; i++) {
        const piece *item = &list->items[i];
        if (item->token == PIECE_IS_TEXT &&
            type->needs_prepare(self, list->text.bytes + item->begin, item->end - item->begin, item->origin_begin)) return true;
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
    } else if (cut.begin < list->start_length) {
        cut.origin_begin = 0;               /* whatever comes from the first character begins there, not its first byte alone */
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
        TRY(pre_tokenizer_type_of(self)->cut(self, list->text.bytes + whole->begin, whole->end - whole->begin, &list->search, &list->ranges));
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
    const pre_tokenizer_type *type = pre_tokenizer_type_of(self);
    if (type == &pre_tokenizer_sequence) {
        for (size_t i = 0; i < self->base.count; i++) TRY(pre_tokenizer_split(pre_tokenizer_item(self, i), list));
        return MASKE_OK;
    }
    if (type->prepare != NULL && any_needs_prepare(self, list)) TRY(rewrite(self, list, STEP_PREPARE));
    if (type->cut != NULL) TRY(cut_pieces(self, list));
    return type->finish != NULL ? rewrite(self, list, STEP_FINISH) : MASKE_OK;
}
