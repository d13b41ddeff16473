/* tokenizer/aligned_text.c: memory of changing text; see the header for the rules of origins. */
#include "tokenizer/aligned_text.h"

#include "tokenizer/pattern.h"

#include <stdlib.h>

maske_status range_list_grow(range_list *list) {
    return memory_reserve(&list->items, &list->capacity, list->count + 1, sizeof *list->items, "words");
}

void aligned_bytes_free(aligned_bytes *bytes) {
    if (bytes == NULL) return;
    free(bytes->bytes);
    free(bytes->origins);
    *bytes = (aligned_bytes){0};
}

maske_status aligned_bytes_reserve(aligned_bytes *bytes, size_t more, bool aligned) {
    size_t needed;
    if (!size_add(&needed, bytes->length, more)) return error_memory(SIZE_MAX, "text");
    if (needed >= UINT32_MAX)
        return error_set(MASKE_BAD_ARGUMENT, "the text grows to %zu bytes, a single text may have at most 4294967294", needed);
    TRY(memory_reserve(&bytes->bytes, &bytes->capacity, needed, 1, "text"));
    if (aligned) TRY(memory_reserve(&bytes->origins, &bytes->origin_capacity, needed, sizeof(text_range), "offsets of the text"));
    return MASKE_OK;
}

maske_status aligned_text_set(aligned_text *text, const char *bytes, size_t length, uint32_t origin_begin, bool aligned) {
    if (length >= UINT32_MAX - origin_begin)
        return error_set(MASKE_BAD_ARGUMENT, "the text has %zu bytes, a single text may have at most 4294967294", length);
    text->now.length = 0;
    TRY(aligned_bytes_reserve(&text->now, length, aligned));
    if (length > 0) memcpy(text->now.bytes, bytes, length);
    text->now.length = length;
    text->aligned = aligned;
    text->origin_begin = origin_begin;
    text->start_length = length > 0 ? utf8_size(bytes[0]) : 0;
    if (!aligned) return MASKE_OK;
    for (size_t at = 0; at < length;) {
        size_t size = utf8_size(bytes[at]);
        text_range origin = {origin_begin + (uint32_t)at, origin_begin + (uint32_t)(at + size)};
        for (size_t i = 0; i < size && at < length; i++) text->now.origins[at++] = origin;
    }
    return MASKE_OK;
}

void aligned_text_free(aligned_text *text) {
    if (text == NULL) return;
    aligned_bytes_free(&text->now);
    aligned_bytes_free(&text->next);
    free(text->pending);
    free(text->sorted);
    pattern_scratch_free(text->search);
    aligned_text_free(text->part);
    free(text->part);
    *text = (aligned_text){0};
}

void text_edit_grow(text_edit *edit, size_t more) {
    if (edit->status == MASKE_OK) edit->status = aligned_bytes_reserve(edit->out, more, edit->aligned);
}

void text_edit_insert_text(text_edit *edit, const char *bytes, size_t size) {
    if (size > 0 && text_edit_room(edit, size)) text_edit_write(edit, bytes, size, edit->at - 1, edit->at == 0);
}

text_edit aligned_text_edit(aligned_text *text) {
    text->next.length = 0;
    return (text_edit){.source = text->now.bytes, .origins = text->now.origins, .aligned = text->aligned,
                       .length = text->now.length, .source_start = text->start_length, .origin_begin = text->origin_begin,
                       .out = &text->next};
}

maske_status aligned_text_edit_end(aligned_text *text, text_edit *edit) {
    TRY(edit->status);
    aligned_bytes written = text->next;
    text->next = text->now;
    text->now = written;
    text->start_length = edit->out_start;
    return MASKE_OK;
}
