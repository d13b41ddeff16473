/* corpus/decompress.h: the text inside a .gz, .bz2, .xz or .zst file, by zlib, libbz2, liblzma and libarchive.
 *
 * Only these four, and only one of them around the text: libarchive's "all" would also run programs and unpack
 * formats nobody asked for. A damaged file is refused as soon as the damage is read. What a small file may ask for is
 * bounded: an xz dictionary of 256 MiB, a zstd window of 128 MiB, and after the first GiB 2,000 bytes of text for
 * each byte read. */
#ifndef MASKE_CORPUS_DECOMPRESS_H
#define MASKE_CORPUS_DECOMPRESS_H

#include "corpus/raw_file.h"

typedef struct decompress decompress;

/* Whether a file that begins so is compressed in a way we read. Told by content: names lie, standard input has none. */
bool decompress_recognises(const char *head, size_t length);
/* *out is yours: decompress_close. The file is borrowed and must outlive it. */
MASKE_MUST_USE maske_status decompress_open(decompress **out, raw_file *file);
/* Up to `capacity` bytes of text; fewer only at the end. *got 0: the end. */
MASKE_MUST_USE maske_status decompress_read(decompress *d, char *out, size_t capacity, size_t *got);
void decompress_close(decompress *d);

#endif
