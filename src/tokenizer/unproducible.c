/* tokenizer/unproducible.c: each character of each entry goes through the normalizer by itself. What normalizers make
 * they leave alone, so a character that does not come out of itself comes out of none. */
#include "tokenizer/unproducible.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"

#include <stdlib.h>

enum { UNKNOWN, GOOD, BAD };

typedef struct check {
    const maske_tokenizer *tokenizer;
    bool bytes;                     /* entries show bytes */
    uint8_t *known;                 /* [0x110000] */
    aligned_text scratch;
    char *letters;
    size_t used, size;
} check;

static maske_status try_character(check *c, uint32_t character, bool *bad) {
    char text[4];
    const char *normal = NULL;
    size_t length = utf8_put(text, character), normal_length = 0;
    if (c->known[character] == UNKNOWN) {
        TRY(normalizer_apply_plain(c->tokenizer->normalizer, text, length, &c->scratch, &normal, &normal_length, NULL));
        bool found = normal_length >= length && memmem(normal, normal_length, text, length) != NULL;
        c->known[character] = found ? GOOD : BAD;
        if (!found && c->used + length + 2 < c->size) {
            if (c->used > 0) c->letters[c->used++] = ' ';
            memcpy(c->letters + c->used, text, length);
            c->used += length;
        }
    }
    *bad = c->known[character] == BAD;
    return MASKE_OK;
}

/* The entry as text: of bytes, those that are whole characters. Returns its length. */
static size_t text_of(const check *c, const char *entry, size_t length, char *out) {
    if (!c->bytes) {
        memcpy(out, entry, length);
        return length;
    }
    size_t count = 0;
    for (size_t at = 0, size; at < length; at += size) {
        int byte = byte_level_byte(utf8_next(entry + at, &size));
        if (byte >= 0) out[count++] = (char)byte;
    }
    return count;
}

/* Characters that stand for something else: a space, or the beginning of an entry in the middle of a word. */
static size_t skip_marks(const check *c, const char *text, size_t length) {
    const maske_tokenizer *t = c->tokenizer;
    const char *prefix = t->kind == MODEL_BPE ? t->model.bpe.options.continuing_subword_prefix
                                              : t->model.wordpiece.continuing_subword_prefix;
    size_t size = prefix == NULL ? 0 : strlen(prefix);
    return size > 0 && length > size && memcmp(text, prefix, size) == 0 ? size : 0;
}

static maske_status check_entry(check *c, const char *entry, size_t length, char *text, bool *bad) {
    length = text_of(c, entry, length, text);
    if (c->bytes && length < 2) return MASKE_OK;        /* every byte is there, whether texts have it or not */
    for (size_t at = skip_marks(c, text, length); at < length && !*bad;) {
        size_t size = utf8_size(text[at]);
        if (size == 0 || at + size > length || utf8_valid_prefix(text + at, size) != size) { at++; continue; }
        uint32_t character = utf8_next(text + at, &size);
        at += size;
        if (character == 0x2581 || character == ' ') continue;
        TRY(try_character(c, character, bad));
    }
    return MASKE_OK;
}

static maske_status check_all(check *c, int64_t *entries) {
    const vocab *all = tokenizer_vocab(c->tokenizer);
    const bpe *model = c->tokenizer->kind == MODEL_BPE ? &c->tokenizer->model.bpe : NULL;
    char *text = NULL;
    TRY(memory_new(&text, VOCAB_TOKEN_LIMIT + 1, 1, "an entry"));
    maske_status status = MASKE_OK;
    for (int32_t id = 0; id < all->limit && status == MASKE_OK; id++) {
        size_t length = 0;
        const char *entry = vocab_text(all, id, &length);
        bool bad = false, byte = false;
        for (int i = 0; model != NULL && model->options.byte_fallback && i < 256; i++) byte = byte || model->byte_ids[i] == id;
        if (entry == NULL || byte || length > VOCAB_TOKEN_LIMIT || added_tokens_get(&c->tokenizer->added, id) != NULL) continue;
        status = check_entry(c, entry, length, text, &bad);
        *entries += bad;
    }
    free(text);
    return status;
}

maske_status unproducible_count(const maske_tokenizer *tokenizer, int64_t *entries, char *letters, size_t size) {
    check c = {.tokenizer = tokenizer, .letters = letters, .size = size,
               .bytes = pre_tokenizer_word_form(tokenizer->pre_tokenizer) == WORD_BYTES};
    *entries = 0;
    letters[0] = '\0';
    if (tokenizer->normalizer == NULL) return MASKE_OK;
    TRY(memory_new(&c.known, 0x110000, 1, "characters"));
    maske_status status = check_all(&c, entries);
    letters[c.used] = '\0';
    aligned_text_free(&c.scratch);
    free(c.known);
    return status;
}
