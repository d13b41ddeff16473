/* train/fingerprint.c: hash_stream over a file. */
#include "train/fingerprint.h"
#include "base/hash.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

void fingerprint_print(char out[17], uint64_t fingerprint) {
    snprintf(out, 17, "%016llx", (unsigned long long)fingerprint);
}

uint64_t fingerprint_bytes(const void *bytes, size_t length) {
    hash_stream stream = {0};
    hash_stream_add(&stream, bytes, length);
    return hash_stream_end(&stream);
}

maske_status fingerprint_read(uint64_t *out, const json_t *object, const char *key, const char *place) {
    const char *text = NULL;
    TRY(json_get_text(&text, object, key, place));
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < 17 && text[digits] != '\0'; digits++) {
        char c = text[digits];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) break;
        value = value << 4 | (unsigned)digit;
    }
    if (digits != 16 || text[16] != '\0')
        return error_set(MASKE_BAD_FILE, "%s: \"%s\" is \"%.40s\", expected 16 hexadecimal digits", place, key, text);
    *out = value;
    return MASKE_OK;
}

static maske_status read_all(int descriptor, char *piece, hash_stream *stream, const char *path,
                             const maske_control *control) {
    for (;;) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "%s: stopped while it was read", path);
        ssize_t n = read(descriptor, piece, PIECE);
        if (n == 0) return MASKE_OK;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_io(path, "read");
        hash_stream_add(stream, piece, (size_t)n);
    }
}

maske_status fingerprint_file(uint64_t *out, int64_t *bytes, const char *path, const maske_control *control) {
    /* A pipe that took the file's place must not block for ever. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return error_io(path, "open");
    struct stat info;
    char *piece = NULL;
    hash_stream stream = {0};
    maske_status status = MASKE_OK;
    if (fstat(descriptor, &info) != 0) status = error_io(path, "look at");
    else if (!S_ISREG(info.st_mode)) status = error_set(MASKE_IO, "%s: not a regular file", path);
    if (status == MASKE_OK) status = memory_new(&piece, PIECE, 1, "reading a file");
    if (status == MASKE_OK) status = read_all(descriptor, piece, &stream, path, control);
    free(piece);
    close(descriptor);
    if (status != MASKE_OK) return status;
    *bytes = (int64_t)stream.total;
    *out = hash_stream_end(&stream);
    return MASKE_OK;
}
