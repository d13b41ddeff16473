/* tokenizer/tokenizer_write.c: maske_tokenizer_save: the bytes that the library writes for the same tokenizer. */
#include "tokenizer/tokenizer_config.h"
#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>

/* ----------------------------------------------------------------------------------------------- tokenizer.json --- */

static void write_flag(json_writer *w, const char *key, bool value) {
    json_key(w, key);
    json_bool(w, value);
}
static void write_text(json_writer *w, const char *key, const char *text) {
    json_key(w, key);
    json_text(w, text);
}

static void write_added_tokens(json_writer *w, const added_tokens *added) {
    json_begin_array(w);
    for (int32_t id = 0; id < added->limit; id++) {
        const added_token *token = added_tokens_get(added, id);
        if (token == NULL) continue;
        json_begin_object(w);
        json_key(w, "id"); json_int(w, id);
        json_key(w, "content"); json_text_bytes(w, token->content, token->length);
        write_flag(w, "single_word", token->single_word);
        write_flag(w, "lstrip", token->lstrip);
        write_flag(w, "rstrip", token->rstrip);
        write_flag(w, "normalized", token->normalized);
        write_flag(w, "special", token->special);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_vocab(json_writer *w, const vocab *entries) {
    json_begin_object(w);
    for (int32_t id = 0; id < entries->limit; id++) {
        size_t length = 0;
        const char *text = vocab_text(entries, id, &length);
        if (text == NULL) continue;
        json_key_bytes(w, text, length);
        json_int(w, id);
    }
    json_end_object(w);
}

/* The library keeps dropout as a float. */
static void write_dropout(json_writer *w, double dropout) {
    char text[32];
    double value = dropout;
    json_key(w, "dropout");
    if (dropout < 0) { json_nothing(w); return; }
    number_shortest_float(text, (float)dropout);
    if (!number_parse_double(&value, text)) value = dropout;
    json_double(w, value);
}

static void write_entry(json_writer *w, const vocab *entries, int32_t id) {
    size_t length = 0;
    const char *text = vocab_text(entries, id, &length);
    json_text_bytes(w, text, length);
}

static void write_bpe(json_writer *w, const bpe *model) {
    write_text(w, "type", "BPE");
    write_dropout(w, model->options.dropout);
    write_text(w, "unk_token", model->options.unk_token);
    write_text(w, "continuing_subword_prefix", model->options.continuing_subword_prefix);
    write_text(w, "end_of_word_suffix", model->options.end_of_word_suffix);
    write_flag(w, "fuse_unk", model->options.fuse_unk);
    write_flag(w, "byte_fallback", model->options.byte_fallback);
    write_flag(w, "ignore_merges", model->options.ignore_merges);
    json_key(w, "vocab");
    write_vocab(w, &model->vocab);
    json_key(w, "merges");
    json_begin_array(w);
    for (size_t i = 0; i < model->merge_count; i++) {
        json_begin_array(w);
        write_entry(w, &model->vocab, model->merges[i].left);
        write_entry(w, &model->vocab, model->merges[i].right);
        json_end_array(w);
    }
    json_end_array(w);
}

static void write_wordpiece(json_writer *w, const wordpiece *model) {
    write_text(w, "type", "WordPiece");
    write_text(w, "unk_token", model->unk_token);
    write_text(w, "continuing_subword_prefix", model->continuing_subword_prefix);
    json_key(w, "max_input_chars_per_word"); json_int(w, model->max_input_chars_per_word);
    json_key(w, "vocab");
    write_vocab(w, &model->vocab);
}

maske_status tokenizer_write_json(const maske_tokenizer *t, buffer *out) {
    json_writer w = json_writer_start(out, true);
    json_begin_object(&w);
    write_text(&w, "version", "1.0");
    json_key(&w, "truncation"); truncation_write(&w, &t->truncation);
    json_key(&w, "padding"); padding_write(&w, &t->padding);
    json_key(&w, "added_tokens"); write_added_tokens(&w, &t->added);
    json_key(&w, "normalizer"); normalizer_write(&w, t->normalizer);
    json_key(&w, "pre_tokenizer"); pre_tokenizer_write(&w, t->pre_tokenizer);
    json_key(&w, "post_processor"); post_processor_write(&w, t->post_processor);
    json_key(&w, "decoder"); decoder_write(&w, t->decoder);
    json_key(&w, "model");
    json_begin_object(&w);
    if (t->kind == MODEL_BPE) write_bpe(&w, &t->model.bpe);
    else write_wordpiece(&w, &t->model.wordpiece);
    json_end_object(&w);
    json_end_object(&w);
    return json_writer_end(&w);
}

/* ---------------------------------------------------------------------------------------------- the model alone --- */

static maske_status write_file(const char *folder, const char *file, const buffer *text) {
    char *path = NULL;
    TRY(path_join(&path, folder, file));
    maske_status status = file_write_atomic(path, text->data, text->length, true);
    free(path);
    return status;
}

/* merges.txt cannot hold a token with a space in it, nor one with a line's end. *whole: it was written. */
static maske_status merges_text(const bpe *model, buffer *out, bool *whole) {
    TRY(buffer_add_text(out, "#version: 0.2\n"));
    *whole = true;
    for (size_t i = 0; i < model->merge_count && *whole; i++) {
        size_t left_length = 0, right_length = 0;
        const char *left = vocab_text(&model->vocab, model->merges[i].left, &left_length);
        const char *right = vocab_text(&model->vocab, model->merges[i].right, &right_length);
        *whole = strpbrk(left, " \n\r") == NULL && strpbrk(right, " \n\r") == NULL;
        TRY(buffer_add(out, left, left_length));
        TRY(buffer_add(out, " ", 1));
        TRY(buffer_add(out, right, right_length));
        TRY(buffer_add(out, "\n", 1));
    }
    return MASKE_OK;
}

static maske_status save_bpe(const bpe *model, const char *folder, buffer *text) {
    json_writer w = json_writer_start(text, false);
    write_vocab(&w, &model->vocab);
    TRY(json_writer_end(&w));
    TRY(write_file(folder, "vocab.json", text));
    bool whole = true;
    buffer_clear(text);
    TRY(merges_text(model, text, &whole));
    if (whole) return write_file(folder, "merges.txt", text);
    log_say(MASKE_LOG_WARNING,
            "%s: merges.txt is not written: a token holds a space or a line's end, which that format cannot say; "
            "tokenizer.json has everything",
            folder);
    return MASKE_OK;
}

static maske_status save_wordpiece(const wordpiece *model, const char *folder, buffer *text) {
    for (int32_t id = 0; id < model->vocab.limit; id++) {
        size_t length = 0;
        const char *entry = vocab_text(&model->vocab, id, &length);
        if (entry == NULL) continue;
        TRY(buffer_add(text, entry, length));
        TRY(buffer_add(text, "\n", 1));
    }
    if ((size_t)model->vocab.limit > model->vocab.count)
        log_say(MASKE_LOG_WARNING,
                "%s: the vocabulary has ids without a token, so the lines of vocab.txt are not its ids; tokenizer.json "
                "has them",
                folder);
    return write_file(folder, "vocab.txt", text);
}

maske_status maske_tokenizer_save(const maske_tokenizer *t, const char *folder) {
    buffer text = {0};
    maske_status status = tokenizer_write_json(t, &text);
    if (status == MASKE_OK) status = write_file(folder, "tokenizer.json", &text);
    buffer_clear(&text);
    if (status == MASKE_OK) status = tokenizer_config_write(t, folder);
    if (status == MASKE_OK)
        status = t->kind == MODEL_BPE ? save_bpe(&t->model.bpe, folder, &text)
                                      : save_wordpiece(&t->model.wordpiece, folder, &text);
    buffer_free(&text);
    return status;
}
