/* tokenizer/bpe_rebuild.c: merges for a vocabulary that came without them.
 *
 * Why it works: when BPE learned an entry, its two halves stood side by side in some word, cut by the merges before it;
 * no merge had crossed the entry's ends, so the entry alone is cut in the same way by the same merges. Ids in order of
 * learning are all that is needed. What was put into the vocabulary by hand has no such halves. */
#include "tokenizer/bpe.h"
#include "base/utf8.h"

#include <stdlib.h>

/* The split of text into two entries below `id` whose larger id is smallest; the right one may carry the prefix. */
static maske_status earliest_split(const bpe *model, const char *text, size_t length, int32_t id, buffer *joined,
                                   bpe_merge *out) {
    const char *prefix = model->options.continuing_subword_prefix;
    out->left = out->right = -1;
    for (size_t at = utf8_size(text[0]); at < length; at += utf8_size(text[at])) {
        buffer_clear(joined);
        if (prefix != NULL) TRY(buffer_add_text(joined, prefix));
        TRY(buffer_add(joined, text + at, length - at));
        int32_t left = vocab_find(&model->vocab, text, at),
                right = vocab_find(&model->vocab, joined->data, joined->length);
        if (left < 0 || right < 0 || left >= id || right >= id) continue;
        int32_t largest = left > right ? left : right;
        if (out->left < 0 || largest < (out->left > out->right ? out->left : out->right))
            *out = (bpe_merge){left, right, id};
    }
    return MASKE_OK;
}

/* Cuts an entry as the word it is a part of was cut: without the affixes, which bpe_encode_part puts on itself. *whole:
 * every character of it is in the vocabulary. */
static maske_status cut_entry(bpe *model, bpe_word *word, const char *text, size_t length, bool *whole) {
    const char *prefix = model->options.continuing_subword_prefix, *suffix = model->options.end_of_word_suffix;
    size_t prefix_length = prefix == NULL ? 0 : strlen(prefix), suffix_length = suffix == NULL ? 0 : strlen(suffix);
    bool has_prefix = prefix_length > 0 && length > prefix_length && memcmp(text, prefix, prefix_length) == 0;
    bool has_suffix = suffix_length > 0 && length > suffix_length &&
                      memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
    size_t begin = has_prefix ? prefix_length : 0, end = has_suffix ? length - suffix_length : length;
    TRY(bpe_encode_part(model, word, text + begin, end > begin ? end - begin : 0, !has_prefix, has_suffix));
    size_t cut = 0;
    for (size_t i = 0; i < word->count; i++) cut += word->lengths[i];
    *whole = begin < end && cut == end - begin;
    return MASKE_OK;
}

static maske_status rebuild(bpe *model, bpe_word *word, buffer *joined, size_t *unreached) {
    for (int32_t id = 0; id < model->vocab.limit; id++) {
        size_t length = 0;
        bool whole = false;
        const char *text = vocab_text(&model->vocab, id, &length);
        if (text == NULL || length == 0 || utf8_size(text[0]) == length) continue;
        TRY(cut_entry(model, word, text, length, &whole));
        bpe_merge merge = {-1, -1, id};
        if (whole && word->count == 1 && word->ids[0] == id) continue;      /* one character with its affix */
        if (whole && word->count == 2 && word->ids[0] < id && word->ids[1] < id)
            merge = (bpe_merge){word->ids[0], word->ids[1], id};
        else TRY(earliest_split(model, text, length, id, joined, &merge));
        if (merge.left < 0) ++*unreached;
        else TRY(bpe_add_merge(model, merge));
    }
    return MASKE_OK;
}

maske_status bpe_rebuild_merges(const vocab *entries, const bpe_options *options, bpe_merge **merges, size_t *count,
                                size_t *unreached) {
    /* Nothing unknown may hide in a cut: no unk, no bytes, no whole words. */
    bpe_options plain = {.dropout = -1};
    if (options != NULL) {
        plain.continuing_subword_prefix = options->continuing_subword_prefix;
        plain.end_of_word_suffix = options->end_of_word_suffix;
    }
    vocab copy = {0};
    bpe model = {0};
    bpe_word word = {0};
    buffer joined = {0};
    size_t lost = 0;
    TRY(vocab_copy(&copy, entries));
    TRY(bpe_build(&model, &copy, NULL, 0, &plain, "vocabulary"));
    maske_status status = rebuild(&model, &word, &joined, &lost);
    if (status == MASKE_OK) {
        *merges = model.merges;
        *count = model.merge_count;
        if (unreached != NULL) *unreached = lost;
        model.merges = NULL;
    }
    bpe_free(&model);
    bpe_word_free(&word);
    buffer_free(&joined);
    return status;
}
