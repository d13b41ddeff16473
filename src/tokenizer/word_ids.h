/* tokenizer/word_ids.h: words met before, and their ids: what encoding without offsets looks up. One table serves all
 * threads that encode with a tokenizer, so that a word which one of them has learned is known to the others.
 *
 *     entries  [power of two]  (16 bytes of key, up to 3 ids, state)      open addressing, two in a cache line
 *     more     where ids[0] says: the ids of words that have more of them, and for a long word length, bytes, ids
 *
 * Nearly every word of a text is one or two ids and at most SHORT_WORD bytes, and then its entry is all there is to
 * fetch, and the three places of ids can be copied whatever their number is. The key of a longer one is its hash: who
 * finds it compares the bytes as well.
 *
 * Nobody waits. An entry is free, or claimed by who writes it, or finished, which is for ever: a reader that sees its
 * state sees all of it. Two threads may write the same word twice, which does no harm. A full table is not changed:
 * a larger one takes its place, and who still reads the old one holds it; `more` stays where it is, in the order
 * in which words were first met, so that the frequent ones share cache lines. At the largest size the new table is
 * empty, as is its `more`: the frequent words are back at once. */
#ifndef MASKE_TOKENIZER_WORD_IDS_H
#define MASKE_TOKENIZER_WORD_IDS_H

#include "base/memory.h"
#include "tokenizer/short_word.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORD_IDS_INSIDE = 3 };           /* ids within an entry */
enum { WORD_IDS_LONGEST = 255 };        /* bytes; longer words, or words of more ids, are not kept */
#define WORD_IDS_ROOM ((size_t)1 << 20) /* entries: 32 MiB, some 780,000 words */
#define WORD_IDS_MORE ((size_t)1 << 23) /* numbers in `more`: 32 MiB, taken as they are used */

typedef struct word_ids_entry {
    short_key key;
    int32_t ids[WORD_IDS_INSIDE];
    _Atomic uint32_t state;             /* 0: free, WORD_IDS_CLAIMED, or the number of ids + 1 */
} word_ids_entry;
#define WORD_IDS_CLAIMED UINT32_MAX

/* What changes while others read lies in a cache line of its own. */
enum { WORD_IDS_APART = 64 };

/* What several tables, one after another, have outside of their entries. */
typedef struct word_ids_outside {
    int32_t *items;                     /* [WORD_IDS_MORE] */
    _Alignas(WORD_IDS_APART) _Atomic size_t count;
    _Atomic size_t holders;
} word_ids_outside;
typedef struct word_ids {
    word_ids_entry *entries;            /* [room] */
    size_t room;
    word_ids_outside *more;
    _Alignas(WORD_IDS_APART) _Atomic size_t count;
    _Atomic size_t holders;
} word_ids;

/* Who reads a table, and room that it has put aside for the words it will add: asking for each would keep threads
 * waiting for one another. A zeroed structure holds nothing. */
typedef struct word_ids_holder {
    word_ids *table;
    size_t entries_left;                /* of the table's count */
    size_t more_at, more_end;           /* of its `more` */
} word_ids_holder;

/* The table of a tokenizer, and the lock of who takes or changes it. */
typedef struct known_words {
    pthread_mutex_t lock;
    _Atomic(word_ids *) now;            /* NULL: none yet */
} known_words;

MASKE_MUST_USE maske_status known_words_new(known_words **out);
/* Forgets all. */
void known_words_clear(known_words *known);
void known_words_free(known_words *known);
/* The table to look in from now on, instead of the one that was held: word_ids_leave. NULL where memory is short. */
void known_words_take(known_words *known, word_ids_holder *holder);
void word_ids_leave(word_ids_holder *holder);
/* Holds a larger table instead of the full one; false: somebody else is making it, or memory is short. */
bool known_words_grow(known_words *known, word_ids_holder *holder);

typedef struct word_text { const char *bytes; size_t length; } word_text;
/* The key of a word of more than SHORT_WORD bytes. */
static inline short_key word_ids_long_key(const char *bytes, size_t length) {
    return (short_key){hash_bytes(bytes, length), (uint64_t)255 << 56 | (length & UINT32_MAX)};
}
static inline bool word_ids_is_long(short_key key) { return key.high >> 56 == 255; }
/* Adds a word; nothing if it is there, or may not be kept. hash: short_key_hash. false: the table is full. */
bool word_ids_add(word_ids_holder *holder, short_key key, uint64_t hash, word_text word, const int32_t *ids, size_t count);

static inline void word_ids_ask(const word_ids *table, uint64_t hash) {
    __builtin_prefetch(&table->entries[hash & (table->room - 1)]);
}
/* NULL: not there. Stays as long as the table is held. */
static inline const word_ids_entry *word_ids_find(const word_ids *table, short_key key, uint64_t hash) {
    for (size_t i = hash & (table->room - 1);; i = (i + 1) & (table->room - 1)) {
        const word_ids_entry *entry = &table->entries[i];
        uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire);
        if (state == 0) return NULL;
        if (state != WORD_IDS_CLAIMED && short_key_equal(entry->key, key)) return entry;
    }
}
static inline size_t word_ids_count(const word_ids_entry *entry) {
    return atomic_load_explicit(&entry->state, memory_order_relaxed) - 1;
}
/* The ids of a short word that has more than fit inside. */
static inline const int32_t *word_ids_more(const word_ids *table, const word_ids_entry *entry) {
    return table->more->items + (uint32_t)entry->ids[0];
}
static inline size_t word_ids_text_room(size_t length) { return 1 + (length + 3) / 4; }
/* The ids of a long word, whose key an entry has; NULL: the entry is another word's. */
static inline const int32_t *word_ids_of_long(const word_ids *table, const word_ids_entry *entry, word_text word) {
    const int32_t *record = word_ids_more(table, entry);
    if ((size_t)record[0] != word.length || memcmp(record + 1, word.bytes, word.length) != 0) return NULL;
    return record + word_ids_text_room(word.length);
}

#endif
