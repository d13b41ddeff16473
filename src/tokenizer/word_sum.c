/* tokenizer/word_sum.c: adding up part by part, each by some thread, and keeping what fits.
 *
 *   tallies, file  --a part, or a share of one-->  table  --words that occur often enough-->  block
 *
 * A table is short-lived: where much was put aside, a part is read several times, each time for a share of its words,
 * so that all threads' tables stay within half of the memory. Blocks stay: words in one array, their texts in another,
 * both as large as they need to be. When their words would take too much to learn from, the least number of
 * occurrences goes up and every block is sifted. That never drops too much: the number only reaches what the words seen
 * so far need, so all words together need it too. */
#include "tokenizer/word_sum.h"
#include "base/parallel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LEAST_LIMIT = 4096,         /* words that occur more often than this are never dropped */
    WORD_COST = 48, BYTE_COST = 12, /* what learning takes: record and lists of a word, and for each byte of it */
    TABLE_COST = 120            /* what a word takes in a table, text not counted, while that grows */
};

typedef struct word_block { counted_word *words; size_t count; char *text; } word_block;

typedef struct summing {
    word_tally *const *tallies;
    const word_spill *spill;
    word_limits limits;
    int threads;
    maske_status *statuses;         /* [threads] */
    char (*errors)[512];            /* [threads] the thread's sentence, for the calling one */
    pthread_mutex_t lock;           /* of all below */
    word_block *blocks;
    size_t block_count, block_capacity;
    int64_t least;                  /* occurrences that a word must have to be kept */
    uint64_t cost;                  /* of the words kept */
    uint64_t cost_by_count[LEAST_LIMIT];
    uint64_t different;             /* words, dropped ones too */
} summing;

static uint64_t cost_of(counted_word word) { return WORD_COST + (uint64_t)BYTE_COST * word.length; }

/* ------------------------------------------------------------------------------------------------------- blocks --- */

/* Texts lie one behind the other in the words' order. */
static void set_texts(word_block *block) {
    const char *text = block->text;
    for (size_t i = 0; i < block->count; i++) {
        block->words[i].text = text;
        text += block->words[i].length;
    }
}

/* Gives back what is not needed any more; what cannot be given back stays. */
static void shrink(word_block *block) {
    size_t length = 0;
    for (size_t i = 0; i < block->count; i++) length += block->words[i].length;
    counted_word *words = realloc(block->words, (block->count + 1) * sizeof *words);
    char *text = realloc(block->text, length + 1);
    if (words != NULL) block->words = words;
    if (text != NULL) block->text = text;
    set_texts(block);
}

/* Drops the words that occur too rarely. */
static void sift(summing *s, word_block *block) {
    size_t kept = 0;
    char *end = block->text;
    for (size_t i = 0; i < block->count; i++) {
        counted_word word = block->words[i];
        if (word.count < s->least) {
            s->cost -= cost_of(word);
            s->cost_by_count[word.count] -= cost_of(word);
            continue;
        }
        memmove(end, word.text, word.length);
        end += word.length;
        block->words[kept++] = word;
    }
    if (kept == block->count) return;
    block->count = kept;
    shrink(block);
}

/* What the words take is too much: finds the least number of occurrences with which it is not. */
static maske_status raise_least(summing *s) {
    uint64_t rest = s->cost, most = s->limits.memory > 0 ? (uint64_t)s->limits.memory : 0;
    if (rest <= most) return MASKE_OK;
    int64_t least = s->least;
    while (s->limits.prune && rest > most && least < LEAST_LIMIT) rest -= s->cost_by_count[least++];
    if (rest > most)
        return error_set(MASKE_OUT_OF_MEMORY,
                         "learning from the text's different words takes more than the %llu bytes allowed (%llu for the "
                         "first %llu words%s): allow more memory, %sor train on less text",
                         (unsigned long long)most, (unsigned long long)s->cost, (unsigned long long)s->different,
                         s->limits.prune ? ", rare ones dropped" : "",
                         s->limits.prune ? "" : "let rare words be dropped (prune), ");
    s->least = least;
    for (size_t i = 0; i < s->block_count; i++) sift(s, &s->blocks[i]);
    return MASKE_OK;
}

static maske_status add_block(summing *s, word_block block, size_t different) {
    maske_status status =
        memory_reserve(&s->blocks, &s->block_capacity, s->block_count + 1, sizeof *s->blocks, "words");
    if (status != MASKE_OK) {
        free(block.words);
        free(block.text);
        return status;
    }
    for (size_t i = 0; i < block.count; i++) {
        s->cost += cost_of(block.words[i]);
        if (block.words[i].count < LEAST_LIMIT) s->cost_by_count[block.words[i].count] += cost_of(block.words[i]);
    }
    s->different += different;
    s->blocks[s->block_count++] = block;
    sift(s, &s->blocks[s->block_count - 1]);        /* the least number may have gone up since the block was made */
    return raise_least(s);
}

/* A block of the table's words that occur at least so often. */
static maske_status block_new(word_block *out, const word_table *table, int64_t least) {
    word_block block = {0};
    size_t room = 0, bytes = 0, length = 0;
    for (size_t i = 0; i < table->short_room; i++) {
        if (table->shorts[i].count < least || table->shorts[i].count == 0) continue;
        short_key_text(&table->shorts[i].key, &length);
        room++;
        bytes += length;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (table->words[i].count < least) continue;
        room++;
        bytes += table->words[i].length;
    }
    TRY(memory_resize(&block.words, room + 1, sizeof *block.words, "words"));
    maske_status status = memory_resize(&block.text, bytes + 1, 1, "words");
    if (status != MASKE_OK) {
        free(block.words);
        return status;
    }
    char *end = block.text;
    for (size_t i = 0; i < table->short_room; i++) {
        if (table->shorts[i].count < least || table->shorts[i].count == 0) continue;
        const char *text = short_key_text(&table->shorts[i].key, &length);
        block.words[block.count++] = (counted_word){.count = table->shorts[i].count, .length = (uint32_t)length};
        memcpy(end, text, length);
        end += length;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (table->words[i].count < least) continue;
        block.words[block.count++] = table->words[i];
        memcpy(end, table->words[i].text, table->words[i].length);
        end += table->words[i].length;
    }
    set_texts(&block);
    *out = block;
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------------- parts --- */

static maske_status keep_words(summing *s, const word_table *table) {
    word_block block = {0};
    pthread_mutex_lock(&s->lock);
    int64_t least = s->least;
    pthread_mutex_unlock(&s->lock);
    TRY(block_new(&block, table, least));
    pthread_mutex_lock(&s->lock);
    maske_status status = add_block(s, block, word_table_words(table));
    pthread_mutex_unlock(&s->lock);
    return status;
}

static maske_status add_tallies(const summing *s, int part, word_table *sum) {
    for (int t = 0; t < s->threads; t++) {
        word_table *from = &s->tallies[t]->parts[part];
        if (t == 0) {
            *sum = *from;
            *from = (word_table){0};
        } else {
            TRY(word_table_add(sum, from));
            word_table_free(from);
        }
    }
    return MASKE_OK;
}

/* In how many shares a part is read, as a power of two: one thread's table takes so much at most. */
static int share_bits(const summing *s, int part) {
    const spill_part *put_aside = &s->spill->parts[part];
    uint64_t most = (uint64_t)s->limits.memory / 2 / (uint64_t)s->threads, bytes = put_aside->records * TABLE_COST;
    for (size_t i = 0; i < put_aside->count; i++) bytes += put_aside->stretches[i].length;
    int bits = 0;
    while (bits < 16 && bytes >> bits > most) bits++;
    return bits;
}

static maske_status sum_part(summing *s, int part) {
    int bits = s->spill->opened ? share_bits(s, part) : 0;
    for (uint32_t share = 0; share >> bits == 0; share++) {
        word_table sum = {0};
        word_arena arena = {0};
        maske_status status = share == 0 ? add_tallies(s, part, &sum) : MASKE_OK;
        if (status == MASKE_OK && s->spill->opened)
            status = word_spill_read(s->spill, part, (word_share){share, bits}, &sum, &arena);
        if (status == MASKE_OK) status = keep_words(s, &sum);
        word_table_free(&sum);
        word_arena_free(&arena);
        TRY(status);
    }
    return MASKE_OK;
}

static void sum_task(void *user, size_t part, int thread) {
    summing *s = user;
    if (s->statuses[thread] != MASKE_OK) return;
    s->statuses[thread] = sum_part(s, (int)part);
    if (s->statuses[thread] != MASKE_OK) snprintf(s->errors[thread], sizeof s->errors[thread], "%s", maske_error());
}

/* ---------------------------------------------------------------------------------------------------- the whole --- */

/* All blocks' words in one array; their texts become the chunks of an arena. */
static maske_status gather(word_counts *out, summing *s) {
    size_t count = 0;
    int64_t kept = 0;
    for (size_t i = 0; i < s->block_count; i++) count += s->blocks[i].count;
    TRY(memory_resize(&out->words, count + 1, sizeof *out->words, "words"));
    TRY(memory_new(&out->arenas, 1, sizeof *out->arenas, "words"));
    out->arena_count = 1;
    word_arena *arena = &out->arenas[0];
    TRY(memory_reserve(&arena->chunks, &arena->chunk_capacity, s->block_count + 1, sizeof *arena->chunks, "words"));
    for (size_t i = 0; i < s->block_count; i++) {
        word_block *block = &s->blocks[i];
        memcpy(out->words + out->count, block->words, block->count * sizeof *block->words);
        for (size_t w = 0; w < block->count; w++) kept += block->words[w].count;
        out->count += block->count;
        arena->chunks[arena->chunk_count++] = block->text;
        free(block->words);
        *block = (word_block){0};
    }
    out->pruned_words = (int64_t)(s->different - count);
    out->pruned_total = out->total - kept;
    out->least = s->least;
    return MASKE_OK;
}

static maske_status sum_all(word_counts *out, summing *s, word_spill *spill) {
    TRY(memory_new(&s->statuses, (size_t)s->threads, sizeof *s->statuses, "words"));
    TRY(memory_new(&s->errors, (size_t)s->threads, sizeof *s->errors, "words"));
    for (int t = 0; t < s->threads; t++) {
        out->total += s->tallies[t]->total;
        if (spill->opened) TRY(word_spill_write(spill, s->tallies[t]));     /* their memory is needed */
    }
    parallel_for(s->threads, WORD_PARTS, sum_task, s);
    for (int t = 0; t < s->threads; t++)
        if (s->statuses[t] != MASKE_OK) return error_set(s->statuses[t], "%s", s->errors[t]);
    for (int t = 0; t < s->threads; t++) word_tally_clear(s->tallies[t]);
    return gather(out, s);
}

maske_status word_sum(word_counts *out, word_tally *const *tallies, int threads, word_spill *spill,
                      const word_limits *limits) {
    summing *s = NULL;
    TRY(memory_new(&s, 1, sizeof *s, "words"));
    s->tallies = tallies;
    s->threads = threads;
    s->spill = spill;
    s->limits = *limits;
    s->least = 1;
    pthread_mutex_init(&s->lock, NULL);
    maske_status status = sum_all(out, s, spill);
    for (size_t i = 0; i < s->block_count; i++) {
        free(s->blocks[i].words);
        free(s->blocks[i].text);
    }
    pthread_mutex_destroy(&s->lock);
    free(s->blocks);
    free(s->statuses);
    free(s->errors);
    free(s);
    return status;
}
