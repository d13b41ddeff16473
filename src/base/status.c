/* base/status.c: the thread's error sentence. */
#include "base/status.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char sentence[sizeof(error_text)];

/* A character that a terminal obeys: C0, DEL, and C1, which is C2 80 to C2 9F. */
static bool is_control(const unsigned char *c) {
    return c[0] < 0x20 || c[0] == 0x7F || (c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0);
}

void sentence_make_printable(char *text, size_t size) {
    size_t length = strlen(text), valid;
    if (length == size - 1) {
        while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
        if (length > 0 && (unsigned char)text[length - 1] >= 0xC0) length--;
        text[length] = '\0';
    }
    for (char *at = text; (valid = utf8_valid_prefix(at, length)) < length; at += valid + 1, length -= valid + 1)
        at[valid] = '?';
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (!is_control(c)) continue;
        if (*c == 0xC2) *c++ = '?';
        *c = '?';
    }
}

maske_status error_set(maske_status status, const char *format, ...) {
    char text[sizeof sentence];         /* arguments may point into the present sentence */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(sentence, text, sizeof text);
    sentence_make_printable(sentence, sizeof sentence);
    return status;
}

error_text error_keep(void) {
    error_text kept;
    memcpy(kept.text, sentence, sizeof kept.text);
    return kept;
}

maske_status error_memory(size_t bytes, const char *what) {
    return error_set(MASKE_OUT_OF_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}

maske_status error_io(const char *path, const char *verb) {
    char reason[128];
    int number = errno;
    if (number == ENOMEM) return error_set(MASKE_OUT_OF_MEMORY, "%s: cannot %s: out of memory", path, verb);
    /* The GNU strerror_r returns the text; it never allocates nor depends on another thread. */
    return error_set(MASKE_IO, "%s: cannot %s: %s", path, verb, strerror_r(number, reason, sizeof reason));
}

const char *maske_error(void) { return sentence; }

const char *maske_status_name(maske_status status) {
    static const char *const names[] = {
#define STATUS_NAME(name, text) [name] = text,
        MASKE_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown status";
}
