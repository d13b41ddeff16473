/* tasks/targets.c: words to entries of the vocabulary. */
#include "tasks/targets.h"
#include "base/log.h"
#include "base/utf8.h"

#include <stdlib.h>

/* What one word may mean; -1: nothing. */
typedef struct meaning {
    int32_t exact;              /* the entry spelled like it */
    int32_t begins;             /* the entry that begins a word and reads like it */
    int32_t first;              /* its first piece that has something to see */
} meaning;

/* What words are looked up with. */
typedef struct finder { const token_texts *texts; buffer spaced, text; maske_encoding encoding; } finder;

/* The first of the encoded pieces that can fill a mask, -1: none. */
static maske_status first_filling(finder *f, int32_t *out) {
    bool fills = false;
    *out = -1;
    for (size_t i = 0; i < f->encoding.count && !fills; i++) {
        TRY(token_fills(f->texts, f->encoding.ids[i], &f->text, &fills));
        if (fills) *out = f->encoding.ids[i];
    }
    return MASKE_OK;
}

/* begins: of the word with a space before it or without, whichever gives one piece that reads " word". */
static maske_status find_beginning(finder *f, meaning *out, const char *word) {
    static const maske_encode_options plain = {
        .no_special = true, .no_truncation = true, .no_padding = true, .ids_only = true};
    buffer_clear(&f->spaced);
    TRY(buffer_add(&f->spaced, " ", 1));
    TRY(buffer_add_text(&f->spaced, word));
    for (size_t skip = 0; skip < 2; skip++) {
        TRY(maske_tokenizer_encode(f->texts->tokenizer, f->spaced.data + skip, f->spaced.length - skip, NULL, 0, &plain,
                                   &f->encoding));
        TRY(first_filling(f, &out->first));         /* that of the word as it was given counts: it comes last */
        bool one = f->encoding.count == 1 && out->first >= 0;
        if (one && f->text.length == f->spaced.length && memcmp(f->text.data, f->spaced.data, f->text.length) == 0)
            out->begins = out->first;
    }
    return MASKE_OK;
}

static maske_status find_meaning(finder *f, meaning *out, const char *word) {
    const maske_tokenizer *tokenizer = f->texts->tokenizer;
    bool fills = false;
    *out = (meaning){maske_tokenizer_id(tokenizer, word, strlen(word)), -1, -1};
    if (utf8_valid_prefix(word, strlen(word)) != strlen(word))
        return error_set(MASKE_BAD_ARGUMENT, "the target \"%.100s\" is not UTF-8", word);
    TRY(find_beginning(f, out, word));
    if (out->exact >= 0) TRY(token_fills(f->texts, out->exact, &f->text, &fills));
    if (!fills) out->exact = -1;
    if (out->exact < 0 && out->first < 0)
        return error_set(MASKE_BAD_ARGUMENT,
                         "the target \"%.100s\" has no piece in the vocabulary that could stand for a mask", word);
    if (out->exact < 0 && out->begins < 0)
        log_say(MASKE_LOG_WARNING, "the target \"%s\" is not in the vocabulary; its first piece, \"%s\", stands for it",
                word, maske_tokenizer_token(tokenizer, out->first));
    return MASKE_OK;
}

static void add_once(targets *t, size_t mask, int32_t id) {
    int32_t *row = t->ids + mask * t->count;
    for (size_t i = 0; i < t->counts[mask]; i++)
        if (row[i] == id) return;
    row[t->counts[mask]++] = id;
}

maske_status targets_read(targets *out, const token_texts *p, const masked_prompt *where, const char *const *words,
                          size_t count) {
    size_t elements = 0;
    if (count == 0) return MASKE_OK;
    if (!size_multiply(&elements, where->count, count)) return error_memory(SIZE_MAX, "targets");
    targets t = {.count = count, .masks = where->count, .fewest = SIZE_MAX};
    finder f = {.texts = p};
    maske_status status = memory_new(&t.ids, elements, sizeof *t.ids, "targets");
    if (status == MASKE_OK) status = memory_new(&t.counts, t.masks, sizeof *t.counts, "targets");
    for (size_t i = 0; i < count && status == MASKE_OK; i++) {
        meaning m = {-1, -1, -1};
        status = find_meaning(&f, &m, words[i]);
        for (size_t mask = 0; mask < t.masks && status == MASKE_OK; mask++) {
            bool begins = m.begins >= 0 && (m.exact < 0 || prompt_at_word_start(where, mask));
            add_once(&t, mask, begins ? m.begins : m.exact >= 0 ? m.exact : m.first);
        }
    }
    for (size_t mask = 0; mask < t.masks && status == MASKE_OK; mask++)
        if (t.counts[mask] < t.fewest) t.fewest = t.counts[mask];
    buffer_free(&f.spaced);
    buffer_free(&f.text);
    maske_encoding_free(&f.encoding);
    if (status != MASKE_OK) targets_free(&t);
    else *out = t;
    return status;
}

void targets_free(targets *t) {
    free(t->ids);
    free(t->counts);
    *t = (targets){0};
}

const int32_t *targets_for(const targets *t, size_t mask, size_t *count) {
    *count = t->count > 0 ? t->counts[mask] : 0;
    return t->count > 0 ? t->ids + mask * t->count : NULL;
}
