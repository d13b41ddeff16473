/* base/output_folder.c: folders as output. */
#include "base/output_folder.h"

#include <stdio.h>
#include <stdlib.h>

maske_status output_folder_check(const char *path, bool force) {
    if (path_exists(path) && !path_is_folder(path))
        return error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", path);
    if (!force && folder_has_content(path))
        return error_set(MASKE_EXISTS, "%s: holds something already; --force replaces it", path);
    return path_expect_writable(path);
}

/* ---------------------------------------------------------------------------------------------------- replacing --- */

typedef struct replacement { const char *from, *to; bool move; } replacement;

static maske_status replace_entry(void *user, const char *name);

/* What is in one folder takes its place in the other; without `move` it is only seen whether it can. */
static maske_status replace_files(const char *from, const char *to, bool move) {
    TRY(folder_list(from, replace_entry, &(replacement){from, to, move}));
    return move ? folder_sync(to) : MASKE_OK;
}

static maske_status replace_one(const char *from, const char *to, bool move) {
    if (path_exists(to)) {
        if (path_is_folder(from) && path_is_folder(to)) return replace_files(from, to, move);
        if (path_is_folder(from)) return error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", to);
        if (path_is_folder(to)) return error_set(MASKE_EXISTS, "%s: is a folder, expected the name of a file", to);
    }
    return !move || rename(from, to) == 0 ? MASKE_OK : error_io(to, "rename to");
}

static maske_status replace_entry(void *user, const char *name) {
    const replacement *r = user;
    char *from = NULL, *to = NULL;
    maske_status status = path_join(&from, r->from, name);
    if (status == MASKE_OK) status = path_join(&to, r->to, name);
    if (status == MASKE_OK) status = replace_one(from, to, r->move);
    free(from);
    free(to);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

/* The part lies beside a new folder, and in one that is there: that may be the root of a file system. */
static maske_status stage(char **part, const char *path, bool there) {
    if (!there) return folder_stage(part, path);
    char *inside = NULL;
    TRY(path_join(&inside, path, "output"));
    maske_status status = folder_stage(part, inside);
    free(inside);
    return status;
}

/* What would be of something else than what stands beside it from now on. */
static maske_status remove_left_over(const char *part, const char *path, const char *const *owned) {
    maske_status status = MASKE_OK;
    for (size_t i = 0; owned != NULL && owned[i] != NULL && status == MASKE_OK; i++) {
        char *written = NULL, *old = NULL;
        status = path_join(&written, part, owned[i]);
        if (status == MASKE_OK) status = path_join(&old, path, owned[i]);
        if (status == MASKE_OK && !path_exists(written)) status = folder_remove(old);
        free(written);
        free(old);
    }
    return status;
}

static maske_status finish(const char *part, const char *path, bool there, const char *const *owned) {
    if (!there) return folder_commit(part, path);
    TRY(replace_files(part, path, false));
    TRY(remove_left_over(part, path, owned));
    TRY(replace_files(part, path, true));
    return folder_remove(part);
}

maske_status output_folder_write(const char *path, maske_status (*write)(void *user, const char *folder), void *user,
                                 const char *const *owned) {
    char *part = NULL;
    bool there = folder_has_content(path);
    TRY(stage(&part, path, there));
    maske_status status = write(user, part);
    if (status == MASKE_OK) status = finish(part, path, there, owned);
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
