/* tasks/prompt.c: prompts with masks. */
#include "tasks/prompt.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

/* Where the mask is written inside its token's stretch of text: the token may have swallowed white space. */
static splice_gap written_mask(const char *text, size_t begin, size_t end, const char *mask) {
    const char *found = memmem(text + begin, end - begin, mask, strlen(mask));
    if (found != NULL) return (splice_gap){(size_t)(found - text), (size_t)(found - text) + strlen(mask)};
    /* Written in another way that the normalizer takes for the same: all but the white space around it. */
    for (size_t size; begin < end && unicode_is_space(utf8_next(text + begin, &size)); begin += size) {}
    while (end > begin) {
        size_t last = end - 1, size;
        while (last > begin && utf8_is_continuation(text[last])) last--;
        if (!unicode_is_space(utf8_next(text + last, &size))) break;
        end = last;
    }
    return (splice_gap){begin, end};
}

static maske_status add_gap(masked_prompt *p, splice_gap gap, size_t place) {
    TRY(memory_reserve(&p->gaps, &p->gap_capacity, p->count + 1, sizeof *p->gaps, "masks"));
    TRY(memory_reserve(&p->places, &p->place_capacity, p->count + 1, sizeof *p->places, "masks"));
    p->gaps[p->count] = gap;
    p->places[p->count++] = place;
    return MASKE_OK;
}

maske_status prompt_read(masked_prompt *out, const maske_model *model, const char *text) {
    const maske_tokenizer *tokenizer = model->tokenizer;
    int32_t mask = maske_tokenizer_special(tokenizer, MASKE_MASK);
    const char *mask_text = mask >= 0 ? maske_tokenizer_token(tokenizer, mask) : NULL;
    if (mask_text == NULL) return error_set(MASKE_BAD_FILE, "%s: the tokenizer has no mask token", model->folder);
    size_t length = strlen(text), valid = utf8_valid_prefix(text, length);
    if (valid != length) return error_set(MASKE_BAD_ARGUMENT, "the prompt is not UTF-8: byte %zu", valid + 1);
    out->text = text;
    out->length = length;
    out->count = 0;
    const maske_encode_options whole = {.no_truncation = true, .no_padding = true};
    TRY(maske_tokenizer_encode(tokenizer, text, length, NULL, 0, &whole, &out->encoding));
    const maske_encoding *e = &out->encoding;
    for (out->lead = 0; out->lead < e->count && e->special_tokens_mask[out->lead]; out->lead++) {}
    for (out->trail = 0; out->trail + out->lead < e->count && e->special_tokens_mask[e->count - 1 - out->trail];
         out->trail++) {}
    for (size_t i = out->lead; i + out->trail < e->count; i++)
        if (e->ids[i] == mask) TRY(add_gap(out, written_mask(text, e->byte_begin[i], e->byte_end[i], mask_text), i));
    if (out->count == 0)
        return error_set(MASKE_BAD_ARGUMENT, "the prompt has no mask: \"%.200s\"; write %s where a word is wanted",
                         text, mask_text);
    return MASKE_OK;
}

void prompt_free(masked_prompt *p) {
    maske_encoding_free(&p->encoding);
    free(p->gaps);
    free(p->places);
    *p = (masked_prompt){0};
}

bool prompt_at_word_start(const masked_prompt *p, size_t mask) {
    size_t at = p->gaps[mask].begin, size;
    if (at == 0) return true;
    for (at--; at > 0 && utf8_is_continuation(p->text[at]); at--) {}
    return unicode_is_space(utf8_next(p->text + at, &size));
}

/* A stretch of `room` tokens out of low..high-1 with first..last in its middle. */
static prompt_window around(size_t first, size_t last, size_t room, size_t low, size_t high) {
    size_t spare = room - (last - first + 1), begin = first - low > spare / 2 ? first - spare / 2 : low;
    if (begin + room > high) begin = high - room;
    return (prompt_window){begin, begin + room};
}

prompt_window prompt_window_for(const masked_prompt *p, size_t mask, size_t max_length) {
    size_t low = p->lead, high = p->encoding.count - p->trail, room = max_length - p->lead - p->trail;
    if (high - low <= room) return (prompt_window){low, high};
    size_t first = p->places[0], last = p->places[p->count - 1];
    if (last - first + 1 > room) first = last = p->places[mask];
    return around(first, last, room, low, high);
}
