/* tokenizer/pieces.h: text cut into pieces on its way to the model.
 *
 * All pieces lie one behind the other in one aligned text. A piece that an added token has matched carries the token's
 * id; pre-tokenizers leave it alone. Empty pieces never occur.
 *
 * Origin of a piece: the part of the original text that it is a slice of (what the library calls offsets_original).
 * Origin of the bytes [b, e) within a piece (a token): from origins[b].begin to origins[e - 1].end. */
#ifndef MASKE_TOKENIZER_PIECES_H
#define MASKE_TOKENIZER_PIECES_H

#include "tokenizer/aligned_text.h"

enum { PIECE_IS_TEXT = -1 };

typedef struct piece {
    uint32_t begin, end;                    /* bytes of text.bytes */
    uint32_t origin_begin, origin_end;      /* bytes of the original text; not aligned: begin is 0 at its start only */
    int32_t token;                          /* an added token's id, or PIECE_IS_TEXT */
} piece;

typedef struct pieces {
    aligned_bytes text;
    size_t start_length;                    /* the text's first bytes that come from the first character of the original */
    piece *items;                           /* [count] */
    size_t count, capacity;
    bool aligned;
    /* scratch of pre-tokenizers */
    aligned_bytes next_text;
    piece *next_items;
    size_t next_capacity;
    range_list ranges;
    void *search;
} pieces;

/* Empties it for a new text. */
void pieces_start(pieces *self, bool aligned);
/* Adds text without origins as one piece, behind nothing. start: its first bytes that come from the original's first
 * character. */
MASKE_MUST_USE maske_status pieces_add_plain(pieces *self, const char *text, size_t length, size_t start);
/* Adds bytes [begin, end) of a text as one piece; nothing if they are empty. The text must be aligned if the pieces are. */
MASKE_MUST_USE maske_status pieces_add(pieces *self, const aligned_text *text, size_t begin, size_t end, int32_t token);
void pieces_free(pieces *self);

#endif
