/* corpus/corpus.h: raw text in, lines out: files, folders, standard input, compressed files, JSON lines.
 *
 * What comes out is always valid UTF-8 in whole lines. A line ends at \n (a \r before it belongs to the ending); the
 * last line of a file may have no ending. Bytes that are not UTF-8 become U+FFFD and are counted; a line over 16 MiB is
 * cut at a character's boundary and counted; a byte order mark at a file's start is dropped. Files are read one after
 * the other in the order given (folders in name order), and a blank line is put between two files, since no document
 * goes on in the next file.
 *
 * Compressed text (gzip, bzip2, xz, zstd) is told by its first bytes. A file whose name ends in .jsonl or .ndjson
 * (.jsonl.gz too), and standard input where a field is given, holds a JSON object a line: each is a document, so a
 * blank line follows its text, and blank lines inside it are left out. In a folder, names that begin with a point and
 * empty files are passed over. */
#ifndef MASKE_CORPUS_CORPUS_H
#define MASKE_CORPUS_CORPUS_H

#include "base/buffer.h"
#include "base/log.h"

typedef struct corpus corpus;

typedef struct corpus_totals {
    /* Read so far. bytes: of text, after decompression. The blank lines put between documents count in neither. */
    int64_t files, bytes, lines, replaced, cut_lines;
    int64_t file_bytes, file_bytes_total;               /* of the files on disk; total 0: not known (stdin) */
    uint64_t fingerprint;                               /* of the text given out so far (hash_stream over it) */
} corpus_totals;

/* Resolves and checks every path now (missing, empty, binary or unreadable files fail before any work); reading
 * comes later, and gives MASKE_STOPPED where it waits for standard input and `control` (NULL: nobody) says stop. *out is
 * yours: corpus_close; the control is borrowed until then. */
MASKE_MUST_USE maske_status corpus_open(corpus **out, const maske_text *text, const maske_control *control);
void corpus_close(corpus *c);

/* The next block: whole lines, each ended by one \n (added to a last line without one), about 4 MiB or one long line.
 * *length 0: the end. Borrowed until the next call. */
MASKE_MUST_USE maske_status corpus_next_block(corpus *c, const char **block, size_t *length);
/* Before any work: fails if one of the text's files is `file`, which is to be written. */
MASKE_MUST_USE maske_status corpus_expect_apart(const maske_text *text, const char *file);
corpus_totals corpus_read_so_far(const corpus *c);
/* Absolute paths of the files in reading order, for saving with a run. Borrowed from the corpus. */
size_t corpus_file_count(const corpus *c);
const char *corpus_file_path(const corpus *c, size_t i);

#endif
