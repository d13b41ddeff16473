/* train/sources.c: the text of a run, found, copied where it must be, known again later. */
#include "train/sources.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/utf8.h"
#include "corpus/corpus.h"
#include "corpus/files.h"
#include "train/fingerprint.h"
#include "train/run_folder.h"

#include <stdlib.h>

enum { COUNTED_BYTES = 32 << 20 };

maske_status sources_expect_name(const char *path) {
    size_t length = strlen(path);
    if (utf8_valid_prefix(path, length) == length) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: the name is not UTF-8, expected one that can be kept in a file for resuming",
                     path);
}

static maske_status add_file(sources *s, const char *path) {
    size_t length = strlen(path);
    TRY(sources_expect_name(path));
    TRY(memory_reserve(&s->files, &s->capacity, s->count + 1, sizeof *s->files, "the list of text files"));
    s->files[s->count] = (source_file){.standard_input = strcmp(path, "-") == 0};
    TRY(memory_copy_text(&s->files[s->count].path, path, length));
    s->count++;
    return MASKE_OK;
}

maske_status sources_find(sources *out, const maske_text *text) {
    corpus *c;
    /* Without the field: what is found for one purpose may be plain text where another's is JSON lines. */
    TRY(corpus_open(&c, &(maske_text){text->paths, text->count, NULL}, NULL));
    sources s = {0};
    maske_status status = MASKE_OK;
    if (text->field != NULL) status = memory_copy_text(&s.field, text->field, strlen(text->field));
    for (size_t i = 0; i < corpus_file_count(c) && status == MASKE_OK; i++)
        status = add_file(&s, corpus_file_path(c, i));
    if (status == MASKE_OK) status = memory_new(&s.paths, s.count, sizeof *s.paths, "the list of text files");
    corpus_close(c);
    if (status != MASKE_OK) sources_free(&s);
    else *out = s;
    return status;
}

void sources_free(sources *s) {
    for (size_t i = 0; i < s->count; i++) free(s->files[i].path);
    free(s->files);
    free(s->paths);
    free(s->field);
    *s = (sources){0};
}

/* ---------------------------------------------------------------------------------------------- standard input --- */

static maske_status copy_corpus(corpus *c, file_writer *writer, const maske_control *control) {
    for (;;) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "stopped while standard input was read");
        const char *block;
        size_t length;
        TRY(corpus_next_block(c, &block, &length));
        if (length == 0) return MASKE_OK;
        TRY(file_writer_add(writer, block, length));
        control_progress(control, "reading standard input", (double)writer->written, 0, "bytes");
    }
}

static maske_status copy_standard_input(const sources *s, const char *path, const maske_control *control) {
    corpus *c;
    TRY(corpus_open(&c, &(maske_text){(const char *const[]){"-"}, 1, s->field}, control));
    file_writer writer = {0};
    maske_status status = file_writer_open(&writer, path, true);
    if (status == MASKE_OK) status = copy_corpus(c, &writer, control);
    if (status == MASKE_OK && writer.written == 0)
        status = error_set(MASKE_BAD_FILE, "standard input: empty, expected text");
    if (status == MASKE_OK) status = file_writer_commit(&writer);
    else file_writer_abandon(&writer);
    corpus_close(c);
    return status;
}

maske_status sources_take_standard_input(sources *s, const char *folder, const maske_control *control) {
    TRY(sources_set_folder(s, folder));
    for (size_t i = 0; i < s->count; i++)
        if (s->files[i].standard_input) return copy_standard_input(s, s->files[i].path, control);
    return MASKE_OK;
}

maske_status sources_set_folder(sources *s, const char *folder) {
    for (size_t i = 0; i < s->count; i++) {
        if (!s->files[i].standard_input) continue;
        char *path;
        TRY(path_join(&path, folder, RUN_STANDARD_INPUT));
        free(s->files[i].path);
        s->files[i].path = path;
    }
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------ fingerprints --- */

maske_status sources_measure(sources *s, const maske_control *control) {
    for (size_t i = 0; i < s->count; i++) {
        control_progress(control, "fingerprinting", (double)i, (double)s->count, "files");
        TRY(fingerprint_file(&s->files[i].fingerprint, &s->files[i].bytes, s->files[i].path, control));
    }
    return MASKE_OK;
}

static const char *file_name(const source_file *file) {
    return file->standard_input ? "standard input's copy" : file->path;
}

maske_status sources_expect_unchanged(const sources *s, const maske_control *control) {
    for (size_t i = 0; i < s->count; i++) {
        const source_file *file = &s->files[i];
        control_progress(control, "checking the text", (double)i, (double)s->count, "files");
        uint64_t fingerprint;
        int64_t bytes;
        TRY(fingerprint_file(&fingerprint, &bytes, file->path, control));
        if (bytes != file->bytes)
            return error_set(MASKE_BAD_ARGUMENT,
                             "%s: has %lld bytes, but had %lld when the run began: the text has changed",
                             file_name(file), (long long)bytes, (long long)file->bytes);
        if (fingerprint != file->fingerprint)
            return error_set(MASKE_BAD_ARGUMENT,
                             "%s: its fingerprint is %016llx, but was %016llx when the run began: the text has changed",
                             file_name(file), (unsigned long long)fingerprint, (unsigned long long)file->fingerprint);
    }
    return MASKE_OK;
}

bool sources_json_lines(const sources *s) {
    for (size_t i = 0; i < s->count; i++)
        if (files_are_json_lines(s->files[i].path, s->field)) return true;
    return false;
}

maske_text sources_text(sources *s) {
    for (size_t i = 0; i < s->count; i++) s->paths[i] = s->files[i].path;
    /* The copy of standard input is text by now, whatever it was. */
    return (maske_text){s->paths, s->count, sources_json_lines(s) ? s->field : NULL};
}

maske_status sources_text_bytes(int64_t *out, sources *s, int64_t most) {
    corpus *c;
    maske_text text = sources_text(s);
    TRY(corpus_open(&c, &text, NULL));
    size_t length = 1;
    const char *block;
    maske_status status = MASKE_OK;
    while (status == MASKE_OK && length > 0 && corpus_read_so_far(c).bytes < most)
        status = corpus_next_block(c, &block, &length);
    *out = corpus_read_so_far(c).bytes;
    corpus_close(c);
    return status;
}

maske_status sources_text_size(double *out, sources *s) {
    int64_t counted;
    double bytes = 0;
    TRY(sources_text_bytes(&counted, s, COUNTED_BYTES));
    for (size_t i = 0; i < s->count; i++) bytes += (double)s->files[i].bytes;
    *out = counted < COUNTED_BYTES || (double)counted > bytes ? (double)counted : bytes;
    return MASKE_OK;
}

uint64_t sources_fingerprint(const sources *s) {
    hash_stream stream = {0};
    for (size_t i = 0; i < s->count; i++) {
        hash_stream_add(&stream, &s->files[i].bytes, sizeof s->files[i].bytes);
        hash_stream_add(&stream, &s->files[i].fingerprint, sizeof s->files[i].fingerprint);
    }
    return hash_stream_end(&stream);
}

/* --------------------------------------------------------------------------------------------------------- JSON --- */

void sources_write(json_writer *w, const sources *s) {
    json_begin_object(w);
    json_key(w, "field");
    json_text(w, s->field);
    json_key(w, "files");
    json_begin_array(w);
    for (size_t i = 0; i < s->count; i++) {
        char fingerprint[17];
        fingerprint_print(fingerprint, s->files[i].fingerprint);
        json_begin_object(w);
        json_key(w, "path");
        json_text(w, s->files[i].standard_input ? "-" : s->files[i].path);
        json_key(w, "bytes");
        json_int(w, s->files[i].bytes);
        json_key(w, "fingerprint");
        json_text(w, fingerprint);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static maske_status read_file(sources *s, const json_t *file, const char *place) {
    const char *path = NULL;
    int64_t bytes = 0;
    uint64_t fingerprint = 0;
    TRY(json_get_text(&path, file, "path", place));
    TRY(json_get_integer(&bytes, file, "bytes", 0, INT64_MAX, place));
    TRY(fingerprint_read(&fingerprint, file, "fingerprint", place));
    TRY(add_file(s, path));
    s->files[s->count - 1].bytes = bytes;
    s->files[s->count - 1].fingerprint = fingerprint;
    return MASKE_OK;
}

static maske_status read_files(sources *s, const json_t *object, const char *place) {
    const char *field = NULL;
    TRY(json_get_text_or(&field, NULL, object, "field", place));
    if (field != NULL) TRY(memory_copy_text(&s->field, field, strlen(field)));
    const json_t *files = json_object_get(object, "files");
    if (!json_is_array(files))
        return error_set(MASKE_BAD_FILE, "%s: \"files\" is %s, expected an array", place, json_kind(files));
    for (size_t i = 0; i < json_array_size(files); i++) TRY(read_file(s, json_array_get(files, i), place));
    return memory_new(&s->paths, s->count, sizeof *s->paths, "the list of text files");
}

maske_status sources_read(sources *out, const json_t *object, const char *folder, const char *place) {
    sources s = {0};
    maske_status status = read_files(&s, object, place);
    if (status == MASKE_OK) status = sources_set_folder(&s, folder);
    if (status != MASKE_OK) sources_free(&s);
    else *out = s;
    return status;
}
