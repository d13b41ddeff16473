/* fuzz/tokenizer_checks.h: what holds of every tokenizer that loads, whatever its file says. */
#ifndef MASKE_FUZZ_TOKENIZER_CHECKS_H
#define MASKE_FUZZ_TOKENIZER_CHECKS_H

#include "fuzz.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/tokenizer_read.h"

/* A file may ask for a million tokens of padding or of templates: true, but slow. */
enum { FUZZ_PADDING = 4096 };
static inline maske_encode_options fuzz_plain(const maske_tokenizer *t) {
    return (maske_encode_options){.no_padding = padding_length(&t->padding, 1, 1) > FUZZ_PADDING};
}

/* Places lie inside the text, at characters' edges; ids are entries. */
static inline void check_encoding(const maske_tokenizer *t, const char *text, size_t length, const maske_encoding *e) {
    size_t characters = utf8_count(text, length);
    for (size_t i = 0; i < e->count; i++) {
        CHECK(e->ids[i] >= 0);
        if (e->attention_mask[i]) CHECK(e->ids[i] < maske_tokenizer_vocab_size(t));
        CHECK(e->byte_begin[i] <= e->byte_end[i] && e->byte_end[i] <= length);
        CHECK(e->char_begin[i] <= e->char_end[i] && e->char_end[i] <= characters);
        CHECK(e->byte_begin[i] == length || !utf8_is_continuation(text[e->byte_begin[i]]));
        CHECK(e->byte_end[i] == length || !utf8_is_continuation(text[e->byte_end[i]]));
        CHECK((e->char_begin[i] == e->char_end[i]) == (e->byte_begin[i] == e->byte_end[i]));
    }
}

static inline void check_decoding(const maske_tokenizer *t, const int32_t *ids, size_t count) {
    for (int skip = 0; skip < 2; skip++) {
        char *text = NULL;
        size_t length = 0;
        if (!fuzz_ok(maske_tokenizer_decode(t, ids, count, skip, &text, &length))) continue;
        CHECK(text[length] == '\0' && utf8_valid_prefix(text, length) == length);
        free(text);
    }
}

/* A text as windows: the first is the encoding itself, and the others are encodings like any. */
static inline void check_windows(const maske_tokenizer *t, const char *text, size_t length, maske_encode_options options,
                                 const maske_encoding *e) {
    maske_encodings windows = {0};
    if (fuzz_ok(maske_tokenizer_encode_windows(t, text, length, NULL, 0, &options, &windows))) {
        CHECK(windows.count >= 1);
        /* Padding goes to the longest of a batch, which the windows are. */
        for (size_t i = 0; i < windows.items[0].count && i < e->count && t->padding.direction == DIRECTION_RIGHT; i++)
            CHECK(windows.items[0].ids[i] == e->ids[i]);
        for (size_t i = 0; i < windows.count; i++) check_encoding(t, text, length, &windows.items[i]);
    }
    maske_encodings_free(&windows);
}

/* All ways of encoding agree. false: this text cannot be encoded (an unknown token that is not there). */
static inline bool check_text(const maske_tokenizer *t, const char *text, size_t length, maske_encode_options options,
                              maske_encoding *e) {
    static maske_encoding alone;
    maske_encode_options ids_only = options;
    ids_only.ids_only = true;
    maske_status status = maske_tokenizer_encode(t, text, length, NULL, 0, &options, e);
    CHECK(maske_tokenizer_encode(t, text, length, NULL, 0, &ids_only, &alone) == status);
    if (!fuzz_ok(status)) return false;
    check_encoding(t, text, length, e);
    CHECK(alone.count == e->count);
    CHECK(e->count == 0 || memcmp(alone.ids, e->ids, e->count * sizeof *e->ids) == 0);
    check_decoding(t, e->ids, e->count);
    check_windows(t, text, length, options, e);
    return true;
}

/* The text comes back from its ids. */
static inline void check_round_trip(const maske_tokenizer *t, const char *text, size_t length, maske_encoding *e) {
    const maske_encode_options bare = {.no_special = true, .no_truncation = true, .no_padding = true};
    char *back = NULL;
    size_t back_length = 0;
    if (!fuzz_ok(maske_tokenizer_encode(t, text, length, NULL, 0, &bare, e))) return;
    if (!fuzz_ok(maske_tokenizer_decode(t, e->ids, e->count, false, &back, &back_length))) return;
    CHECK(back_length == length && memcmp(back, text, length) == 0);
    free(back);
}

static const char *const fuzz_texts[] = {
    "", "Ankara'da [MASK] 3 a\xC4\x9F\x61\xC3\xA7 var.  \xC4\xB0\xC4\x9E\t\n", "hello world", "aaaa",
    "\xE6\x97\xA5\xE6\x9C\xAC <unk> e\xCC\x81\xF0\x9F\x99\x82\xE2\x96\x81\xC2\xA0x [CLS]",
};
enum { FUZZ_TEXTS = sizeof fuzz_texts / sizeof fuzz_texts[0] };

/* Written and read again, it is the same file and gives the same ids. */
static inline void check_saved(const maske_tokenizer *t) {
    buffer text = {0}, same = {0};
    tokenizer_json json = {0};
    maske_tokenizer *again = NULL;
    maske_encoding e = {0}, f = {0};
    MUST(tokenizer_write_json(t, &text));
    MUST(tokenizer_json_parse(&json, text.data, text.length, "saved", false));
    MUST(tokenizer_read_json(&again, &json, "saved", NULL));
    tokenizer_json_free(&json);
    MUST(tokenizer_write_json(again, &same));
    CHECK(same.length == text.length && memcmp(same.data, text.data, text.length) == 0);
    maske_encode_options options = fuzz_plain(t);
    /* That special tokens are text like any other is said by tokenizer_config.json alone. */
    for (int i = 0; i < FUZZ_TEXTS && !t->added.split_special; i++) {
        maske_status status = maske_tokenizer_encode(t, fuzz_texts[i], strlen(fuzz_texts[i]), NULL, 0, &options, &e);
        CHECK(maske_tokenizer_encode(again, fuzz_texts[i], strlen(fuzz_texts[i]), NULL, 0, &options, &f) == status);
        if (status != MASKE_OK) continue;
        CHECK(e.count == f.count && (e.count == 0 || memcmp(e.ids, f.ids, e.count * sizeof *e.ids) == 0));
    }
    maske_encoding_free(&e);
    maske_encoding_free(&f);
    maske_tokenizer_free(again);
    buffer_free(&text);
    buffer_free(&same);
}

static inline void check_tokenizer(const maske_tokenizer *t) {
    maske_encoding e = {0};
    maske_tokenizer_report report;
    bool lossless = fuzz_ok(maske_tokenizer_inspect(t, NULL, NULL, &report)) && report.lossless &&
                    strcmp(report.lossless_reason, "every text") == 0;
    for (int i = 0; i < FUZZ_TEXTS; i++) {
        const char *text = fuzz_texts[i], *pair = fuzz_texts[(i + 1) % FUZZ_TEXTS];
        maske_encode_options options = fuzz_plain(t);
        (void)check_text(t, text, strlen(text), options, &e);
        (void)fuzz_ok(maske_tokenizer_encode(t, text, strlen(text), pair, strlen(pair), &options, &e));
        if (lossless) check_round_trip(t, text, strlen(text), &e);
    }
    int32_t ids[64], limit = (int32_t)maske_tokenizer_vocab_size(t);
    for (int32_t i = 0; i < 64; i++) ids[i] = i < 60 ? i : i == 60 ? -1 : limit - 62 + i;
    check_decoding(t, ids, 64);
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) {
        int32_t id = maske_tokenizer_special(t, (maske_special)role);
        CHECK(id == -1 || maske_tokenizer_token(t, id) != NULL);
    }
    maske_encoding_free(&e);
    check_saved(t);
}

#endif
