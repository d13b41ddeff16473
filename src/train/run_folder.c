/* train/run_folder.c: names, lock, beginning and end of a run's folder. */
#include "train/run_folder.h"
#include "base/log.h"
#include "base/modules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* train.json is the first to go and the last to come: without it nobody takes what is there for a run. */
static const char *const run_names[] = {
    RUN_SETTINGS, RUN_SOURCES, RUN_METRICS, RUN_TOKENS, RUN_VALID_TOKENS, RUN_MIX_TOKENS, RUN_STANDARD_INPUT, RUN_CHECKPOINTS,
    "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.json", "merges.txt", "vocab.txt", "tensorboard", "report.html",
};
enum { RUN_NAMES = sizeof run_names / sizeof run_names[0] };

bool run_folder_replaces(const char *name, size_t length) {
    for (size_t i = 0; i < RUN_NAMES; i++)
        if (strlen(run_names[i]) == length && memcmp(run_names[i], name, length) == 0) return true;
    return false;
}

/* In the preparing folder: what lies in DIR under a run's names is this start's own. */
static const char mark_name[] = "begin";

static maske_status has_name(bool *out, const char *folder, const char *name) {
    char *path;
    TRY(path_join(&path, folder, name));
    *out = path_exists(path);
    free(path);
    return MASKE_OK;
}

static maske_status fill_paths(run_folder *folder, const char *path) {
    *folder = (run_folder){.lock = -1};
    TRY(memory_copy_text(&folder->path, path, strlen(path)));
    TRY(path_join(&folder->preparing, path, "preparing.maske-part"));
    TRY(path_join(&folder->replaced, path, "replaced.maske-part"));
    return path_join(&folder->checkpoints, path, RUN_CHECKPOINTS);
}

static maske_status visit_content(void *user, const char *name) {
    char *first = user;     /* [256] */
    if (first[0] == '\0' && !name_is_own(name)) snprintf(first, 256, "%s", name);
    return MASKE_OK;
}

static maske_status expect_free(const run_folder *folder, bool run) {
    char first[256] = "";
    TRY(folder_list(folder->path, visit_content, first));
    if (first[0] == '\0') return MASKE_OK;
    return error_set(MASKE_EXISTS, "%s: holds %s, expected an empty or new folder%s", folder->path, first,
                     run ? " (a run is there: resume it, or replace it with force)"
                         : " (force replaces what a run leaves there)");
}

/* A name that is not there is no failure. */
static maske_status move_name(const char *from, const char *to, const char *name) {
    bool there = false;
    char *old = NULL, *new = NULL;
    TRY(has_name(&there, from, name));
    if (!there) return MASKE_OK;
    maske_status status = path_join(&old, from, name);
    if (status == MASKE_OK) status = path_join(&new, to, name);
    if (status == MASKE_OK && rename(old, new) != 0) status = error_io(new, "rename to");
    free(old);
    free(new);
    return status;
}

static maske_status sync_both(const char *a, const char *b) {
    TRY(folder_sync(a));
    return folder_sync(b);
}

typedef struct move { const char *from, *to; } move;

/* The folder of "1_Pooling/config.json" below another one: made, or removed if nothing else is in it. */
static maske_status with_folder_of(const char *name, const char *folder, bool make) {
    const char *slash = strchr(name, '/');
    char *path = NULL;
    buffer inner = {0};
    if (slash == NULL) return MASKE_OK;
    maske_status status = buffer_add(&inner, name, (size_t)(slash - name));
    if (status == MASKE_OK) status = path_join(&path, folder, inner.data);
    if (status == MASKE_OK && make) status = folder_make(path);
    else if (status == MASKE_OK) (void)rmdir(path);
    buffer_free(&inner);
    free(path);
    return status;
}

static maske_status move_visited(void *user, const char *name) {
    const move *m = user;
    bool there = false;
    TRY(has_name(&there, m->from, name));
    if (!there) return MASKE_OK;
    TRY(with_folder_of(name, m->to, true));
    TRY(move_name(m->from, m->to, name));
    return with_folder_of(name, m->from, false);
}

static maske_status remove_visited(void *user, const char *name) {
    TRY(folder_remove_name(user, name));
    return with_folder_of(name, user, false);
}

static maske_status remove_all(const run_folder *folder) {
    for (size_t i = 0; i < RUN_NAMES; i++) TRY(folder_remove_name(folder->path, run_names[i]));
    return modules_each_name(folder->path, remove_visited, folder->path);
}

static maske_status move_away(const run_folder *folder) {
    for (size_t i = 0; i < RUN_NAMES; i++) TRY(move_name(folder->path, folder->replaced, run_names[i]));
    TRY(modules_each_name(folder->path, move_visited, &(move){folder->path, folder->replaced}));
    return sync_both(folder->replaced, folder->path);
}

/* To their places. All other names are there for good before train.json says so. */
static maske_status move_in(const run_folder *folder, const char *from) {
    for (size_t i = RUN_NAMES - 1; i > 0; i--) TRY(move_name(from, folder->path, run_names[i]));
    TRY(modules_each_name(from, move_visited, &(move){from, folder->path}));
    TRY(sync_both(folder->path, from));
    TRY(move_name(from, folder->path, run_names[0]));
    return sync_both(folder->path, from);
}

/* What a start that failed or was killed left comes to an end, one way or the other (run_folder.h). */
static maske_status settle(const run_folder *folder) {
    bool run = false, mark = false, replaced = path_exists(folder->replaced);
    TRY(has_name(&run, folder->path, RUN_SETTINGS));
    TRY(has_name(&mark, folder->preparing, mark_name));
    if (!run && mark) TRY(remove_all(folder));
    /* What was found is so after a power cut too, before the mark goes; and that it went, before a name comes back. */
    if (replaced) TRY(folder_sync(folder->path));
    TRY(folder_remove(folder->preparing));
    if (!replaced) return MASKE_OK;
    if (!run) {
        TRY(folder_sync(folder->path));
        TRY(move_in(folder, folder->replaced));
    }
    return folder_remove(folder->replaced);
}

/* Whether a start that did not come to its end left something. */
static bool is_unsettled(const run_folder *folder) {
    return path_exists(folder->preparing) || path_exists(folder->replaced);
}

/* Whether this start may have the folder, once it is settled. */
static maske_status look(const run_folder *folder, bool force) {
    bool run = false;
    TRY(has_name(&run, folder->path, RUN_SETTINGS));
    return force ? MASKE_OK : expect_free(folder, run);
}

/* Makes the locked folder ready: free, with an empty preparing folder. */
static maske_status claim(const run_folder *folder, bool force) {
    TRY(settle(folder));
    TRY(look(folder, force));
    char *checkpoints;
    TRY(path_join(&checkpoints, folder->preparing, RUN_CHECKPOINTS));
    maske_status status = folder_make(checkpoints);
    free(checkpoints);
    return status;
}

maske_status run_folder_create(run_folder *out, const char *path, bool force) {
    run_folder folder;
    maske_status status = fill_paths(&folder, path);
    if (status == MASKE_OK && path_exists(path) && !path_is_folder(path))
        status = error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", path);
    if (status == MASKE_OK) {
        folder.made = !path_exists(path);
        /* A folder that is refused is not even locked: the lock is a file. */
        if (folder.made) status = folder_make(path);
        else if (!is_unsettled(&folder)) status = look(&folder, force);
    }
    if (status == MASKE_OK) status = file_lock(&folder.lock, path);
    if (status == MASKE_OK) status = claim(&folder, force);
    if (status != MASKE_OK) run_folder_close(&folder);
    else *out = folder;
    return status;
}

static maske_status make_mark(const run_folder *folder) {
    char *mark;
    TRY(path_join(&mark, folder->preparing, mark_name));
    maske_status status = file_write_atomic(mark, "", 0, true);
    free(mark);
    return status;
}

maske_status run_folder_begin(run_folder *folder) {
    TRY(folder_make(folder->replaced));
    TRY(move_away(folder));
    TRY(make_mark(folder));
    maske_status status = move_in(folder, folder->preparing);
    /* Where no more than the last sync failed, the run is there. What it replaced stays for the next command to remove. */
    TRY(has_name(&folder->begun, folder->path, RUN_SETTINGS));
    return status == MASKE_OK ? settle(folder) : status;
}

maske_status run_folder_open(run_folder *out, const char *path) {
    run_folder folder;
    maske_status status = fill_paths(&folder, path);
    bool settings = false;
    if (status == MASKE_OK) status = has_name(&settings, path, RUN_SETTINGS);
    /* What is no run's folder is not even locked. */
    bool possible = status == MASKE_OK && (settings || is_unsettled(&folder));
    if (possible) status = file_lock(&folder.lock, path);
    folder.begun = true;
    if (possible && status == MASKE_OK) status = settle(&folder);
    if (status == MASKE_OK) status = has_name(&settings, path, RUN_SETTINGS);
    if (status == MASKE_OK && !settings)
        status = error_set(MASKE_IO, "%s: found no %s, expected the folder of a run", path, RUN_SETTINGS);
    if (status != MASKE_OK) run_folder_close(&folder);
    else *out = folder;
    return status;
}

maske_status run_folder_finish(const run_folder *folder) {
    TRY(folder_remove_name(folder->path, RUN_TOKENS));
    TRY(folder_remove_name(folder->path, RUN_VALID_TOKENS));
    TRY(folder_remove_name(folder->path, RUN_MIX_TOKENS));
    return folder_remove_name(folder->path, RUN_STANDARD_INPUT);
}

/* What the caller has to hear is the failure that led here, not one of cleaning up. */
static void undo(run_folder *folder) {
    error_text reason = error_keep();
    maske_status status = settle(folder);
    if (status == MASKE_OK && folder->made) {
        status = folder_remove_name(folder->path, FOLDER_LOCK);
        if (rmdir(folder->path) != 0) status = MASKE_IO;
    }
    if (status != MASKE_OK)
        log_say(MASKE_LOG_DETAIL, "%s: could not be left as it was: %s", folder->path, maske_error());
    error_set(MASKE_IO, "%s", reason.text);
}

void run_folder_close(run_folder *folder) {
    if (folder->lock >= 0 && !folder->begun) undo(folder);
    file_unlock(folder->lock);
    free(folder->path);
    free(folder->preparing);
    free(folder->replaced);
    free(folder->checkpoints);
    *folder = (run_folder){.lock = -1};
}
