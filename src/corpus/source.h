/* corpus/source.h: the text bytes of one file, whether it is compressed or not; checked to be text when opened. */
#ifndef MASKE_CORPUS_SOURCE_H
#define MASKE_CORPUS_SOURCE_H

#include "base/log.h"

typedef struct source source;

/* path "-": standard input. *out is yours: source_close; the path and the control, which ends waiting for standard input
 * (NULL: nothing does), are borrowed and must outlive it. */
MASKE_MUST_USE maske_status source_open(source **out, const char *path, const maske_control *control);
/* Up to `capacity` bytes; fewer only at the end. *got 0: the end. */
MASKE_MUST_USE maske_status source_read(source *s, char *out, size_t capacity, size_t *got);
/* The path, or "standard input": for errors. Borrowed. */
const char *source_name(const source *s);
/* Bytes of the file read so far, as they lie on the disk. */
int64_t source_consumed(const source *s);
/* Whether the file holds no text at all (known once opened). */
bool source_is_empty(const source *s);
void source_close(source *s);

#endif
