/* corpus/jsonl.h: the text out of JSON lines. */
#ifndef MASKE_CORPUS_JSONL_H
#define MASKE_CORPUS_JSONL_H

#include "base/buffer.h"

enum { JSONL_LONGEST = 64 << 20, JSONL_DEPTH = 64 };

typedef struct jsonl_reader {
    const char *field;          /* the member whose text is taken; borrowed */
    const char *name;           /* of the file, for errors; borrowed */
    int64_t line;               /* of the file: how many have been read */
    int64_t records, cut;       /* taken so far; lines of text that were too long and were cut */
} jsonl_reader;

/* Adds the text of each line's object to out: lines that end with \n and a blank line behind them, since a record is a
 * document; so blank lines inside its text are left out. Blank lines between records are passed over. */
MASKE_MUST_USE maske_status jsonl_add_texts(jsonl_reader *r, buffer *out, const char *block, size_t length);

#endif
