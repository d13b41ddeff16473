/* data/token_store.h: a long row of token ids, two bytes each where the vocabulary allows it, else four; in memory, or
 * in a file that is mapped once it is complete. First everything is added, then everything is read. */
#ifndef MASKE_DATA_TOKEN_STORE_H
#define MASKE_DATA_TOKEN_STORE_H

#include "base/file.h"

typedef struct token_store {
    size_t width;               /* bytes a token: 2 or 4 */
    uint64_t count;             /* tokens */
    const void *tokens;         /* [count], once sealed */
    void *memory;               /* in memory: [capacity] */
    size_t capacity;
    char *path;                 /* in a file; NULL: in memory */
    file_writer writer;
    file_map map;
} token_store;

/* Bytes that a token takes in a store for a vocabulary of this size. */
static inline size_t token_store_width(size_t vocab_size) { return vocab_size <= 65536 ? 2 : 4; }
/* path NULL: in memory; else the file's name (one that is there is replaced, when the new one is whole). Ids are below
 * vocab_size. End with token_store_free. */
MASKE_MUST_USE maske_status token_store_open(token_store *out, size_t vocab_size, const char *path);
MASKE_MUST_USE maske_status token_store_add(token_store *s, const int32_t *ids, size_t count);
/* From now on the store is read. */
MASKE_MUST_USE maske_status token_store_seal(token_store *s);
/* out[count] = the tokens from `begin` on. */
void token_store_read(const token_store *s, uint64_t begin, size_t count, int32_t *out);
/* The file stays: it belongs to who named it. An unsealed one is removed. */
void token_store_free(token_store *s);

#endif
