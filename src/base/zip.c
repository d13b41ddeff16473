/* base/zip.c */
#include "base/zip.h"

#include <stdlib.h>

enum { LOCAL_SIZE = 30, ENTRY_SIZE = 46, END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56, COMMENT = 65535 };

/* A stretch of the file, read from its start on. */
typedef struct reading { const char *bytes; size_t length; const char *name; } reading;

/* `size` bytes at `at` as a little-endian number. The caller has checked that they are there. */
static uint64_t number(const reading *r, size_t at, int size) {
    uint64_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | (unsigned char)r->bytes[at + (size_t)i];
    return value;
}
static bool inside(const reading *r, uint64_t at, uint64_t size) { return at <= r->length && size <= r->length - at; }
static bool is(const reading *r, size_t at, const char signature[4]) {
    return memcmp(r->bytes + at, signature, 4) == 0;
}

static maske_status broken(const reading *r, const char *what) {
    return error_set(MASKE_BAD_FILE, "%s: not a whole zip file: %s", r->name, what);
}

bool zip_begins(const char *bytes, size_t length) { return length >= 4 && memcmp(bytes, "PK\3\4", 4) == 0; }

/* ----------------------------------------------------------------------------------------------- the directory --- */

typedef struct directory { uint64_t at, size, count; } directory;

static maske_status find_directory(directory *out, const reading *r) {
    if (r->length < END_SIZE) return broken(r, "it is too short");
    size_t at = r->length - END_SIZE, lowest = at > COMMENT ? at - COMMENT : 0;
    while (at > lowest && !is(r, at, "PK\5\6")) at--;
    if (!is(r, at, "PK\5\6")) return broken(r, "its end is missing");
    *out = (directory){.count = number(r, at + 10, 2), .size = number(r, at + 12, 4), .at = number(r, at + 16, 4)};
    if (at >= LOCATOR_SIZE && is(r, at - LOCATOR_SIZE, "PK\6\7")) {
        uint64_t end64 = number(r, at - LOCATOR_SIZE + 8, 8);
        if (!inside(r, end64, END64_SIZE) || !is(r, (size_t)end64, "PK\6\6"))
            return broken(r, "its zip64 end is not where the file says");
        *out = (directory){.count = number(r, (size_t)end64 + 32, 8), .size = number(r, (size_t)end64 + 40, 8),
                           .at = number(r, (size_t)end64 + 48, 8)};
    }
    if (!inside(r, out->at, out->size)) return broken(r, "its directory reaches beyond its end");
    if (out->count > ZIP_MEMBERS)
        return error_set(MASKE_BAD_FILE, "%s: %llu members, at most %d are read", r->name,
                         (unsigned long long)out->count, ZIP_MEMBERS);
    return MASKE_OK;
}

/* What a directory's entry says. */
typedef struct entry { uint64_t packed, length, at; size_t name_at, name_length; } entry;

/* Numbers that do not fit into 32 bits stand in the extra field of zip64, in this order, those alone that are full. */
static maske_status read_extra(entry *e, const reading *r, size_t at, size_t length) {
    uint64_t *wide[] = {&e->length, &e->packed, &e->at};
    while (length >= 4) {
        size_t kind = (size_t)number(r, at, 2), size = (size_t)number(r, at + 2, 2);
        if (size > length - 4) break;
        size_t from = at + 4, left = size;
        for (int i = 0; i < 3 && kind == 1; i++) {
            if (*wide[i] != UINT32_MAX) continue;
            if (left < 8) return broken(r, "a zip64 field is cut");
            *wide[i] = number(r, from, 8);
            from += 8;
            left -= 8;
        }
        at += 4 + size;
        length -= 4 + size;
    }
    return MASKE_OK;
}

/* The entry at *at, which goes on to the next. */
static maske_status read_entry(entry *e, const reading *r, uint64_t *at, uint64_t end) {
    if (*at > end || end - *at < ENTRY_SIZE || !is(r, (size_t)*at, "PK\1\2"))
        return broken(r, "an entry of its directory is cut");
    size_t from = (size_t)*at;
    unsigned flags = (unsigned)number(r, from + 8, 2), method = (unsigned)number(r, from + 10, 2);
    *e = (entry){.packed = number(r, from + 20, 4), .length = number(r, from + 24, 4), .at = number(r, from + 42, 4),
                 .name_at = from + ENTRY_SIZE, .name_length = (size_t)number(r, from + 28, 2)};
    size_t extra = (size_t)number(r, from + 30, 2), comment = (size_t)number(r, from + 32, 2);
    size_t all = ENTRY_SIZE + e->name_length + extra + comment;
    if (end - *at < all) return broken(r, "an entry of its directory is cut");
    TRY(read_extra(e, r, e->name_at + e->name_length, extra));
    *at += all;
    if (memchr(r->bytes + e->name_at, '\0', e->name_length) != NULL) return broken(r, "a name holds a NUL");
    if ((flags & 1) != 0 || method != 0 || e->packed != e->length)
        return error_set(MASKE_UNSUPPORTED, "%s: its member \"%.*s\" is %s, expected one stored as it is", r->name,
                         (int)(e->name_length < 200 ? e->name_length : 200), r->bytes + e->name_at,
                         (flags & 1) != 0 ? "encrypted" : "compressed");
    return MASKE_OK;
}

static maske_status read_member(zip_member *out, char *name, const entry *e, const reading *r) {
    if (!inside(r, e->at, LOCAL_SIZE) || !is(r, (size_t)e->at, "PK\3\4"))
        return broken(r, "a member is not where its directory says");
    uint64_t data = e->at + LOCAL_SIZE + number(r, (size_t)e->at + 26, 2) + number(r, (size_t)e->at + 28, 2);
    if (!inside(r, data, e->length)) return broken(r, "a member reaches beyond its end");
    memcpy(name, r->bytes + e->name_at, e->name_length);
    name[e->name_length] = '\0';
    *out = (zip_member){.name = name, .data = r->bytes + data, .length = (size_t)e->length};
    return MASKE_OK;
}

static int compare(const void *a, const void *b) {
    return strcmp(((const zip_member *)a)->name, ((const zip_member *)b)->name);
}

static maske_status read_members(zip_file *zip, const reading *r) {
    directory d = {0};
    TRY(find_directory(&d, r));
    /* Names with their NULs are shorter than the entries that hold them. */
    TRY(memory_new(&zip->names, (size_t)d.size + 1, 1, "a zip directory"));
    if (d.count > d.size / ENTRY_SIZE) return broken(r, "its directory is shorter than its members need");
    TRY(memory_new(&zip->members, (size_t)d.count, sizeof *zip->members, "a zip directory"));
    char *name = zip->names;
    for (uint64_t i = 0, at = d.at; i < d.count; i++) {
        entry e = {0};
        TRY(read_entry(&e, r, &at, d.at + d.size));
        TRY(read_member(&zip->members[zip->count], name, &e, r));
        name += e.name_length + 1;
        zip->count++;
    }
    if (zip->count > 1) qsort(zip->members, zip->count, sizeof *zip->members, compare);
    for (size_t i = 1; i < zip->count; i++)
        if (strcmp(zip->members[i - 1].name, zip->members[i].name) == 0)
            return error_set(MASKE_BAD_FILE, "%s: its member \"%.200s\" is there twice", r->name, zip->members[i].name);
    return MASKE_OK;
}

maske_status zip_open(zip_file *out, const char *bytes, size_t length, const char *name) {
    zip_file zip = {0};
    maske_status status = read_members(&zip, &(reading){bytes, length, name});
    if (status == MASKE_OK) *out = zip;
    else zip_close(&zip);
    return status;
}

void zip_close(zip_file *zip) {
    if (zip == NULL) return;
    free(zip->members);
    free(zip->names);
    *zip = (zip_file){0};
}

const zip_member *zip_find(const zip_file *zip, const char *name) {
    const zip_member key = {.name = name};
    return zip->count == 0 ? NULL : bsearch(&key, zip->members, zip->count, sizeof key, compare);
}
