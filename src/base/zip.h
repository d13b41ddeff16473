/* base/zip.h: the members of a zip file that are stored as they are, without compression: what torch.save writes.
 *
 *   member     local header (30 bytes, name, extra), data
 *   ...
 *   directory  per member: sizes, name, offset of its local header
 *   end        [zip64 end and its locator,] 22 bytes: how many members, where the directory is
 *
 * Everything is found through the directory, and every offset and size is checked against the file's length. Checksums
 * are not computed: a file of weights is read once, and its values are looked at anyway.
 * Source: PKWARE's APPNOTE, 4.3 and 4.5.3 (zip64). */
#ifndef MASKE_BASE_ZIP_H
#define MASKE_BASE_ZIP_H

#include "base/buffer.h"

enum { ZIP_MEMBERS = 200000 };      /* the most that is read */

typedef struct zip_member {
    const char *name;               /* yours through zip_close */
    const char *data;               /* borrowed from the file's bytes */
    size_t length;
} zip_member;
/* Zeroed: nothing. */
typedef struct zip_file {
    zip_member *members;            /* [count] in byte order of the names */
    size_t count;
    char *names;
} zip_file;

/* Whether the bytes begin as a zip file does. */
bool zip_begins(const char *bytes, size_t length);
/* bytes: borrowed until zip_close; `name` stands for the file in sentences. Fails for compressed or encrypted members. */
MASKE_MUST_USE maske_status zip_open(zip_file *out, const char *bytes, size_t length, const char *name);
void zip_close(zip_file *zip);
/* NULL: no such member. */
const zip_member *zip_find(const zip_file *zip, const char *name);

#endif
