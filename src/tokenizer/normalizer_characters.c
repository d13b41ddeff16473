/* tokenizer/normalizer_characters.c: normalizers that look at one character at a time: Lowercase, StripAccents, Nmt. */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/normalizer_pass.h"

/* ---- Lowercase: each character by itself ---- */

static size_t lowercase_steady(const normalizer *self, const char *text, size_t length) {
    (void)self;
    return normal_until(text, length, NORMAL_UPPER);
}

static maske_status lowercase_apply(const normalizer *self, aligned_text *text) {
    (void)self;
    return normal_pass(text, NORMAL_UPPER, normal_lower);
}

const normalizer_type normalizer_lowercase = {
    .base = {.name = "Lowercase"}, .apply = lowercase_apply, .steady = lowercase_steady
};

/* ---- StripAccents: every combining mark goes; nothing is decomposed first ---- */

static size_t strip_accents_steady(const normalizer *self, const char *text, size_t length) {
    (void)self;
    return normal_until(text, length, NORMAL_MARK);
}

static maske_status strip_accents_apply(const normalizer *self, aligned_text *text) {
    (void)self;
    return normal_pass(text, NORMAL_MARK, normal_drop);
}

const normalizer_type normalizer_strip_accents = {
    .base = {.name = "StripAccents"}, .apply = strip_accents_apply, .steady = strip_accents_steady
};

/* ---- Nmt: sentencepiece's small cleaning: control characters go, odd spaces become U+0020 ---- */

static bool nmt_deletes(uint32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}
static bool nmt_is_space(uint32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
           c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

static size_t nmt_steady(const normalizer *self, const char *text, size_t length) {
    (void)self;
    size_t at = 0;
    while (at < length) {
        size_t size;
        uint32_t c = utf8_next(text + at, &size);
        if (nmt_deletes(c) || nmt_is_space(c)) break;
        at += size;
    }
    return at;
}

static maske_status nmt_apply(const normalizer *self, aligned_text *text) {
    text_edit edit = aligned_text_edit(text);
    while (edit.at < edit.length) {
        text_edit_keep(&edit, nmt_steady(self, edit.source + edit.at, edit.length - edit.at));
        if (edit.at == edit.length) break;
        size_t size;
        if (nmt_deletes(utf8_next(edit.source + edit.at, &size))) text_edit_drop(&edit, size);
        else text_edit_replace(&edit, ' ', size);
    }
    return aligned_text_edit_end(text, &edit);
}

const normalizer_type normalizer_nmt = {.base = {.name = "Nmt"}, .apply = nmt_apply, .steady = nmt_steady};
