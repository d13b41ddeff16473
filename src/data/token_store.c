/* data/token_store.c: token ids in as few bytes as they need. */
#include "data/token_store.h"

#include <stdlib.h>

maske_status token_store_open(token_store *out, size_t vocab_size, const char *path) {
    token_store s = {.width = token_store_width(vocab_size), .writer.descriptor = -1};
    if (path != NULL) {
        TRY(memory_copy_text(&s.path, path, strlen(path)));
        maske_status status = file_writer_open(&s.writer, path, true);
        if (status != MASKE_OK) {
            free(s.path);
            return status;
        }
    }
    *out = s;
    return MASKE_OK;
}

/* A few thousand tokens at a time are narrowed on the stack on their way to the file. */
static maske_status add_to_file(token_store *s, const int32_t *ids, size_t count) {
    if (s->width == 4) return file_writer_add(&s->writer, ids, count * 4);
    uint16_t narrow[2048];
    while (count > 0) {
        size_t part = count < 2048 ? count : 2048;
        for (size_t i = 0; i < part; i++) narrow[i] = (uint16_t)ids[i];
        TRY(file_writer_add(&s->writer, narrow, part * 2));
        ids += part;
        count -= part;
    }
    return MASKE_OK;
}

static maske_status add_to_memory(token_store *s, const int32_t *ids, size_t count) {
    size_t needed;
    if (!size_add(&needed, (size_t)s->count, count)) return error_memory(SIZE_MAX, "tokens");
    TRY(memory_reserve(&s->memory, &s->capacity, needed, s->width, "tokens"));
    if (s->width == 4) {
        if (count > 0) memcpy((int32_t *)s->memory + s->count, ids, count * 4);
    } else {
        uint16_t *to = (uint16_t *)s->memory + s->count;
        for (size_t i = 0; i < count; i++) to[i] = (uint16_t)ids[i];
    }
    return MASKE_OK;
}

maske_status token_store_add(token_store *s, const int32_t *ids, size_t count) {
    TRY(s->path != NULL ? add_to_file(s, ids, count) : add_to_memory(s, ids, count));
    s->count += count;
    return MASKE_OK;
}

maske_status token_store_seal(token_store *s) {
    if (s->path == NULL) {
        /* Gives back what doubling took too much; a failure to shrink is none. */
        if (s->count > 0 && memory_resize(&s->memory, (size_t)s->count, s->width, "tokens") == MASKE_OK)
            s->capacity = (size_t)s->count;
        s->tokens = s->memory;
        return MASKE_OK;
    }
    TRY(file_writer_commit(&s->writer));
    TRY(file_map_open(&s->map, s->path));
    if (s->map.length != s->count * s->width)
        return error_set(MASKE_IO, "%s: found %zu bytes, expected the %llu just written", s->path, s->map.length,
                         (unsigned long long)(s->count * s->width));
    s->tokens = s->map.data;
    return MASKE_OK;
}

void token_store_read(const token_store *s, uint64_t begin, size_t count, int32_t *out) {
    if (count == 0) return;             /* there may be no memory at all */
    if (s->width == 4) {
        memcpy(out, (const int32_t *)s->tokens + begin, count * 4);
        return;
    }
    const uint16_t *from = (const uint16_t *)s->tokens + begin;
    for (size_t i = 0; i < count; i++) out[i] = from[i];
}

void token_store_free(token_store *s) {
    free(s->memory);
    file_map_close(&s->map);
    if (s->path != NULL) file_writer_abandon(&s->writer);
    free(s->path);
    *s = (token_store){.writer.descriptor = -1};
}
