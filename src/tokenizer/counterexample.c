/* tokenizer/counterexample.c: what is likely to be lost is tried first, one by one and in twos and threes: spaces, marks,
 * capitals, punctuation, characters that a small vocabulary lacks, the tokenizer's own tokens. Then characters are taken
 * away as long as what is left does not come back either. */
#include "tokenizer/counterexample.h"
#include "base/buffer.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { TOKENS_MOST = 24, LONGEST = 64 };

maske_status comes_back(const maske_tokenizer *tokenizer, const char *text, size_t length, bool *same) {
    static const maske_encode_options plain = {
        .no_special = true, .no_truncation = true, .no_padding = true, .ids_only = true};
    maske_encoding encoding = {0};
    char *decoded = NULL;
    size_t decoded_length = 0;
    maske_status status = maske_tokenizer_encode(tokenizer, text, length, NULL, 0, &plain, &encoding);
    if (status == MASKE_OK)
        status = maske_tokenizer_decode(tokenizer, encoding.ids, encoding.count, false, &decoded, &decoded_length);
    if (status == MASKE_OK) *same = decoded_length == length && memcmp(decoded, text, length) == 0;
    free(decoded);
    maske_encoding_free(&encoding);
    return status;
}

/* A text that cannot be encoded at all is lost as well. */
static maske_status is_lost(const maske_tokenizer *tokenizer, const char *text, size_t length, bool *lost) {
    bool same = false;
    maske_status status = comes_back(tokenizer, text, length, &same);
    *lost = !same;
    return status == MASKE_OUT_OF_MEMORY ? status : MASKE_OK;
}

/* Takes characters away while the rest is lost too. */
static maske_status shorten(const maske_tokenizer *tokenizer, buffer *text) {
    char shorter[LONGEST * 3];
    for (size_t at = 0; at < text->length;) {
        size_t size = utf8_size(text->data[at]), length = text->length - size;
        bool lost = false;
        memcpy(shorter, text->data, at);
        memcpy(shorter + at, text->data + at + size, length - at);
        if (length > 0) TRY(is_lost(tokenizer, shorter, length, &lost));
        if (!lost) { at += size; continue; }
        buffer_clear(text);
        TRY(buffer_add(text, shorter, length));
        at = 0;
    }
    return MASKE_OK;
}

/* What texts are put together of: general morsels, then added tokens and entries of the tokenizer. */
static size_t collect(const maske_tokenizer *tokenizer, const char **out) {
    static const char *const morsels[] = {
        "a", " ", "b", "A", "\xC4\xB0", "\xC3\xA9", ",", ".", "'", "1", "  ", "\t", "\n", "\r", "-", "_", "##", "\xE2\x96\x81",
        "e\xCC\x81", "\xE2\x84\xAB", "\xEF\xAC\x81", "\xC2\xA0", "\xE3\x80\x80", "\xE6\x97\xA5", "\xF0\x9F\x99\x82", "<0x41>",
        "\x01", "\xC2\xAD", "\xEF\xBB\xBF", "<", "</w>", "n't", " do not"};
    size_t count = sizeof morsels / sizeof *morsels;
    memcpy(out, morsels, sizeof morsels);
    int32_t limit = (int32_t)maske_tokenizer_vocab_size(tokenizer);
    for (size_t i = 0; i < tokenizer->added.count && i < TOKENS_MOST / 2; i++)
        if (tokenizer->added.tokens[i].length < LONGEST) out[count++] = tokenizer->added.tokens[i].content;
    for (int32_t i = 0; i < TOKENS_MOST / 2; i++) {         /* from all over the vocabulary */
        const char *token = maske_tokenizer_token(tokenizer, (int32_t)((int64_t)limit * i / (TOKENS_MOST / 2)));
        if (token != NULL && token[0] != '\0' && strlen(token) < LONGEST) out[count++] = token;
    }
    return count;
}

static maske_status search(const maske_tokenizer *tokenizer, buffer *text) {
    const char *morsels[64 + TOKENS_MOST];
    size_t count = collect(tokenizer, morsels);
    for (int parts = 1; parts <= 3; parts++)
        for (size_t first = 0; first < count; first++)
            for (size_t second = 0; second < (parts > 1 ? count : 1); second++) {
                bool lost = false;
                buffer_clear(text);
                TRY(buffer_add_text(text, morsels[first]));
                if (parts > 1) TRY(buffer_add_text(text, morsels[second]));
                if (parts > 2) TRY(buffer_add_text(text, morsels[(first + second) % 3]));
                TRY(is_lost(tokenizer, text->data, text->length, &lost));
                if (lost) return shorten(tokenizer, text);
            }
    buffer_clear(text);
    return MASKE_OK;
}

maske_status counterexample_find(const maske_tokenizer *tokenizer, char *out, size_t size) {
    buffer text = {0};
    maske_status status = search(tokenizer, &text);
    if (status == MASKE_OK) {
        size_t length = text.length < size ? text.length : 0;
        if (length > 0) memcpy(out, text.data, length);
        out[length] = '\0';
    }
    buffer_free(&text);
    return status;
}
