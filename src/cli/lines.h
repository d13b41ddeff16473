/* cli/lines.h: texts one a line, from files or standard input, as they come.
 *
 * A line ends at \n (a \r before it belongs to the ending); the last one may have no ending. Bytes that are not UTF-8
 * become U+FFFD and are counted. Memory: one line and one block, whatever the file's size. */
#ifndef MASKE_CLI_LINES_H
#define MASKE_CLI_LINES_H

#include "base/buffer.h"

enum { LINE_LIMIT = 16 << 20 };     /* bytes; a longer line is no text but a mistake */

typedef struct lines {
    const char *const *paths;       /* [count], borrowed; count 0: standard input */
    size_t count, next;
    const char *path;               /* of the open file, for sentences */
    int descriptor;                 /* -1: none open */
    bool ended;                     /* the open file gave its last byte */
    buffer block;                   /* read, not yet given out from `at` on */
    size_t at, checked;             /* up to `checked` it is valid UTF-8, or was looked at line by line; never less than `at` */
    buffer repaired;
    int64_t number, replaced;       /* of the line given last, from 1 in its file; pieces that were not UTF-8, in all */
} lines;

void lines_start(lines *l, const char *const *paths, size_t count);
/* *text NULL: the end. Borrowed until the next call, ended by a NUL that length does not count. MASKE_STOPPED when a
 * signal asked to stop. */
MASKE_MUST_USE maske_status lines_next(lines *l, const char **text, size_t *length);
/* Whether the next call would have to wait for somebody to type or send: then what is ready should be shown. */
bool lines_would_wait(const lines *l);
/* Whether no call will ever have to: every text is a regular file. Then another thread may do the reading. */
bool lines_never_wait(const lines *l);
void lines_end(lines *l);

/* Up to `limit` lines at a time, copied: for work that goes faster in batches. Zeroed: empty. */
typedef struct line_batch {
    size_t count;
    const char **texts;             /* [count], into `bytes` */
    size_t *lengths;                /* [count] */
    buffer bytes;
    size_t *starts, capacity;
    struct line_origin { size_t line; const char *path; int64_t number; } *origins;     /* where a file's lines begin here */
    size_t origin_count, origin_capacity;
} line_batch;
/* count 0: the end. */
MASKE_MUST_USE maske_status lines_next_batch(lines *l, size_t limit, line_batch *out);
/* The file of a line, and its number there, from 1. */
void line_batch_place(const line_batch *b, size_t line, const char **path, int64_t *number);
void line_batch_free(line_batch *b);

#endif
