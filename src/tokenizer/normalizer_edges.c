/* tokenizer/normalizer_edges.c: normalizers that touch the ends of a text (Strip, Prepend), replace what a pattern finds
 * (Replace), or show bytes as characters (ByteLevel). */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

/* ---- Strip ---- */

static maske_status strip_read(normalizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    TRY(json_get_boolean(&self->strip.left, json, "strip_left", name));
    return json_get_boolean(&self->strip.right, json, "strip_right", name);
}

static void strip_write(json_writer *w, const normalizer *self) {
    json_key(w, "strip_left");
    json_bool(w, self->strip.left);
    json_key(w, "strip_right");
    json_bool(w, self->strip.right);
}

static size_t leading_spaces(const char *text, size_t length) {
    size_t at = 0, size;
    while (at < length && unicode_is_space(utf8_next(text + at, &size))) at += size;
    return at;
}

static size_t trailing_spaces(const char *text, size_t length) {
    size_t end = length;
    while (end > 0) {
        size_t at = end - 1, size;
        while (utf8_is_continuation(text[at])) at--;
        if (!unicode_is_space(utf8_next(text + at, &size))) break;
        end = at;
    }
    return length - end;
}

static maske_status strip_apply(const normalizer *self, aligned_text *text) {
    text_edit edit = aligned_text_edit(text);
    size_t left = self->strip.left ? leading_spaces(edit.source, edit.length) : 0;
    size_t right = self->strip.right ? trailing_spaces(edit.source + left, edit.length - left) : 0;
    if (left + right == 0) return MASKE_OK;
    text_edit_drop(&edit, left);
    text_edit_keep(&edit, edit.length - left - right);
    return aligned_text_edit_end(text, &edit);
}

static size_t strip_steady(const normalizer *self, const char *text, size_t length) {
    size_t changed = (self->strip.left ? leading_spaces(text, length) : 0) + (self->strip.right ? trailing_spaces(text, length) : 0);
    return changed == 0 ? length : 0;
}

const normalizer_type normalizer_strip = {"Strip", strip_read, strip_write, NULL, strip_apply, strip_steady};

/* ---- Prepend ---- */

static maske_status prepend_read(normalizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    const char *text;
    TRY(json_get_text(&text, json, "prepend", name));
    self->prepend.length = strlen(text);
    return memory_copy_text(&self->prepend.text, text, self->prepend.length);
}

static void prepend_write(json_writer *w, const normalizer *self) {
    json_key(w, "prepend");
    json_text_bytes(w, self->prepend.text, self->prepend.length);
}

static void prepend_free(normalizer *self) { free(self->prepend.text); }

/* What is put in front stands for the first character, as that character itself still does. */
static maske_status prepend_apply(const normalizer *self, aligned_text *text) {
    if (self->prepend.length == 0) return MASKE_OK;
    text_edit edit = aligned_text_edit(text);
    if (text_edit_room(&edit, self->prepend.length)) text_edit_write(&edit, self->prepend.text, self->prepend.length, 0, false);
    text_edit_keep(&edit, edit.length);
    return aligned_text_edit_end(text, &edit);
}

const normalizer_type normalizer_prepend = {"Prepend", prepend_read, prepend_write, prepend_free, prepend_apply, NULL};

/* ---- Replace ---- */

static maske_status replace_read(normalizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    const char *content;
    TRY(json_get_text(&content, json, "content", name));
    self->replace.content_length = strlen(content);
    TRY(memory_copy_text(&self->replace.content, content, self->replace.content_length));
    return pattern_read(&self->replace.pattern, json_object_get(json, "pattern"), name);
}

static void replace_write(json_writer *w, const normalizer *self) {
    json_key(w, "pattern");
    pattern_write(w, &self->replace.pattern);
    json_key(w, "content");
    json_text_bytes(w, self->replace.content, self->replace.content_length);
}

static void replace_free(normalizer *self) {
    pattern_free(&self->replace.pattern);
    free(self->replace.content);
}

static maske_status replace_apply(const normalizer *self, aligned_text *text) {
    text_edit edit = aligned_text_edit(text);
    pattern_search search = pattern_search_start(&self->replace.pattern, edit.source, edit.length, text->search);
    for (;;) {
        bool found;
        size_t begin, end;
        maske_status status = pattern_next(&search, &found, &begin, &end);
        text->search = search.scratch;
        TRY(status);
        if (!found) break;
        text_edit_keep(&edit, begin - edit.at);
        text_edit_drop(&edit, end - begin);
        text_edit_insert_text(&edit, self->replace.content, self->replace.content_length);
    }
    text_edit_keep(&edit, edit.length - edit.at);
    return aligned_text_edit_end(text, &edit);
}

static size_t replace_steady(const normalizer *self, const char *text, size_t length) {
    const pattern *wanted = &self->replace.pattern;
    if (wanted->is_regex || wanted->length == 0) return 0;
    const char *found = memmem(text, length, wanted->text, wanted->length);
    return found == NULL ? length : (size_t)(found - text);
}

const normalizer_type normalizer_replace = {"Replace", replace_read, replace_write, replace_free, replace_apply, replace_steady};

/* ---- ByteLevel ---- */

static maske_status byte_level_apply(const normalizer *self, aligned_text *text) {
    (void)self;
    text_edit edit = aligned_text_edit(text);
    text_edit_byte_level(&edit);
    return aligned_text_edit_end(text, &edit);
}

const normalizer_type normalizer_byte_level = {"ByteLevel", NULL, NULL, NULL, byte_level_apply, NULL};
