/* tokenizer/word_spill.c: records to a file, and back. */
#include "tokenizer/word_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEADER = 12, WRITE_SIZE = 1 << 20, READ_SIZE = 1 << 20 };

static maske_status open_file(word_spill *spill) {
    const char *folder = getenv("TMPDIR");
    char path[4096];
    if (folder == NULL || folder[0] == '\0') folder = "/tmp";
    int length = snprintf(path, sizeof path, "%s/maske-words-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return error_set(MASKE_BAD_ARGUMENT, "TMPDIR is longer than 4000 bytes");
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) return error_io(path, "create");
    unlink(path);
    spill->file = file;
    spill->opened = true;
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

static maske_status write_pending(word_spill *spill) {
    const char *from = spill->pending.data;
    size_t left = spill->pending.length;
    while (left > 0) {
        ssize_t written = pwrite(spill->file, from, left, (off_t)spill->written);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return error_io("the temporary file of word counts (TMPDIR)", "write");
        from += written;
        left -= (size_t)written;
        spill->written += (uint64_t)written;
    }
    buffer_clear(&spill->pending);
    return MASKE_OK;
}

static maske_status write_record(word_spill *spill, const char *text, size_t length, int64_t count) {
    uint32_t size = (uint32_t)length;
    char header[HEADER];
    memcpy(header, &size, 4);
    memcpy(header + 4, &count, 8);
    TRY(buffer_add(&spill->pending, header, HEADER));
    TRY(buffer_add(&spill->pending, text, length));
    return spill->pending.length < WRITE_SIZE ? MASKE_OK : write_pending(spill);
}

static maske_status write_part(word_spill *spill, int part, const word_table *table) {
    spill_part *to = &spill->parts[part];
    uint64_t offset = spill->written;
    for (size_t i = 0; i < table->short_room; i++) {
        size_t length = 0;
        if (table->shorts[i].count == 0) continue;
        const char *text = short_key_text(&table->shorts[i].key, &length);
        TRY(write_record(spill, text, length, table->shorts[i].count));
    }
    for (size_t i = 0; i < table->count; i++)
        TRY(write_record(spill, table->words[i].text, table->words[i].length, table->words[i].count));
    TRY(write_pending(spill));
    to->records += word_table_words(table);
    if (spill->written == offset) return MASKE_OK;
    TRY(memory_reserve(&to->stretches, &to->capacity, to->count + 1, sizeof *to->stretches, "word counts"));
    to->stretches[to->count++] = (spill_stretch){offset, spill->written - offset};
    return MASKE_OK;
}

maske_status word_spill_write(word_spill *spill, word_tally *tally) {
    if (!spill->opened) TRY(open_file(spill));
    for (int part = 0; part < WORD_PARTS; part++) TRY(write_part(spill, part, &tally->parts[part]));
    word_tally_clear(tally);
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

/* Where records go. */
typedef struct reading { word_share share; word_table *table; word_arena *arena; } reading;

/* Appends bytes of the file. */
static maske_status read_more(const word_spill *spill, buffer *in, uint64_t offset, size_t length) {
    TRY(buffer_reserve(in, length));
    while (length > 0) {
        ssize_t got = pread(spill->file, in->data + in->length, length, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_io("the temporary file of word counts (TMPDIR)", "read");
        if (got == 0) return error_set(MASKE_IO, "the temporary file of word counts (TMPDIR) has become shorter");
        in->length += (size_t)got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return MASKE_OK;
}

/* The bits of the hash behind those that choose the part. */
static inline bool is_of_share(uint64_t hash, word_share share) {
    return share.bits == 0 || (uint32_t)(hash << WORD_PART_BITS >> (64 - share.bits)) == share.number;
}

static maske_status count_record(const reading *r, const char *text, size_t length, int64_t count, const char *end) {
    if (length > SHORT_WORD) {
        uint64_t hash = hash_bytes(text, length);
        return is_of_share(hash, r->share) ? word_table_count_long(r->table, r->arena, hash, text, length, count)
                                           : MASKE_OK;
    }
    short_word word = {short_key_load(text, length, text, end), count};
    uint64_t hash = short_key_hash(word.key);
    return is_of_share(hash, r->share) ? word_table_count_short(r->table, &word, hash) : MASKE_OK;
}

/* Counts the whole records in the buffer and leaves the rest of one in it. */
static maske_status count_records(const reading *r, buffer *in) {
    size_t at = 0;
    while (in->length - at >= HEADER) {
        uint32_t length;
        int64_t count;
        memcpy(&length, in->data + at, 4);
        memcpy(&count, in->data + at + 4, 8);
        if (in->length - at - HEADER < length) break;
        TRY(count_record(r, in->data + at + HEADER, length, count, in->data + in->length));
        at += HEADER + (size_t)length;
    }
    memmove(in->data, in->data + at, in->length - at);
    in->length -= at;
    return MASKE_OK;
}

static maske_status read_stretch(const word_spill *spill, const reading *r, spill_stretch stretch, buffer *in) {
    while (stretch.length > 0) {
        size_t size = stretch.length < READ_SIZE ? (size_t)stretch.length : READ_SIZE;
        TRY(read_more(spill, in, stretch.offset, size));
        stretch.offset += size;
        stretch.length -= size;
        TRY(count_records(r, in));
    }
    return MASKE_OK;
}

maske_status word_spill_read(const word_spill *spill, int part, word_share share, word_table *table,
                             word_arena *arena) {
    reading r = {share, table, arena};
    buffer in = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < spill->parts[part].count && status == MASKE_OK; i++)
        status = read_stretch(spill, &r, spill->parts[part].stretches[i], &in);
    buffer_free(&in);
    return status;
}

void word_spill_free(word_spill *spill) {
    if (spill->opened) close(spill->file);
    for (int part = 0; part < WORD_PARTS; part++) free(spill->parts[part].stretches);
    buffer_free(&spill->pending);
    *spill = (word_spill){0};
}
