/* corpus/raw_file.c: read(2) with a head that can be looked at first. */
#include "corpus/raw_file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static maske_status open_descriptor(int *out, const char *path) {
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait; it changes nothing for a regular file. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return error_io(path, "open");
    struct stat info;
    maske_status status = MASKE_OK;
    if (fstat(descriptor, &info) != 0) status = error_io(path, "look at");
    else if (S_ISDIR(info.st_mode)) status = error_set(MASKE_IO, "%s: found a folder, expected a file", path);
    else if (!S_ISREG(info.st_mode))
        status = error_set(MASKE_IO,
                           "%s: found a pipe or a device, expected a regular file (\"-\" reads standard input)", path);
    if (status == MASKE_OK) {
        *out = descriptor;
        (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);      /* advice only */
    } else close(descriptor);
    return status;
}

enum { LOOK_AGAIN = 200 };      /* milliseconds: whether work is to stop */

/* Until something can be read, or the end. Another program may have set standard input so that it does not wait; and a
 * signal that comes just before a read would not end it, so the wait has an end of its own. */
static maske_status wait_for_input(const raw_file *file) {
    while (!control_stopped(file->control)) {
        int ready = poll(&(struct pollfd){.fd = file->descriptor, .events = POLLIN}, 1, LOOK_AGAIN);
        if (ready > 0 || (ready < 0 && errno != EINTR)) return MASKE_OK;
    }
    return error_set(MASKE_STOPPED, "stopped while %s was read", file->name);
}

/* As read(2), until `capacity` bytes are there or the end is: a pipe gives little at a time. */
static maske_status read_full(const raw_file *file, char *out, size_t capacity, size_t *got) {
    *got = 0;
    while (*got < capacity) {
        if (file->descriptor == STDIN_FILENO) TRY(wait_for_input(file));
        ssize_t n = read(file->descriptor, out + *got, capacity - *got);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return error_io(file->name, "read");
        if (n == 0) break;
        *got += (size_t)n;
    }
    return MASKE_OK;
}

maske_status raw_file_open(raw_file *out, const char *path, const maske_control *control) {
    bool standard_input = strcmp(path, "-") == 0;
    raw_file file = {
        .name = standard_input ? "standard input" : path, .descriptor = STDIN_FILENO, .control = control};
    if (!standard_input) TRY(open_descriptor(&file.descriptor, path));
    maske_status status = memory_resize(&file.head, RAW_FILE_HEAD, 1, "the head of a text file");
    if (status == MASKE_OK) status = read_full(&file, file.head, RAW_FILE_HEAD, &file.head_length);
    if (status == MASKE_OK) *out = file;
    else raw_file_close(&file);
    return status;
}

maske_status raw_file_read(raw_file *file, char *out, size_t capacity, size_t *got) {
    size_t from_head = file->head_length - file->head_read;
    if (from_head > capacity) from_head = capacity;
    if (from_head > 0) memcpy(out, file->head + file->head_read, from_head);
    file->head_read += from_head;
    size_t rest = 0;
    if (from_head < capacity) TRY(read_full(file, out + from_head, capacity - from_head, &rest));
    *got = from_head + rest;
    file->consumed += (int64_t)*got;
    return MASKE_OK;
}

void raw_file_close(raw_file *file) {
    free(file->head);
    if (file->descriptor > STDIN_FILENO) close(file->descriptor);
    *file = (raw_file){0};
}
