/* tokenizer/shrink.c: maske_tokenizer_shrink: a smaller vocabulary is the beginning of a larger one.
 *
 * Training adds one entry after the other and stops when there are enough, so the smaller tokenizer is had by stopping
 * earlier: behind the merge that made the last entry that fits, or, of a WordPiece, which keeps no merges, behind that entry.
 * Where not even the alphabet fits, it alone is kept. */
#include "base/utf8.h"
#include "tokenizer/tokenizer.h"

#include <stdlib.h>

/* Entries that no merge appended: special tokens and the alphabet. Behind them each entry is the next merge's. */
static maske_status count_bpe_base(const bpe *model, int32_t *base) {
    uint8_t *made = NULL;
    TRY(memory_new(&made, (size_t)model->vocab.limit, sizeof *made, "entries"));
    for (size_t i = 0; i < model->merge_count; i++) made[model->merges[i].id] = 1;
    int32_t first = model->vocab.limit;
    while (first > 0 && made[first - 1]) first--;
    free(made);
    int32_t next = first;
    for (size_t i = 0; i < model->merge_count; i++) {
        int32_t id = model->merges[i].id;
        if (id == next) next++;
        else if (id > next)
            return error_set(MASKE_BAD_ARGUMENT,
                             "merge %zu makes entry %d, expected %d: the entries are not in the order of the "
                             "merges, so that no smaller vocabulary lies in this one",
                             i, id, next);
    }
    *base = first;
    return MASKE_OK;
}

/* The same of a WordPiece, where a merge is known by its two characters at the least. */
static int32_t count_wordpiece_base(const maske_tokenizer *t) {
    const wordpiece *model = &t->model.wordpiece;
    const char *prefix = model->continuing_subword_prefix;
    size_t prefix_length = strlen(prefix);
    for (int32_t id = model->vocab.limit; id-- > 0;) {
        size_t length = 0;
        const char *text = vocab_text(&model->vocab, id, &length);
        if (text == NULL) continue;
        bool continuing = length > prefix_length && memcmp(text, prefix, prefix_length) == 0;
        size_t characters = continuing ? utf8_count(text + prefix_length, length - prefix_length) : utf8_count(text, length);
        if (characters < 2 || added_tokens_get(&t->added, id) != NULL) return id + 1;
    }
    return 0;
}

static maske_status first_entries(vocab *out, const vocab *from, int32_t count) {
    for (int32_t id = 0; id < count; id++) {
        size_t length = 0;
        const char *text = vocab_text(from, id, &length);
        if (text != NULL) TRY(vocab_add(out, text, length, id));
    }
    return MASKE_OK;
}

static maske_status shrink_bpe(maske_tokenizer **out, const maske_tokenizer *trained, int32_t size) {
    const bpe *model = &trained->model.bpe;
    int32_t base = 0;
    TRY(count_bpe_base(model, &base));
    if (size < base) size = base;
    size_t merges = 0;
    for (int32_t next = base; next < size && merges < model->merge_count; merges++)
        next += model->merges[merges].id == next;
    vocab entries = {0};
    maske_status status = first_entries(&entries, &model->vocab, size);
    if (status == MASKE_OK) status = tokenizer_copy_with_bpe(out, trained, &entries, model->merges, merges);
    vocab_free(&entries);
    return status;
}

static maske_status shrink_wordpiece(maske_tokenizer **out, const maske_tokenizer *trained, int32_t size) {
    int32_t base = count_wordpiece_base(trained);
    vocab entries = {0};
    maske_status status = first_entries(&entries, &trained->model.wordpiece.vocab, size < base ? base : size);
    if (status == MASKE_OK) status = tokenizer_copy_with_wordpiece(out, trained, &entries);
    vocab_free(&entries);
    return status;
}

maske_status maske_tokenizer_shrink(maske_tokenizer **out, const maske_tokenizer *trained, int64_t vocab_size) {
    if (vocab_size < 1)
        return error_set(MASKE_BAD_ARGUMENT, "vocab_size is %lld, expected at least 1", (long long)vocab_size);
    int32_t limit = tokenizer_vocab(trained)->limit, size = vocab_size < limit ? (int32_t)vocab_size : limit;
    return trained->kind == MODEL_BPE ? shrink_bpe(out, trained, size) : shrink_wordpiece(out, trained, size);
}
