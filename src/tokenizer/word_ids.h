/* tokenizer/word_ids.h: short words met before, and their ids: what encoding without offsets looks up.
 *
 *     entries  [power of two]  (16 bytes of word, up to 3 ids, count)      open addressing, two in a cache line
 *     more     [more_count]    the ids of words that have more of them, where ids[0] says
 *
 * Nearly every word of a text is one or two ids and at most SHORT_WORD bytes, and then its entry is all there is to
 * fetch, and the three places of ids can be copied whatever their number is. Full, the table is emptied and starts
 * again: the frequent words are back at once. One thread; a zeroed structure is empty; `owner` is the tokenizer's
 * serial. */
#ifndef MASKE_TOKENIZER_WORD_IDS_H
#define MASKE_TOKENIZER_WORD_IDS_H

#include "base/memory.h"
#include "tokenizer/short_word.h"

enum { WORD_IDS_INSIDE = 3 };           /* ids within an entry */
#define WORD_IDS_ROOM ((size_t)1 << 19) /* entries: 16 MiB, some 330,000 words */
#define WORD_IDS_MORE ((size_t)1 << 20) /* ids outside of them */

typedef struct word_ids_entry {
    short_key key;
    int32_t ids[WORD_IDS_INSIDE];
    uint32_t count;
} word_ids_entry;
typedef struct word_ids {
    uint64_t owner;          /* serial of the tokenizer, 0: none */
    word_ids_entry *entries; /* [room]; a key of zeros: free */
    size_t room, count;
    uint64_t moves;          /* how often entries have changed their places: by growing, or being emptied */
    int32_t *more;
    size_t more_count, more_capacity;
} word_ids;

/* Empties the table unless it is of this tokenizer already. */
void word_ids_use(word_ids *table, uint64_t serial);
/* Adds a word that is not there. Quietly does nothing if memory is short. */
void word_ids_add(word_ids *table, short_key key, uint64_t hash, const int32_t *ids, size_t count);
void word_ids_free(word_ids *table);

static inline void word_ids_ask(const word_ids *table, uint64_t hash) {
    if (table->room > 0) __builtin_prefetch(&table->entries[hash & (table->room - 1)]);
}
/* NULL: not there. Borrowed until the next word_ids_add. hash: short_key_hash. */
static inline const word_ids_entry *word_ids_find(const word_ids *table, short_key key, uint64_t hash) {
    if (table->room == 0) return NULL;
    for (size_t i = hash & (table->room - 1);; i = (i + 1) & (table->room - 1)) {
        const word_ids_entry *entry = &table->entries[i];
        if (short_key_equal(entry->key, key)) return entry;
        if (entry->key.high == 0) return NULL; /* no word has length 0 */
    }
}
/* The ids of an entry that has more than fit inside. */
static inline const int32_t *word_ids_more(const word_ids *table, const word_ids_entry *entry) {
    return table->more + entry->ids[0];
}

#endif
