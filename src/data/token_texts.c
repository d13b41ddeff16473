/* data/token_texts.c: entries of the vocabulary as text. */
#include "data/token_texts.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

static const char replacement[] = "\xEF\xBF\xBD";       /* U+FFFD: what decoders make of bytes that are no character */

/* "<0xC4>": the byte, else -1. */
static int byte_token(const char *token) {
    static const char digits[] = "0123456789ABCDEF";
    if (strlen(token) != 6 || memcmp(token, "<0x", 3) != 0 || token[5] != '>') return -1;
    const char *high = strchr(digits, token[3]), *low = strchr(digits, token[4]);
    return high != NULL && low != NULL && *high && *low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

static bool is_letters(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z'))) return false;
    return length > 0;
}

/* An anchor's text must come out the same whatever stands behind it. On success *text is yours, NULL: it is no anchor.
 */
static maske_status try_anchor(const maske_tokenizer *tokenizer, int32_t id, bool letters, char **text,
                               size_t *length) {
    const char *token = maske_tokenizer_token(tokenizer, id);
    char *alone = NULL, *twice = NULL;
    size_t alone_length = 0, twice_length = 0;
    *text = NULL;
    if (token == NULL || maske_tokenizer_is_special(tokenizer, id) || byte_token(token) >= 0) return MASKE_OK;
    maske_status status = maske_tokenizer_decode(tokenizer, &id, 1, false, &alone, &alone_length);
    if (status == MASKE_OK)
        status = maske_tokenizer_decode(tokenizer, (int32_t[]){id, id}, 2, false, &twice, &twice_length);
    bool good = status == MASKE_OK && alone_length > 0 && twice_length > alone_length &&
                memcmp(alone, twice, alone_length) == 0 && strstr(alone, replacement) == NULL &&
                (!letters || is_letters(alone, alone_length));
    free(twice);
    if (!good) free(alone);
    else *text = alone, *length = alone_length;
    return status;
}

maske_status token_texts_open(token_texts *out, const maske_tokenizer *tokenizer) {
    token_texts p = {.tokenizer = tokenizer, .anchor = -1};
    int64_t size = maske_tokenizer_vocab_size(tokenizer);
    /* Letters first: punctuation is what decoders have special rules for. */
    for (int pass = 0; pass < 2 && p.anchor < 0; pass++) {
        for (int32_t id = 0; id < size && p.anchor < 0; id++) {
            TRY(try_anchor(tokenizer, id, pass == 0, &p.anchor_text, &p.anchor_length));
            if (p.anchor_text != NULL) p.anchor = id;
        }
    }
    *out = p;
    return MASKE_OK;
}

void token_texts_free(token_texts *p) {
    free(p->anchor_text);
    *p = (token_texts){0};
}

maske_status token_text(const token_texts *p, int32_t id, buffer *out, bool *whole) {
    buffer_clear(out);
    *whole = false;
    if (maske_tokenizer_token(p->tokenizer, id) == NULL) return MASKE_OK;
    const int32_t ids[2] = {p->anchor >= 0 ? p->anchor : id, id};
    char *text = NULL;
    size_t length = 0, skip = p->anchor >= 0 ? p->anchor_length : 0;
    TRY(maske_tokenizer_decode(p->tokenizer, ids, p->anchor >= 0 ? 2 : 1, false, &text, &length));
    bool good = length >= skip && (skip == 0 || memcmp(text, p->anchor_text, skip) == 0) &&
                strstr(text + skip, replacement) == NULL;
    maske_status status = good ? buffer_add(out, text + skip, length - skip) : MASKE_OK;
    free(text);
    *whole = good;
    return status;
}

maske_status token_fills(const token_texts *p, int32_t id, buffer *out, bool *fills) {
    bool whole = false, visible = false;
    *fills = false;
    if (maske_tokenizer_is_special(p->tokenizer, id)) return MASKE_OK;
    TRY(token_text(p, id, out, &whole));
    if (!whole) return MASKE_OK;
    for (size_t i = 0, size; i < out->length; i += size) {
        uint32_t c = utf8_next(out->data + i, &size);
        if (c < 0x20 || c == 0x7F) return MASKE_OK;
        visible = visible || !unicode_is_space(c);
    }
    *fills = visible;
    return MASKE_OK;
}

maske_status token_characters(const token_texts *p, int32_t id, buffer *scratch, int64_t *out) {
    bool whole = false;
    TRY(token_text(p, id, scratch, &whole));
    if (whole) return *out = (int64_t)utf8_count(scratch->data != NULL ? scratch->data : "", scratch->length), MASKE_OK;
    const char *token = maske_tokenizer_token(p->tokenizer, id);
    int64_t characters = 0;
    int byte = token != NULL ? byte_token(token) : -1;
    if (byte >= 0) characters = !utf8_is_continuation((char)byte);
    else if (token != NULL) {
        for (size_t size; *token; token += size) {          /* a stretch of bytes, shown as GPT-2 does */
            int shown = byte_level_byte(utf8_next(token, &size));
            characters += shown < 0 || !utf8_is_continuation((char)shown);
        }
    }
    *out = characters;
    return MASKE_OK;
}
