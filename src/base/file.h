/* base/file.h: reading with limits, writing so that a file or folder is there whole or not at all.
 *
 * One file:   file_write_atomic, or file_writer: written to PATH.maske-part, synced, renamed over PATH, folder synced.
 * One folder: folder_stage makes PATH.maske-part/, the caller writes into it, folder_commit syncs each file and the
 *             folder, renames it to a new name and syncs the parent. A failed or killed run leaves only names that end
 *             in ".maske-part"; the next run that wants the name removes those, and nothing else. */
#ifndef MASKE_BASE_FILE_H
#define MASKE_BASE_FILE_H

#include "base/buffer.h"

/* ---- names ---- */
bool name_ends_with(const char *name, const char *end);
/* Of something unfinished: it ends in ".maske-part". */
bool name_is_part(const char *name);
/* "folder/name", yours: free(). */
MASKE_MUST_USE maske_status path_join(char **out, const char *folder, const char *name);
bool path_exists(const char *path);
bool path_is_folder(const char *path);
/* Whether both are there and are one file or folder, by whatever names. */
bool path_same(const char *a, const char *b);
/* Whether it is the folder, or lies in it or below. False where one of them is not there. */
bool path_is_inside(const char *path, const char *folder);
/* The folder that a file lies in, "." for a bare name: yours. The name behind the last slash: borrowed. */
MASKE_MUST_USE maske_status path_parent(char **out, const char *path);
const char *path_name(const char *path);
/* Fails, naming the folder, where nothing could be made under this name: looked at, not tried. */
MASKE_MUST_USE maske_status path_expect_writable(const char *path);
/* Whether the folder holds anything (false also if it is not there). */
bool folder_has_content(const char *path);
/* mkdir -p; a name that is new is synced. */
MASKE_MUST_USE maske_status folder_make(const char *path);
/* Removes a folder and what is in it. Follows no symbolic link. A path that is not there is no failure. */
MASKE_MUST_USE maske_status folder_remove(const char *path);
/* Calls visit for each entry but . and .., in byte order of the names. */
MASKE_MUST_USE maske_status folder_list(const char *path, maske_status (*visit)(void *user, const char *name), void *user);

/* ---- reading ---- */
/* The whole regular file, with a NUL behind; larger than `limit` bytes is refused. *out is yours: free(). */
MASKE_MUST_USE maske_status file_read(char **out, size_t *length, const char *path, size_t limit);
/* A regular file mapped read-only. data may be NULL when the file is empty. */
typedef struct file_map { const char *data; size_t length; } file_map;
MASKE_MUST_USE maske_status file_map_open(file_map *out, const char *path);
void file_map_close(file_map *map);
/* The file of the open map that the address lies in, NULL: none. May be called by a signal handler: touching a map whose
 * file became shorter is SIGBUS. */
const char *file_map_name(const void *address);

/* ---- writing ---- */
typedef struct file_writer {
    int descriptor;
    char *path, *part;          /* the final name and the name written to */
    bool replace;
    buffer pending;
    uint64_t written;           /* bytes in all */
} file_writer;
/* replace false: MASKE_EXISTS if the path is there already. */
MASKE_MUST_USE maske_status file_writer_open(file_writer *out, const char *path, bool replace);
MASKE_MUST_USE maske_status file_writer_add(file_writer *writer, const void *bytes, size_t length);
/* Every byte so far is with the system. */
MASKE_MUST_USE maske_status file_writer_flush(file_writer *writer);
/* Syncs and renames; on any failure the part is removed and the old file stays. Ends the writer either way. */
MASKE_MUST_USE maske_status file_writer_commit(file_writer *writer);
/* Gives up: removes the part. Harmless on a writer that has ended or was never opened (zeroed). */
void file_writer_abandon(file_writer *writer);
/* The bytes behind one another to an open file, however little the system takes at a time; `name` is for the sentence. */
MASKE_MUST_USE maske_status file_write_all(int descriptor, const char *name, const void *bytes, size_t length);
MASKE_MUST_USE maske_status file_write_atomic(const char *path, const void *bytes, size_t length, bool replace);

/* *part: the staging folder's name, yours: free(). It is empty: what a kill left in one of that name is removed. *lock: held on
 * it until file_unlock (NULL: it is known to be nobody's); MASKE_EXISTS: another process is writing there. */
MASKE_MUST_USE maske_status folder_stage(char **part, int *lock, const char *path);
/* `path` must not exist (or be an empty folder). */
MASKE_MUST_USE maske_status folder_commit(const char *part, const char *path);
/* fsync of a folder's entries. */
MASKE_MUST_USE maske_status folder_sync(const char *path);
/* Copies a file of that name, byte for byte, if `from` has it; *copied (may be NULL): it had. */
MASKE_MUST_USE maske_status folder_copy_file(const char *from, const char *to, const char *name, bool *copied);

/* Removes a file or folder of that name from the folder; none is no failure. */
MASKE_MUST_USE maske_status folder_remove_name(const char *folder, const char *name);

#define FOLDER_LOCK ".maske-lock"
/* What maske itself leaves in a folder that it writes: the lock, and what a kill left. No content for whoever looks for some. */
bool name_is_own(const char *name);
/* A lock on PATH/.maske-lock, held until file_unlock or the process ends. MASKE_EXISTS: another process has it. */
MASKE_MUST_USE maske_status file_lock(int *lock, const char *folder);
void file_unlock(int lock);
/* Bytes free for this user on the file system of `path` (or of its nearest parent that exists). */
uint64_t disk_available(const char *path);

#endif
