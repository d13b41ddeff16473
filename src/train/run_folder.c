/* train/run_folder.c: names, lock, beginning and end of a run's folder. */
#include "train/run_folder.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* train.json first: without it nobody takes what is left for a run. */
static const char *const run_names[] = {
    RUN_SETTINGS, RUN_SOURCES, RUN_METRICS, RUN_TOKENS, RUN_VALID_TOKENS, RUN_MIX_TOKENS, RUN_STANDARD_INPUT, "checkpoints",
    "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.json", "merges.txt", "vocab.txt", "tensorboard", "report.html",
};
static const char lock_name[] = ".maske-lock";
/* In the preparing folder from run_folder_begin to run_folder_begun: what lies in DIR is this start's own. */
static const char mark_name[] = "begin";

static maske_status has_name(bool *out, const char *folder, const char *name) {
    char *path;
    TRY(path_join(&path, folder, name));
    *out = path_exists(path);
    free(path);
    return MASKE_OK;
}

static maske_status remove_name(const char *folder, const char *name) {
    char *path;
    TRY(path_join(&path, folder, name));
    maske_status status = folder_remove(path);
    free(path);
    return status;
}

static maske_status fill_paths(run_folder *folder, const char *path) {
    *folder = (run_folder){.lock = -1};
    TRY(memory_copy_text(&folder->path, path, strlen(path)));
    TRY(path_join(&folder->preparing, path, "preparing.maske-part"));
    return path_join(&folder->checkpoints, path, "checkpoints");
}

/* The lock and what an interrupted write left are no content. */
static maske_status visit_content(void *user, const char *name) {
    char *first = user;     /* [256] */
    if (first[0] == '\0' && strcmp(name, lock_name) != 0 && !name_is_part(name)) snprintf(first, 256, "%s", name);
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

static maske_status remove_run(const run_folder *folder) {
    for (size_t i = 0; i < sizeof run_names / sizeof run_names[0]; i++) TRY(remove_name(folder->path, run_names[i]));
    return MASKE_OK;
}

/* Whether this start may have the folder. *abandoned: what lies there is an earlier start's that was killed. */
static maske_status look(const run_folder *folder, bool force, bool *abandoned) {
    bool run = false, mark = false;
    TRY(has_name(&run, folder->path, RUN_SETTINGS));
    TRY(has_name(&mark, folder->preparing, mark_name));
    *abandoned = mark && !run;
    return *abandoned || force ? MASKE_OK : expect_free(folder, run);
}

/* Makes the locked folder ready: free, with an empty preparing folder. */
static maske_status claim(const run_folder *folder, bool force) {
    bool abandoned = false;
    TRY(look(folder, force, &abandoned));
    if (abandoned) TRY(remove_run(folder));
    TRY(folder_remove(folder->preparing));
    return folder_make(folder->preparing);
}

maske_status run_folder_create(run_folder *out, const char *path, bool force) {
    run_folder folder;
    maske_status status = fill_paths(&folder, path);
    if (status == MASKE_OK && path_exists(path) && !path_is_folder(path))
        status = error_set(MASKE_EXISTS, "%s: is a file, expected the name of a folder", path);
    if (status == MASKE_OK) {
        folder.made = !path_exists(path);
        bool abandoned;
        /* A folder that is refused is not even locked: the lock is a file. */
        status = folder.made ? folder_make(path) : look(&folder, force, &abandoned);
    }
    if (status == MASKE_OK) status = file_lock(&folder.lock, path);
    if (status == MASKE_OK) status = claim(&folder, force);
    if (status != MASKE_OK) run_folder_close(&folder);
    else *out = folder;
    return status;
}

static maske_status move_up(void *user, const char *name) {
    const run_folder *folder = user;
    if (strcmp(name, mark_name) == 0) return MASKE_OK;
    char *from = NULL, *to = NULL;
    maske_status status = path_join(&from, folder->preparing, name);
    if (status == MASKE_OK) status = path_join(&to, folder->path, name);
    if (status == MASKE_OK && rename(from, to) != 0) status = error_io(to, "rename to");
    free(from);
    free(to);
    return status;
}

maske_status run_folder_begin(run_folder *folder) {
    char *mark;
    TRY(path_join(&mark, folder->preparing, mark_name));
    maske_status status = file_write_atomic(mark, "", 0, true);
    free(mark);
    if (status == MASKE_OK) status = remove_run(folder);
    if (status == MASKE_OK) status = folder_list(folder->preparing, move_up, folder);
    if (status == MASKE_OK) status = folder_make(folder->checkpoints);
    if (status == MASKE_OK) status = folder_sync(folder->path);
    return status;
}

maske_status run_folder_begun(run_folder *folder) {
    folder->begun = true;
    return folder_remove(folder->preparing);
}

maske_status run_folder_open(run_folder *out, const char *path) {
    run_folder folder;
    maske_status status = fill_paths(&folder, path);
    bool settings = false;
    if (status == MASKE_OK) status = has_name(&settings, path, RUN_SETTINGS);
    if (status == MASKE_OK && !settings)
        status = error_set(MASKE_IO, "%s: found no %s, expected the folder of a run", path, RUN_SETTINGS);
    if (status == MASKE_OK) status = file_lock(&folder.lock, path);
    folder.begun = true;
    if (status == MASKE_OK) status = folder_remove(folder.preparing);
    if (status != MASKE_OK) run_folder_close(&folder);
    else *out = folder;
    return status;
}

maske_status run_folder_finish(const run_folder *folder) {
    TRY(remove_name(folder->path, RUN_TOKENS));
    TRY(remove_name(folder->path, RUN_VALID_TOKENS));
    TRY(remove_name(folder->path, RUN_MIX_TOKENS));
    return remove_name(folder->path, RUN_STANDARD_INPUT);
}

/* What the caller has to hear is the failure that led here, not one of cleaning up. */
static void undo(run_folder *folder) {
    char reason[1024];
    snprintf(reason, sizeof reason, "%s", maske_error());
    bool mark = false;
    maske_status status = has_name(&mark, folder->preparing, mark_name);
    if (status == MASKE_OK && mark) status = remove_run(folder);
    if (status == MASKE_OK) status = folder_remove(folder->preparing);
    if (status == MASKE_OK && folder->made) {
        status = remove_name(folder->path, lock_name);
        if (rmdir(folder->path) != 0) status = MASKE_IO;
    }
    if (status != MASKE_OK)
        log_say(MASKE_LOG_DETAIL, "%s: could not be left as it was: %s", folder->path, maske_error());
    error_set(MASKE_IO, "%s", reason);
}

void run_folder_close(run_folder *folder) {
    if (folder->lock >= 0 && !folder->begun) undo(folder);
    file_unlock(folder->lock);
    free(folder->path);
    free(folder->preparing);
    free(folder->checkpoints);
    *folder = (run_folder){.lock = -1};
}
