/* data/vocabulary.c: the tokenizer's ids sorted into special and ordinary ones. */
#include "data/vocabulary.h"
#include "base/memory.h"

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

void vocabulary_free(vocabulary *v) {
    free(v->special);
    free(v->ordinary);
    *v = (vocabulary){0};
}
