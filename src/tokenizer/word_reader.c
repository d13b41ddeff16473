/* tokenizer/word_reader.c: reading a corpus block by block, each cut at line ends into parts that threads take.
 *
 * Every thread counts into a tally of its own. When they hold more than half of the memory allowed (the other half is
 * for adding up), they are put aside on disk between two blocks. At the end each part is added up over all tallies and
 * what was put aside, by some thread. */
#include "tokenizer/word_reader.h"
#include "base/parallel.h"
#include "tokenizer/word_spill.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TASK_BYTES = 64 << 10 };     /* of text, at least */

typedef struct worker {
    word_tally tally;
    aligned_text text;              /* scratch from here on */
    added_splits raw_splits, normalized_splits;
    word_list words;
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
    size_t memory;                  /* that the tallies may take between two blocks, and the sum at the end */
    _Atomic size_t summed;          /* bytes of the sum so far */
    word_spill spill;
    counted_word *words[WORD_PARTS];        /* [word_count] of each part, added up */
    size_t word_count[WORD_PARTS];
} counting;

/* ----------------------------------------------------------------------------------------------------- one line --- */

/* Normalised text between added tokens. */
static maske_status count_words(const counting *c, worker *w, const char *text, size_t length, bool at_start) {
    if (length == 0) return MASKE_OK;
    TRY(pre_tokenizer_words(c->tokenizer->pre_tokenizer, text, length, at_start, &w->words));
    return word_tally_add(&w->tally, w->words.text, w->words.ranges.items, w->words.ranges.count);
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

static void keep_error(worker *w) {
    if (w->status != MASKE_OK && w->error[0] == '\0') snprintf(w->error, sizeof w->error, "%s", maske_error());
}

static maske_status first_failure(const counting *c) {
    for (int t = 0; t < c->threads; t++)
        if (c->workers[t].status != MASKE_OK) return error_set(c->workers[t].status, "%s", c->workers[t].error);
    return MASKE_OK;
}

/* Puts the tallies aside once they have grown too large: half is left for the next block and for growing tables. */
static maske_status stay_within_memory(counting *c) {
    size_t bytes = 0;
    for (int t = 0; t < c->threads; t++) bytes += word_tally_bytes(&c->workers[t].tally);
    if (bytes <= c->memory / 2) return MASKE_OK;
    for (int t = 0; t < c->threads; t++) TRY(word_spill_write(&c->spill, &c->workers[t].tally));
    return MASKE_OK;
}

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
    keep_error(w);
}

static maske_status cut_into_parts(counting *c, size_t length) {
    c->part_count = 0;
    for (size_t begin = 0, end; begin < length; begin = end) {
        end = length;
        if (length - begin > TASK_BYTES) {
            const char *cut = memchr(c->block + begin + TASK_BYTES, '\n', length - begin - TASK_BYTES);
            if (cut != NULL) end = (size_t)(cut - c->block) + 1;
        }
        TRY(memory_reserve(&c->parts, &c->part_capacity, c->part_count + 1, sizeof *c->parts, "parts of the text"));
        c->parts[c->part_count++] = (text_range){(uint32_t)begin, (uint32_t)end};
    }
    return MASKE_OK;
}

static maske_status count_corpus(counting *c, corpus *text, const maske_control *control) {
    while (true) {
        size_t length = 0;
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "stopped while reading");
        TRY(corpus_next_block(text, &c->block, &length));
        if (length == 0) return MASKE_OK;
        TRY(cut_into_parts(c, length));
        parallel_for(c->threads, c->part_count, count_part, c);
        TRY(first_failure(c));
        TRY(stay_within_memory(c));
        corpus_totals totals = corpus_read_so_far(text);
        control_progress(control, "reading", (double)totals.file_bytes, (double)totals.file_bytes_total, "bytes");
    }
}

/* -------------------------------------------------------------------------------------------------- adding it up ---
 */

/* The different words must fit: all are needed at once to learn from. */
static maske_status check_sum(counting *c, size_t more) {
    size_t held = atomic_fetch_add(&c->summed, more) + more;
    if (held <= c->memory) return MASKE_OK;
    return error_set(MASKE_OUT_OF_MEMORY, "the text's different words take more than the %zu bytes that counting may take: "
                     "allow more memory, or train on less text", c->memory);
}

/* Part i of all tallies and of the file. The worker is that of the thread. */
static maske_status sum_part(counting *c, worker *w, size_t i) {
    word_table sum = {0};
    maske_status status = MASKE_OK;
    for (int t = 0; t < c->threads && status == MASKE_OK; t++) {
        word_table *from = &c->workers[t].tally.parts[i];
        if (t == 0) {
            sum = *from;
            *from = (word_table){0};
        } else {
            status = word_table_add(&sum, from);
            word_table_free(from);
        }
    }
    if (status == MASKE_OK) status = word_spill_read(&c->spill, (int)i, &sum, &w->tally.arena);
    if (status == MASKE_OK) status = check_sum(c, word_table_bytes(&sum));
    if (status == MASKE_OK) status = memory_new(&c->words[i], word_table_words(&sum), sizeof *c->words[i], "words");
    if (status == MASKE_OK) status = word_table_list(&sum, &w->tally.arena, c->words[i]);
    c->word_count[i] = word_table_words(&sum);
    word_table_free(&sum);
    return status;
}

static void sum_task(void *user, size_t i, int thread) {
    counting *c = user;
    worker *w = &c->workers[thread];
    if (w->status != MASKE_OK) return;
    w->status = sum_part(c, w, i);
    keep_error(w);
}

static maske_status gather(word_counts *out, counting *c) {
    parallel_for(c->threads, WORD_PARTS, sum_task, c);
    TRY(first_failure(c));
    size_t count = 0;
    for (int i = 0; i < WORD_PARTS; i++) count += c->word_count[i];
    TRY(memory_resize(&out->words, count + 1, sizeof *out->words, "words"));
    for (int i = 0; i < WORD_PARTS; i++) {
        if (c->word_count[i] > 0) memcpy(out->words + out->count, c->words[i], c->word_count[i] * sizeof *out->words);
        out->count += c->word_count[i];
        free(c->words[i]);
        c->words[i] = NULL;
    }
    TRY(memory_new(&out->arenas, (size_t)c->threads, sizeof *out->arenas, "words"));
    out->arena_count = (size_t)c->threads;
    for (int t = 0; t < c->threads; t++) {
        out->total += c->workers[t].tally.total;
        out->arenas[t] = c->workers[t].tally.arena;
        c->workers[t].tally.arena = (word_arena){0};
    }
    return MASKE_OK;
}

static void counting_free(counting *c) {
    for (int t = 0; t < c->threads && c->workers != NULL; t++) {
        worker *w = &c->workers[t];
        word_tally_clear(&w->tally);
        aligned_text_free(&w->text);
        added_splits_free(&w->raw_splits);
        added_splits_free(&w->normalized_splits);
        word_list_free(&w->words);
    }
    for (int i = 0; i < WORD_PARTS; i++) free(c->words[i]);
    word_spill_free(&c->spill);
    free(c->workers);
    free(c->parts);
}

maske_status word_counts_read(word_counts *out, corpus *text, const maske_tokenizer *tokenizer, int64_t memory,
                              const line_visitor *visitor, const maske_control *control) {
    counting c = {.tokenizer = tokenizer, .visitor = visitor, .threads = parallel_threads(control),
                  .memory = (size_t)(memory > 0 ? memory : 0)};
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
