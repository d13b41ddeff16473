/* corpus/decompress.c: what kind it is; zstd by libarchive over a raw_file. */
#include "corpus/decompress.h"
#include "base/memory.h"
#include "corpus/members.h"
#include "corpus/xz.h"

#include <archive.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_BLOCK = 256 << 10 };
static const int64_t bomb_after = 1ll << 30, bomb_ratio = 2000;

struct decompress {
    raw_file *file;
    struct archive *archive;    /* zstd, or */
    xz_reader *xz;              /* or */
    members_reader *members;    /* gzip, bzip2 */
    maske_status status;        /* of the last raw_file_read that failed: libarchive's own error would hide it */
    bool empty;                 /* nothing inside */
    int64_t produced;
    char raw[RAW_BLOCK];
};

bool decompress_recognises(const char *head, size_t length) {
    bool zstd = length >= 4 && memcmp(head, "\x28\xB5\x2F\xFD", 4) == 0;
    return zstd || xz_recognises(head, length) || members_recognises(head, length);
}

static la_ssize_t read_raw(struct archive *archive, void *user, const void **block) {
    decompress *d = user;
    size_t got = 0;
    (void)archive;
    d->status = raw_file_read(d->file, d->raw, sizeof d->raw, &got);
    *block = d->raw;
    return d->status == MASKE_OK ? (la_ssize_t)got : -1;
}

/* libarchive's error as our sentence. */
static maske_status archive_failed(const decompress *d) {
    if (d->status != MASKE_OK) return d->status;
    const char *reason = archive_error_string(d->archive);
    if (reason == NULL) reason = "the data is damaged";
    if (strstr(reason, "too much memory") != NULL)
        return error_set(MASKE_BAD_FILE,
                         "%s: its zstd window is over 128 MiB: compress it again with a smaller one (zstd --long=27)",
                         d->file->name);
    return error_set(MASKE_BAD_FILE, "%s: cannot decompress: %s", d->file->name, reason);
}

static maske_status compressed_twice(const decompress *d) {
    return error_set(MASKE_BAD_FILE, "%s: compressed more than once, expected once", d->file->name);
}

/* libarchive's filter uses what it did not get where an allocation fails as it begins. So it begins only where far more
 * memory is to be had than it takes. */
enum { START_ROOM = 8 << 20 };

static maske_status start(decompress *d) {
    const char *head = d->file->head;
    size_t length = d->file->head_length;
    if (xz_recognises(head, length)) return xz_open(&d->xz, d->file);
    if (members_recognises(head, length)) return members_open(&d->members, d->file);
    void *room = NULL;
    TRY(memory_resize(&room, START_ROOM, 1, "decompression"));
    free(room);
    struct archive *a = d->archive = archive_read_new();
    if (a == NULL) return error_memory(sizeof *d, "decompression");
    struct archive_entry *entry;
    if (archive_read_support_filter_zstd(a) != ARCHIVE_OK || archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_format_empty(a) != ARCHIVE_OK)
        return error_set(MASKE_UNSUPPORTED, "%s: this libarchive cannot read it: %s", d->file->name,
                         archive_error_string(a));
    if (archive_read_open(a, d, NULL, read_raw, NULL) != ARCHIVE_OK) return archive_failed(d);
    /* one filter and libarchive's own "none" */
    if (archive_filter_count(a) > 2) return compressed_twice(d);
    int result = archive_read_next_header(a, &entry);
    if (result == ARCHIVE_EOF) d->empty = true;
    return result == ARCHIVE_OK || result == ARCHIVE_EOF ? MASKE_OK : archive_failed(d);
}

maske_status decompress_open(decompress **out, raw_file *file) {
    decompress *d = NULL;
    TRY(memory_resize(&d, 1, sizeof *d, "decompression"));
    d->file = file;
    d->archive = NULL;
    d->xz = NULL;
    d->members = NULL;
    d->status = MASKE_OK;
    d->empty = false;
    d->produced = 0;
    maske_status status = start(d);
    if (status == MASKE_OK) *out = d;
    else decompress_close(d);
    return status;
}

maske_status decompress_read(decompress *d, char *out, size_t capacity, size_t *got) {
    *got = 0;
    if (d->xz != NULL) TRY(xz_read(d->xz, out, capacity, got));
    if (d->members != NULL) TRY(members_read(d->members, out, capacity, got));
    while (d->archive != NULL && !d->empty && *got < capacity) {
        la_ssize_t n = archive_read_data(d->archive, out + *got, capacity - *got);
        if (n < 0) return archive_failed(d);
        if (n == 0) break;
        *got += (size_t)n;
    }
    if (d->produced == 0 && decompress_recognises(out, *got)) return compressed_twice(d);
    d->produced += (int64_t)*got;
    if (d->produced > bomb_after && d->produced / bomb_ratio > d->file->consumed)
        return error_set(MASKE_BAD_FILE,
                         "%s: %lld bytes of text came out of %lld: more than %lld times as much, this is no text",
                         d->file->name, (long long)d->produced, (long long)d->file->consumed, (long long)bomb_ratio);
    return MASKE_OK;
}

void decompress_close(decompress *d) {
    if (d == NULL) return;
    if (d->archive != NULL) archive_read_free(d->archive);
    xz_close(d->xz);
    members_close(d->members);
    free(d);
}
