/* base/status.h: how a function says that it failed.
 *
 *     return error_set(MASKE_BAD_FILE, "%s: line %zu: found \"%s\", expected an integer", path, line, text);
 *
 * The sentence names place, found and expected; it stays in the thread until the next failure. */
#ifndef MASKE_BASE_STATUS_H
#define MASKE_BASE_STATUS_H

#include "maske.h"

/* Keeps the sentence (cut at 1023 bytes, made printable as below) and returns `status`, so that a caller can return it in one line. An argument may be maske_error() itself. */
maske_status error_set(maske_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Out of memory, for `bytes` bytes of `what`. Allocates nothing. */
maske_status error_memory(size_t bytes, const char *what);
/* errno as a sentence: "PATH: cannot VERB: no such file or directory". */
maske_status error_io(const char *path, const char *verb);
/* The thread's sentence kept: for another thread to report, or until what follows, and may fail too, is done. */
typedef struct error_text { char text[1024]; } error_text;
error_text error_keep(void);
/* A text that was printed into `size` bytes, in place: cut at a character's boundary if it filled them; what is not
 * UTF-8 and control characters are shown as '?'. Text from files may hold anything: it must not reach a terminal as it
 * is, nor leave the library as something else than UTF-8. */
void sentence_make_printable(char *text, size_t size);

/* Returns from the enclosing function when an expression's status is a failure. */
#define TRY(expression)                                   \
    do {                                                  \
        maske_status try_status_ = (expression);          \
        if (try_status_ != MASKE_OK) return try_status_;  \
    } while (0)

#endif
