/* tests/data/fake_tokenizer.h: a tokenizer whose ids can be told by looking: each byte is a token, 5 + its value; the
 * digit 4 in braces, "{4}", is the special token 4 itself, as [MASK] typed in a text would be. It takes the place of
 * the real one in the tests that include it, so that they fail only for what they test. */
#ifndef MASKE_TESTS_FAKE_TOKENIZER_H
#define MASKE_TESTS_FAKE_TOKENIZER_H

#include "maske.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct maske_tokenizer { int32_t special[MASKE_SPECIAL_COUNT]; int64_t vocab_size; };

/* Ids 0..4 are [PAD] [UNK] [CLS] [SEP] [MASK]; 261..269 are holes. */
static const maske_tokenizer fake = {{0, 1, 2, 3, 4}, 270};

int64_t maske_tokenizer_vocab_size(const maske_tokenizer *t) { return t->vocab_size; }
int32_t maske_tokenizer_special(const maske_tokenizer *t, maske_special role) { return t->special[role]; }
bool maske_tokenizer_is_special(const maske_tokenizer *t, int32_t id) { (void)t; return id < 5; }
const char *maske_tokenizer_token(const maske_tokenizer *t, int32_t id) { (void)t; return id < 261 ? "token" : NULL; }
void maske_encoding_free(maske_encoding *e) {
    free(e->ids);
    *e = (maske_encoding){0};
}
/* Bytes again; a special token, and a hole, as "?". */
maske_status maske_tokenizer_decode(const maske_tokenizer *t, const int32_t *ids, size_t count, bool skip_special,
                                    char **text, size_t *length) {
    (void)t;
    (void)skip_special;
    TRY(memory_copy_text(text, "", 0));
    TRY(memory_resize(text, count + 1, 1, "text"));
    for (size_t i = 0; i < count; i++) (*text)[i] = ids[i] < 5 || ids[i] > 260 ? '?' : (char)(ids[i] - 5);
    (*text)[count] = '\0';
    if (length != NULL) *length = count;
    return MASKE_OK;
}
/* A line with "fail" in it cannot be encoded. */
maske_status maske_tokenizer_encode(const maske_tokenizer *t, const char *text, size_t length, const char *pair,
                                    size_t pair_length, const maske_encode_options *options, maske_encoding *out) {
    (void)t;
    (void)pair;
    (void)pair_length;
    if (!options->ids_only || !options->no_special || !options->no_truncation || !options->no_padding)
        return error_set(MASKE_BAD_ARGUMENT, "the data set asks for plain ids");
    if (memmem(text, length, "fail", 4) != NULL) return error_set(MASKE_UNSUPPORTED, "the line says fail");
    TRY(memory_reserve(&out->ids, &out->capacity, length, sizeof *out->ids, "ids"));
    out->count = 0;
    for (size_t i = 0; i < length; i++) {
        bool braces = i + 2 < length && text[i] == '{' && text[i + 1] >= '0' && text[i + 1] < '5' && text[i + 2] == '}';
        out->ids[out->count++] = braces ? text[i + 1] - '0' : 5 + (unsigned char)text[i];
        if (braces) i += 2;
    }
    return MASKE_OK;
}
/* Of many lines the same. */
maske_status maske_tokenizer_encode_batch(const maske_tokenizer *t, const char *const *texts, const size_t *lengths,
                                          size_t count, const maske_encode_options *options,
                                          maske_batch_encoding *out) {
    maske_encode_options alone = *options;
    maske_encoding one = {0};
    size_t total = 0;
    alone.ids_only = true;
    TRY(memory_resize(&out->ends, count + 1, sizeof *out->ends, "ends"));
    for (size_t i = 0; i < count; i++) {
        maske_status status = maske_tokenizer_encode(t, texts[i], lengths[i], NULL, 0, &alone, &one);
        if (status == MASKE_OK) status = memory_reserve(&out->ids, &out->capacity, total + one.count + 1, sizeof *out->ids, "ids");
        if (status != MASKE_OK) {
            maske_encoding_free(&one);
            return status;
        }
        if (one.count > 0) memcpy(out->ids + total, one.ids, one.count * sizeof *one.ids);
        out->ends[i] = total += one.count;
    }
    out->count = count;
    maske_encoding_free(&one);
    return MASKE_OK;
}
void maske_batch_encoding_free(maske_batch_encoding *e) {
    free(e->ids);
    free(e->ends);
    *e = (maske_batch_encoding){0};
}

#endif
