/* tokenizer/word_reader.c: reading a corpus block by block, each cut at line ends into parts that threads take.
 *
 * Every thread counts into tables of its own, TABLES of them, chosen by a word's hash. At the end table i of all
 * threads is added up into one, each i by some thread. */
#include "tokenizer/word_reader.h"
#include "base/parallel.h"
#include "tokenizer/word_table.h"

#include <stdlib.h>

enum { TABLES_BITS = 5, TABLES = 1 << TABLES_BITS, PART = 64 << 10 };       /* PART: bytes of text, one task */

typedef struct worker {
    word_table tables[TABLES];
    word_arena arena;
    aligned_text text;              /* scratch from here on */
    added_splits raw_splits, normalized_splits;
    word_list words;
    int64_t total;
    maske_status status;
    char error[1024];               /* the thread's sentence, for the calling one */
} worker;

typedef struct counting {
    const maske_tokenizer *tokenizer;
    worker *workers;                /* [threads] */
    int threads;
    text_range *parts;              /* [part_count] of the block */
    size_t part_count, part_capacity;
    const char *block;
    const line_visitor *visitor;
    size_t memory;                  /* bytes that the counts may take */
} counting;

/* ----------------------------------------------------------------------------------------------------- one line --- */

static maske_status count_word(worker *w, const char *text, size_t length) {
    uint64_t hash = hash_bytes(text, length);
    word_table *table = &w->tables[hash >> (64 - TABLES_BITS)];
    counted_word *known = word_table_find(table, (uint32_t)hash, text, length);
    w->total++;
    if (known != NULL) {
        known->count++;
        return MASKE_OK;
    }
    counted_word word = {.count = 1, .length = (uint32_t)length, .hash = (uint32_t)hash};
    TRY(word_arena_copy(&w->arena, &word.text, text, length));
    return word_table_insert(table, word);
}

/* Normalised text between added tokens. */
static maske_status count_words(const counting *c, worker *w, const char *text, size_t length, bool at_start) {
    if (length == 0) return MASKE_OK;
    TRY(pre_tokenizer_words(c->tokenizer->pre_tokenizer, text, length, at_start, &w->words));
    for (size_t i = 0; i < w->words.ranges.count; i++) {
        text_range range = w->words.ranges.items[i];
        TRY(count_word(w, w->words.text + range.begin, range.end - range.begin));
    }
    return MASKE_OK;
}

/* Text as it stands in the corpus, between added tokens. */
static maske_status count_stretch(const counting *c, worker *w, const char *text, size_t length, bool first) {
    const added_tokens *added = &c->tokenizer->added;
    const char *normal = NULL;
    size_t normal_length = 0;
    bool at_start = false;
    TRY(normalizer_apply_plain(c->tokenizer->normalizer, text, length, &w->text, &normal, &normal_length, &at_start));
    at_start = at_start && first;
    if (!added_tokens_has(added, true)) return count_words(c, w, normal, normal_length, at_start);
    TRY(added_tokens_split(added, true, normal, normal_length, &w->normalized_splits));
    for (size_t i = 0; i < w->normalized_splits.count; i++) {
        added_split split = w->normalized_splits.items[i];
        if (split.id < 0)
            TRY(count_words(c, w, normal + split.begin, split.end - split.begin, at_start && split.begin == 0));
    }
    return MASKE_OK;
}

static maske_status count_line(const counting *c, worker *w, const char *line, size_t length) {
    const added_tokens *added = &c->tokenizer->added;
    if (!added_tokens_has(added, false)) return count_stretch(c, w, line, length, true);
    TRY(added_tokens_split(added, false, line, length, &w->raw_splits));
    for (size_t i = 0; i < w->raw_splits.count; i++) {
        added_split split = w->raw_splits.items[i];
        if (split.id < 0) TRY(count_stretch(c, w, line + split.begin, split.end - split.begin, split.begin == 0));
    }
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- the corpus ---
 */

static void count_part(void *user, size_t i, int thread) {
    counting *c = user;
    worker *w = &c->workers[thread];
    const char *line = c->block + c->parts[i].begin, *end = c->block + c->parts[i].end;
    while (line < end && w->status == MASKE_OK) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL) line_end = end;
        size_t length = (size_t)(line_end - line);
        if (length > 0) w->status = count_line(c, w, line, length);
        if (length > 0 && c->visitor != NULL && w->status == MASKE_OK)
            w->status = c->visitor->visit(c->visitor->user, thread, line, length);
        line = line_end + 1;
    }
    if (w->status != MASKE_OK && w->error[0] == '\0') {
        size_t length = strlen(maske_error());
        memcpy(w->error, maske_error(), length + 1);
    }
}

static maske_status cut_into_parts(counting *c, size_t length) {
    c->part_count = 0;
    for (size_t begin = 0, end; begin < length; begin = end) {
        end = length;
        if (length - begin > PART) {
            const char *cut = memchr(c->block + begin + PART, '\n', length - begin - PART);
            if (cut != NULL) end = (size_t)(cut - c->block) + 1;
        }
        TRY(memory_reserve(&c->parts, &c->part_capacity, c->part_count + 1, sizeof *c->parts, "parts of the text"));
        c->parts[c->part_count++] = (text_range){(uint32_t)begin, (uint32_t)end};
    }
    return MASKE_OK;
}

/* What the words counted so far take; growing a table takes as much again for a moment. */
static size_t bytes_held(const counting *c) {
    size_t bytes = 0;
    for (int t = 0; t < c->threads; t++) {
        bytes += c->workers[t].arena.bytes;
        for (int i = 0; i < TABLES; i++) {
            const word_table *table = &c->workers[t].tables[i];
            bytes += table->slot_count * sizeof *table->slots + table->capacity * sizeof *table->words;
        }
    }
    return bytes;
}

static maske_status check_memory(const counting *c, corpus_totals totals) {
    size_t held = bytes_held(c);
    if (held <= c->memory) return MASKE_OK;
    return error_set(
        MASKE_OUT_OF_MEMORY,
        "the different words of the first %lld bytes of text take %zu bytes, which is more than the %zu that "
        "counting may take: allow more memory, or train on less text",
        (long long)totals.bytes, held, c->memory);
}

static maske_status count_corpus(counting *c, corpus *text, const maske_control *control) {
    while (true) {
        size_t length = 0;
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "stopped while reading");
        TRY(corpus_next_block(text, &c->block, &length));
        if (length == 0) return MASKE_OK;
        TRY(cut_into_parts(c, length));
        parallel_for(c->threads, c->part_count, count_part, c);
        for (int t = 0; t < c->threads; t++)
            if (c->workers[t].status != MASKE_OK) return error_set(c->workers[t].status, "%s", c->workers[t].error);
        corpus_totals totals = corpus_read_so_far(text);
        TRY(check_memory(c, totals));
        control_progress(control, "reading", (double)totals.file_bytes, (double)totals.file_bytes_total, "bytes");
    }
}

/* -------------------------------------------------------------------------------------------------- adding it up ---
 */

/* Table i of every thread into that of the first. A thread's failure goes where worker i % threads keeps it. */
static void merge_tables(void *user, size_t i, int thread) {
    counting *c = user;
    word_table *into = &c->workers[0].tables[i];
    maske_status status = MASKE_OK;
    for (int t = 1; t < c->threads; t++) {
        word_table *from = &c->workers[t].tables[i];
        for (size_t j = 0; j < from->count && status == MASKE_OK; j++) {
            counted_word *known =
                word_table_find(into, from->words[j].hash, from->words[j].text, from->words[j].length);
            if (known != NULL) known->count += from->words[j].count;
            else status = word_table_insert(into, from->words[j]);
        }
        word_table_free(from);
    }
    if (status != MASKE_OK) c->workers[thread].status = status;
}

static maske_status gather(word_counts *out, counting *c) {
    parallel_for(c->threads, TABLES, merge_tables, c);
    for (int t = 0; t < c->threads; t++) {
        if (c->workers[t].status != MASKE_OK) return error_memory(sizeof(counted_word), "words");
        out->total += c->workers[t].total;
    }
    word_table *tables = c->workers[0].tables;
    for (int i = 0; i < TABLES; i++) out->count += tables[i].count;
    TRY(memory_resize(&out->words, out->count + 1, sizeof *out->words, "words"));
    out->count = 0;
    for (int i = 0; i < TABLES; i++) {
        if (tables[i].count > 0) memcpy(out->words + out->count, tables[i].words, tables[i].count * sizeof *out->words);
        out->count += tables[i].count;
        word_table_free(&tables[i]);
    }
    TRY(memory_new(&out->arenas, (size_t)c->threads, sizeof *out->arenas, "words"));
    out->arena_count = (size_t)c->threads;
    for (int t = 0; t < c->threads; t++) {
        out->arenas[t] = c->workers[t].arena;
        c->workers[t].arena = (word_arena){0};
    }
    return MASKE_OK;
}

static void counting_free(counting *c) {
    for (int t = 0; t < c->threads && c->workers != NULL; t++) {
        worker *w = &c->workers[t];
        for (int i = 0; i < TABLES; i++) word_table_free(&w->tables[i]);
        word_arena_free(&w->arena);
        aligned_text_free(&w->text);
        added_splits_free(&w->raw_splits);
        added_splits_free(&w->normalized_splits);
        word_list_free(&w->words);
    }
    free(c->workers);
    free(c->parts);
}

maske_status word_counts_read(word_counts *out, corpus *text, const maske_tokenizer *tokenizer, int64_t memory,
                              const line_visitor *visitor, const maske_control *control) {
    counting c = {
        .tokenizer = tokenizer, .visitor = visitor, .memory = (size_t)memory, .threads = parallel_threads(control)};
    word_counts counts = {.form = pre_tokenizer_word_form(tokenizer->pre_tokenizer)};
    const char *replacement = pre_tokenizer_replacement(tokenizer->pre_tokenizer);
    size_t size;
    if (replacement[0] != '\0') counts.replacement = utf8_next(replacement, &size);
    maske_status status = memory_new(&c.workers, (size_t)c.threads, sizeof *c.workers, "words");
    if (status == MASKE_OK) status = count_corpus(&c, text, control);
    if (status == MASKE_OK) status = gather(&counts, &c);
    counting_free(&c);
    if (status == MASKE_OK) *out = counts;
    else word_counts_free(&counts);
    return status;
}

maske_status word_spell(const word_counts *words, counted_word word, buffer *out) {
    buffer_clear(out);
    if (words->form == WORD_AS_IS) return buffer_add(out, word.text, word.length);
    TRY(buffer_reserve(out, (size_t)word.length * 4));
    for (size_t at = 0, size = 0; at < word.length; at += size)
        out->length += utf8_put(out->data + out->length, word_character(words, word.text + at, &size));
    return MASKE_OK;
}

void word_counts_free(word_counts *counts) {
    for (size_t i = 0; i < counts->arena_count; i++) word_arena_free(&counts->arenas[i]);
    free(counts->arenas);
    free(counts->words);
    *counts = (word_counts){0};
}
