/* tokenizer/normalizer_pass.h: one pass over a text that changes the characters of a class (unicode_normal in unicode.h),
 * and what several normalizers do to them. In a header, so that a pass is compiled for what it changes. */
#ifndef MASKE_TOKENIZER_NORMALIZER_PASS_H
#define MASKE_TOKENIZER_NORMALIZER_PASS_H

#include "tokenizer/aligned_text.h"
#include "tokenizer/unicode.h"

/* Bytes up to the first character with one of the bits. */
static inline size_t normal_until(const char *text, size_t length, unsigned bits) {
    size_t at = 0;
    while (at < length) {
        size_t size;
        if (unicode_normal(utf8_next(text + at, &size)) & bits) break;
        at += size;
    }
    return at;
}

typedef void normal_change(text_edit *edit, uint32_t character, size_t size);

static inline MASKE_MUST_USE maske_status normal_pass(aligned_text *text, unsigned bits, normal_change *change) {
    text_edit edit = aligned_text_edit(text);
    while (edit.at < edit.length) {
        text_edit_keep(&edit, normal_until(edit.source + edit.at, edit.length - edit.at, bits));
        if (edit.at == edit.length) break;
        size_t size;
        uint32_t character = utf8_next(edit.source + edit.at, &size);
        change(&edit, character, size);
    }
    return aligned_text_edit_end(text, &edit);
}

static inline void normal_drop(text_edit *edit, uint32_t character, size_t size) {
    (void)character;
    text_edit_drop(edit, size);
}

/* By itself: no language, no context. */
static inline void normal_lower(text_edit *edit, uint32_t character, size_t size) {
    uint32_t lowered[2];
    size_t count = unicode_lower(lowered, character);
    text_edit_replace(edit, lowered[0], size);
    if (count > 1) text_edit_insert(edit, lowered[1]);
}

#endif
