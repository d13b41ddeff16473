/* corpus/lines.h: one file's bytes as blocks of whole lines of valid UTF-8.
 *
 * Bytes are read in large pieces behind the rest of the last block; each byte is checked once, when it arrives. Nothing
 * is done line by line: a block is what lies before the last line ending, and only a file with \r or with wrong bytes
 * is moved about.
 *
 *   text    ... given out ...\n  rest of a line  | new bytes, checked |  a character's first bytes
 *           ^0              ^given               ^                    ^checked               ^length  */
#ifndef MASKE_CORPUS_LINES_H
#define MASKE_CORPUS_LINES_H

#include "base/buffer.h"
#include "corpus/source.h"

enum { LINES_BLOCK = 4 << 20, LINES_LONGEST = 16 << 20 };

typedef struct line_reader {
    source *source;             /* borrowed from whoever starts the reader; NULL: nothing is open */
    size_t longest;             /* bytes of the longest line; a longer one is cut into several */
    buffer text, spare;         /* kept from file to file; spare: repaired or cut text */
    size_t given, checked;
    bool at_start, at_end;      /* nothing read yet; the source is at its end */
    int64_t lines;              /* of this file, in the blocks given out */
    /* over all files */
    int64_t replaced, cut;
    int64_t first_replaced;     /* the line of the first replacement, in the file read then; 0: none yet */
} line_reader;

/* Begins a file. */
void line_reader_start(line_reader *r, source *s, size_t longest);
/* The next whole lines, each ended by one \n, about LINES_BLOCK bytes or one longer line. *length 0: the file's end.
 * Borrowed until the next call; the bytes may be written to. */
MASKE_MUST_USE maske_status line_reader_next(line_reader *r, char **block, size_t *length);
void line_reader_free(line_reader *r);

/* How many \n there are. */
int64_t count_line_ends(const char *text, size_t length);

#endif
