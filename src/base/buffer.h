/* base/buffer.h: bytes that grow. A zeroed structure is an empty buffer. */
#ifndef MASKE_BASE_BUFFER_H
#define MASKE_BASE_BUFFER_H

#include "base/memory.h"

#include <string.h>

typedef struct buffer {
    char *data;             /* yours through buffer_free; a NUL stands behind the bytes once something was added */
    size_t length, capacity;
} buffer;

static inline MASKE_MUST_USE maske_status buffer_reserve(buffer *b, size_t more) {
    size_t needed;
    if (!size_add(&needed, b->length, more) || !size_add(&needed, needed, 1)) return error_memory(SIZE_MAX, "text");
    return needed <= b->capacity ? MASKE_OK : memory_reserve(&b->data, &b->capacity, needed, 1, "text");
}
static inline MASKE_MUST_USE maske_status buffer_add(buffer *b, const void *bytes, size_t length) {
    TRY(buffer_reserve(b, length));
    if (length > 0) memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
    return MASKE_OK;
}
static inline MASKE_MUST_USE maske_status buffer_add_text(buffer *b, const char *text) { return buffer_add(b, text, strlen(text)); }
/* As printf in the C locale. */
MASKE_MUST_USE maske_status buffer_add_format(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void buffer_clear(buffer *b) { b->length = 0; if (b->data) b->data[0] = '\0'; }
/* Frees the bytes and leaves an empty buffer. */
void buffer_free(buffer *b);
/* The bytes, now yours (free()), the buffer left empty. NULL only if nothing was ever added. */
char *buffer_take(buffer *b);

#endif
