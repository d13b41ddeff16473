/* tokenizer/normalizer.c: reading, writing and running normalizers; what each type does is in normalizer_*.c. */
#include "tokenizer/normalizer_types.h"

#include <stdlib.h>

enum { NESTING_LIMIT = 16 };

static const normalizer_type *const types[] = {
    &normalizer_bert, &normalizer_nfc, &normalizer_nfd, &normalizer_nfkc, &normalizer_nfkd, &normalizer_lowercase,
    &normalizer_strip_accents, &normalizer_nmt, &normalizer_strip, &normalizer_prepend, &normalizer_replace,
    &normalizer_byte_level, &normalizer_sequence
};

static const normalizer_type *find_type(const char *name) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i]->name, name) == 0) return types[i];
    return NULL;
}

maske_status normalizer_read_nested(normalizer **out, const json_t *json, const char *name, int depth) {
    if (!json_is_object(json))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object with a \"type\"", name, json_kind(json));
    if (depth >= NESTING_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: sequences within sequences are more than %d deep", name, NESTING_LIMIT);
    const char *type_name;
    TRY(json_get_text(&type_name, json, "type", name));
    const normalizer_type *type = find_type(strcmp(type_name, "Bert") == 0 ? "BertNormalizer" : type_name);
    if (type == NULL)
        return error_set(MASKE_UNSUPPORTED, "%s: found type \"%.100s\", which is not supported; expected BertNormalizer, NFC, NFD, NFKC, NFKD, "
                         "Lowercase, StripAccents, Nmt, Strip, Prepend, Replace, ByteLevel or Sequence", name, type_name);
    normalizer *made = NULL;
    TRY(memory_new(&made, 1, sizeof *made, "a normalizer"));
    made->type = type;
    maske_status status = type->read == NULL ? MASKE_OK : type->read(made, json, name, depth);
    if (status != MASKE_OK) {
        normalizer_free(made);
        return status;
    }
    *out = made;
    return MASKE_OK;
}

maske_status normalizer_read(normalizer **out, const json_t *json, const char *name) {
    if (json == NULL || json_is_null(json)) {
        *out = NULL;
        return MASKE_OK;
    }
    return normalizer_read_nested(out, json, name, 0);
}

maske_status normalizer_new_named(normalizer **out, const char *name) {
    static const struct { const char *name, *json; } named[] = {
        {"nfc", "{\"type\":\"NFC\"}"},
        {"nfkc", "{\"type\":\"NFKC\"}"},
        {"bert-cased", "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":false}"},
        {"bert-uncased", "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true}"},
        /* NFC first, so that I with a separate dot above is one letter; then the two letters that Unicode lowers
         * otherwise than Turkish does. */
        {"lower-tr", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},"
                     "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xC4\xB0\"},\"content\":\"i\"},"
                     "{\"type\":\"Replace\",\"pattern\":{\"String\":\"I\"},\"content\":\"\xC4\xB1\"},"
                     "{\"type\":\"Lowercase\"}]}"},
    };
    if (strcmp(name, "none") == 0) {
        *out = NULL;
        return MASKE_OK;
    }
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(named[i].name, name) != 0) continue;
        json_t *json = NULL;
        TRY(json_parse_object(&json, named[i].json, strlen(named[i].json), name));
        maske_status status = normalizer_read(out, json, name);
        json_decref(json);
        return status;
    }
    return error_set(MASKE_BAD_ARGUMENT, "found normalizer \"%.100s\", expected none, nfc, nfkc, bert-cased, bert-uncased or lower-tr", name);
}

void normalizer_write(json_writer *w, const normalizer *self) {
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

void normalizer_free(normalizer *self) {
    if (self == NULL) return;
    if (self->type->free != NULL) self->type->free(self);
    free(self);
}

static size_t steady_length(const normalizer *self, const char *text, size_t length) {
    return self->type->steady == NULL ? 0 : self->type->steady(self, text, length);
}

maske_status normalizer_apply(const normalizer *self, aligned_text *text) {
    if (self == NULL || text->now.length == 0) return MASKE_OK;
    return self->type->apply(self, text);
}

maske_status normalizer_apply_plain(const normalizer *self, const char *text, size_t length, aligned_text *scratch,
                                    const char **out, size_t *out_length, bool *at_start) {
    if (self == NULL || length == 0 || steady_length(self, text, length) == length) {
        *out = text;
        *out_length = length;
        if (at_start != NULL) *at_start = true;
        return MASKE_OK;
    }
    TRY(aligned_text_set(scratch, text, length, 0, false));
    TRY(self->type->apply(self, scratch));
    *out = scratch->now.bytes;
    *out_length = scratch->now.length;
    if (at_start != NULL) *at_start = scratch->start_length > 0;
    return MASKE_OK;
}

/* ---- Sequence ---- */

static maske_status sequence_read(normalizer *self, const json_t *json, const char *name, int depth) {
    const json_t *list = json_object_get(json, "normalizers");
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: found %s as \"normalizers\", expected an array", name, json_kind(list));
    TRY(memory_new(&self->sequence.items, json_array_size(list), sizeof *self->sequence.items, "normalizers"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(normalizer_read_nested(&self->sequence.items[i], json_array_get(list, i), name, depth + 1));
        self->sequence.count = i + 1;
    }
    return MASKE_OK;
}

static void sequence_write(json_writer *w, const normalizer *self) {
    json_key(w, "normalizers");
    json_begin_array(w);
    for (size_t i = 0; i < self->sequence.count; i++) normalizer_write(w, self->sequence.items[i]);
    json_end_array(w);
}

static void sequence_free(normalizer *self) {
    for (size_t i = 0; i < self->sequence.count; i++) normalizer_free(self->sequence.items[i]);
    free(self->sequence.items);
}

static maske_status sequence_apply(const normalizer *self, aligned_text *text) {
    for (size_t i = 0; i < self->sequence.count; i++) TRY(normalizer_apply(self->sequence.items[i], text));
    return MASKE_OK;
}

static size_t sequence_steady(const normalizer *self, const char *text, size_t length) {
    for (size_t i = 0; i < self->sequence.count; i++) {
        size_t steady = steady_length(self->sequence.items[i], text, length);
        if (steady < length) return 0;          /* how far a later type reaches would have to be asked again */
    }
    return length;
}

const normalizer_type normalizer_sequence = {"Sequence", sequence_read, sequence_write, sequence_free, sequence_apply, sequence_steady};
