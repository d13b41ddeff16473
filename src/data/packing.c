/* data/packing.c: sequences are filled token by token as lines come, and closed when full or when the document ends. */
#include "data/packing.h"

#include <stdlib.h>

maske_status packing_start(packing *out, const vocabulary *v, size_t room, bool line_by_line, const char *store_path) {
    packing p = {.vocabulary = v, .room = room, .line_by_line = line_by_line};
    TRY(token_store_open(&p.store, v->size, store_path));
    *out = p;
    return MASKE_OK;
}

/* Puts the open sequence on the list. One without a maskable token is left out: its tokens stay stored, unused. */
static maske_status close_sequence(packing *p) {
    size_t length = p->open_length;
    bool keep = p->open_maskable;
    p->open_length = 0;
    p->open_maskable = false;
    if (!keep) return MASKE_OK;
    if (p->sequence_count == UINT32_MAX || p->store.count >= (uint64_t)1 << 40)
        return error_set(MASKE_UNSUPPORTED,
                         "the text is too long: %zu sequences, %llu tokens, at most 2^32 and 2^40 are kept",
                         p->sequence_count, (unsigned long long)p->store.count);
    TRY(memory_reserve(&p->sequences, &p->sequence_capacity, p->sequence_count + 1, sizeof *p->sequences, "sequences"));
    p->sequences[p->sequence_count++] = (sequence){.begin = p->store.count - length, .length = length & 0xFFFFFF};
    return MASKE_OK;
}

/* Adds tokens that fit. */
static maske_status fill(packing *p, const int32_t *ids, size_t count) {
    for (size_t i = 0; !p->open_maskable && i < count; i++) p->open_maskable = !p->vocabulary->special[ids[i]];
    TRY(token_store_add(&p->store, ids, count));
    p->open_length += count;
    return p->open_length == p->room ? close_sequence(p) : MASKE_OK;
}

maske_status packing_add_line(packing *p, const int32_t *ids, size_t count) {
    p->lines++;
    if (p->line_by_line && count > p->room) {
        count = p->room;
        p->truncated_lines++;
    }
    while (count > 0) {
        size_t part = p->room - p->open_length;
        if (part > count) part = count;
        TRY(fill(p, ids, part));
        ids += part;
        count -= part;
    }
    return p->line_by_line ? close_sequence(p) : MASKE_OK;
}

maske_status packing_end_document(packing *p) {
    TRY(close_sequence(p));
    uint32_t before = p->document_count > 0 ? p->document_ends[p->document_count - 1] : 0;
    if (p->sequence_count == before) return MASKE_OK;
    TRY(memory_reserve(&p->document_ends, &p->document_capacity, p->document_count + 1, sizeof *p->document_ends,
                       "documents"));
    p->document_ends[p->document_count++] = (uint32_t)p->sequence_count;
    return MASKE_OK;
}

maske_status packing_end(packing *p) {
    TRY(packing_end_document(p));
    return token_store_seal(&p->store);
}

void packing_free(packing *p) {
    token_store_free(&p->store);
    free(p->sequences);
    free(p->document_ends);
    *p = (packing){.store.writer.descriptor = -1};
}
