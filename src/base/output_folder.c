/* base/output_folder.c: folders as output. */
#include "base/output_folder.h"

#include <stdio.h>
#include <stdlib.h>

maske_status output_folder_check(const char *path, bool force) {
    if (path_exists(path) && !path_is_folder(path))
        return error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", path);
    if (!force && folder_has_content(path))
        return error_set(MASKE_EXISTS, "%s: holds something already; --force replaces it", path);
    return MASKE_OK;
}

maske_status output_folder_write(const char *path, maske_status (*write)(void *user, const char *folder), void *user) {
    if (folder_has_content(path)) return write(user, path);
    char *part = NULL;
    TRY(folder_stage(&part, path));
    maske_status status = write(user, part);
    if (status == MASKE_OK) status = folder_commit(part, path);
    if (status != MASKE_OK) {
        char sentence[1024];                    /* of the failure, whatever becomes of the clearing up */
        snprintf(sentence, sizeof sentence, "%s", maske_error());
        maske_status removed = folder_remove(part);
        (void)removed;
        (void)error_set(status, "%s", sentence);
    }
    free(part);
    return status;
}
