/* cli/lines.c: lines out of files and pipes. */
#include "cli/lines.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

void lines_start(lines *l, const char *const *paths, size_t count) {
    *l = (lines){.paths = paths, .count = count, .descriptor = -1};
}

bool lines_never_wait(const lines *l) {
    struct stat info;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->paths[i], "-") == 0 || (stat(l->paths[i], &info) == 0 && !S_ISREG(info.st_mode))) return false;
    return l->count > 0;
}

void lines_end(lines *l) {
    if (l->descriptor > STDIN_FILENO) close(l->descriptor);
    if (l->replaced > 0)
        say("warning: %lld pieces of the input were not UTF-8 and became U+FFFD", (long long)l->replaced);
    buffer_free(&l->block);
    buffer_free(&l->repaired);
    *l = (lines){.descriptor = -1};
}

/* The next file, or no file at all (descriptor -1). */
static maske_status open_next(lines *l) {
    bool none_named = l->count == 0 && l->next == 0;
    if (!none_named && l->next >= l->count) return MASKE_OK;
    const char *path = none_named ? "-" : l->paths[l->next];
    l->next++;
    bool standard_input = strcmp(path, "-") == 0;
    struct stat info;
    l->path = standard_input ? "standard input" : path;
    l->descriptor = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (l->descriptor < 0) return error_io(path, "open");
    if (fstat(l->descriptor, &info) == 0 && S_ISDIR(info.st_mode))
        return error_set(MASKE_IO, "%s: found a folder, expected a file with one text a line", l->path);
    l->ended = false;
    l->number = 0;
    if (isatty(l->descriptor) && !program_progress.quiet) say("reading from the terminal, one a line; Ctrl-D ends");
    return MASKE_OK;
}

/* Compressed bytes read as text would only give nonsense. (Texts to learn from, TEXT, are unpacked; a FILE is one text a line.) */
static maske_status expect_plain(const lines *l) {
    static const struct { const char *bytes; size_t length; const char *kind, *unpack; } magics[] = {
        {"\x1f\x8b", 2, "gzip", "zcat"},
        {"BZh", 3, "bzip2", "bzcat"},
        {"\xfd" "7zXZ", 6, "xz", "xzcat"},
        {"\x28\xb5\x2f\xfd", 4, "zstd", "zstdcat"},
    };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (l->block.length >= magics[i].length + 2 && memcmp(l->block.data, magics[i].bytes, magics[i].length) == 0 &&
            utf8_valid_prefix(l->block.data, l->block.length) < l->block.length)
            return error_set(MASKE_BAD_FILE, "%s: found %s, expected plain text, one a line; %s unpacks it", l->path,
                             magics[i].kind, magics[i].unpack);
    return MASKE_OK;
}

static maske_status read_block(lines *l) {
    TRY(buffer_reserve(&l->block, BLOCK));
    while (true) {
        if (stop_signal != 0) return error_set(MASKE_STOPPED, "stopped by a signal");
        ssize_t got = read(l->descriptor, l->block.data + l->block.length, BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_io(l->path, "read");
        l->block.length += (size_t)got;
        l->block.data[l->block.length] = '\0';
        l->checked += utf8_valid_prefix(l->block.data + l->checked, l->block.length - l->checked);
        l->ended = got == 0;
        return l->number == 0 && l->at == 0 && l->block.length == (size_t)got ? expect_plain(l) : MASKE_OK;
    }
}

/* The line that begins at l->at and ends before *end; false: the block does not hold all of it. */
static bool whole_line(const lines *l, size_t searched, size_t *end, size_t *after) {
    const char *from = l->block.data + searched;
    const char *newline = l->block.length > searched ? memchr(from, '\n', l->block.length - searched) : NULL;
    if (newline == NULL && !l->ended) return false;
    *end = newline != NULL ? (size_t)(newline - l->block.data) : l->block.length;
    *after = newline != NULL ? *end + 1 : *end;
    if (newline != NULL && *end > l->at && l->block.data[*end - 1] == '\r') --*end;
    return true;
}

static maske_status give(lines *l, size_t end, const char **text, size_t *length) {
    char *begin = l->block.data + l->at;
    size_t size = end - l->at;
    if (end <= l->checked || utf8_valid_prefix(begin, size) == size) {
        begin[size] = '\0';                 /* stands on the line's ending, or behind the last byte */
        *text = begin;
        *length = size;
        return MASKE_OK;
    }
    buffer_clear(&l->repaired);
    TRY(utf8_repair(&l->repaired, begin, size, &l->replaced));
    *text = l->repaired.data;
    *length = l->repaired.length;
    return MASKE_OK;
}

maske_status lines_next(lines *l, const char **text, size_t *length) {
    size_t searched = l->at, end = 0, after = 0;
    if (stop_signal != 0) return error_set(MASKE_STOPPED, "stopped by a signal");
    while (true) {
        if (l->descriptor < 0) {
            TRY(open_next(l));
            if (l->descriptor < 0) return *text = NULL, *length = 0, MASKE_OK;
        }
        if (l->ended && l->at == l->block.length) {
            if (l->descriptor > STDIN_FILENO) close(l->descriptor);
            l->descriptor = -1;
            buffer_clear(&l->block);
            searched = l->at = l->checked = 0;
            continue;
        }
        if (whole_line(l, searched, &end, &after)) break;
        if (l->at > 0) {                    /* what was given out makes room */
            l->block.length -= l->at;
            memmove(l->block.data, l->block.data + l->at, l->block.length);
            l->checked -= l->at;
            l->at = 0;
        }
        searched = l->block.length;
        if (searched > LINE_LIMIT)
            return error_set(MASKE_BAD_FILE, "%s: line %lld is longer than %d bytes", l->path, (long long)l->number + 1,
                             LINE_LIMIT);
        TRY(read_block(l));
    }
    l->number++;
    maske_status status = give(l, end, text, length);
    l->at = after;
    if (l->checked < after) l->checked = after;
    return status;
}

bool lines_would_wait(const lines *l) {
    if (l->block.length > l->at && memchr(l->block.data + l->at, '\n', l->block.length - l->at) != NULL) return false;
    if (l->descriptor < 0 || l->ended) return false;
    struct pollfd ready = {.fd = l->descriptor, .events = POLLIN};
    return poll(&ready, 1, 0) == 0;
}

/* ---------------------------------------------------------------------------------------------------- batches --- */

static maske_status add_line(line_batch *b, const lines *l, const char *text, size_t length) {
    if (b->origin_count == 0 || l->number == 1) {
        TRY(memory_reserve(&b->origins, &b->origin_capacity, b->origin_count + 1, sizeof *b->origins, "lines"));
        b->origins[b->origin_count++] = (struct line_origin){b->count, l->path, l->number};
    }
    TRY(memory_reserve(&b->starts, &b->capacity, b->count + 1, sizeof *b->starts, "lines"));
    b->starts[b->count] = b->bytes.length;
    TRY(buffer_add(&b->bytes, text, length));
    TRY(buffer_add(&b->bytes, "", 1));
    b->count++;
    return MASKE_OK;
}

maske_status lines_next_batch(lines *l, size_t limit, line_batch *out) {
    out->count = out->origin_count = 0;
    buffer_clear(&out->bytes);
    while (out->count < limit && !(out->count > 0 && lines_would_wait(l))) {
        const char *text = NULL;
        size_t length = 0;
        TRY(lines_next(l, &text, &length));
        if (text == NULL) break;
        TRY(add_line(out, l, text, length));
    }
    if (out->count == 0) return MASKE_OK;
    TRY(memory_resize(&out->texts, out->count, sizeof *out->texts, "lines"));
    TRY(memory_resize(&out->lengths, out->count, sizeof *out->lengths, "lines"));
    for (size_t i = 0; i < out->count; i++) {       /* pointers only now: the bytes have stopped moving */
        size_t end = i + 1 < out->count ? out->starts[i + 1] : out->bytes.length;
        out->texts[i] = out->bytes.data + out->starts[i];
        out->lengths[i] = end - out->starts[i] - 1;
    }
    return MASKE_OK;
}

void line_batch_place(const line_batch *b, size_t line, const char **path, int64_t *number) {
    size_t i = b->origin_count - 1;
    while (i > 0 && b->origins[i].line > line) i--;
    *path = b->origins[i].path;
    *number = b->origins[i].number + (int64_t)(line - b->origins[i].line);
}

void line_batch_free(line_batch *b) {
    free(b->origins);
    free(b->texts);
    free(b->lengths);
    free(b->starts);
    buffer_free(&b->bytes);
    *b = (line_batch){0};
}
