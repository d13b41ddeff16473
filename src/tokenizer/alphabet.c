/* tokenizer/alphabet.c: counting characters, and choosing among them. */
#include "tokenizer/alphabet.h"
#include "base/parallel.h"

#include <stdlib.h>

enum { WORDS_A_TASK = 65536, THREADS_MAX = 16 };

int64_t *character_table_at(character_table *table, uint32_t character) {
    int64_t **page = &table->pages[character >> 8];
    if (*page == NULL) *page = calloc(256, sizeof **page);
    return *page == NULL ? NULL : &(*page)[character & 0xFF];
}

void character_table_free(character_table *table) {
    for (size_t i = 0; i < CHARACTER_LIMIT >> 8; i++) free(table->pages[i]);
    *table = (character_table){0};
}

typedef struct counting {
    const word_counts *words;
    character_table *tables;        /* [threads] */
    bool failed[THREADS_MAX];
} counting;

static void count_task(void *user, size_t task, int thread) {
    counting *c = user;
    size_t last = (task + 1) * WORDS_A_TASK < c->words->count ? (task + 1) * WORDS_A_TASK : c->words->count;
    for (size_t i = task * WORDS_A_TASK; i < last; i++) {
        counted_word word = c->words->words[i];
        for (size_t at = 0, size = 0; at < word.length; at += size) {
            int64_t *count = character_table_at(&c->tables[thread], word_character(c->words, word.text + at, &size));
            if (count == NULL) { c->failed[thread] = true; return; }
            *count += word.count;
        }
    }
}

/* tables[0] gets the sums of all. */
static maske_status count_characters(counting *c, int threads) {
    parallel_for(threads, (c->words->count + WORDS_A_TASK - 1) / WORDS_A_TASK, count_task, c);
    for (int t = 0; t < threads; t++) {
        if (c->failed[t]) return error_memory(256 * sizeof(int64_t), "characters");
        for (uint32_t page = 0; t > 0 && page < CHARACTER_LIMIT >> 8; page++) {
            for (uint32_t i = 0; c->tables[t].pages[page] != NULL && i < 256; i++) {
                if (c->tables[t].pages[page][i] == 0) continue;
                int64_t *sum = character_table_at(&c->tables[0], page << 8 | i);
                if (sum == NULL) return error_memory(256 * sizeof(int64_t), "characters");
                *sum += c->tables[t].pages[page][i];
            }
        }
    }
    return MASKE_OK;
}

typedef struct letter { uint32_t character; int64_t count; } letter;

static int by_count(const void *a, const void *b) {         /* most frequent first, of equals the smaller */
    const letter *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->character < y->character ? -1 : x->character > y->character;
}
static int by_character(const void *a, const void *b) {
    const letter *x = a, *y = b;
    return x->character < y->character ? -1 : x->character > y->character;
}

static maske_status choose(uint32_t **out, size_t *count, size_t *dropped, const character_table *table,
                           int64_t limit) {
    size_t letters_capacity = 0, found = 0;
    letter *letters = NULL;
    maske_status status = MASKE_OK;
    for (uint32_t page = 0; page < CHARACTER_LIMIT >> 8; page++) {
        for (uint32_t i = 0; table->pages[page] != NULL && i < 256 && status == MASKE_OK; i++) {
            if (table->pages[page][i] == 0) continue;
            status = memory_reserve(&letters, &letters_capacity, found + 1, sizeof *letters, "characters");
            if (status == MASKE_OK) letters[found++] = (letter){page << 8 | i, table->pages[page][i]};
        }
    }
    size_t kept = limit > 0 && (uint64_t)limit < found ? (size_t)limit : found;
    if (status == MASKE_OK) status = memory_new(out, kept, sizeof **out, "characters");
    if (status == MASKE_OK) {
        if (kept < found) {
            qsort(letters, found, sizeof *letters, by_count);
            qsort(letters, kept, sizeof *letters, by_character);
        }
        for (size_t i = 0; i < kept; i++) (*out)[i] = letters[i].character;
        *count = kept;
        *dropped = found - kept;
    }
    free(letters);
    return status;
}

maske_status alphabet_choose(uint32_t **out, size_t *count, size_t *dropped, const word_counts *words,
        const uint32_t *initial, size_t initial_count, int64_t limit, int threads) {
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    counting c = {.words = words};
    TRY(memory_new(&c.tables, (size_t)threads, sizeof *c.tables, "characters"));
    maske_status status = count_characters(&c, threads);
    for (size_t i = 0; i < initial_count && status == MASKE_OK; i++) {
        int64_t *place = character_table_at(&c.tables[0], initial[i]);
        if (place == NULL) status = error_memory(256 * sizeof(int64_t), "characters");
        else *place = INT64_MAX;
    }
    if (status == MASKE_OK) status = choose(out, count, dropped, &c.tables[0], limit);
    for (int t = 0; t < threads; t++) character_table_free(&c.tables[t]);
    free(c.tables);
    return status;
}
