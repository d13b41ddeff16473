/* tokenizer/word_ids.c: adding, growing, starting again, and who holds a table. */
#include "tokenizer/word_ids.h"

#include <stdlib.h>

/* What a thread puts aside at a time. ASIDE_MORE: more than any word needs. */
enum { FIRST_ROOM = 1024, GROWTH = 8, ASIDE_ENTRIES = 32, ASIDE_MORE = 1024 };

/* ------------------------------------------------------------------------------------------------------- a table --- */

static void outside_leave(word_ids_outside *more) {
    if (more == NULL || atomic_fetch_sub(&more->holders, 1) != 1) return;
    memory_pages_free(more->items, WORD_IDS_MORE * sizeof *more->items);
    free(more);
}

static word_ids_outside *outside_new(void) {
    word_ids_outside *more = NULL;
    if (memory_new(&more, 1, sizeof *more, "words and their ids") != MASKE_OK) return NULL;
    if (memory_sparse_new(&more->items, WORD_IDS_MORE * sizeof *more->items, "words and their ids") != MASKE_OK) {
        free(more);
        return NULL;
    }
    return more;
}

static void table_free(word_ids *table) {
    memory_pages_free(table->entries, table->room * sizeof *table->entries);
    outside_leave(table->more);
    free(table);
}

/* more: of the table that this one takes the place of; NULL: its own. */
static word_ids *table_new(size_t room, word_ids_outside *more) {
    word_ids *table = NULL;
    if (memory_new(&table, 1, sizeof *table, "words and their ids") != MASKE_OK) return NULL;
    table->room = room;
    table->more = more != NULL ? more : outside_new();
    if (table->more != NULL) atomic_fetch_add(&table->more->holders, 1);
    if (table->more == NULL ||
        memory_pages_new(&table->entries, room * sizeof *table->entries, "words and their ids") != MASKE_OK) {
        table_free(table);
        return NULL;
    }
    atomic_init(&table->holders, 1);
    return table;
}

/* Room for one more entry. Three quarters at most are given out, so every search comes to an end. */
static bool take_entry(word_ids_holder *holder) {
    word_ids *table = holder->table;
    size_t most = table->room / 4 * 3;
    if (holder->entries_left == 0 && atomic_load_explicit(&table->count, memory_order_relaxed) < most) {
        size_t before = atomic_fetch_add_explicit(&table->count, ASIDE_ENTRIES, memory_order_relaxed);
        if (before < most) holder->entries_left = most - before < ASIDE_ENTRIES ? most - before : ASIDE_ENTRIES;
    }
    if (holder->entries_left == 0) return false;
    holder->entries_left--;
    return true;
}

/* Room in `more`; false: there is none left. */
static bool take_more(word_ids_holder *holder, size_t count, size_t *at) {
    word_ids_outside *more = holder->table->more;
    if (count > holder->more_end - holder->more_at) {
        if (atomic_load_explicit(&more->count, memory_order_relaxed) + ASIDE_MORE > WORD_IDS_MORE) return false;
        size_t before = atomic_fetch_add_explicit(&more->count, ASIDE_MORE, memory_order_relaxed);
        if (before + ASIDE_MORE > WORD_IDS_MORE) return false;
        holder->more_at = before;
        holder->more_end = before + ASIDE_MORE;
    }
    *at = holder->more_at;
    holder->more_at += count;
    return true;
}

/* Claims a free entry; NULL: the word is there already. */
static word_ids_entry *claim(word_ids *table, short_key key, uint64_t hash) {
    for (size_t i = hash & (table->room - 1);; i = (i + 1) & (table->room - 1)) {
        word_ids_entry *entry = &table->entries[i];
        uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire);
        if (state == 0 && atomic_compare_exchange_strong_explicit(&entry->state, &state, WORD_IDS_CLAIMED,
                                                                  memory_order_acquire, memory_order_acquire))
            return entry;
        if (state != WORD_IDS_CLAIMED && short_key_equal(entry->key, key)) return NULL;
    }
}

bool word_ids_add(word_ids_holder *holder, short_key key, uint64_t hash, word_text word, const int32_t *ids, size_t count) {
    bool is_long = word_ids_is_long(key), outside = is_long || count > WORD_IDS_INSIDE;
    if (word.length > WORD_IDS_LONGEST || count > WORD_IDS_LONGEST) return true;
    size_t at = 0, text_room = is_long ? word_ids_text_room(word.length) : 0;
    if (!take_entry(holder)) return false;
    bool full = outside && !take_more(holder, text_room + count, &at);
    word_ids_entry *entry = full ? NULL : claim(holder->table, key, hash);
    if (entry == NULL) { /* give back what was taken */
        holder->entries_left++;
        if (outside && !full) holder->more_at = at;
        return !full;
    }
    int32_t *items = holder->table->more->items;
    entry->key = key;
    if (is_long) {
        items[at] = (int32_t)word.length;
        memcpy(items + at + 1, word.bytes, word.length);
    }
    if (count > 0) memcpy(outside ? items + at + text_room : entry->ids, ids, count * sizeof *ids);
    if (outside) entry->ids[0] = (int32_t)at;
    atomic_store_explicit(&entry->state, (uint32_t)count + 1, memory_order_release);
    return true;
}

/* The words of one table into another that nobody else knows yet. */
static void copy_words(word_ids *to, const word_ids *from) {
    size_t count = 0;
    for (size_t i = 0; i < from->room; i++) {
        const word_ids_entry *entry = &from->entries[i];
        uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire);
        if (state == 0 || state == WORD_IDS_CLAIMED) continue;
        size_t at = short_key_hash(entry->key) & (to->room - 1);
        while (atomic_load_explicit(&to->entries[at].state, memory_order_relaxed) != 0) at = (at + 1) & (to->room - 1);
        to->entries[at].key = entry->key;
        memcpy(to->entries[at].ids, entry->ids, sizeof entry->ids);
        atomic_store_explicit(&to->entries[at].state, state, memory_order_relaxed);
        count++;
    }
    atomic_init(&to->count, count);
}

/* ------------------------------------------------------------------------------------------------ who holds which --- */

maske_status known_words_new(known_words **out) {
    TRY(memory_new(out, 1, sizeof **out, "words and their ids"));
    pthread_mutex_init(&(*out)->lock, NULL);
    return MASKE_OK;
}

static void drop(word_ids *table) {
    if (table != NULL && atomic_fetch_sub(&table->holders, 1) == 1) table_free(table);
}

/* Gives back what was put aside and not used; of `more` where nobody has taken what lies behind it. */
void word_ids_leave(word_ids_holder *holder) {
    if (holder->table != NULL) {
        size_t end = holder->more_end;
        atomic_fetch_sub(&holder->table->count, holder->entries_left);
        if (end > holder->more_at) atomic_compare_exchange_strong(&holder->table->more->count, &end, holder->more_at);
    }
    drop(holder->table);
    *holder = (word_ids_holder){0};
}

/* With the lock held. */
static void replace(known_words *known, word_ids *table) {
    word_ids *old = known->now;
    known->now = table;
    drop(old);
}

void known_words_clear(known_words *known) {
    pthread_mutex_lock(&known->lock);
    replace(known, NULL);
    pthread_mutex_unlock(&known->lock);
}

void known_words_free(known_words *known) {
    if (known == NULL) return;
    known_words_clear(known);
    pthread_mutex_destroy(&known->lock);
    free(known);
}

void known_words_take(known_words *known, word_ids_holder *holder) {
    if (holder->table != NULL && holder->table == known->now) return;
    pthread_mutex_lock(&known->lock);
    if (known->now == NULL) known->now = table_new(FIRST_ROOM, NULL);
    word_ids *now = known->now;
    if (now != NULL) atomic_fetch_add(&now->holders, 1);
    pthread_mutex_unlock(&known->lock);
    word_ids_leave(holder);
    holder->table = now;
}

/* With the lock held: `full` is known->now. */
static bool grow(known_words *known, const word_ids *full) {
    bool anew = full->room >= WORD_IDS_ROOM || full->more->count + ASIDE_MORE > WORD_IDS_MORE;
    size_t room = full->room * GROWTH < WORD_IDS_ROOM ? full->room * GROWTH : WORD_IDS_ROOM;
    word_ids *table = table_new(anew ? full->room : room, anew ? NULL : full->more);
    if (table == NULL) return false;
    if (!anew) copy_words(table, full);
    replace(known, table);
    return true;
}

bool known_words_grow(known_words *known, word_ids_holder *holder) {
    if (known->now == holder->table) {
        if (pthread_mutex_trylock(&known->lock) != 0) return false;
        bool grown = known->now != holder->table || grow(known, holder->table);
        pthread_mutex_unlock(&known->lock);
        if (!grown) return false;
    }
    known_words_take(known, holder);
    return true;
}
