/* tokenizer/word_ids.c: adding, growing, starting again. */
#include "tokenizer/word_ids.h"

#include <stdlib.h>

enum { FIRST_ROOM = 256 };

static size_t entry_bytes(size_t room) { return room * sizeof(word_ids_entry); }

static void empty(word_ids *table) {
    if (table->room > 0) memset(table->entries, 0, entry_bytes(table->room));
    table->count = table->more_count = 0;
    table->moves++;
}

void word_ids_use(word_ids *table, uint64_t serial) {
    if (table->owner == serial) return;
    empty(table);
    table->owner = serial;
}

static word_ids_entry *free_place(word_ids_entry *entries, size_t room, uint64_t hash) {
    size_t i = hash & (room - 1);
    while (entries[i].key.high != 0) i = (i + 1) & (room - 1);
    return &entries[i];
}

/* Twice the room, from small beginnings: an encoding that is used once costs little. */
static bool grow(word_ids *table) {
    size_t room = table->room == 0 ? FIRST_ROOM : table->room * 2;
    word_ids_entry *entries = NULL;
    if (memory_pages_new(&entries, entry_bytes(room), "words and their ids") != MASKE_OK) return false;
    for (size_t i = 0; i < table->room; i++)
        if (table->entries[i].key.high != 0)
            *free_place(entries, room, short_key_hash(table->entries[i].key)) = table->entries[i];
    memory_pages_free(table->entries, entry_bytes(table->room));
    table->entries = entries;
    table->room = room;
    table->moves++;
    return true;
}

static bool reserve_more(word_ids *table, size_t count) {
    if (table->more_count + count <= table->more_capacity) return true;
    size_t capacity = table->more_capacity == 0 ? 1024 : table->more_capacity * 2;
    int32_t *more = realloc(table->more, capacity * sizeof *more);
    if (more == NULL) return false;
    table->more = more;
    table->more_capacity = capacity;
    return true;
}

void word_ids_add(word_ids *table, short_key key, uint64_t hash, const int32_t *ids, size_t count) {
    if (count > 1024) return; /* no word of so few bytes has so many, but affixes may be longer than it */
    bool outside = count > WORD_IDS_INSIDE;
    if ((table->count + 1) * 8 > WORD_IDS_ROOM * 5 || (outside && table->more_count + count > WORD_IDS_MORE))
        empty(table);
    if ((table->count + 1) * 8 > table->room * 5 && !grow(table)) return;
    if (outside && !reserve_more(table, count)) return;
    word_ids_entry *entry = free_place(table->entries, table->room, hash);
    *entry = (word_ids_entry){.key = key, .count = (uint32_t)count};
    if (outside) {
        entry->ids[0] = (int32_t)table->more_count;
        memcpy(table->more + table->more_count, ids, count * sizeof *ids);
        table->more_count += count;
    } else if (count > 0) {
        memcpy(entry->ids, ids, count * sizeof *ids);
    }
    table->count++;
}

void word_ids_free(word_ids *table) {
    memory_pages_free(table->entries, entry_bytes(table->room));
    free(table->more);
    *table = (word_ids){0};
}
