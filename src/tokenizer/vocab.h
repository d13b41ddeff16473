/* tokenizer/vocab.h: the table of a model's entries, string to id and id to string.
 *
 *   arena    "[PAD]\0[UNK]\0 ... \0"            every string once, a NUL behind each
 *   entries  [limit]  (offset, length)          by id; a hole has offset VOCAB_HOLE
 *   slots    [power of two]  (tag, id)          open addressing, at most half full
 *
 * A zeroed structure is an empty table. Reading is safe from many threads; adding is not. */
#ifndef MASKE_TOKENIZER_VOCAB_H
#define MASKE_TOKENIZER_VOCAB_H

#include "base/memory.h"

#define VOCAB_ID_LIMIT (1 << 24)            /* ids are below this */
#define VOCAB_ID_REACH(entries) ((int64_t)(entries) * 16 + (1 << 16))   /* and below this in a file: memory goes by ids */
#define VOCAB_COUNT_LIMIT (1 << 22)         /* entries in all */
#define VOCAB_TOKEN_LIMIT (1 << 16)         /* bytes of one entry */
#define VOCAB_HOLE UINT32_MAX

typedef struct vocab_entry { uint32_t offset, length; } vocab_entry;
typedef struct vocab_slot { uint32_t tag; int32_t id; } vocab_slot;     /* id -1: free */
typedef struct vocab {
    char *arena;
    size_t arena_length, arena_capacity;
    vocab_entry *entries;
    size_t entry_capacity;
    vocab_slot *slots;
    size_t slot_count;
    size_t count;           /* entries */
    int32_t limit;          /* 1 + the largest id, 0 when empty; larger than count: there are holes */
} vocab;

/* Adds an entry. MASKE_BAD_ARGUMENT when the string or the id is there already, or a limit above is passed. */
MASKE_MUST_USE maske_status vocab_add(vocab *v, const char *text, size_t length, int32_t id);
/* Room for so many entries and bytes (a NUL behind each entry) in all, so that adding them moves nothing. */
MASKE_MUST_USE maske_status vocab_reserve(vocab *v, size_t entries, size_t bytes);
/* The same as vocab_add with the next id (limit); *id may be NULL. */
MASKE_MUST_USE maske_status vocab_append(vocab *v, const char *text, size_t length, int32_t *id);
/* The id of a string, -1: not there. */
int32_t vocab_find(const vocab *v, const char *text, size_t length);
/* The string of an id, with a NUL behind; NULL: a hole, or out of range. Borrowed until the next vocab_add. */
static inline const char *vocab_text(const vocab *v, int32_t id, size_t *length) {
    *length = 0;
    if (id < 0 || id >= v->limit || v->entries[id].offset == VOCAB_HOLE) return NULL;
    *length = v->entries[id].length;
    return v->arena + v->entries[id].offset;
}
/* out: an empty table. */
MASKE_MUST_USE maske_status vocab_copy(vocab *out, const vocab *from);
void vocab_free(vocab *v);

#endif
