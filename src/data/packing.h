/* data/packing.h: lines of tokens into sequences.
 *
 *   lines of a document    aaaaaaa bbbbbbbbb cccc           room 8
 *   packed                 aaaaaaab bbbbbbbb cccc
 *   line by line           aaaaaaa bbbbbbbb cccc            (b is trimmed)
 *
 * A sequence is a run of the token store: where it begins and how long it is, eight bytes each. [CLS] and [SEP] are not
 * stored: a batch puts them around. A sequence in which nothing can be masked (special tokens only) is left out. */
#ifndef MASKE_DATA_PACKING_H
#define MASKE_DATA_PACKING_H

#include "data/token_store.h"
#include "data/vocabulary.h"

typedef struct sequence { uint64_t begin : 40, length : 24; } sequence;

typedef struct packing {
    const vocabulary *vocabulary;       /* borrowed */
    size_t room;                /* tokens in a sequence, [CLS] and [SEP] not counted */
    bool line_by_line;
    token_store store;
    sequence *sequences;        /* [sequence_count], in the text's order */
    size_t sequence_count, sequence_capacity;
    uint32_t *document_ends;    /* [document_count]: where in sequences the document ends; none is empty */
    size_t document_count, document_capacity;
    int64_t lines, truncated_lines;     /* with text; trimmed (line_by_line) */
    /* the sequence that is being filled */
    size_t open_length;
    bool open_maskable;
} packing;

/* v stays the caller's; store_path as for token_store_open. End with packing_free. */
MASKE_MUST_USE maske_status packing_start(packing *out, const vocabulary *v, size_t room, bool line_by_line,
                                          const char *store_path);
/* The next line of the document; count may be 0. */
MASKE_MUST_USE maske_status packing_add_line(packing *p, const int32_t *ids, size_t count);
/* What was added is a document; without anything added since the last call, nothing happens. */
MASKE_MUST_USE maske_status packing_end_document(packing *p);
/* Ends the last document and seals the store. */
MASKE_MUST_USE maske_status packing_end(packing *p);
void packing_free(packing *p);

#endif
