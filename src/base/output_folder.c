/* base/output_folder.c: folders as output.
 *
 * A new folder is made beside its place and renamed. In one that is there (which may be a mount point, a link, the folder
 * that somebody stands in) the new files are made in a part inside; then what they replace moves into another part, they to
 * their places, and the old ones go. What fails on the way is undone; of what is killed there the next writing puts the old
 * files back first. */
#include "base/output_folder.h"

#include <stdio.h>
#include <stdlib.h>

static const char part_name[] = "output", old_name[] = "before.maske-part";

/* ----------------------------------------------------------------------------------------------------- checking --- */

static maske_status visit_content(void *user, const char *name) {
    bool *content = user;
    if (!name_is_own(name)) *content = true;
    return MASKE_OK;
}

static maske_status expect_empty(const char *path) {
    bool content = false;
    if (path_is_folder(path)) TRY(folder_list(path, visit_content, &content));
    return content ? error_set(MASKE_EXISTS, "%s: holds something already; --force replaces it", path) : MASKE_OK;
}

maske_status output_folder_check(const char *path, bool force) {
    if (path_exists(path) && !path_is_folder(path))
        return error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", path);
    if (!force) TRY(expect_empty(path));
    return path_expect_writable(path);
}

/* ------------------------------------------------------------------------------------------------------- moving --- */

/* What moves from one folder to its place in another one. */
typedef struct moving {
    const char *from, *to, *kept;   /* kept: what is in the place goes there; NULL: it is replaced */
    bool move;                      /* without, it is only seen whether it can */
    buffer *moved;                  /* NULL, or: the places, a NUL behind each */
} moving;

static maske_status move_entry(void *user, const char *name);

static maske_status move_files(const moving *m) {
    TRY(folder_list(m->from, move_entry, (void *)(uintptr_t)m));
    return m->move ? folder_sync(m->to) : MASKE_OK;
}

static maske_status rename_file(const char *from, const char *to) {
    return rename(from, to) == 0 ? MASKE_OK : error_io(to, "rename to");
}

static maske_status move_one(const moving *m, const char *from, const char *to, const char *kept) {
    bool there = path_exists(to);
    if (there && path_is_folder(from) && path_is_folder(to)) {
        if (m->move && kept != NULL) TRY(folder_make(kept));
        return move_files(&(moving){from, to, kept, m->move, m->moved});
    }
    if (there && path_is_folder(from)) return error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", to);
    if (there && path_is_folder(to)) return error_set(MASKE_EXISTS, "%s: is a folder, expected the name of a file", to);
    if (!m->move) return MASKE_OK;
    size_t length = m->moved != NULL ? m->moved->length : 0;
    if (m->moved != NULL) TRY(buffer_add(m->moved, to, strlen(to) + 1));
    maske_status status = there && kept != NULL ? rename_file(to, kept) : MASKE_OK;
    if (status != MASKE_OK && m->moved != NULL) m->moved->length = length;      /* what is in the place is the old file */
    return status == MASKE_OK ? rename_file(from, to) : status;
}

static maske_status move_entry(void *user, const char *name) {
    const moving *m = user;
    char *from = NULL, *to = NULL, *kept = NULL;
    maske_status status = path_join(&from, m->from, name);
    if (status == MASKE_OK) status = path_join(&to, m->to, name);
    if (status == MASKE_OK && m->kept != NULL) status = path_join(&kept, m->kept, name);
    if (status == MASKE_OK) status = move_one(m, from, to, kept);
    free(from);
    free(to);
    free(kept);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

typedef struct output {
    const char *path;
    const char *const *owned;
    bool force, there;          /* there: the folder was there before */
    char *part, *old;           /* old: of a folder that was there */
    int lock, run_lock;         /* of the part; of a run in the folder, -1: none */
} output;

/* What would be of something else than what stands beside it from now on. */
static maske_status move_left_over(const output *o) {
    maske_status status = MASKE_OK;
    for (size_t i = 0; o->owned != NULL && o->owned[i] != NULL && status == MASKE_OK; i++) {
        char *written = NULL, *place = NULL, *kept = NULL;
        status = path_join(&written, o->part, o->owned[i]);
        if (status == MASKE_OK) status = path_join(&place, o->path, o->owned[i]);
        if (status == MASKE_OK) status = path_join(&kept, o->old, o->owned[i]);
        if (status == MASKE_OK && !path_exists(written) && path_exists(place)) status = rename_file(place, kept);
        free(written);
        free(place);
        free(kept);
    }
    return status;
}

/* Takes away what came to its place, and puts back what was there. */
static void put_back(const output *o, const buffer *moved) {
    error_text why = error_keep();              /* the failure's, whatever becomes of the clearing up */
    maske_status status = MASKE_OK;
    for (size_t at = 0; at < moved->length; at += strlen(moved->data + at) + 1)
        status = folder_remove(moved->data + at);
    status = move_files(&(moving){.from = o->old, .to = o->path, .move = true});
    (void)status;
    (void)error_set(MASKE_IO, "%s", why.text);
}

static maske_status replace(const output *o) {
    buffer moved = {0};
    TRY(move_files(&(moving){.from = o->part, .to = o->path}));
    TRY(folder_make(o->old));
    maske_status status = move_left_over(o);
    if (status == MASKE_OK) status = move_files(&(moving){o->part, o->path, o->old, true, &moved});
    if (status != MASKE_OK) put_back(o, &moved);
    buffer_free(&moved);
    TRY(status);
    TRY(folder_remove(o->old));
    return folder_remove(o->part);
}

static maske_status finish(const output *o) {
    if (!o->there || !o->force) TRY(expect_empty(o->path));         /* what has come since */
    return o->there ? replace(o) : folder_commit(o->part, o->path);
}

/* Nobody else may be at work there: no other writing, and no run, which has its own lock. */
static maske_status begin(output *o) {
    char *lock = NULL, *inside = NULL;
    if (!o->there) return folder_stage(&o->part, &o->lock, o->path);
    TRY(path_join(&lock, o->path, FOLDER_LOCK));
    maske_status status = path_exists(lock) ? file_lock(&o->run_lock, o->path) : MASKE_OK;
    free(lock);
    TRY(status);
    TRY(path_join(&o->old, o->path, old_name));
    TRY(path_join(&inside, o->path, part_name));
    status = folder_stage(&o->part, &o->lock, inside);
    free(inside);
    TRY(status);
    if (!path_exists(o->old)) return MASKE_OK;
    TRY(move_files(&(moving){.from = o->old, .to = o->path, .move = true}));
    return folder_remove(o->old);
}

static maske_status write_and_finish(output *o, maske_status (*write)(void *user, const char *folder), void *user) {
    if (!o->force) TRY(expect_empty(o->path));
    TRY(begin(o));
    TRY(write(user, o->part));
    return finish(o);
}

maske_status output_folder_write(const char *path, bool force, maske_status (*write)(void *user, const char *folder),
                                 void *user, const char *const *owned) {
    output o = {.path = path, .owned = owned, .force = force, .there = path_is_folder(path), .lock = -1, .run_lock = -1};
    maske_status status = write_and_finish(&o, write, user);
    if (status != MASKE_OK && o.part != NULL) {
        error_text why = error_keep();
        maske_status removed = folder_remove(o.part);
        if (removed == MASKE_OK && o.old != NULL && !folder_has_content(o.old)) removed = folder_remove(o.old);
        (void)removed;
        (void)error_set(status, "%s", why.text);
    }
    file_unlock(o.lock);
    file_unlock(o.run_lock);
    free(o.part);
    free(o.old);
    return status;
}
