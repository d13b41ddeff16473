/* tests/faults/journal.h: what was done to the files below a folder, and what a power cut would have left of it.
 *
 * The shim tells of each operation; the journal keeps it. journal_cut(k, loss) makes the folder that would be found if
 * the power had gone after k operations:
 *   LOST_NOTHING        as after a kill
 *   LOST_BYTES          names are kept; bytes since a file's last fsync are gone
 *   LOST_HALF           the same, but half of those bytes are there, the rest of the length reads as zeros
 *   LOST_NAMES          bytes without fsync are gone, and so is each name made, moved or removed after its folder's
 *                       last fsync
 * Real file systems lose something between these. */
#ifndef MASKE_TESTS_JOURNAL_H
#define MASKE_TESTS_JOURNAL_H

#include "shim.h"

#include "scratch.h"

typedef enum journal_loss { LOST_NOTHING, LOST_BYTES, LOST_HALF, LOST_NAMES, JOURNAL_LOSSES } journal_loss;
static const char *const journal_loss_names[] = {"nothing", "bytes", "half of the bytes", "names"};

typedef struct journal_entry {
    fault_kind kind;
    char path[256], second[256];
    char *bytes;
    size_t place, length;
    int64_t promise; /* what was promised when this was done */
} journal_entry;

enum { JOURNAL_MOST = 4096, JOURNAL_FILES = 512 };
static journal_entry journal[JOURNAL_MOST];
static size_t journal_count;
static int64_t journal_promise; /* set by the test: from now on, at least this survives */
static char journal_root[256];

static void journal_add(void *user, const fault_operation *o) {
    (void)user;
    if (journal_count == JOURNAL_MOST) abort();
    journal_entry *e = &journal[journal_count++];
    *e = (journal_entry){.kind = o->kind, .place = o->place, .length = o->length, .promise = journal_promise};
    snprintf(e->path, sizeof e->path, "%s", o->path);
    snprintf(e->second, sizeof e->second, "%s", o->second != NULL ? o->second : "");
    if (o->bytes == NULL || o->length == 0) return;
    e->bytes = malloc(o->length);
    if (e->bytes == NULL) abort();
    memcpy(e->bytes, o->bytes, o->length);
}

static inline void journal_begin(const char *root) {
    for (size_t i = 0; i < journal_count; i++) free(journal[i].bytes);
    journal_count = 0;
    journal_promise = 0;
    snprintf(journal_root, sizeof journal_root, "%s", root);
    shim->watch(root, journal_add, NULL);
}
static inline void journal_end(void) { shim->watch(NULL, NULL, NULL); }

/* ---- the disk after the cut ---- */
typedef struct journal_file {
    char path[256]; /* "": gone */
    bool folder;
    char *bytes;
    size_t length, synced; /* bytes[0, synced) have been synced as they are */
} journal_file;
static journal_file disk[JOURNAL_FILES];
static size_t disk_count;

static journal_file *disk_find(const char *path) {
    for (size_t i = 0; i < disk_count; i++)
        if (strcmp(disk[i].path, path) == 0) return &disk[i];
    return NULL;
}
static bool disk_has_parent(const char *path) {
    char parent[256];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    const journal_file *f = disk_find(parent);
    return strcmp(path, journal_root) == 0 || strcmp(parent, journal_root) == 0 || (f != NULL && f->folder);
}
static void disk_forget(journal_file *f) {
    free(f->bytes);
    *f = (journal_file){0};
}
/* With what is in it: the operations that emptied a folder may be among the lost. */
static void disk_remove(const char *path) {
    size_t length = strlen(path);
    char gone[256];
    snprintf(gone, sizeof gone, "%s", path);
    for (size_t i = 0; i < disk_count; i++)
        if (strncmp(disk[i].path, gone, length) == 0 && (disk[i].path[length] == '/' || disk[i].path[length] == '\0'))
            disk_forget(&disk[i]);
}
static void disk_make(const char *path, bool folder) {
    if (!disk_has_parent(path) || disk_find(path) != NULL) return;
    assert_true(disk_count < JOURNAL_FILES);
    journal_file *f = &disk[disk_count++];
    *f = (journal_file){.folder = folder};
    snprintf(f->path, sizeof f->path, "%s", path);
}
static void disk_rename(const char *from, const char *to) {
    if (disk_find(from) == NULL) return;
    disk_remove(to);
    size_t length = strlen(from);
    for (size_t i = 0; i < disk_count; i++) {
        char *path = disk[i].path, moved[256];
        if (strncmp(path, from, length) != 0 || (path[length] != '/' && path[length] != '\0')) continue;
        int size = snprintf(moved, sizeof moved, "%s%s", to, path + length);
        assert_true(size > 0 && size < (int)sizeof moved);
        snprintf(path, sizeof disk[i].path, "%s", moved);
    }
}
static void disk_resize(journal_file *f, size_t length) {
    f->bytes = realloc(f->bytes, length + 1);
    assert_non_null(f->bytes);
    if (length > f->length) memset(f->bytes + f->length, 0, length - f->length);
    f->length = length;
    if (f->synced > length) f->synced = length;
}

/* Whether the folder that holds the name is synced between the operation and the cut. */
static bool name_is_synced(size_t at, size_t cut, const char *name) {
    char parent[256];
    snprintf(parent, sizeof parent, "%s", name);
    *strrchr(parent, '/') = '\0';
    for (size_t i = at + 1; i < cut; i++)
        if (journal[i].kind == FAULT_SYNC && strcmp(journal[i].path, parent) == 0) return true;
    return strlen(parent) < strlen(journal_root);
}

static void disk_apply(size_t at, size_t cut, journal_loss loss) {
    const journal_entry *e = &journal[at];
    bool of_names =
        e->kind == FAULT_CREATE || e->kind == FAULT_RENAME || e->kind == FAULT_UNLINK || e->kind == FAULT_MKDIR;
    if (of_names && loss == LOST_NAMES && !name_is_synced(at, cut, e->kind == FAULT_RENAME ? e->second : e->path))
        return;
    journal_file *f = disk_find(e->path);
    switch (e->kind) {
    case FAULT_CREATE:
        disk_make(e->path, false);
        break;
    case FAULT_MKDIR:
        disk_make(e->path, true);
        break;
    case FAULT_RENAME:
        disk_rename(e->path, e->second);
        break;
    case FAULT_UNLINK:
        disk_remove(e->path);
        break;
    case FAULT_SYNC:
        if (f != NULL) f->synced = f->length;
        break;
    case FAULT_TRUNCATE:
        if (f != NULL) disk_resize(f, e->length);
        break;
    case FAULT_WRITE:
        if (f == NULL) break;
        if (e->place + e->length > f->length) disk_resize(f, e->place + e->length);
        memcpy(f->bytes + e->place, e->bytes, e->length);
        if (f->synced > e->place) f->synced = e->place;
        break;
    }
}

/* Makes `out` what the journal's root would be. Gives the promise that held. */
static inline int64_t journal_cut(size_t cut, journal_loss loss, const char *out) {
    for (size_t i = 0; i < disk_count; i++) disk_forget(&disk[i]);
    disk_count = 0;
    for (size_t i = 0; i < cut; i++) disk_apply(i, cut, loss);
    assert_ok(folder_remove(out));
    assert_ok(folder_make(out));
    /* Folders first: a file may have moved into one that is younger. */
    for (size_t j = 0; j < 2 * disk_count; j++) {
        const journal_file *f = &disk[j % disk_count];
        char path[600];
        if (f->path[0] == '\0' || f->folder != (j < disk_count)) continue;
        snprintf(path, sizeof path, "%s%s", out, f->path + strlen(journal_root));
        if (f->folder) {
            assert_ok(folder_make(path));
            continue;
        }
        size_t kept = loss == LOST_NOTHING ? f->length : f->synced;
        if (loss == LOST_HALF) {
            kept = f->synced + (f->length - f->synced) / 2;
            if (kept < f->length) memset(f->bytes + kept, 0, f->length - kept);
            kept = f->length;
        }
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        if (kept > 0) assert_int_equal(fwrite(f->bytes, 1, kept, file), kept);
        assert_int_equal(fclose(file), 0);
    }
    return cut < journal_count ? journal[cut].promise : journal_promise;
}

#endif
