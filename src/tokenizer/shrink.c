/* tokenizer/shrink.c: maske_tokenizer_shrink: a smaller vocabulary is the beginning of a larger one.
 *
 * Training adds one entry after the other and stops when there are enough, so the smaller tokenizer is had by stopping
 * earlier: behind the merge that made the last entry that fits. Where not even the alphabet fits, it alone is kept. */
#include "tokenizer/tokenizer.h"

#include <stdlib.h>

/* Entries that no merge appended: special tokens and the alphabet. Behind them each entry is the next merge's. */
static maske_status count_base(const bpe *model, int32_t *base) {
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

static maske_status first_entries(vocab *out, const vocab *from, int32_t count) {
    for (int32_t id = 0; id < count; id++) {
        size_t length = 0;
        const char *text = vocab_text(from, id, &length);
        if (text != NULL) TRY(vocab_add(out, text, length, id));
    }
    return MASKE_OK;
}

maske_status maske_tokenizer_shrink(maske_tokenizer **out, const maske_tokenizer *trained, int64_t vocab_size) {
    if (trained->kind != MODEL_BPE) return error_set(MASKE_UNSUPPORTED, "the model is WordPiece, expected BPE");
    const bpe *model = &trained->model.bpe;
    if (vocab_size < 1)
        return error_set(MASKE_BAD_ARGUMENT, "vocab_size is %lld, expected at least 1", (long long)vocab_size);
    if (vocab_size > model->vocab.limit) vocab_size = model->vocab.limit;
    int32_t base = 0;
    TRY(count_base(model, &base));
    int32_t size = vocab_size > base ? (int32_t)vocab_size : base;
    size_t merges = 0;
    for (int32_t next = base; next < size && merges < model->merge_count; merges++)
        next += model->merges[merges].id == next;
    vocab entries = {0};
    maske_status status = first_entries(&entries, &model->vocab, size);
    if (status == MASKE_OK) status = tokenizer_copy_with_bpe(out, trained, &entries, model->merges, merges);
    vocab_free(&entries);
    return status;
}
