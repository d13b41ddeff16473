/* tokenizer/word_reader.c: reading a corpus block by block, each cut at line ends into parts that threads take.
 *
 * Every thread counts into a tally of its own. When they hold more than half of the memory allowed (the other half is
 * for the next block and for growing tables), they are put aside on disk between two blocks. At the end all is added up
 * (word_sum.c). */
#include "tokenizer/word_reader.h"
#include "base/parallel.h"
#include "tokenizer/word_sum.h"

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
    size_t memory;                  /* that the tallies may take between two blocks */
    word_spill spill;
} counting;

/* ----------------------------------------------------------------------------------------------------- one line --- */

/* Normalised text between added tokens. */
static maske_status count_words(const counting *c, worker *w, const char *text, size_t length, size_t start) {
    if (length == 0) return MASKE_OK;
    TRY(pre_tokenizer_words(c->tokenizer->pre_tokenizer, text, length, start, &w->words));
    return word_tally_add(&w->tally, w->words.text, w->words.ranges.items, w->words.ranges.count);
}

/* Text as it stands in the corpus, between added tokens. */
static maske_status count_stretch(const counting *c, worker *w, const char *text, size_t length, bool first) {
    const added_tokens *added = &c->tokenizer->added;
    const char *normal = NULL;
    size_t normal_length = 0, start = 0;
    TRY(normalizer_apply_plain(c->tokenizer->normalizer, text, length, &w->text, &normal, &normal_length, &start));
    if (!first) start = 0;
    if (!added_tokens_has(added, true)) return count_words(c, w, normal, normal_length, start);
    TRY(added_tokens_split(added, true, normal, normal_length, &w->normalized_splits));
    for (size_t i = 0; i < w->normalized_splits.count; i++) {
        added_split split = w->normalized_splits.items[i];
        if (split.id < 0)
            TRY(count_words(c, w, normal + split.begin, split.end - split.begin, start > split.begin ? start - split.begin : 0));
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

/* ---------------------------------------------------------------------------------------------------- the whole --- */

static void counting_free(counting *c) {
    for (int t = 0; t < c->threads && c->workers != NULL; t++) {
        worker *w = &c->workers[t];
        word_tally_clear(&w->tally);
        aligned_text_free(&w->text);
        added_splits_free(&w->raw_splits);
        added_splits_free(&w->normalized_splits);
        word_list_free(&w->words);
    }
    word_spill_free(&c->spill);
    free(c->workers);
    free(c->parts);
}

static maske_status add_up(word_counts *out, counting *c, const word_limits *limits) {
    word_tally **tallies = NULL;
    TRY(memory_new(&tallies, (size_t)c->threads, sizeof(word_tally *), "words"));
    for (int t = 0; t < c->threads; t++) tallies[t] = &c->workers[t].tally;
    maske_status status = word_sum(out, tallies, c->threads, &c->spill, limits);
    out->spilled = c->spill.written;
    free(tallies);
    return status;
}

maske_status word_counts_read(word_counts *out, corpus *text, const maske_tokenizer *tokenizer,
                              const word_limits *limits, const line_visitor *visitor, const maske_control *control) {
    counting c = {.tokenizer = tokenizer, .visitor = visitor, .threads = parallel_threads(control),
                  .memory = (size_t)(limits->memory > 0 ? limits->memory : 0)};
    word_counts counts = {.form = pre_tokenizer_word_form(tokenizer->pre_tokenizer)};
    const char *replacement = pre_tokenizer_replacement(tokenizer->pre_tokenizer);
    size_t size;
    if (replacement[0] != '\0') counts.replacement = utf8_next(replacement, &size);
    maske_status status = memory_new(&c.workers, (size_t)c.threads, sizeof *c.workers, "words");
    if (status == MASKE_OK) status = count_corpus(&c, text, control);
    if (status == MASKE_OK) status = add_up(&counts, &c, limits);
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
