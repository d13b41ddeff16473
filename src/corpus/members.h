/* corpus/members.h: the text inside a .gz or .bz2 file, by zlib and libbz2 themselves, which hold every member's text
 * against its check sum; libarchive does not for gzip, and passes over a second member whose header is damaged.
 *
 * A file is members one behind another (bgzip, `cat a.gz b.gz`). Zeros may fill the rest, as gzip allows; anything else
 * behind a member is damage. */
#ifndef MASKE_CORPUS_MEMBERS_H
#define MASKE_CORPUS_MEMBERS_H

#include "corpus/raw_file.h"

typedef struct members_reader members_reader;

bool members_recognises(const char *head, size_t length);
/* *out is yours: members_close. The file is borrowed and must outlive it; members_recognises its head. */
MASKE_MUST_USE maske_status members_open(members_reader **out, raw_file *file);
/* As decompress_read. */
MASKE_MUST_USE maske_status members_read(members_reader *m, char *out, size_t capacity, size_t *got);
void members_close(members_reader *m);

#endif
