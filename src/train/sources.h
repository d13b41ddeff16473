/* train/sources.h: which text a run reads, how it was when the run began, and whether it still is.
 *
 * Files are kept by absolute path, length and fingerprint (of the bytes on the disk). Standard input can be read once
 * only, so it is copied into the run's folder first and read from there, now and when the run is resumed. */
#ifndef MASKE_TRAIN_SOURCES_H
#define MASKE_TRAIN_SOURCES_H

#include "base/json.h"

typedef struct source_file {
    char *path;
    bool standard_input;        /* path: of the copy, once there is one; else "-" */
    int64_t bytes;
    uint64_t fingerprint;
} source_file;

typedef struct sources {
    source_file *files;         /* [count], in reading order */
    size_t count, capacity;
    const char **paths;         /* [count] what sources_text gives */
    char *field;                /* NULL: the default */
} sources;

/* MASKE_UNSUPPORTED: the path could not be written into a file of the run, to be found again. */
MASKE_MUST_USE maske_status sources_expect_name(const char *path);
/* Finds the files; those that are missing, empty or no text fail here. Nothing is read yet. */
MASKE_MUST_USE maske_status sources_find(sources *out, const maske_text *text);
void sources_free(sources *s);

/* Copies standard input, where it is one of the files, to FOLDER/standard-input.txt (valid UTF-8, decompressed). */
MASKE_MUST_USE maske_status sources_take_standard_input(sources *s, const char *folder, const maske_control *control);
/* The copy lies in another folder now. */
MASKE_MUST_USE maske_status sources_set_folder(sources *s, const char *folder);
/* Reads every file and keeps its length and fingerprint. */
MASKE_MUST_USE maske_status sources_measure(sources *s, const maske_control *control);
/* Reads every file again: MASKE_BAD_ARGUMENT, naming the file and the difference, unless it is as it was. */
MASKE_MUST_USE maske_status sources_expect_unchanged(const sources *s, const maske_control *control);

/* Whether there are JSON lines among them. */
bool sources_json_lines(const sources *s);
/* For the readers of text. Borrowed from the sources. */
maske_text sources_text(sources *s);
/* Bytes of text, counted up to `most` by reading it. */
MASKE_MUST_USE maske_status sources_text_bytes(int64_t *out, sources *s, int64_t most);
/* About how many bytes of text there are: counted by reading where files are compressed and short, else what the files
 * have. After sources_measure. */
MASKE_MUST_USE maske_status sources_text_size(double *out, sources *s);
/* One number for all of them. */
uint64_t sources_fingerprint(const sources *s);

void sources_write(json_writer *w, const sources *s);
/* `folder`: of the run, where the copy of standard input is. */
MASKE_MUST_USE maske_status sources_read(sources *out, const json_t *object, const char *folder, const char *place);

#endif
