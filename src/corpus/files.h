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
    bool json_lines;            /* by name: .jsonl, or .jsonl.gz and so on */
} corpus_file;

typedef struct corpus_files {
    corpus_file *file;          /* [count] */
    size_t count, capacity;
    int64_t bytes;              /* on the disk, in all; 0: not known, standard input is among them */
    bool standard_input;
} corpus_files;

/* Each file is opened and checked to be text. A path that gives no text fails. End with corpus_files_free. */
MASKE_MUST_USE maske_status corpus_files_find(corpus_files *out, const char *const *paths, size_t count);
void corpus_files_free(corpus_files *files);

#endif
