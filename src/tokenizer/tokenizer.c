/* tokenizer/tokenizer.c: a tokenizer's end and last step of making, and the public questions one can ask it. */
#include "tokenizer/tokenizer.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------- finishing --- */

static const struct { maske_special role; const char *name; } usual_names[] = {
    {MASKE_PAD, "[PAD]"}, {MASKE_PAD, "<pad>"}, {MASKE_PAD, "<PAD>"},
    {MASKE_UNK, "[UNK]"}, {MASKE_UNK, "<unk>"}, {MASKE_UNK, "<UNK>"},
    {MASKE_CLS, "[CLS]"}, {MASKE_CLS, "<cls>"}, {MASKE_CLS, "<s>"},
    {MASKE_SEP, "[SEP]"}, {MASKE_SEP, "<sep>"}, {MASKE_SEP, "</s>"},
    {MASKE_MASK, "[MASK]"}, {MASKE_MASK, "<mask>"}, {MASKE_MASK, "<MASK>"}
};

static void find_roles(maske_tokenizer *t) {
    for (size_t i = 0; i < sizeof usual_names / sizeof *usual_names; i++) {
        int32_t *id = &t->special[usual_names[i].role];
        if (*id < 0) *id = maske_tokenizer_id(t, usual_names[i].name, strlen(usual_names[i].name));
    }
}

/* Sends one mark for each text through the post-processor and notes where they come out. */
static maske_status make_frame(maske_tokenizer *t, bool no_special, bool pair) {
    output_token first = {.id = FRAME_FIRST}, second = {.id = FRAME_SECOND};
    output_tokens texts[2] = { {&first, 1, 1}, {&second, 1, 1} };
    post_process process = {0};
    maske_status status = post_processor_apply(t->post_processor, &texts[0], pair ? &texts[1] : NULL, !no_special, &process);
    tokenizer_frame *frame = &t->frames[no_special][pair];
    if (status == MASKE_OK)
        status = memory_new(&frame->ids, process.tokens.count, sizeof *frame->ids, "post-processor");
    if (status == MASKE_OK) {
        frame->count = process.tokens.count;
        for (size_t i = 0; i < frame->count; i++) frame->ids[i] = process.tokens.items[i].id;
    }
    post_process_free(&process);
    return status;
}

maske_status tokenizer_finish(maske_tokenizer *t) {
    static atomic_uint_fast64_t serial = 0;
    TRY(added_tokens_finish(&t->added));
    for (int i = 0; i < 4; i++) {
        tokenizer_frame *frame = &t->frames[i / 2][i % 2];
        free(frame->ids);
        *frame = (tokenizer_frame){0};
        TRY(make_frame(t, i / 2, i % 2));
    }
    find_roles(t);
    if (t->known == NULL) TRY(known_words_new(&t->known));
    known_words_clear(t->known);
    t->serial = atomic_fetch_add(&serial, 1) + 1;
    return MASKE_OK;
}

maske_status tokenizer_new(maske_tokenizer **out) {
    maske_tokenizer *t = NULL;
    TRY(memory_new(&t, 1, sizeof *t, "tokenizer"));
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) t->special[role] = -1;
    *out = t;
    return MASKE_OK;
}

void maske_tokenizer_free(maske_tokenizer *t) {
    if (t == NULL) return;
    normalizer_free(t->normalizer);
    pre_tokenizer_free(t->pre_tokenizer);
    post_processor_free(t->post_processor);
    decoder_free(t->decoder);
    if (t->kind == MODEL_BPE) bpe_free(&t->model.bpe);
    else wordpiece_free(&t->model.wordpiece);
    added_tokens_free(&t->added);
    known_words_free(t->known);
    padding_free(&t->padding);
    json_decref(t->config);
    json_decref(t->token_map);
    for (int i = 0; i < 4; i++) free(t->frames[i / 2][i % 2].ids);
    free(t);
}

/* ---------------------------------------------------------------------------------------------------- questions --- */

int64_t maske_tokenizer_vocab_size(const maske_tokenizer *t) {
    int32_t model = tokenizer_vocab(t)->limit;
    return model > t->added.limit ? model : t->added.limit;
}

const char *maske_tokenizer_token(const maske_tokenizer *t, int32_t id) {
    const added_token *added = added_tokens_get(&t->added, id);
    size_t length = 0;
    return added != NULL ? added->content : vocab_text(tokenizer_vocab(t), id, &length);
}

int32_t maske_tokenizer_id(const maske_tokenizer *t, const char *token, size_t length) {
    const added_token *added = added_tokens_find(&t->added, token, length);
    return added != NULL ? added->id : vocab_find(tokenizer_vocab(t), token, length);
}

int32_t maske_tokenizer_special(const maske_tokenizer *t, maske_special role) {
    return role >= 0 && role < MASKE_SPECIAL_COUNT ? t->special[role] : -1;
}

bool maske_tokenizer_is_special(const maske_tokenizer *t, int32_t id) {
    const added_token *added = added_tokens_get(&t->added, id);
    return added != NULL && added->special;
}

/* ----------------------------------------------------------------------------------------------------- decoding --- */

/* The string that the decoder gets for an id; NULL: no such id, which is passed over. */
static const char *decoder_string(const maske_tokenizer *t, int32_t id, size_t *length) {
    const added_token *added = added_tokens_get(&t->added, id);
    if (added == NULL) return vocab_text(tokenizer_vocab(t), id, length);
    *length = added->normalized_content != NULL ? added->normalized_length : added->length;
    return added->normalized_content != NULL ? added->normalized_content : added->content;
}

static maske_status add_strings(const maske_tokenizer *t, const int32_t *ids, size_t count, bool skip_special,
                                decoder_strings *strings) {
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *text = decoder_string(t, ids[i], &length);
        if (text == NULL) continue;
        if (skip_special) {                 /* by string, as the library: whichever id it has */
            const added_token *same = added_tokens_find(&t->added, text, length);
            if (same != NULL && same->special) continue;
        }
        TRY(decoder_strings_add(strings, text, length));
    }
    return MASKE_OK;
}

maske_status maske_tokenizer_decode(const maske_tokenizer *t, const int32_t *ids, size_t count, bool skip_special,
                                    char **text, size_t *length) {
    decoder_strings strings = {0};
    maske_status status = add_strings(t, ids, count, skip_special, &strings);
    if (status == MASKE_OK) status = decoder_apply(t->decoder, &strings);
    if (status == MASKE_OK) status = buffer_add(&strings.now.text, "", 0);      /* never NULL */
    if (status == MASKE_OK) {
        if (length != NULL) *length = strings.now.text.length;
        *text = buffer_take(&strings.now.text);
    }
    decoder_strings_free(&strings);
    return status;
}
