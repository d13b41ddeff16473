/* corpus/files.h: from the paths a user gives to the files that are read, in order.
 *
 * A folder stands for every file in and under it, in name order; names that begin with a point (".git", ".DS_Store")
 * and unfinished outputs of maske itself (".maske-part") are passed over, as are empty files. Symbolic links are
 * followed, but never back to a folder that the walk came through; at most FILES_DEPTH folders deep. */
#ifndef MASKE_CORPUS_FILES_H
#define MASKE_CORPUS_FILES_H

#include "base/status.h"

enum { FILES_DEPTH = 64 };

typedef struct corpus_file {
    char *path;                 /* absolute; "-": standard input */
    bool json_lines;            /* files_are_json_lines */
} corpus_file;

typedef struct corpus_files {
    corpus_file *file;          /* [count] */
    size_t count, capacity;
    int64_t bytes;              /* on the disk, in all; 0: not known, standard input is among them */
    bool standard_input, json_lines;    /* one of them is */
    const char *field;          /* of the text; borrowed while the files are found */
} corpus_files;

/* Each file is opened and checked to be text. A path that gives no text fails, and a field where no file is JSON lines:
 * whoever gives one takes his text for such. End with corpus_files_free. */
MASKE_MUST_USE maske_status corpus_files_find(corpus_files *out, const maske_text *text);
void corpus_files_free(corpus_files *files);

/* Whether a file's lines are JSON: .jsonl, .ndjson, either with .gz and so on; standard input, which has no name, where
 * the field to take is given (not NULL). */
bool files_are_json_lines(const char *path, const char *field);
/* The sentence for a field that no text has. */
MASKE_MUST_USE maske_status files_field_unused(const char *field);

#endif
