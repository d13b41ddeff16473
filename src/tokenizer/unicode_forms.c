/* tokenizer/unicode_forms.c: see the header.
 *
 * Each character of a segment goes through three stages with a "change", the library's word for its origin: 0 stands
 * for one source character, -n for one and the n behind it, 1 for none of its own. Decomposing gives the first part 0
 * and the others 1; reordering moves changes with their characters; composing a and b adds both up, less 1. */
#include "tokenizer/unicode_forms.h"

#include "tokenizer/unicode.h"

#include <utf8proc.h>

enum { DECOMPOSITION_LIMIT = 32 };      /* the longest, U+FDFA, has 18 characters */

static inline bool steady(unicode_form form, uint32_t character) { return !(unicode_normal(character) & (1u << form)); }
static inline bool composing(unicode_form form) { return form >= UNICODE_NFC; }

size_t unicode_form_steady(unicode_form form, const char *text, size_t length) {
    size_t at = 0, last = 0;
    while (at < length) {
        if ((unsigned char)text[at] < 0x80) {       /* ASCII is steady under every form */
            last = at++;
            continue;
        }
        size_t size;
        if (!steady(form, utf8_next(text + at, &size))) return composing(form) ? last : at;     /* the one before may be composed with */
        last = at;
        at += size;
    }
    return length;
}

static maske_status pend(aligned_text *text, size_t *count, uint32_t character, int32_t change, uint8_t combining_class) {
    if (*count == text->pending_capacity)
        TRY(memory_reserve(&text->pending, &text->pending_capacity, *count + 1, sizeof *text->pending, "characters to put in order"));
    text->pending[(*count)++] = (pending_character){character, change, combining_class};
    return MASKE_OK;
}

/* Adds the full decomposition of a character. */
static maske_status decompose(unicode_form form, aligned_text *text, size_t *count, uint32_t character) {
    bool compatible = form == UNICODE_NFKD || form == UNICODE_NFKC;
    /* What Unicode 9.0 does not decompose or order is taken as it is, whatever a newer utf8proc knows. */
    if (!(unicode_normal(character) & (compatible ? NORMAL_NOT_NFKD : NORMAL_NOT_NFD))) return pend(text, count, character, 0, 0);
    utf8proc_int32_t parts[DECOMPOSITION_LIMIT];
    int boundary = 0;
    utf8proc_ssize_t found = utf8proc_decompose_char((utf8proc_int32_t)character, parts, DECOMPOSITION_LIMIT,
                                                     UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0), &boundary);
    if (found < 1 || found > DECOMPOSITION_LIMIT) return pend(text, count, character, 0, 0);
    for (utf8proc_ssize_t i = 0; i < found; i++) {
        int combining_class = utf8proc_get_property(parts[i])->combining_class;
        TRY(pend(text, count, (uint32_t)parts[i], i > 0, (uint8_t)combining_class));
    }
    return MASKE_OK;
}

/* Sorts marks by class, equal ones in the order they came. Few by insertion; many (a hostile text) by counting. */
static maske_status sort_marks(aligned_text *text, size_t begin, size_t end) {
    pending_character *marks = text->pending + begin;
    size_t count = end - begin;
    if (count <= 16) {
        for (size_t i = 1; i < count; i++) {
            pending_character mark = marks[i];
            size_t j = i;
            for (; j > 0 && marks[j - 1].combining_class > mark.combining_class; j--) marks[j] = marks[j - 1];
            marks[j] = mark;
        }
        return MASKE_OK;
    }
    TRY(memory_reserve(&text->sorted, &text->sorted_capacity, count, sizeof *text->sorted, "characters to put in order"));
    size_t place[257] = {0};
    for (size_t i = 0; i < count; i++) place[marks[i].combining_class + 1]++;
    for (size_t c = 1; c < 257; c++) place[c] += place[c - 1];
    for (size_t i = 0; i < count; i++) text->sorted[place[marks[i].combining_class]++] = marks[i];
    memcpy(marks, text->sorted, count * sizeof *marks);
    return MASKE_OK;
}

static maske_status put_in_order(aligned_text *text, size_t count) {
    for (size_t i = 0; i < count;) {
        if (text->pending[i].combining_class == 0) {
            i++;
            continue;
        }
        size_t end = i;
        while (end < count && text->pending[end].combining_class != 0) end++;
        TRY(sort_marks(text, i, end));
        i = end;
    }
    return MASKE_OK;
}

/* The character that two compose to, or 0. */
static uint32_t compose_pair(uint32_t first, uint32_t second) {
    if (steady(UNICODE_NFC, second)) return 0;
    utf8proc_int32_t pair[2] = {(utf8proc_int32_t)first, (utf8proc_int32_t)second};
    return utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) == 1 ? (uint32_t)pair[0] : 0;
}

/* Composes in place; returns how many characters are left. */
static size_t compose(pending_character *all, size_t count) {
    size_t kept = 0, starter = SIZE_MAX;
    int last_class = -1;                /* of the last mark kept behind the starter; -1: none */
    for (size_t i = 0; i < count; i++) {
        pending_character next = all[i];
        uint32_t composed = 0;
        if (starter != SIZE_MAX && last_class < (int)next.combining_class)
            composed = compose_pair(all[starter].character, next.character);
        if (composed != 0) {
            all[starter].character = composed;
            all[starter].change += next.change - 1;
            continue;
        }
        if (next.combining_class == 0) {
            starter = kept;
            last_class = -1;
        } else if (starter != SIZE_MAX) {
            last_class = next.combining_class;
        }
        all[kept++] = next;
    }
    return kept;
}

static void put(text_edit *edit, const pending_character *next) {
    if (next->change > 0) {
        text_edit_insert(edit, next->character);
        return;
    }
    size_t size = 0;
    for (int32_t i = next->change; i <= 0 && edit->at + size < edit->length; i++) size += utf8_size(edit->source[edit->at + size]);
    text_edit_replace(edit, next->character, size);
}

maske_status unicode_form_apply(unicode_form form, aligned_text *text) {
    text_edit edit = aligned_text_edit(text);
    while (edit.at < edit.length && edit.status == MASKE_OK) {
        text_edit_keep(&edit, unicode_form_steady(form, edit.source + edit.at, edit.length - edit.at));
        /* A segment: a character that may be composed with, then all that is not steady. */
        size_t at = edit.at, count = 0, size;
        while (at < edit.length) {
            uint32_t character = utf8_next(edit.source + at, &size);
            if (steady(form, character) && at > edit.at) break;
            TRY(decompose(form, text, &count, character));
            at += size;
        }
        TRY(put_in_order(text, count));
        if (composing(form)) count = compose(text->pending, count);
        for (size_t i = 0; i < count; i++) put(&edit, &text->pending[i]);
    }
    return aligned_text_edit_end(text, &edit);
}
