/* tokenizer/pre_tokenizer_metaspace.c: sentencepiece's way: U+0020 becomes a visible character (U+2581), one is put in
 * front, and each starts a new word. */
#include "tokenizer/pre_tokenizer_types.h"

#include "tokenizer/scan_block.h"

static const component_member members[] = {METASPACE_MEMBERS(pre_tokenizer, metaspace.settings), {0}};

static maske_status metaspace_read(component *base, const json_t *json, const char *place) {
    pre_tokenizer *self = (pre_tokenizer *)base;
    self->metaspace.size = strlen(self->metaspace.settings.replacement);
    return metaspace_check(&self->metaspace.settings, json, place);
}

static bool is_replacement(const pre_tokenizer *self, const char *text, size_t length) {
    size_t size = self->metaspace.size;
    return length >= size && memcmp(text, self->metaspace.settings.replacement, size) == 0;
}

static bool needs_prefix(const pre_tokenizer *self, const char *text, size_t length, uint32_t origin_begin) {
    if (self->metaspace.settings.scheme == PREPEND_NEVER || (self->metaspace.settings.scheme == PREPEND_FIRST && origin_begin != 0)) return false;
    return text[0] != ' ' && !is_replacement(self, text, length);
}

static bool metaspace_needs_prepare(const pre_tokenizer *self, const char *text, size_t length, uint32_t origin_begin) {
    return memchr(text, ' ', length) != NULL || needs_prefix(self, text, length, origin_begin);
}

static void metaspace_prepare(const pre_tokenizer *self, text_edit *edit) {
    const char *replacement = self->metaspace.settings.replacement;
    size_t size = self->metaspace.size;
    if (needs_prefix(self, edit->source, edit->length, edit->origin_begin) && text_edit_room(edit, size))
        text_edit_write(edit, replacement, size, 0, false);
    while (edit->at < edit->length) {
        const char *rest = edit->source + edit->at, *space = memchr(rest, ' ', edit->length - edit->at);
        text_edit_keep(edit, space == NULL ? edit->length - edit->at : (size_t)(space - rest));
        if (space == NULL) break;
        text_edit_drop(edit, 1);
        text_edit_insert_text(edit, replacement, size);
    }
}

/* Takes out the bits where the replacement's first byte begins something else. */
static uint64_t replacements_of(const pre_tokenizer *self, const char *text, size_t length, size_t base, uint64_t first_bytes) {
    uint64_t found = first_bytes;
    for (; first_bytes != 0; first_bytes &= first_bytes - 1) {
        size_t at = base + (size_t)__builtin_ctzll(first_bytes);
        if (!is_replacement(self, text + at, length - at)) found &= ~(first_bytes & -first_bytes);
    }
    return found;
}

/* A word begins at each replacement, and at the start. */
static inline maske_status cut(const pre_tokenizer *self, const char *text, size_t length, bool spaces, range_list *out) {
    if (!self->metaspace.settings.split) return range_list_add(out, 0, length);
    size_t first = out->count;
    for (size_t base = 0; base < length; base += SCAN_BLOCK) {
        char copy[SCAN_BLOCK];
        const char *bytes = scan_bytes(text, base, length, copy);
        uint64_t begins = scan_byte(bytes, self->metaspace.settings.replacement[0]) & scan_valid(base, length);
        if (begins != 0 && self->metaspace.size > 1) begins = replacements_of(self, text, length, base, begins);
        if (spaces) begins |= scan_byte(bytes, ' ');
        TRY(scan_reserve(out));
        scan_add_begins(out, base, begins | (base == 0));
    }
    scan_close(out, first, length);
    return MASKE_OK;
}

static maske_status metaspace_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return cut(self, text, length, false, out);
}

maske_status metaspace_cut_spaces(const pre_tokenizer *self, const char *text, size_t length, range_list *out) {
    return cut(self, text, length, true, out);
}

const pre_tokenizer_type pre_tokenizer_metaspace = {
    .base = {.name = "Metaspace", .members = members, .read = metaspace_read},
    .needs_prepare = metaspace_needs_prepare, .prepare = metaspace_prepare, .cut = metaspace_cut
};
