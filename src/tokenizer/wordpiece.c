/* tokenizer/wordpiece.c: greedy longest match.
 *
 * From each place the longest entry is looked for by trying ends from the right, one character shorter each time. No
 * entry is longer than longest_first or longest_next bytes, so the first try need not be longer either: without that, a
 * long word would be hashed over and over. */
#include "tokenizer/wordpiece.h"
#include "base/utf8.h"

#include <stdlib.h>

maske_status wordpiece_build(wordpiece *out, vocab *entries, const char *unk_token,
                             const char *continuing_subword_prefix, int64_t max_input_chars_per_word) {
    wordpiece model = {.vocab = *entries, .max_input_chars_per_word = max_input_chars_per_word};
    *entries = (vocab){0};
    maske_status status = memory_copy_text(&model.unk_token, unk_token, strlen(unk_token));
    if (status == MASKE_OK)
        status = memory_copy_text(&model.continuing_subword_prefix, continuing_subword_prefix,
                                  strlen(continuing_subword_prefix));
    if (status != MASKE_OK) {
        wordpiece_free(&model);
        return status;
    }
    model.unk_id = vocab_find(&model.vocab, unk_token, strlen(unk_token));
    size_t prefix_length = strlen(continuing_subword_prefix);
    for (int32_t id = 0; id < model.vocab.limit; id++) {
        size_t length = 0;
        const char *text = vocab_text(&model.vocab, id, &length);
        if (text == NULL) continue;
        if (length > model.longest_first) model.longest_first = length;
        if (length > prefix_length && memcmp(text, continuing_subword_prefix, prefix_length) == 0 &&
            length - prefix_length > model.longest_next) model.longest_next = length - prefix_length;
    }
    *out = model;
    return MASKE_OK;
}

void wordpiece_free(wordpiece *model) {
    vocab_free(&model->vocab);
    free(model->unk_token);
    free(model->continuing_subword_prefix);
    *model = (wordpiece){0};
}

/* The longest entry at the start of text[0..length); *used its bytes. -1: none. `next`: it does not begin the word. */
static maske_status longest_entry(const wordpiece *model, bpe_word *word, const char *text, size_t length, bool next,
    int32_t *id, size_t *used) {
    size_t end = length, longest = next ? model->longest_next : model->longest_first, prefix_length = 0;
    if (end > longest) {
        end = longest;
        while (end > 0 && utf8_is_continuation(text[end])) end--;
    }
    const char *from = text;
    if (next) {
        prefix_length = strlen(model->continuing_subword_prefix);
        buffer_clear(&word->joined);
        TRY(buffer_add(&word->joined, model->continuing_subword_prefix, prefix_length));
        TRY(buffer_add(&word->joined, text, end));
        from = word->joined.data;
    }
    *id = -1;
    while (end > 0) {
        *id = vocab_find(&model->vocab, from, prefix_length + end);
        if (*id >= 0) break;
        do end--; while (end > 0 && utf8_is_continuation(text[end]));
    }
    *used = end;
    return MASKE_OK;
}

static maske_status whole_unknown(const wordpiece *model, bpe_word *word, size_t length) {
    if (model->unk_id < 0)
        return error_set(MASKE_BAD_FILE, "a word is not in the vocabulary, and neither is the unk_token \"%s\"",
                         model->unk_token);
    word->ids[0] = model->unk_id;
    word->lengths[0] = (uint32_t)length;
    word->count = 1;
    return MASKE_OK;
}

maske_status wordpiece_encode(const wordpiece *model, bpe_word *word, const char *text, size_t length) {
    word->count = 0;
    if (length == 0) return MASKE_OK;
    /* More bytes than any allowed word: not worth counting, or making room for. */
    bool too_long = length / 4 > (uint64_t)model->max_input_chars_per_word ||
                    utf8_count(text, length) > (uint64_t)model->max_input_chars_per_word;
    TRY(bpe_word_reserve(word, too_long ? 1 : length));
    if (too_long) return whole_unknown(model, word, length);
    for (size_t at = 0, used = 0; at < length; at += used) {
        int32_t id = -1;
        TRY(longest_entry(model, word, text + at, length - at, at > 0, &id, &used));
        if (id < 0) return whole_unknown(model, word, length);
        word->ids[word->count] = id;
        word->lengths[word->count++] = (uint32_t)used;
    }
    return MASKE_OK;
}
