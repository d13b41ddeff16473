/* base/file.c: files and folders, whole or not at all. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char part_suffix[] = ".maske-part";

/* ------------------------------------------------------------------------------------------------------ names --- */

bool name_ends_with(const char *name, const char *end) {
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && memcmp(name + length - tail, end, tail) == 0;
}

bool name_is_part(const char *name) { return name_ends_with(name, part_suffix); }
bool name_is_own(const char *name) { return strcmp(name, FOLDER_LOCK) == 0 || name_is_part(name); }

maske_status path_join(char **out, const char *folder, const char *name) {
    buffer b = {0};
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    maske_status status = buffer_add(&b, folder, length);
    if (status == MASKE_OK && (length == 0 || folder[length - 1] != '/')) status = buffer_add(&b, "/", 1);
    if (status == MASKE_OK) status = buffer_add_text(&b, name);
    if (status != MASKE_OK) buffer_free(&b);
    else *out = buffer_take(&b);
    return status;
}

/* path without its trailing slashes, and `suffix` behind it. */
static maske_status path_suffixed(char **out, const char *path, const char *suffix) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    buffer b = {0};
    maske_status status = buffer_add(&b, path, length);
    if (status == MASKE_OK) status = buffer_add_text(&b, suffix);
    if (status != MASKE_OK) buffer_free(&b);
    else *out = buffer_take(&b);
    return status;
}

const char *path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

maske_status path_parent(char **out, const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return memory_copy_text(out, ".", 1);
    return memory_copy_text(out, path, slash == path ? 1 : (size_t)(slash - path));
}

bool path_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

bool path_same(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool path_is_inside(const char *path, const char *folder) {
    char inner[PATH_MAX], outer[PATH_MAX];
    if (realpath(path, inner) == NULL || realpath(folder, outer) == NULL) return false;
    size_t length = strlen(outer);
    return strncmp(inner, outer, length) == 0 && (inner[length] == '/' || inner[length] == '\0' || length == 1);
}

/* The path itself if it is there, else the nearest folder above it that is. Yours. */
static maske_status nearest_there(char **out, const char *path) {
    TRY(path_suffixed(out, path[0] != '\0' ? path : ".", ""));
    while (!path_exists(*out)) {
        char *slash = strrchr(*out, '/');
        if (slash == NULL) strcpy(*out, ".");   /* a name has a character at the least */
        else slash[slash == *out] = '\0';
    }
    return MASKE_OK;
}

maske_status path_expect_writable(const char *path) {
    char *name = NULL;
    TRY(nearest_there(&name, path));
    maske_status status = access(name, W_OK | X_OK) == 0 ? MASKE_OK : error_io(name, "write into the folder");
    free(name);
    return status;
}

bool path_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool folder_has_content(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) return false;
    bool content = false;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) content = true;
    closedir(folder);
    return content;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

maske_status folder_list(const char *path, maske_status (*visit)(void *user, const char *name), void *user) {
    DIR *folder = opendir(path);
    if (folder == NULL) return error_io(path, "open the folder");
    char **names = NULL;
    size_t count = 0, capacity = 0;
    maske_status status = MASKE_OK;
    errno = 0;
    for (struct dirent *entry; status == MASKE_OK && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        status = memory_reserve(&names, &capacity, count + 1, sizeof *names, "a folder's names");
        if (status == MASKE_OK) status = memory_copy_text(&names[count], entry->d_name, strlen(entry->d_name));
        if (status == MASKE_OK) count++;
        errno = 0;
    }
    if (status == MASKE_OK && errno != 0) status = error_io(path, "read the folder");
    closedir(folder);
    if (count > 0) qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (status == MASKE_OK) status = visit(user, names[i]);
        free(names[i]);
    }
    free(names);
    return status;
}

maske_status folder_remove_name(const char *folder, const char *name) {
    char *path;
    TRY(path_join(&path, folder, name));
    struct stat info;
    maske_status status = MASKE_OK;
    if (lstat(path, &info) != 0) status = errno == ENOENT ? MASKE_OK : error_io(path, "look at");
    else if (S_ISDIR(info.st_mode)) status = folder_remove(path);
    else if (unlink(path) != 0 && errno != ENOENT) status = error_io(path, "remove");
    free(path);
    return status;
}

static maske_status remove_entry(void *folder, const char *name) { return folder_remove_name(folder, name); }

maske_status folder_remove(const char *path) {
    struct stat info;
    if (lstat(path, &info) != 0) return errno == ENOENT ? MASKE_OK : error_io(path, "look at");
    if (!S_ISDIR(info.st_mode)) return unlink(path) == 0 ? MASKE_OK : error_io(path, "remove");
    TRY(folder_list(path, remove_entry, (void *)(uintptr_t)path));
    return rmdir(path) == 0 || errno == ENOENT ? MASKE_OK : error_io(path, "remove");
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

/* Opens a regular file: a pipe or device could block for ever or have no end. */
static maske_status open_regular(int *out, size_t *length, const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return error_io(path, "open");
    struct stat info;
    maske_status status = MASKE_OK;
    if (fstat(descriptor, &info) != 0) status = error_io(path, "look at");
    else if (S_ISDIR(info.st_mode)) status = error_set(MASKE_IO, "%s: found a folder, expected a file", path);
    else if (!S_ISREG(info.st_mode)) status = error_set(MASKE_IO, "%s: not a regular file", path);
    if (status != MASKE_OK) {
        close(descriptor);
        return status;
    }
    *out = descriptor;
    *length = (size_t)info.st_size;
    return MASKE_OK;
}

maske_status file_read(char **out, size_t *length, const char *path, size_t limit) {
    int descriptor = -1;
    size_t size = 0;
    TRY(open_regular(&descriptor, &size, path));
    char *data = NULL;
    maske_status status = MASKE_OK;
    if (size > limit) status = error_set(MASKE_BAD_FILE, "%s: %zu bytes, at most %zu are read", path, size, limit);
    if (status == MASKE_OK) status = memory_resize(&data, size + 1, 1, path);
    size_t got = 0;
    while (status == MASKE_OK && got < size) {
        ssize_t n = read(descriptor, data + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) status = error_io(path, "read");
        else if (n == 0) status = error_set(MASKE_IO, "%s: it became shorter while it was read: %zu of %zu bytes", path, got, size);
        else got += (size_t)n;
    }
    close(descriptor);
    if (status != MASKE_OK) {
        free(data);
        return status;
    }
    data[size] = '\0';
    *out = data;
    if (length) *length = size;
    return MASKE_OK;
}

/* The maps that are open, so that a signal handler can name a file. A map that finds no slot or no memory for its name
 * has none; it is no worse a map. */
enum { NAMED_MAPS = 64 };
static struct named_map { _Atomic(const char *) data; size_t length; char *name; } named_maps[NAMED_MAPS];

static void name_map(const char *data, size_t length, const char *path) {
    static const char taken[1];
    size_t size = strlen(path) + 1;
    char *name = malloc(size);
    if (name != NULL) memcpy(name, path, size);
    for (int i = 0; i < NAMED_MAPS && name != NULL; i++) {
        const char *none = NULL;
        if (!atomic_compare_exchange_strong(&named_maps[i].data, &none, taken)) continue;
        named_maps[i].length = length;
        named_maps[i].name = name;
        atomic_store(&named_maps[i].data, data);
        return;
    }
    free(name);
}

static void forget_map(const char *data) {
    for (int i = 0; i < NAMED_MAPS; i++)
        if (atomic_load(&named_maps[i].data) == data) {
            char *name = named_maps[i].name;
            named_maps[i].length = 0;
            atomic_store(&named_maps[i].data, NULL);
            free(name);
            return;
        }
}

const char *file_map_name(const void *address) {
    for (int i = 0; i < NAMED_MAPS; i++) {
        uintptr_t begin = (uintptr_t)atomic_load(&named_maps[i].data);
        if (begin != 0 && (uintptr_t)address - begin < named_maps[i].length) return named_maps[i].name;
    }
    return NULL;
}

maske_status file_map_open(file_map *out, const char *path) {
    int descriptor = -1;
    size_t size = 0;
    TRY(open_regular(&descriptor, &size, path));
    const char *data = NULL;
    maske_status status = MASKE_OK;
    if (size > 0) {
        void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapped == MAP_FAILED) status = error_io(path, "map");
        else data = mapped;
    }
    close(descriptor);
    if (status != MASKE_OK) return status;
    if (data != NULL) name_map(data, size, path);
    *out = (file_map){data, size};
    return MASKE_OK;
}

void file_map_close(file_map *map) {
    if (map->data != NULL) forget_map(map->data);
    if (map->data != NULL) munmap((void *)(uintptr_t)map->data, map->length);
    *map = (file_map){0};
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

/* The part may be somebody else's who is at work, or has just been renamed to its place by him: *same is then false. */
static maske_status lock_part(bool *same, int descriptor, const char *part, const char *path) {
    struct stat open_now, there;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(MASKE_EXISTS, "%s: another maske is writing it", path);
    if (fstat(descriptor, &open_now) != 0) return error_io(part, "look at");
    *same = lstat(part, &there) == 0 && there.st_dev == open_now.st_dev && there.st_ino == open_now.st_ino;
    return MASKE_OK;
}

/* The part is cut only once it is known to be nobody's. */
static maske_status open_part(file_writer *w) {
    bool same = false;
    while (!same) {
        w->descriptor = open(w->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (w->descriptor < 0) return error_io(w->path, "create");
        maske_status status = lock_part(&same, w->descriptor, w->part, w->path);
        if (status == MASKE_OK && same && ftruncate(w->descriptor, 0) != 0) status = error_io(w->path, "create");
        if (status != MASKE_OK || !same) close(w->descriptor);
        TRY(status);
    }
    return MASKE_OK;
}

maske_status file_writer_open(file_writer *out, const char *path, bool replace) {
    file_writer w = {.descriptor = -1, .replace = replace};
    if (!replace && path_exists(path)) return error_set(MASKE_EXISTS, "%s: exists already", path);
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return error_set(MASKE_EXISTS, "%s: is a %s, expected the name of a file", path,
                         S_ISDIR(there.st_mode) ? "folder" : "device or a pipe");
    TRY(memory_copy_text(&w.path, path, strlen(path)));
    maske_status status = path_suffixed(&w.part, path, part_suffix);
    if (status == MASKE_OK) status = open_part(&w);
    if (status != MASKE_OK) {
        free(w.path);
        free(w.part);
        return status;
    }
    *out = w;
    return MASKE_OK;
}

maske_status file_write_all(int descriptor, const char *name, const void *bytes, size_t length) {
    for (const char *at = bytes; length > 0;) {
        ssize_t n = write(descriptor, at, length > SSIZE_MAX ? SSIZE_MAX : length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_io(name, "write");
        at += n;
        length -= (size_t)n;
    }
    return MASKE_OK;
}

maske_status file_writer_flush(file_writer *writer) {
    maske_status status = file_write_all(writer->descriptor, writer->path, writer->pending.data, writer->pending.length);
    buffer_clear(&writer->pending);
    return status;
}

maske_status file_writer_add(file_writer *writer, const void *bytes, size_t length) {
    writer->written += length;
    if (writer->pending.length + length > (1u << 20)) TRY(file_writer_flush(writer));
    if (length > (1u << 20)) return file_write_all(writer->descriptor, writer->path, bytes, length);
    return buffer_add(&writer->pending, bytes, length);
}

static void writer_end(file_writer *writer) {
    buffer_free(&writer->pending);
    free(writer->path);
    free(writer->part);
    *writer = (file_writer){.descriptor = -1};
}

/* The folder that holds `path` is synced, so that the new name survives a power cut. */
static maske_status sync_parent(const char *path) {
    char *copy = NULL, *parent = NULL;
    TRY(path_suffixed(&copy, path, ""));
    maske_status status = path_parent(&parent, copy);
    if (status == MASKE_OK) status = folder_sync(parent);
    free(copy);
    free(parent);
    return status;
}

maske_status folder_make(const char *path) {
    char *copy = NULL;
    TRY(memory_copy_text(&copy, path, strlen(path)));
    maske_status status = MASKE_OK;
    for (char *c = copy + 1; status == MASKE_OK && copy[0] != '\0'; c++) {
        if (*c != '/' && *c != '\0') continue;
        char kept = *c;
        *c = '\0';
        if (mkdir(copy, 0777) == 0) status = sync_parent(copy);
        else if (!(errno == EEXIST && path_is_folder(copy))) status = error_io(copy, "make the folder");
        *c = kept;
        if (kept == '\0') break;
    }
    free(copy);
    return status;
}

maske_status file_writer_commit(file_writer *writer) {
    maske_status status = file_writer_flush(writer);
    if (status == MASKE_OK && fsync(writer->descriptor) != 0) status = error_io(writer->path, "sync");
    int lock = dup(writer->descriptor);         /* the part stays ours until it has its name */
    if (close(writer->descriptor) != 0 && status == MASKE_OK) status = error_io(writer->path, "close");
    writer->descriptor = -1;
    if (status == MASKE_OK && !writer->replace && path_exists(writer->path))
        status = error_set(MASKE_EXISTS, "%s: exists already", writer->path);
    if (status == MASKE_OK && rename(writer->part, writer->path) != 0) status = error_io(writer->path, "rename to");
    if (status != MASKE_OK) unlink(writer->part);
    else status = sync_parent(writer->path);
    file_unlock(lock);
    writer_end(writer);
    return status;
}

void file_writer_abandon(file_writer *writer) {
    if (writer->part == NULL) return;
    if (writer->descriptor >= 0) close(writer->descriptor);
    unlink(writer->part);
    writer_end(writer);
}

maske_status file_write_atomic(const char *path, const void *bytes, size_t length, bool replace) {
    file_writer writer = {0};
    TRY(file_writer_open(&writer, path, replace));
    maske_status status = file_writer_add(&writer, bytes, length);
    if (status == MASKE_OK) return file_writer_commit(&writer);
    file_writer_abandon(&writer);
    return status;
}

maske_status folder_sync(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return error_io(path, "open the folder");
    /* EINVAL: a file system that has nothing to sync for a folder */
    maske_status status = fsync(descriptor) == 0 || errno == EINVAL ? MASKE_OK : error_io(path, "sync the folder");
    close(descriptor);
    return status;
}

static maske_status claim_folder(int *lock, const char *part, const char *path) {
    bool same = false;
    while (!same) {
        TRY(folder_make(part));
        int descriptor = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (descriptor < 0 && errno == ENOENT) continue;
        if (descriptor < 0) return error_io(part, "open the folder");
        maske_status status = lock_part(&same, descriptor, part, path);
        if (status == MASKE_OK && same) status = folder_list(part, remove_entry, (void *)(uintptr_t)part);
        if (status != MASKE_OK || !same || lock == NULL) close(descriptor);
        else *lock = descriptor;
        TRY(status);
    }
    return MASKE_OK;
}

maske_status folder_stage(char **part, int *lock, const char *path) {
    char *name;
    TRY(path_suffixed(&name, path, part_suffix));
    maske_status status = claim_folder(lock, name, path);
    if (status != MASKE_OK) free(name);
    else *part = name;
    return status;
}

static maske_status sync_entry(void *user, const char *name) {
    char *path;
    TRY(path_join(&path, user, name));
    maske_status status;
    if (path_is_folder(path)) {
        status = folder_list(path, sync_entry, path);
        if (status == MASKE_OK) status = folder_sync(path);
    } else {
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        status = descriptor < 0 ? error_io(path, "open") : fsync(descriptor) == 0 ? MASKE_OK : error_io(path, "sync");
        if (descriptor >= 0) close(descriptor);
    }
    free(path);
    return status;
}

maske_status folder_commit(const char *part, const char *path) {
    TRY(folder_list(part, sync_entry, (void *)(uintptr_t)part));
    TRY(folder_sync(part));
    if (rename(part, path) != 0) return error_io(path, "rename to");
    return sync_parent(path);
}

maske_status file_lock(int *lock, const char *folder) {
    char *path;
    TRY(path_join(&path, folder, FOLDER_LOCK));
    maske_status status = MASKE_OK;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) status = error_io(path, "open");
    else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? error_set(MASKE_EXISTS, "%s: another maske is at work in this folder", folder) : error_io(path, "lock");
        close(descriptor);
    } else *lock = descriptor;
    free(path);
    return status;
}

void file_unlock(int lock) {
    if (lock >= 0) close(lock);
}

uint64_t disk_available(const char *path) {
    char *name = NULL;
    struct statvfs info;
    if (nearest_there(&name, path) != MASKE_OK) return UINT64_MAX;
    bool known = statvfs(name, &info) == 0;
    free(name);
    return known ? (uint64_t)info.f_bavail * info.f_frsize : UINT64_MAX;
}

enum { COPY_LIMIT = 256 << 20 };    /* the largest file that is copied: a tokenizer.json */

maske_status folder_copy_file(const char *from, const char *to, const char *name, bool *copied) {
    char *source = NULL, *target = NULL, *bytes = NULL;
    size_t length = 0;
    maske_status status = path_join(&source, from, name);
    bool there = status == MASKE_OK && path_exists(source);
    if (status == MASKE_OK && there) status = path_join(&target, to, name);
    if (status == MASKE_OK && there) status = file_read(&bytes, &length, source, COPY_LIMIT);
    if (status == MASKE_OK && there) status = file_write_atomic(target, bytes, length, true);
    if (copied != NULL) *copied = there;
    free(source);
    free(target);
    free(bytes);
    return status;
}
