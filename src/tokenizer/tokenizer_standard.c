/* tokenizer/tokenizer_standard.c: the tokenizers that training makes, and copies with another model.
 *
 * What makes decoding exact:
 *   bytelevel  the byte-level alphabet has every byte, and the decoder joins bytes before it reads them as UTF-8
 *   metaspace  a space is U+2581 in front of its word; the text's first word gets one too, and the decoder takes one
 *              space from the front again: Replace, ByteFallback, Fuse, Strip one. [MASK] takes the space on its left
 *              along (lstrip), so that no lone U+2581 is left there; the space behind it begins the next word. */
#include "tokenizer/train_options.h"

#include <stdlib.h>

static const char *const special_names[MASKE_SPECIAL_COUNT] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" };

const char tokenizer_metaspace_decoder[] =
    "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"},\"content\":"
    "\" \"},"
    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}";
static const char bytelevel_decoder[] =
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}";
/* Spaces are gone where words were cut at them: bytes are put together, nothing else can be. */
static const char fallback_decoder[] =
    "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}";

static const char wordpiece_decoder[] = "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}";
enum { PIECE_WORD_LONGEST = 100 };      /* characters; the library's default */

static maske_status read_decoder(decoder **out, const char *text) {
    json_t *json = NULL;
    TRY(json_parse_object(&json, text, strlen(text), "standard decoder"));
    maske_status status = decoder_read(out, json, "standard decoder");
    json_decref(json);
    return status;
}

static maske_status fill_standard(maske_tokenizer *t, const maske_tokenizer_train_options *options) {
    bool bytelevel = strcmp(options->pre_tokenizer, "bytelevel") == 0,
         metaspace = strcmp(options->pre_tokenizer, "metaspace") == 0;
    vocab entries = {0};
    bpe_options model = {.unk_token = NULL, .byte_fallback = options->byte_fallback && !bytelevel, .dropout = -1};
    bool is_wordpiece = train_is_wordpiece(options);
    if (!is_wordpiece && options->type != NULL && strcmp(options->type, "bpe") != 0)
        return error_set(MASKE_BAD_ARGUMENT, "found type \"%.100s\", expected bpe or wordpiece", options->type);
    if (is_wordpiece && (bytelevel || metaspace))
        return error_set(MASKE_BAD_ARGUMENT, "the type is wordpiece and the pre-tokenizer %s, expected bert or whitespace",
                         options->pre_tokenizer);
    model.byte_fallback = model.byte_fallback && !is_wordpiece;
    TRY(normalizer_new_named(&t->normalizer, options->normalizer));
    TRY(pre_tokenizer_new_named(&t->pre_tokenizer, options->pre_tokenizer));
    if (is_wordpiece) TRY(read_decoder(&t->decoder, wordpiece_decoder));
    else if (bytelevel) TRY(read_decoder(&t->decoder, bytelevel_decoder));
    else if (metaspace) TRY(read_decoder(&t->decoder, tokenizer_metaspace_decoder));
    else if (model.byte_fallback) TRY(read_decoder(&t->decoder, fallback_decoder));
    TRY(bpe_build(&t->model.bpe, &entries, NULL, 0, &model, "standard tokenizer"));
    return tokenizer_finish(t);
}

maske_status tokenizer_new_standard(maske_tokenizer **out, const maske_tokenizer_train_options *options) {
    maske_tokenizer *t = NULL;
    TRY(tokenizer_new(&t));
    maske_status status = fill_standard(t, options);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}

/* The same options, another vocabulary. */
static maske_status replace_bpe(maske_tokenizer *t, vocab *entries, const bpe_merge *merges, size_t count,
                                const bpe_options *options) {
    bpe model = {0};
    TRY(bpe_build(&model, entries, merges, count, options, "new model"));
    bpe_free(&t->model.bpe);
    t->model.bpe = model;
    return MASKE_OK;
}

static maske_status find_specials(int32_t ids[MASKE_SPECIAL_COUNT], const vocab *entries) {
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) {
        ids[role] = vocab_find(entries, special_names[role], strlen(special_names[role]));
        if (ids[role] < 0) return error_set(MASKE_BAD_ARGUMENT, "the vocabulary lacks %s", special_names[role]);
    }
    return MASKE_OK;
}

/* What every trained tokenizer has beside its model. */
static maske_status add_specials(maske_tokenizer *t, const int32_t ids[MASKE_SPECIAL_COUNT]) {
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) {
        added_token token = {.content = (char *)special_names[role],
                             .length = strlen(special_names[role]),
                             .special = true,
                             .lstrip = role == MASKE_MASK};
        TRY(added_tokens_add(&t->added, &token, tokenizer_vocab(t), t->normalizer, NULL));
        t->special[role] = ids[role];
    }
    post_processor_free(t->post_processor);
    t->post_processor = NULL;
    TRY(post_processor_new_standard(&t->post_processor, special_names[MASKE_CLS], ids[MASKE_CLS],
                                    special_names[MASKE_SEP], ids[MASKE_SEP]));
    return tokenizer_finish(t);
}

maske_status tokenizer_set_standard_bpe(maske_tokenizer *t, vocab *entries, const bpe_merge *merges, size_t count) {
    int32_t ids[MASKE_SPECIAL_COUNT];
    maske_status status = find_specials(ids, entries);
    bpe_options options = t->model.bpe.options;
    options.unk_token = special_names[MASKE_UNK];
    if (status == MASKE_OK) status = replace_bpe(t, entries, merges, count, &options);
    vocab_free(entries);
    return status == MASKE_OK ? add_specials(t, ids) : status;
}

maske_status tokenizer_set_standard_wordpiece(maske_tokenizer *t, vocab *entries) {
    int32_t ids[MASKE_SPECIAL_COUNT];
    wordpiece model = {0};
    maske_status status = find_specials(ids, entries);
    if (status == MASKE_OK)
        status = wordpiece_build(&model, entries, special_names[MASKE_UNK], TOKENIZER_PIECE_PREFIX, PIECE_WORD_LONGEST);
    vocab_free(entries);
    TRY(status);
    bpe_free(&t->model.bpe);
    t->kind = MODEL_WORDPIECE;
    t->model.wordpiece = model;
    return add_specials(t, ids);
}

/* ------------------------------------------------------------------------------------------------------ copying --- */

/* Every component through its own JSON: what it writes is what it is. */
static maske_status copy_components(maske_tokenizer *out, const maske_tokenizer *base) {
    buffer text = {0};
    json_t *json = NULL;
    json_writer w = json_writer_start(&text, false);
    json_begin_object(&w);
    json_key(&w, "normalizer"); normalizer_write(&w, base->normalizer);
    json_key(&w, "pre_tokenizer"); pre_tokenizer_write(&w, base->pre_tokenizer);
    json_key(&w, "post_processor"); post_processor_write(&w, base->post_processor);
    json_key(&w, "decoder"); decoder_write(&w, base->decoder);
    json_key(&w, "padding"); padding_write(&w, &base->padding);
    json_end_object(&w);
    maske_status status = json_writer_end(&w);
    if (status == MASKE_OK) status = json_parse_object(&json, text.data, text.length, "copy");
    if (status == MASKE_OK)
        status = normalizer_read(&out->normalizer, json_object_get(json, "normalizer"), "copy: normalizer");
    if (status == MASKE_OK)
        status = pre_tokenizer_read(&out->pre_tokenizer, json_object_get(json, "pre_tokenizer"), "copy: pre_tokenizer");
    if (status == MASKE_OK)
        status =
            post_processor_read(&out->post_processor, json_object_get(json, "post_processor"), "copy: post_processor");
    if (status == MASKE_OK) status = decoder_read(&out->decoder, json_object_get(json, "decoder"), "copy: decoder");
    if (status == MASKE_OK) status = padding_read(&out->padding, json_object_get(json, "padding"), "copy: padding");
    json_decref(json);
    buffer_free(&text);
    return status;
}

static maske_status copy_added(maske_tokenizer *out, const maske_tokenizer *base) {
    for (int32_t id = 0; id < base->added.limit; id++) {
        const added_token *token = added_tokens_get(&base->added, id);
        int32_t now = -1;
        if (token == NULL) continue;
        TRY(added_tokens_add(&out->added, token, tokenizer_vocab(out), out->normalizer, &now));
        if (now != id)
            return error_set(MASKE_BAD_ARGUMENT, "the added token \"%s\" would get the id %d instead of %d",
                             token->content, now, id);
    }
    return MASKE_OK;
}

/* Everything but the model, which `out` has already. */
static maske_status fill_copy(maske_tokenizer *out, const maske_tokenizer *base) {
    TRY(copy_components(out, base));
    TRY(copy_added(out, base));
    out->truncation = base->truncation;
    out->model_max_length = base->model_max_length;
    out->class_name = base->class_name;
    out->added.split_special = base->added.split_special;
    out->config = json_incref(base->config);
    out->token_map = json_incref(base->token_map);
    memcpy(out->special, base->special, sizeof out->special);
    return tokenizer_finish(out);
}

static maske_status finish_copy(maske_tokenizer **out, maske_tokenizer *t, const maske_tokenizer *base,
                                maske_status status) {
    if (status == MASKE_OK) status = fill_copy(t, base);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}

maske_status tokenizer_copy_with_bpe(maske_tokenizer **out, const maske_tokenizer *base, vocab *entries,
                                     const bpe_merge *merges, size_t count) {
    maske_tokenizer *t = NULL;
    maske_status status = base->kind == MODEL_BPE
                              ? tokenizer_new(&t)
                              : error_set(MASKE_UNSUPPORTED, "the model is WordPiece, expected BPE");
    if (status == MASKE_OK)
        status = bpe_build(&t->model.bpe, entries, merges, count, &base->model.bpe.options, "extended model");
    vocab_free(entries);
    return finish_copy(out, t, base, status);
}

maske_status tokenizer_copy_with_wordpiece(maske_tokenizer **out, const maske_tokenizer *base, vocab *entries) {
    maske_tokenizer *t = NULL;
    const wordpiece *model = &base->model.wordpiece;
    maske_status status = base->kind == MODEL_WORDPIECE
                              ? tokenizer_new(&t)
                              : error_set(MASKE_UNSUPPORTED, "the model is BPE, expected WordPiece");
    if (status == MASKE_OK) {
        t->kind = MODEL_WORDPIECE;
        status = wordpiece_build(&t->model.wordpiece, entries, model->unk_token, model->continuing_subword_prefix,
                                 model->max_input_chars_per_word);
    }
    vocab_free(entries);
    return finish_copy(out, t, base, status);
}
