/* tokenizer/encode.c: maske_tokenizer_encode: texts to arrays.
 *
 * With ids alone, what the post-processor does is a frame: the ids it puts around the texts, worked out once when the
 * tokenizer was made (tokenizer_frame), into which the texts' ids are copied. */
#include "tokenizer/pipeline.h"
#include "base/log.h"

#include <stdlib.h>

enum { WINDOW_TOKEN_LIMIT = 1 << 26 };

/* What an encoding's `scratch` points to. */
typedef struct encoding_scratch {
    pipeline pipeline;
    size_t id_capacity;             /* of the encoding's ids; its `capacity` is that of the other arrays */
} encoding_scratch;

static maske_status scratch_of(encoding_scratch **scratch, maske_encoding *out) {
    if (out->scratch == NULL) TRY(memory_new(&out->scratch, 1, sizeof(encoding_scratch), "encoding"));
    *scratch = out->scratch;
    return MASKE_OK;
}

void maske_encoding_free(maske_encoding *encoding) {
    if (encoding == NULL) return;
    encoding_scratch *scratch = encoding->scratch;
    if (scratch != NULL) pipeline_free(&scratch->pipeline);
    free(scratch);
    free(encoding->ids);
    free(encoding->type_ids);
    free(encoding->special_tokens_mask);
    free(encoding->attention_mask);
    free(encoding->byte_begin);
    free(encoding->byte_end);
    free(encoding->char_begin);
    free(encoding->char_end);
    *encoding = (maske_encoding){0};
}

static maske_status reserve_ids(maske_encoding *out, encoding_scratch *scratch, size_t count) {
    if (count <= scratch->id_capacity && out->ids != NULL) return MASKE_OK;
    return memory_reserve(&out->ids, &scratch->id_capacity, count > 0 ? count : 1, sizeof *out->ids, "encoding");
}

static maske_status reserve_all(maske_encoding *out, encoding_scratch *scratch, size_t count) {
    TRY(reserve_ids(out, scratch, count));
    if (count <= out->capacity && out->type_ids != NULL) return MASKE_OK;
    size_t capacity = out->capacity;
    TRY(memory_reserve(&out->type_ids, &capacity, count > 0 ? count : 1, sizeof *out->type_ids, "encoding"));
    TRY(memory_resize(&out->special_tokens_mask, capacity, sizeof *out->special_tokens_mask, "encoding"));
    TRY(memory_resize(&out->attention_mask, capacity, sizeof *out->attention_mask, "encoding"));
    TRY(memory_resize(&out->byte_begin, capacity, sizeof *out->byte_begin, "encoding"));
    TRY(memory_resize(&out->byte_end, capacity, sizeof *out->byte_end, "encoding"));
    TRY(memory_resize(&out->char_begin, capacity, sizeof *out->char_begin, "encoding"));
    TRY(memory_resize(&out->char_end, capacity, sizeof *out->char_end, "encoding"));
    out->capacity = capacity;
    return MASKE_OK;
}

/* --------------------------------------------------------------------------------------------------- truncation --- */

/* Characters back to bytes. Tokens come nearly in order, so the place is walked to from the last one. */
typedef struct walk { const char *text; size_t length, byte; uint32_t character; } walk;
static uint32_t byte_at(walk *w, uint32_t character) {
    while (w->character < character && w->byte < w->length) {
        w->byte += utf8_size(w->text[w->byte]);
        w->character++;
    }
    while (w->character > character) {
        do w->byte--; while (utf8_is_continuation(w->text[w->byte]));
        w->character--;
    }
    return (uint32_t)w->byte;
}

/* One call's texts and settings. */
typedef struct request {
    const maske_tokenizer *t;
    const char *text[2];
    size_t length[2];
    bool pair, no_special, truncate, pad;
    size_t keep[2], from[2];            /* tokens of each text that stay, and the first of them */
    walk walks[2];                      /* in each text, for the bytes of offsets */
} request;

static maske_status truncate_texts(request *r, size_t first, size_t second) {
    r->keep[0] = first;
    r->keep[1] = second;
    r->from[0] = r->from[1] = 0;
    if (!r->truncate) return MASKE_OK;
    const truncation *t = &r->t->truncation;
    size_t added = r->no_special ? 0 : post_processor_added(r->t->post_processor, r->pair),
           room = (size_t)t->max_length;
    if (added > room)
        return error_set(MASKE_BAD_ARGUMENT, "truncation leaves %zu tokens, and the post-processor adds %zu", room,
                         added);
    TRY(truncation_lengths(t, room - added, r->pair, &r->keep[0], &r->keep[1]));
    if (t->direction == DIRECTION_LEFT) {
        r->from[0] = first - r->keep[0];
        r->from[1] = second - r->keep[1];
    }
    return MASKE_OK;
}

static size_t padded_length(const request *r, size_t longest, size_t count) {
    return r->pad ? padding_length(&r->t->padding, longest, count) : count;
}

/* ---------------------------------------------------------------------------------------------------- ids alone --- */

static maske_status ids_of(request *r, pipeline *p, int which) {
    p->ids[which].count = 0;
    return pipeline_ids(r->t, p, r->text[which], r->length[which], &p->ids[which]);
}

static maske_status encode_ids(request *r, encoding_scratch *scratch, maske_encoding *out) {
    pipeline *p = &scratch->pipeline;
    const tokenizer_frame *frame = &r->t->frames[r->no_special][r->pair];
    TRY(ids_of(r, p, 0));
    if (r->pair) TRY(ids_of(r, p, 1));
    TRY(truncate_texts(r, p->ids[0].count, r->pair ? p->ids[1].count : 0));
    size_t count = 0;
    for (size_t i = 0; i < frame->count; i++) {
        int32_t id = frame->ids[i];
        count += id < 0 ? r->keep[FRAME_TEXT(id)] : 1;
    }
    size_t padded = padded_length(r, count, count), at = 0;
    TRY(reserve_ids(out, scratch, padded));
    if (r->pad && r->t->padding.direction == DIRECTION_LEFT) at = padded - count;
    for (size_t i = 0; i < at; i++) out->ids[i] = r->t->padding.pad_id;
    for (size_t i = 0; i < frame->count; i++) {
        int32_t id = frame->ids[i];
        if (id >= 0) {
            out->ids[at++] = id;
            continue;
        }
        size_t keep = r->keep[FRAME_TEXT(id)];
        if (keep > 0)
            memcpy(out->ids + at, p->ids[FRAME_TEXT(id)].items + r->from[FRAME_TEXT(id)], keep * sizeof *out->ids);
        at += keep;
    }
    while (at < padded) out->ids[at++] = r->t->padding.pad_id;
    out->count = padded;
    return MASKE_OK;
}

/* --------------------------------------------------------------------------------------------------- everything --- */

static maske_status tokens_of(request *r, pipeline *p, int which) {
    return pipeline_tokens(r->t, p, r->text[which], r->length[which], post_processor_trims(r->t->post_processor),
                           &p->tokens[which]);
}

static void write_token(maske_encoding *out, size_t at, const output_token *token, walk *w) {
    out->ids[at] = token->id;
    out->type_ids[at] = token->type_id;
    out->special_tokens_mask[at] = token->special;
    out->attention_mask[at] = !token->pad;
    out->char_begin[at] = token->char_begin;
    out->char_end[at] = token->char_end;
    out->byte_begin[at] = token->special ? 0 : byte_at(w, token->char_begin);
    out->byte_end[at] = token->special ? 0 : byte_at(w, token->char_end);
}

/* The tokens of both texts, and how many of each stay. */
static maske_status all_tokens(request *r, pipeline *p) {
    for (int which = 0; which < (r->pair ? 2 : 1); which++) {
        TRY(tokens_of(r, p, which));
        for (size_t i = 0; i < p->tokens[which].count; i++) p->tokens[which].items[i].second = which == 1;
    }
    return truncate_texts(r, p->tokens[0].count, r->pair ? p->tokens[1].count : 0);
}

/* What stands around the texts' windows, and padding; window 0 is what stays. *longest: the tokens of the first windows,
 * which are written first. */
static maske_status write_windows(request *r, pipeline *p, const size_t windows[2], size_t *longest,
                                  maske_encoding *out) {
    output_tokens parts[2] = {{0}};
    for (int which = 0; which < (r->pair ? 2 : 1); which++) {
        const output_tokens *all = &p->tokens[which];
        size_t begin = 0, end = all->count;
        if (r->truncate)
            truncation_window(&r->t->truncation, all->count, r->keep[which], windows[which], &begin, &end);
        if (end > begin) parts[which] = (output_tokens){all->items + begin, end - begin, end - begin};
        p->process.window[which] = windows[which] > 0;
    }
    TRY(post_processor_apply(r->t->post_processor, &parts[0], r->pair ? &parts[1] : NULL, !r->no_special, &p->process));
    const output_tokens *tokens = &p->process.tokens;
    if (windows[0] + windows[1] == 0) *longest = tokens->count;
    size_t length = padded_length(r, *longest, tokens->count), begin = 0;
    encoding_scratch *scratch = NULL;
    TRY(scratch_of(&scratch, out));
    TRY(reserve_all(out, scratch, length));
    if (r->pad && r->t->padding.direction == DIRECTION_LEFT) begin = length - tokens->count;
    output_token pad = {.id = r->t->padding.pad_id, .type_id = r->t->padding.pad_type_id, .special = true, .pad = true};
    for (size_t i = 0; i < length; i++) {
        const output_token *token = i < begin || i - begin >= tokens->count ? &pad : &tokens->items[i - begin];
        write_token(out, i, token, &r->walks[token->second]);
    }
    out->count = length;
    return MASKE_OK;
}

static maske_status encode_all(request *r, pipeline *p, maske_encoding *out) {
    size_t longest = 0;
    TRY(all_tokens(r, p));
    return write_windows(r, p, (size_t[2]){0, 0}, &longest, out);
}

/* --------------------------------------------------------------------------------------------------------- calls --- */

static maske_status start_request(request *r, const maske_tokenizer *tokenizer, const char *text, size_t length,
                                  const char *pair, size_t pair_length, const maske_encode_options *options) {
    static const maske_encode_options defaults = {0};
    if (options == NULL) options = &defaults;
    *r = (request){.t = tokenizer,
                   .text = {text, pair},
                   .length = {length, pair_length},
                   .walks = { {text, length, 0, 0}, {pair, pair_length, 0, 0} },
                   .pair = pair != NULL,
                   .no_special = options->no_special,
                   .truncate = tokenizer->truncation.set && !options->no_truncation,
                   .pad = tokenizer->padding.set && !options->no_padding};
    for (int which = 0; which < (r->pair ? 2 : 1); which++) {
        size_t valid = utf8_valid_prefix(r->text[which], r->length[which]);
        if (valid < r->length[which])
            return error_set(MASKE_BAD_ARGUMENT, "the text is not UTF-8 at byte %zu", valid);
    }
    return MASKE_OK;
}

maske_status maske_tokenizer_encode(const maske_tokenizer *tokenizer, const char *text, size_t length, const char *pair,
                                    size_t pair_length, const maske_encode_options *options, maske_encoding *out) {
    request r;
    encoding_scratch *scratch = NULL;
    TRY(start_request(&r, tokenizer, text, length, pair, pair_length, options));
    TRY(scratch_of(&scratch, out));
    if (options != NULL && options->ids_only) return encode_ids(&r, scratch, out);
    return encode_all(&r, &scratch->pipeline, out);
}

/* ------------------------------------------------------------------------------------------------------- windows --- */

static maske_status new_item(maske_encodings *out, maske_encoding **item) {
    size_t before = out->capacity;
    if (out->count == before) {
        TRY(memory_reserve(&out->items, &out->capacity, before + 1, sizeof *out->items, "windows"));
        memset(out->items + before, 0, (out->capacity - before) * sizeof *out->items);
    }
    *item = &out->items[out->count];
    return MASKE_OK;
}

static maske_status add_windows(request *r, pipeline *p, size_t first, size_t second, size_t *longest,
                                maske_encodings *out) {
    maske_encoding *item;
    TRY(new_item(out, &item));
    TRY(write_windows(r, p, (size_t[2]){first, second}, longest, item));
    out->count++;
    return MASKE_OK;
}

/* The texts in the order in which the post-processor has them; *count of them. */
static maske_status texts_in_order(const request *r, int order[2], int *count) {
    const tokenizer_frame *frame = &r->t->frames[r->no_special][r->pair];
    *count = 0;
    for (size_t i = 0; i < frame->count; i++) {
        if (frame->ids[i] >= 0) continue;
        int text = FRAME_TEXT(frame->ids[i]);
        if (*count == 2 || (*count == 1 && order[0] == text))
            return error_set(MASKE_UNSUPPORTED, "the post-processor puts out a text twice; windows of it are not supported");
        order[(*count)++] = text;
    }
    return MASKE_OK;
}

/* How many windows each text has; fails where they would have more tokens than anybody wants. */
static maske_status count_windows(const request *r, const pipeline *p, size_t counts[2]) {
    size_t length = 1, all;
    for (int which = 0; which < 2; which++) {
        bool cut = r->truncate && (which == 0 || r->pair);
        counts[which] = cut ? truncation_windows(&r->t->truncation, p->tokens[which].count, r->keep[which]) : 1;
        length += which == 0 || r->pair ? (r->keep[which] > 0 ? r->keep[which] : p->tokens[which].count) : 0;
    }
    if (counts[0] * counts[1] == 1) return MASKE_OK;
    if (!size_multiply(&all, counts[0], counts[1]) || !size_multiply(&all, all, length) || all > WINDOW_TOKEN_LIMIT)
        return error_set(MASKE_BAD_ARGUMENT, "%zu times %zu windows of up to %zu tokens, expected at most %d tokens in all",
                         counts[0], counts[1], length, WINDOW_TOKEN_LIMIT);
    return MASKE_OK;
}

/* The library's order: each further window of the text that stands first, with every window of the other; then the first
 * window of the one with each further of the other. */
static maske_status encode_windows(request *r, pipeline *p, maske_encodings *out) {
    size_t counts[2], longest = 0;
    int order[2] = {0, 1}, texts;
    TRY(all_tokens(r, p));
    TRY(count_windows(r, p, counts));
    TRY(add_windows(r, p, 0, 0, &longest, out));
    if (counts[0] * counts[1] == 1) return MASKE_OK;
    TRY(texts_in_order(r, order, &texts));
    size_t leading = texts > 0 ? counts[order[0]] : 1, following = texts > 1 ? counts[order[1]] : 1;
    for (size_t turn = 1; turn <= leading; turn++) {
        size_t one = turn < leading ? turn : 0;             /* the first window's turn comes last */
        for (size_t other = one == 0 ? 1 : 0; other < following; other++)
            TRY(add_windows(r, p, order[0] == 0 ? one : other, order[0] == 0 ? other : one, &longest, out));
    }
    return MASKE_OK;
}

maske_status maske_tokenizer_encode_windows(const maske_tokenizer *tokenizer, const char *text, size_t length,
                                            const char *pair, size_t pair_length, const maske_encode_options *options,
                                            maske_encodings *out) {
    request r;
    maske_encoding *first;
    encoding_scratch *scratch = NULL;
    TRY(start_request(&r, tokenizer, text, length, pair, pair_length, options));
    out->count = 0;
    TRY(new_item(out, &first));
    TRY(scratch_of(&scratch, first));
    maske_status status = encode_windows(&r, &scratch->pipeline, out);
    if (status != MASKE_OK) out->count = 0;
    return status;
}

void maske_encodings_free(maske_encodings *encodings) {
    if (encodings == NULL) return;
    for (size_t i = 0; i < encodings->capacity; i++) maske_encoding_free(&encodings->items[i]);
    free(encodings->items);
    *encodings = (maske_encodings){0};
}
