/* base/output_folder.h: a folder as output: new and whole, or, where the user insists, with its files replaced. */
#ifndef MASKE_BASE_OUTPUT_FOLDER_H
#define MASKE_BASE_OUTPUT_FOLDER_H

#include "base/file.h"

/* Before any work: MASKE_EXISTS if the folder holds something, unless `force`; or if it is no folder; MASKE_IO if nothing can
 * be written there. */
MASKE_MUST_USE maske_status output_folder_check(const char *path, bool force);
/* Calls write(user, folder) with a folder to write into. A path that is not there appears whole or not at all. A folder that is
 * there keeps what `write` does not write, and the rest is replaced once all of it is on the disk: what fails leaves the
 * folder as it was. MASKE_EXISTS: another maske is at work there, or it holds something (and not force). owned: names, ending
 * with NULL (or NULL: none), of files that belong together with what is written; of those that are there and are not
 * written this time none is left beside it. */
MASKE_MUST_USE maske_status output_folder_write(const char *path, bool force,
                                                maske_status (*write)(void *user, const char *folder), void *user,
                                                const char *const *owned);

#endif
