/* corpus/raw_file.h: the bytes of one file as they lie on the disk, or of standard input. */
#ifndef MASKE_CORPUS_RAW_FILE_H
#define MASKE_CORPUS_RAW_FILE_H

#include "base/log.h"
#include "base/status.h"

enum { RAW_FILE_HEAD = 64 << 10 };

typedef struct raw_file {
    const char *name;           /* for errors: the path, or "standard input"; borrowed from the caller */
    int descriptor;
    char *head;                 /* [head_length]: the first RAW_FILE_HEAD bytes or all, looked at before read */
    size_t head_length, head_read;
    int64_t consumed;           /* bytes given out by raw_file_read */
    const maske_control *control;       /* borrowed; may be NULL */
} raw_file;

/* path "-": standard input; waiting for it ends with MASKE_STOPPED once `control` (NULL: nobody) says so. Anything but a
 * regular file is refused else: a pipe or a device could block or never end. Reads the head. End with raw_file_close. */
MASKE_MUST_USE maske_status raw_file_open(raw_file *out, const char *path, const maske_control *control);
/* Up to `capacity` bytes (capacity > 0); fewer only at the file's end or from a pipe. *got 0: the end. */
MASKE_MUST_USE maske_status raw_file_read(raw_file *file, char *out, size_t capacity, size_t *got);
/* Harmless on a zeroed structure and when called twice. */
void raw_file_close(raw_file *file);

#endif
