/* base/status.c: the thread's error sentence. */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char sentence[1024];

/* Text from files may hold anything: control characters must not reach a terminal, and the cut must not split a
 * character. */
static void make_printable(char *text) {
    size_t length = strlen(text);
    if (length == sizeof sentence - 1) {
        while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
        if (length > 0 && (unsigned char)text[length - 1] >= 0xC0) length--;
        text[length] = '\0';
    }
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = '?';
}

maske_status error_set(maske_status status, const char *format, ...) {
    char text[sizeof sentence];         /* arguments may point into the present sentence */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(sentence, text, sizeof text);
    make_printable(sentence);
    return status;
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
