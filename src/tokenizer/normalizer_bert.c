/* tokenizer/normalizer_bert.c: BertNormalizer: clean, space Chinese characters, take accents off, lower; in this order. */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/unicode.h"
#include "tokenizer/unicode_forms.h"

static maske_status bert_read(normalizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    bool strip_accents;
    TRY(json_get_boolean(&self->bert.clean_text, json, "clean_text", name));
    TRY(json_get_boolean(&self->bert.handle_chinese_chars, json, "handle_chinese_chars", name));
    TRY(json_get_boolean_or(&strip_accents, false, json, "strip_accents", name));
    TRY(json_get_boolean(&self->bert.lowercase, json, "lowercase", name));
    self->bert.strip_accents = json_is_boolean(json_object_get(json, "strip_accents")) ? strip_accents : -1;
    return MASKE_OK;
}

static void bert_write(json_writer *w, const normalizer *self) {
    json_key(w, "clean_text");
    json_bool(w, self->bert.clean_text);
    json_key(w, "handle_chinese_chars");
    json_bool(w, self->bert.handle_chinese_chars);
    json_key(w, "strip_accents");
    if (self->bert.strip_accents < 0) json_nothing(w);
    else json_bool(w, self->bert.strip_accents);
    json_key(w, "lowercase");
    json_bool(w, self->bert.lowercase);
}

/* strip_accents null: accents go where case goes. */
static bool strips_accents(const normalizer *self) {
    return self->bert.strip_accents < 0 ? self->bert.lowercase : self->bert.strip_accents;
}

static size_t until_class(const char *text, size_t length, unsigned bits) {
    size_t at = 0;
    while (at < length) {
        size_t size;
        if (unicode_normal(utf8_next(text + at, &size)) & bits) break;
        at += size;
    }
    return at;
}

/* One pass that changes the characters that have one of the bits. */
static maske_status pass(aligned_text *text, unsigned bits, void (*change)(text_edit *edit, uint32_t character, size_t size)) {
    text_edit edit = aligned_text_edit(text);
    while (edit.at < edit.length) {
        text_edit_keep(&edit, until_class(edit.source + edit.at, edit.length - edit.at, bits));
        if (edit.at == edit.length) break;
        size_t size;
        uint32_t character = utf8_next(edit.source + edit.at, &size);
        change(&edit, character, size);
    }
    return aligned_text_edit_end(text, &edit);
}

static void clean(text_edit *edit, uint32_t character, size_t size) {
    if (unicode_normal(character) & NORMAL_CONTROL) text_edit_drop(edit, size);
    else text_edit_replace(edit, ' ', size);
}

static void space_out(text_edit *edit, uint32_t character, size_t size) {
    text_edit_replace(edit, ' ', size);
    text_edit_insert(edit, character);
    text_edit_insert(edit, ' ');
}

static void drop(text_edit *edit, uint32_t character, size_t size) {
    (void)character;
    text_edit_drop(edit, size);
}

static void lower(text_edit *edit, uint32_t character, size_t size) {
    uint32_t lowered[2];
    size_t count = unicode_lower(lowered, character);
    text_edit_replace(edit, lowered[0], size);
    if (count > 1) text_edit_insert(edit, lowered[1]);
}

static maske_status bert_apply(const normalizer *self, aligned_text *text) {
    if (self->bert.clean_text) TRY(pass(text, NORMAL_CONTROL | NORMAL_SPACE, clean));
    if (self->bert.handle_chinese_chars) TRY(pass(text, NORMAL_CHINESE, space_out));
    if (strips_accents(self)) {
        TRY(unicode_form_apply(UNICODE_NFD, text));
        TRY(pass(text, NORMAL_ACCENT, drop));
    }
    return self->bert.lowercase ? pass(text, NORMAL_UPPER, lower) : MASKE_OK;
}

const normalizer_type normalizer_bert = {"BertNormalizer", bert_read, bert_write, NULL, bert_apply, NULL};
