/* tokenizer/encode.c: maske_tokenizer_encode: texts to arrays.
 *
 * With ids alone, what the post-processor does is a frame: the ids it puts around the texts, worked out once when the
 * tokenizer was made (tokenizer_frame), into which the texts' ids are copied. */
#include "tokenizer/pipeline.h"
#include "base/log.h"

#include <stdlib.h>

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

/* One call's texts and settings. */
typedef struct request {
    const maske_tokenizer *t;
    const char *text[2];
    size_t length[2];
    bool pair, no_special, truncate, pad;
    size_t keep[2], from[2];            /* tokens of each text that stay, and the first of them */
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

static size_t padded_length(const request *r, size_t count) {
    return r->pad ? padding_length(&r->t->padding, count) : count;
}

/* ---------------------------------------------------------------------------------------------------- ids alone --- */

static maske_status ids_of(request *r, pipeline *p, int which) {
    p->ids[which].count = 0;
    return pipeline_ids(r->t, p, r->text[which], r->length[which], &p->ids[which]);
}

static maske_status encode_ids(request *r, encoding_scratch *scratch, maske_encoding *out) {
    pipeline *p = &scratch->pipeline;
    const tokenizer_frame *frame = &r->t->frames[r->pair];
    TRY(ids_of(r, p, 0));
    if (r->pair) TRY(ids_of(r, p, 1));
    TRY(truncate_texts(r, p->ids[0].count, r->pair ? p->ids[1].count : 0));
    size_t count = 0;
    for (size_t i = 0; i < frame->count; i++) {
        int32_t id = frame->ids[i];
        count += id < 0 ? r->keep[FRAME_TEXT(id)] : !r->no_special;
    }
    size_t padded = padded_length(r, count), at = 0;
    TRY(reserve_ids(out, scratch, padded));
    if (r->pad && r->t->padding.direction == DIRECTION_LEFT) at = padded - count;
    for (size_t i = 0; i < at; i++) out->ids[i] = r->t->padding.pad_id;
    for (size_t i = 0; i < frame->count; i++) {
        int32_t id = frame->ids[i];
        if (id >= 0) {
            if (!r->no_special) out->ids[at++] = id;
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

static void cut_tokens(const request *r, output_tokens *tokens, int which) {
    if (r->from[which] > 0)
        memmove(tokens->items, tokens->items + r->from[which], r->keep[which] * sizeof *tokens->items);
    tokens->count = r->keep[which];
}

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

static maske_status encode_all(request *r, encoding_scratch *scratch, maske_encoding *out) {
    pipeline *p = &scratch->pipeline;
    TRY(tokens_of(r, p, 0));
    if (r->pair) TRY(tokens_of(r, p, 1));
    TRY(truncate_texts(r, p->tokens[0].count, r->pair ? p->tokens[1].count : 0));
    for (int which = 0; which < (r->pair ? 2 : 1); which++) {
        cut_tokens(r, &p->tokens[which], which);
        for (size_t i = 0; i < p->tokens[which].count; i++) p->tokens[which].items[i].second = which == 1;
    }
    TRY(post_processor_apply(r->t->post_processor, &p->tokens[0], r->pair ? &p->tokens[1] : NULL, !r->no_special,
                             &p->process));
    const output_tokens *tokens = &p->process.tokens;
    size_t padded = padded_length(r, tokens->count), begin = 0;
    TRY(reserve_all(out, scratch, padded));
    if (r->pad && r->t->padding.direction == DIRECTION_LEFT) begin = padded - tokens->count;
    walk walks[2] = { {r->text[0], r->length[0], 0, 0}, {r->text[1], r->length[1], 0, 0} };
    output_token pad = {.id = r->t->padding.pad_id, .type_id = r->t->padding.pad_type_id, .special = true, .pad = true};
    for (size_t i = 0; i < padded; i++) {
        const output_token *token = i < begin || i - begin >= tokens->count ? &pad : &tokens->items[i - begin];
        write_token(out, i, token, &walks[token->second]);
    }
    out->count = padded;
    return MASKE_OK;
}

maske_status maske_tokenizer_encode(const maske_tokenizer *tokenizer, const char *text, size_t length, const char *pair,
                                    size_t pair_length, const maske_encode_options *options, maske_encoding *out) {
    static const maske_encode_options defaults = {0};
    if (options == NULL) options = &defaults;
    request r = {.t = tokenizer,
                 .text = {text, pair},
                 .length = {length, pair_length},
                 .pair = pair != NULL,
                 .no_special = options->no_special,
                 .truncate = tokenizer->truncation.set && !options->no_truncation,
                 .pad = tokenizer->padding.set && !options->no_padding};
    for (int which = 0; which < (r.pair ? 2 : 1); which++) {
        size_t valid = utf8_valid_prefix(r.text[which], r.length[which]);
        if (valid < r.length[which]) return error_set(MASKE_BAD_ARGUMENT, "the text is not UTF-8 at byte %zu", valid);
    }
    encoding_scratch *scratch = NULL;
    TRY(scratch_of(&scratch, out));
    return options->ids_only ? encode_ids(&r, scratch, out) : encode_all(&r, scratch, out);
}
