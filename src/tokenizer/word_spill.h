/* tokenizer/word_spill.h: counts put aside in a temporary file when they pass the bound on memory.
 *
 * The file holds stretches of records, each stretch of one part:
 *
 *     length (4 bytes)  count (8 bytes)  text [length]       in this machine's byte order
 *
 * A word may be there many times; reading a part back adds its counts up, so nothing is lost or rounded. The file has no
 * name from the moment it is made, so that it is gone with the process, however that ends. */
#ifndef MASKE_TOKENIZER_WORD_SPILL_H
#define MASKE_TOKENIZER_WORD_SPILL_H

#include "base/buffer.h"
#include "tokenizer/word_tally.h"

typedef struct spill_stretch { uint64_t offset, length; } spill_stretch;
typedef struct spill_part { spill_stretch *stretches; size_t count, capacity; uint64_t records; } spill_part;
typedef struct word_spill {
    bool opened;                    /* false, as in a zeroed structure: nothing was put aside */
    int file;
    uint64_t written;               /* bytes */
    spill_part parts[WORD_PARTS];
    buffer pending;
} word_spill;

/* Appends all words of a tally, which then is empty. The file lies in $TMPDIR, else /tmp. */
MASKE_MUST_USE maske_status word_spill_write(word_spill *spill, word_tally *tally);
/* The words of a part whose hash says so: share `number` of 2^bits. {0, 0}: all. */
typedef struct word_share { uint32_t number; int bits; } word_share;
/* Adds what was put aside of a share of a part to a table; new texts go to the arena. Many threads may read. */
MASKE_MUST_USE maske_status word_spill_read(const word_spill *spill, int part, word_share share, word_table *table,
                                            word_arena *arena);
void word_spill_free(word_spill *spill);

#endif
