/* tokenizer/pieces.c: the list of pieces. */
#include "tokenizer/pieces.h"

#include "tokenizer/pattern.h"

#include <stdlib.h>

void pieces_start(pieces *self, bool aligned) {
    self->text.length = self->start_length = self->count = 0;
    self->aligned = aligned;
}

/* Adds the piece for the bytes that were just added to the text. */
static maske_status add_item(pieces *self, size_t length, uint32_t origin_begin, uint32_t origin_end, int32_t token) {
    TRY(memory_reserve(&self->items, &self->capacity, self->count + 1, sizeof *self->items, "pieces"));
    size_t begin = self->text.length;
    self->text.length += length;
    self->items[self->count++] = (piece){(uint32_t)begin, (uint32_t)self->text.length, origin_begin, origin_end, token};
    return MASKE_OK;
}

maske_status pieces_add(pieces *self, const aligned_text *text, size_t begin, size_t end, int32_t token) {
    if (begin == end) return MASKE_OK;
    size_t length = end - begin;
    TRY(aligned_bytes_reserve(&self->text, length, self->aligned));
    memcpy(self->text.bytes + self->text.length, text->now.bytes + begin, length);
    bool at_start = text->origin_begin == 0 && begin < text->start_length;
    if (at_start) self->start_length = self->text.length + (end < text->start_length ? end : text->start_length) - begin;
    if (!self->aligned) return add_item(self, length, at_start ? 0 : 1, 1, token);
    const text_range *origins = text->now.origins + begin;
    memcpy(self->text.origins + self->text.length, origins, length * sizeof *origins);
    return add_item(self, length, origins[0].begin, origins[length - 1].end, token);
}

maske_status pieces_add_plain(pieces *self, const char *text, size_t length, size_t start) {
    if (length == 0) return MASKE_OK;
    TRY(aligned_bytes_reserve(&self->text, length, false));
    memcpy(self->text.bytes + self->text.length, text, length);
    self->start_length = start;
    return add_item(self, length, start > 0 ? 0 : 1, 1, PIECE_IS_TEXT);
}

void pieces_free(pieces *self) {
    if (self == NULL) return;
    aligned_bytes_free(&self->text);
    aligned_bytes_free(&self->next_text);
    free(self->items);
    free(self->next_items);
    free(self->ranges.items);
    pattern_scratch_free(self->search);
    *self = (pieces){0};
}
