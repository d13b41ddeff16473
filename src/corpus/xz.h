/* corpus/xz.h: the text inside a .xz file, by liblzma itself, which keeps a limit of memory in every block and every
 * stream of the file; libarchive gives it none. */
#ifndef MASKE_CORPUS_XZ_H
#define MASKE_CORPUS_XZ_H

#include "corpus/raw_file.h"

enum { XZ_DICTIONARY_MIB = 256 };       /* no block may ask for a larger dictionary */

typedef struct xz_reader xz_reader;

bool xz_recognises(const char *head, size_t length);
/* *out is yours: xz_close. The file is borrowed and must outlive it. */
MASKE_MUST_USE maske_status xz_open(xz_reader **out, raw_file *file);
/* As decompress_read. */
MASKE_MUST_USE maske_status xz_read(xz_reader *x, char *out, size_t capacity, size_t *got);
void xz_close(xz_reader *x);

#endif
