/* tasks/splice.h: pieces into the gaps of a prompt. Outside its masks the prompt stays as it is, byte for byte.
 *
 * A piece may begin with a space of its own (it begins a word) and, rarely, end with one. What becomes of the first:
 *   - nothing or white space stands before the gap: dropped, for the typed space stays, exactly once;
 *   - another gap lies directly before it: kept, as decoding the two would;
 *   - a letter or digit stands before it, and the piece goes on with one: kept, so that two words stay two;
 *   - else (an opening bracket, an apostrophe, a hyphen): dropped, since none was typed.
 * A space at a piece's end is dropped before white space and at the end of the prompt. */
#ifndef MASKE_TASKS_SPLICE_H
#define MASKE_TASKS_SPLICE_H

#include "base/buffer.h"

/* A gap of the prompt: where the mask was written. Gaps are in order and do not overlap. */
typedef struct splice_gap { size_t begin, end; } splice_gap;
/* What goes into a gap. NULL text: the gap stays as it was written. */
typedef struct splice_piece { const char *text; size_t length; } splice_piece;

/* out (cleared first): prompt with every gap filled by its piece. pieces: [count] */
MASKE_MUST_USE maske_status splice(buffer *out, const char *prompt, size_t length, const splice_gap *gaps,
                                   const splice_piece *pieces, size_t count);

#endif
