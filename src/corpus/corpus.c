/* corpus/corpus.c: the files one after the other, as one text. */
#include "corpus/corpus.h"
#include "base/file.h"
#include "base/hash.h"
#include "corpus/files.h"
#include "corpus/jsonl.h"
#include "corpus/lines.h"
#include "corpus/source.h"

#include <stdlib.h>

struct corpus {
    corpus_files files;
    const maske_control *control;       /* borrowed; may be NULL */
    char *field;                /* of JSON lines */
    size_t next_file;
    source *source;             /* of the file being read, NULL between files */
    line_reader lines;
    jsonl_reader json;
    buffer texts;               /* out of a block of JSON lines */
    const char *waiting;        /* [waiting_length]: the block that a blank line is given before; NULL: none */
    size_t waiting_length;
    bool text_given, separate;  /* something was given out; a blank line is due before the next block */
    int64_t finished_bytes;     /* on the disk, of the files already read */
    hash_stream fingerprint;
    corpus_totals totals;
    size_t replaced_file;       /* the file of the first replacement */
    bool warned;
};

maske_status corpus_open(corpus **out, const maske_text *text, const maske_control *control) {
    corpus *c;
    TRY(memory_new(&c, 1, sizeof *c, "a corpus"));
    c->control = control;
    const char *field = text->field != NULL ? text->field : "text";
    maske_status status = memory_copy_text(&c->field, field, strlen(field));
    if (status == MASKE_OK) status = corpus_files_find(&c->files, text);
    c->totals.file_bytes_total = c->files.bytes;
    if (status == MASKE_OK) *out = c;
    else corpus_close(c);
    return status;
}

void corpus_close(corpus *c) {
    if (c == NULL) return;
    source_close(c->source);
    line_reader_free(&c->lines);
    buffer_free(&c->texts);
    corpus_files_free(&c->files);
    free(c->field);
    free(c);
}

maske_status corpus_expect_apart(const maske_text *text, const char *file) {
    if (!path_exists(file)) return MASKE_OK;
    corpus *c;
    TRY(corpus_open(&c, text, NULL));
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < c->files.count && status == MASKE_OK; i++)
        if (path_same(c->files.file[i].path, file))
            status = error_set(MASKE_BAD_ARGUMENT, "%s: is a file of the text, expected another name to write to", file);
    corpus_close(c);
    return status;
}

static maske_status start_file(corpus *c) {
    const corpus_file *file = &c->files.file[c->next_file];
    TRY(source_open(&c->source, file->path, c->control));
    c->next_file++;
    c->totals.files++;
    c->separate = c->text_given;
    c->json.field = c->field;
    c->json.name = source_name(c->source);
    c->json.line = 0;
    line_reader_start(&c->lines, c->source, file->json_lines ? JSONL_LONGEST : LINES_LONGEST);
    return MASKE_OK;
}

static void end_file(corpus *c) {
    c->finished_bytes += source_consumed(c->source);
    source_close(c->source);
    c->source = NULL;
}

/* What was wrong with the text is said once, at its end, with the first place. */
static void warn_at_end(corpus *c) {
    if (c->warned) return;
    c->warned = true;
    if (c->totals.replaced > 0)
        log_say(MASKE_LOG_WARNING,
                "%s: line %lld: bytes that are not UTF-8; %lld such places were replaced by U+FFFD in all",
                c->files.file[c->replaced_file].path, (long long)c->lines.first_replaced,
                (long long)c->totals.replaced);
    if (c->totals.cut_lines > 0)
        log_say(MASKE_LOG_WARNING, "lines over %d MiB were cut, %lld times in all", LINES_LONGEST >> 20,
                (long long)c->totals.cut_lines);
}

/* A block of JSON lines becomes the block of their texts; *length may become 0 where all are blank. Only a JSON line
 * that is too long is cut by the line reader: it cannot be read. */
static maske_status take_texts(corpus *c, char **block, size_t *length, int64_t cut_before) {
    if (c->lines.cut > cut_before)
        return error_set(MASKE_BAD_FILE, "%s: line %lld: longer than %d MiB", c->json.name, (long long)c->json.line + 1,
                         JSONL_LONGEST >> 20);
    int64_t records = c->json.records;
    buffer_clear(&c->texts);
    TRY(jsonl_add_texts(&c->json, &c->texts, *block, *length));
    *block = c->texts.data;
    *length = c->texts.length;
    c->totals.lines += count_line_ends(*block, *length) - (c->json.records - records);
    c->totals.bytes += (int64_t)*length - (c->json.records - records);
    return MASKE_OK;
}

/* The next block of the files, without what stands between them. */
static maske_status next_of_files(corpus *c, char **block, size_t *length) {
    *length = 0;
    while (*length == 0) {
        if (c->source == NULL) {
            if (c->next_file == c->files.count) return MASKE_OK;
            TRY(start_file(c));
        }
        int64_t lines = c->lines.lines, cut = c->lines.cut, replaced = c->lines.replaced;
        TRY(line_reader_next(&c->lines, block, length));
        if (replaced == 0 && c->lines.replaced > 0) c->replaced_file = c->next_file - 1;
        if (*length == 0) end_file(c);
        else if (c->files.file[c->next_file - 1].json_lines) TRY(take_texts(c, block, length, cut));
        else {
            c->totals.lines += c->lines.lines - lines;
            c->totals.bytes += (int64_t)*length;
        }
        c->totals.cut_lines = c->lines.cut + c->json.cut;
        c->totals.replaced = c->lines.replaced;
    }
    return MASKE_OK;
}

maske_status corpus_next_block(corpus *c, const char **block, size_t *length) {
    static const char blank_line[] = "\n";
    if (c->waiting != NULL) {
        *block = c->waiting;
        *length = c->waiting_length;
        c->waiting = NULL;
    } else {
        char *next = NULL;
        size_t next_length = 0;
        TRY(next_of_files(c, &next, &next_length));
        *block = next;
        *length = next_length;
        if (next_length > 0 && c->separate) {
            c->separate = false;
            c->waiting = next;
            c->waiting_length = next_length;
            *block = blank_line;
            *length = 1;
        }
    }
    if (*length == 0) warn_at_end(c);
    else c->text_given = true;
    hash_stream_add(&c->fingerprint, *block, *length);
    return MASKE_OK;
}

corpus_totals corpus_read_so_far(const corpus *c) {
    corpus_totals totals = c->totals;
    totals.file_bytes = c->finished_bytes + (c->source != NULL ? source_consumed(c->source) : 0);
    totals.fingerprint = hash_stream_end(&c->fingerprint);
    return totals;
}

size_t corpus_file_count(const corpus *c) { return c->files.count; }
const char *corpus_file_path(const corpus *c, size_t i) { return c->files.file[i].path; }
