/* corpus/decompress.c: libarchive over a raw_file. */
#include "corpus/decompress.h"
#include "base/memory.h"

#include <archive.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_BLOCK = 256 << 10, XZ_HEADER = 12 };
static const uint64_t xz_dictionary_limit = 256u << 20;
static const int64_t bomb_after = 1ll << 30, bomb_ratio = 2000;

struct decompress {
    raw_file *file;
    struct archive *archive;
    maske_status status;        /* of the last raw_file_read that failed: libarchive's own error would hide it */
    bool empty;                 /* nothing inside */
    int64_t produced;
    char raw[RAW_BLOCK];
};

static bool is_xz(const char *head, size_t length) { return length >= 6 && memcmp(head, "\xFD" "7zXZ\0", 6) == 0; }

bool decompress_recognises(const char *head, size_t length) {
    if (length >= 3 && memcmp(head, "\x1F\x8B\x08", 3) == 0) return true;                       /* gzip */
    if (length >= 4 && memcmp(head, "\x28\xB5\x2F\xFD", 4) == 0) return true;                   /* zstd */
    if (is_xz(head, length)) return true;
    /* "BZh9" could begin a text; the block's or the end's mark behind it could not. */
    return length >= 10 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
           (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* A number of the xz format: seven bits a byte, the lowest first. false: it does not end within the text. */
static bool xz_number(uint64_t *out, const unsigned char **at, const unsigned char *end) {
    *out = 0;
    for (int shift = 0; shift < 63 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/* The largest dictionary that the first block's header asks for (xz file format 1.1.0, sections 3.1 and 5.3.1);
 * 0 where the header is not understood: then liblzma finds what is wrong. */
static uint64_t xz_dictionary(const char *head, size_t length) {
    const unsigned char *at = (const unsigned char *)head + XZ_HEADER, *end = (const unsigned char *)head + length;
    uint64_t number, largest = 0;
    if (length < XZ_HEADER + 2 || at[0] == 0) return 0;
    if (at + ((size_t)at[0] + 1) * 4 < end) end = at + ((size_t)at[0] + 1) * 4;
    unsigned flags = at[1];
    at += 2;
    for (unsigned sizes = (flags >> 6 & 1) + (flags >> 7 & 1); sizes > 0; sizes--)
        if (!xz_number(&number, &at, end)) return 0;
    for (unsigned filters = (flags & 3) + 1; filters > 0; filters--) {
        uint64_t filter, size;
        if (!xz_number(&filter, &at, end) || !xz_number(&size, &at, end) || size > (size_t)(end - at)) return largest;
        unsigned bits = size == 1 ? at[0] & 0x3F : 0;
        uint64_t dictionary = bits > 39 ? UINT32_MAX : (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);
        if (filter == 0x21 && size == 1 && dictionary > largest) largest = dictionary;          /* 0x21: LZMA2 */
        at += size;
    }
    return largest;
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
    if (strstr(reason, "No progress is possible") != NULL) reason = "truncated xz input"; /* liblzma's way to say it */
    return error_set(MASKE_BAD_FILE, "%s: cannot decompress: %s", d->file->name, reason);
}

static maske_status start(decompress *d) {
    struct archive *a = d->archive = archive_read_new();
    if (a == NULL) return error_memory(sizeof *d, "decompression");
    struct archive_entry *entry;
    if (archive_read_support_filter_gzip(a) != ARCHIVE_OK || archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK || archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_support_format_raw(a) != ARCHIVE_OK || archive_read_support_format_empty(a) != ARCHIVE_OK)
        return error_set(MASKE_UNSUPPORTED, "%s: this libarchive cannot read it: %s", d->file->name,
                         archive_error_string(a));
    if (archive_read_open(a, d, NULL, read_raw, NULL) != ARCHIVE_OK) return archive_failed(d);
    /* one filter and libarchive's own "none" */
    if (archive_filter_count(a) > 2)
        return error_set(MASKE_BAD_FILE, "%s: compressed more than once, expected once", d->file->name);
    int result = archive_read_next_header(a, &entry);
    if (result == ARCHIVE_EOF) d->empty = true;
    return result == ARCHIVE_OK || result == ARCHIVE_EOF ? MASKE_OK : archive_failed(d);
}

maske_status decompress_open(decompress **out, raw_file *file) {
    if (is_xz(file->head, file->head_length) && xz_dictionary(file->head, file->head_length) > xz_dictionary_limit)
        return error_set(MASKE_BAD_FILE, "%s: its xz dictionary is %llu MiB, at most 256 are allowed: pack it again",
                         file->name, (unsigned long long)(xz_dictionary(file->head, file->head_length) >> 20));
    decompress *d = NULL;
    TRY(memory_resize(&d, 1, sizeof *d, "decompression"));
    d->file = file;
    d->archive = NULL;
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
    while (!d->empty && *got < capacity) {
        la_ssize_t n = archive_read_data(d->archive, out + *got, capacity - *got);
        if (n < 0) return archive_failed(d);
        if (n == 0) break;
        *got += (size_t)n;
    }
    d->produced += (int64_t)*got;
    if (d->produced > bomb_after && d->produced / bomb_ratio > d->file->consumed)
        return error_set(MASKE_BAD_FILE,
                         "%s: %lld bytes of text came out of %lld: more than %lld times as much, this is no text",
                         d->file->name, (long long)d->produced, (long long)d->file->consumed, (long long)bomb_ratio);
    return MASKE_OK;
}

void decompress_close(decompress *d) {
    if (d == NULL) return;
    archive_read_free(d->archive);
    free(d);
}
