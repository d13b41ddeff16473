/* tokenizer/normalizer_edges.c: normalizers that touch the ends of a text (Strip, Prepend), replace what a pattern finds
 * (Replace), or show bytes as characters (ByteLevel). */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

/* ---- Strip ---- */

static const component_member strip_members[] = {
    MEMBER("strip_left", BOOLEAN, normalizer, strip.left),
    MEMBER("strip_right", BOOLEAN, normalizer, strip.right),
    {0}
};

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

const normalizer_type normalizer_strip = {
    .base = {.name = "Strip", .members = strip_members}, .apply = strip_apply, .steady = strip_steady
};

/* ---- Prepend ---- */

static const component_member prepend_members[] = {MEMBER("prepend", TEXT, normalizer, prepend.text), {0}};

/* What is put in front stands for the first character, as that character itself still does; but where nothing is put
 * there it stands for nothing, as in the library. */
static maske_status prepend_apply(const normalizer *self, aligned_text *text) {
    size_t length = strlen(self->prepend.text);
    text_edit edit = aligned_text_edit(text);
    if (length == 0) {
        size_t size;
        text_edit_insert(&edit, utf8_next(edit.source, &size));
        text_edit_drop(&edit, size);
    }
    if (text_edit_room(&edit, length)) text_edit_write(&edit, self->prepend.text, length, 0, false);
    text_edit_keep(&edit, edit.length - edit.at);
    return aligned_text_edit_end(text, &edit);
}

const normalizer_type normalizer_prepend = {
    .base = {.name = "Prepend", .members = prepend_members}, .apply = prepend_apply
};

/* ---- Replace ---- */

static const component_member replace_members[] = {
    MEMBER("pattern", PATTERN, normalizer, replace.pattern),
    MEMBER("content", TEXT, normalizer, replace.content),
    {0}
};

static maske_status replace_apply(const normalizer *self, aligned_text *text) {
    size_t content_length = strlen(self->replace.content);
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
        text_edit_insert_text(&edit, self->replace.content, content_length);
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

const normalizer_type normalizer_replace = {
    .base = {.name = "Replace", .members = replace_members}, .apply = replace_apply, .steady = replace_steady
};

/* ---- ByteLevel ---- */

static maske_status byte_level_apply(const normalizer *self, aligned_text *text) {
    (void)self;
    text_edit edit = aligned_text_edit(text);
    text_edit_byte_level(&edit);
    return aligned_text_edit_end(text, &edit);
}

const normalizer_type normalizer_byte_level = {.base = {.name = "ByteLevel"}, .apply = byte_level_apply};
