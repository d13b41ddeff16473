/* tasks/text.c: texts to tokens, cut to the model's length. */
#include "tasks/text.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

/* Whether token i of the text begins within the word (or the very character) that the token before it ends in. */
static bool goes_on(const maske_encoding *e, size_t i, const char *text) {
    size_t size, at = e->byte_begin[i];
    if (i == 0 || e->special_tokens_mask[i] || e->special_tokens_mask[i - 1] || e->byte_end[i - 1] < at)
        return false;
    if (e->byte_end[i - 1] > at) return true;
    if (at == 0 || at == e->byte_end[i]) return false;
    size_t before = at - 1;
    while (before > 0 && utf8_is_continuation(text[before])) before--;
    return unicode_in_word(utf8_next(text + before, &size)) && unicode_in_word(utf8_next(text + at, &size));
}

static maske_status add(text_tokens *t, const maske_encoding *e, const char *text, size_t from, size_t count) {
    TRY(memory_reserve(&t->ids, &t->token_capacity, t->tokens + count, sizeof *t->ids, "tokens"));
    TRY(memory_reserve(&t->special, &t->special_capacity, t->tokens + count, sizeof *t->special, "tokens"));
    TRY(memory_reserve(&t->continues, &t->continue_capacity, t->tokens + count, sizeof *t->continues, "tokens"));
    for (size_t i = 0; i < count; i++) t->continues[t->tokens + i] = goes_on(e, from + i, text);
    memcpy(t->ids + t->tokens, e->ids + from, count * sizeof *t->ids);
    memcpy(t->special + t->tokens, e->special_tokens_mask + from, count * sizeof *t->special);
    t->tokens += count;
    return MASKE_OK;
}

static maske_status read_one(text_tokens *t, const maske_model *model, const char *text, size_t length, bool *cut) {
    const maske_encode_options whole = {.no_truncation = true, .no_padding = true};
    maske_encoding *e = &t->encoding;
    if (utf8_valid_prefix(text, length) != length)
        return error_set(MASKE_BAD_ARGUMENT, "a text is not UTF-8: byte %zu", utf8_valid_prefix(text, length) + 1);
    if (t->prompt != NULL) {
        buffer_clear(&t->prompted);
        TRY(buffer_add_text(&t->prompted, t->prompt));
        TRY(buffer_add(&t->prompted, text, length));
        text = t->prompted.data;
        length = t->prompted.length;
    }
    TRY(maske_tokenizer_encode(model->tokenizer, text, length, NULL, 0, &whole, e));
    if (e->count == 0)
        return error_set(MASKE_BAD_ARGUMENT, "a text gives no tokens at all: the tokenizer adds no [CLS] and [SEP]");
    size_t trail = 0;
    while (trail < e->count && e->special_tokens_mask[e->count - 1 - trail]) trail++;
    *cut = e->count > model->max_length;
    if (!*cut) return add(t, e, text, 0, e->count);
    if (trail > model->max_length) trail = model->max_length;
    TRY(add(t, e, text, 0, model->max_length - trail));
    return add(t, e, text, e->count - trail, trail);
}

maske_status text_tokens_read(text_tokens *out, const maske_model *model, const char *const *texts,
                              const size_t *lengths, size_t count) {
    out->count = out->tokens = 0;
    TRY(memory_reserve(&out->starts, &out->start_capacity, count + 1, sizeof *out->starts, "texts"));
    TRY(memory_reserve(&out->cut, &out->cut_capacity, count + 1, sizeof *out->cut, "texts"));
    out->starts[0] = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(read_one(out, model, texts[i], lengths[i], &out->cut[i]));
        out->starts[++out->count] = out->tokens;
    }
    return MASKE_OK;
}

void text_tokens_free(text_tokens *t) {
    free(t->ids);
    free(t->special);
    free(t->continues);
    free(t->starts);
    free(t->cut);
    maske_encoding_free(&t->encoding);
    buffer_free(&t->prompted);
    *t = (text_tokens){0};
}
