/* tokenizer/pre_tokenizer_byte_level.c: GPT-2's pre-tokenizer: its pattern, scanned by hand, then bytes as characters.
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * Every character is a letter, a number, a space or something else, so the pattern covers any text: a word is a run of
 * one class with at most one U+0020 in front; a run of spaces leaves its last one to the word behind it. */
#include "tokenizer/pre_tokenizer_types.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

static maske_status byte_level_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    TRY(json_get_boolean(&self->byte_level.add_prefix_space, json, "add_prefix_space", name));
    TRY(json_get_boolean(&self->byte_level.trim_offsets, json, "trim_offsets", name));
    self->byte_level.use_regex = true;
    return json_object_get(json, "use_regex") == NULL ? MASKE_OK : json_get_boolean(&self->byte_level.use_regex, json, "use_regex", name);
}

static void byte_level_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "add_prefix_space");
    json_bool(w, self->byte_level.add_prefix_space);
    json_key(w, "trim_offsets");
    json_bool(w, self->byte_level.trim_offsets);
    json_key(w, "use_regex");
    json_bool(w, self->byte_level.use_regex);
}

static bool byte_level_needs_prepare(const pre_tokenizer *self, const char *text, size_t length, uint32_t origin_begin) {
    (void)origin_begin;
    return self->byte_level.add_prefix_space && (length == 0 || text[0] != ' ');
}

/* The space in front has the origin of the character it stands before. */
static void byte_level_prepare(const pre_tokenizer *self, text_edit *edit) {
    (void)self;
    if (text_edit_room(edit, 1)) text_edit_write(edit, " ", 1, 0, false);
    text_edit_keep(edit, edit->length);
}

enum { CLASSES = SCAN_LETTER | SCAN_NUMBER | SCAN_SPACE };

/* The class of the character at `at`, and its size: one of the three bits, or 0 for anything else. */
static inline unsigned class_at(const char *text, size_t at, size_t *size) {
    unsigned char first = (unsigned char)text[at];
    if (first < 0x80) {
        *size = 1;
        return unicode_scan_pages[unicode_scan_index[0]][first] & CLASSES;
    }
    return unicode_scan(utf8_next(text + at, size)) & CLASSES;
}

static inline size_t run_of_class(const char *text, size_t at, size_t length, unsigned class) {
    size_t size;
    while (at < length && class_at(text, at, &size) == class) at += size;
    return at;
}

/* Bytes of the English contraction at an apostrophe, 0 if there is none. */
static inline size_t contraction(const char *text, size_t left) {
    if (left < 2) return 0;
    char first = text[1], second = left > 2 ? text[2] : '\0';
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
    return 0;
}

/* The end of a run of spaces as the pattern takes it: all of it at the end of the text, else without its last
 * character if it has two. */
static size_t space_end(const char *text, size_t at, size_t length) {
    size_t begin = at, last = at, size;
    while (at < length && class_at(text, at, &size) == SCAN_SPACE) {
        last = at;
        at += size;
    }
    return at == length || last == begin ? at : last;
}

static maske_status byte_level_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    if (!self->byte_level.use_regex) return range_list_add(out, 0, length);
    for (size_t at = 0; at < length;) {
        size_t end, size, next_size;
        unsigned class = class_at(text, at, &size);
        if (text[at] == '\'' && (end = contraction(text + at, length - at)) != 0) {
            end += at;
        } else if (class != SCAN_SPACE) {
            end = run_of_class(text, at + size, length, class);
        } else if (text[at] == ' ' && at + 1 < length && (class = class_at(text, at + 1, &next_size)) != SCAN_SPACE) {
            end = run_of_class(text, at + 1 + next_size, length, class);
        } else {
            end = space_end(text, at, length);
        }
        TRY(range_list_add(out, at, end));
        at = end;
    }
    return MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_byte_level = {
    .name = "ByteLevel", .read = byte_level_read, .write = byte_level_write, .needs_prepare = byte_level_needs_prepare,
    .prepare = byte_level_prepare, .cut = byte_level_cut, .finish = text_edit_byte_level
};
