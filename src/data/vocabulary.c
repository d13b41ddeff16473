/* data/vocabulary.c: the tokenizer's ids sorted into special and ordinary ones. */
#include "data/vocabulary.h"
#include "base/utf8.h"
#include "data/token_texts.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

maske_status vocabulary_of(vocabulary *out, const maske_tokenizer *tokenizer) {
    vocabulary v = {
        .size = (size_t)maske_tokenizer_vocab_size(tokenizer),
        .cls = maske_tokenizer_special(tokenizer, MASKE_CLS), .sep = maske_tokenizer_special(tokenizer, MASKE_SEP),
        .mask = maske_tokenizer_special(tokenizer, MASKE_MASK), .pad = maske_tokenizer_special(tokenizer, MASKE_PAD),
    };
    if (v.mask < 0)
        return error_set(MASKE_BAD_ARGUMENT, "the tokenizer has no mask token ([MASK] or <mask>), expected one");
    maske_status status = memory_resize(&v.special, v.size, sizeof *v.special, "a vocabulary");
    if (status == MASKE_OK) status = memory_resize(&v.ordinary, v.size, sizeof *v.ordinary, "a vocabulary");
    for (size_t id = 0; status == MASKE_OK && id < v.size; id++) {
        v.special[id] = maske_tokenizer_is_special(tokenizer, (int32_t)id);
        if (!v.special[id] && maske_tokenizer_token(tokenizer, (int32_t)id) != NULL)
            v.ordinary[v.ordinary_count++] = (int32_t)id;
    }
    if (status == MASKE_OK && v.ordinary_count == 0)
        status = error_set(MASKE_BAD_ARGUMENT, "the tokenizer has nothing but special tokens");
    if (status == MASKE_OK) *out = v;
    else vocabulary_free(&v);
    return status;
}

/* Bytes that are no whole character are taken for letters. */
static uint8_t joins_of(const vocabulary *v, int32_t id, bool whole, const buffer *text) {
    if (v->special[id]) return 0;
    if (!whole) return JOINS_BEFORE | JOINS_BEHIND;
    uint8_t joins = 0;
    for (size_t at = 0, size; at < text->length; at += size) {
        uint32_t c = utf8_next(text->data + at, &size);
        bool letter = (unicode_scan(c) & (SCAN_LETTER | SCAN_NUMBER)) || (unicode_normal(c) & NORMAL_MARK);
        if (at == 0 && letter) joins |= JOINS_BEFORE;
        /* A space by itself begins the word that follows. */
        if (at + size == text->length && (letter || (at == 0 && unicode_is_space(c)))) joins |= JOINS_BEHIND;
    }
    return joins;
}

maske_status vocabulary_find_words(vocabulary *v, const maske_tokenizer *tokenizer) {
    token_texts texts;
    buffer text = {0};
    TRY(memory_resize(&v->joins, v->size, sizeof *v->joins, "a vocabulary"));
    TRY(token_texts_open(&texts, tokenizer));
    maske_status status = MASKE_OK;
    for (size_t id = 0; status == MASKE_OK && id < v->size; id++) {
        bool whole = false;
        status = token_text(&texts, (int32_t)id, &text, &whole);
        v->joins[id] = joins_of(v, (int32_t)id, whole, &text);
    }
    buffer_free(&text);
    token_texts_free(&texts);
    return status;
}

void vocabulary_free(vocabulary *v) {
    free(v->joins);
    free(v->special);
    free(v->ordinary);
    *v = (vocabulary){0};
}
