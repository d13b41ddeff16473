/* tokenizer/normalizer.c: the types of normalizers, and running them; what each type does is in normalizer_*.c. */
#include "tokenizer/normalizer_types.h"

static const component_type *const types[] = {
    &normalizer_bert.base, &normalizer_nfc.base, &normalizer_nfd.base, &normalizer_nfkc.base, &normalizer_nfkd.base,
    &normalizer_lowercase.base, &normalizer_strip_accents.base, &normalizer_nmt.base, &normalizer_strip.base,
    &normalizer_prepend.base, &normalizer_replace.base, &normalizer_byte_level.base, &normalizer_sequence.base, NULL
};

/* The library takes "Bert" for BertNormalizer. */
static const char *old_type(const json_t *json) {
    const char *name = json_string_value(json_object_get(json, "type"));
    return name != NULL && strcmp(name, "Bert") == 0 ? "BertNormalizer" : NULL;
}

static const component_family family = {"normalizer", "normalizers", sizeof(normalizer), types, old_type};

static const component_name names[] = {
    {"none", "null"},
    {"nfc", "{\"type\":\"NFC\"}"},
    {"nfkc", "{\"type\":\"NFKC\"}"},
    {"bert-cased", "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
                   "\"strip_accents\":null,\"lowercase\":false}"},
    {"bert-uncased", "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
                     "\"strip_accents\":null,\"lowercase\":true}"},
    /* NFC first, so that I with a separate dot above is one letter; then the two letters that Unicode lowers otherwise
     * than Turkish does. */
    {"lower-tr", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},"
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xC4\xB0\"},\"content\":\"i\"},"
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\"I\"},\"content\":\"\xC4\xB1\"},"
                 "{\"type\":\"Lowercase\"}]}"},
    {NULL, NULL}
};

static const normalizer_type *type_of(const normalizer *self) { return (const normalizer_type *)self->base.type; }

maske_status normalizer_read(normalizer **out, const json_t *json, const char *name) {
    component *made = NULL;
    TRY(component_read(&made, &family, json, name));
    *out = (normalizer *)made;
    return MASKE_OK;
}

maske_status normalizer_new_named(normalizer **out, const char *name) {
    component *made = NULL;
    TRY(component_new_named(&made, &family, names, name));
    *out = (normalizer *)made;
    return MASKE_OK;
}

void normalizer_write(json_writer *w, const normalizer *self) { component_write(w, (const component *)self); }

void normalizer_free(normalizer *self) { component_free((component *)self); }

static size_t steady_length(const normalizer *self, const char *text, size_t length) {
    return type_of(self)->steady == NULL ? 0 : type_of(self)->steady(self, text, length);
}

maske_status normalizer_apply(const normalizer *self, aligned_text *text) {
    if (self == NULL || text->now.length == 0) return MASKE_OK;
    return type_of(self)->apply(self, text);
}

maske_status normalizer_apply_plain(const normalizer *self, const char *text, size_t length, aligned_text *scratch,
                                    const char **out, size_t *out_length, size_t *start) {
    if (self == NULL || length == 0 || steady_length(self, text, length) == length) {
        *out = text;
        *out_length = length;
        if (start != NULL) *start = length > 0 ? utf8_size(text[0]) : 0;
        return MASKE_OK;
    }
    TRY(aligned_text_set(scratch, text, length, 0, false));
    TRY(type_of(self)->apply(self, scratch));
    *out = scratch->now.bytes;
    *out_length = scratch->now.length;
    if (start != NULL) *start = scratch->start_length;
    return MASKE_OK;
}

/* ---- Sequence ---- */

static const normalizer *item_of(const normalizer *self, size_t i) { return (const normalizer *)self->base.items[i]; }

static maske_status sequence_apply(const normalizer *self, aligned_text *text) {
    for (size_t i = 0; i < self->base.count; i++) TRY(normalizer_apply(item_of(self, i), text));
    return MASKE_OK;
}

static size_t sequence_steady(const normalizer *self, const char *text, size_t length) {
    for (size_t i = 0; i < self->base.count; i++) {
        size_t steady = steady_length(item_of(self, i), text, length);
        if (steady < length) return 0;          /* how far a later type reaches would have to be asked again */
    }
    return length;
}

const normalizer_type normalizer_sequence = {.base = {.name = "Sequence"}, .apply = sequence_apply, .steady = sequence_steady};
