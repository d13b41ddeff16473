/* base/buffer.c: bytes that grow. */
#include "base/buffer.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

maske_status buffer_add_format(buffer *b, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = number_print_list(NULL, 0, format, arguments);
    va_end(arguments);
    maske_status status = length < 0 ? error_set(MASKE_BAD_ARGUMENT, "cannot format \"%s\"", format) : buffer_reserve(b, (size_t)length);
    if (status == MASKE_OK) {
        number_print_list(b->data + b->length, (size_t)length + 1, format, again);
        b->length += (size_t)length;
    }
    va_end(again);
    return status;
}

void buffer_free(buffer *b) {
    free(b->data);
    *b = (buffer){0};
}

char *buffer_take(buffer *b) {
    char *data = b->data;
    *b = (buffer){0};
    return data;
}
