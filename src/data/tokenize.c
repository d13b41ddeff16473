/* data/tokenize.c: the block is cut at line ends into parts, one task each; each part keeps its tokens until all are
 * done, then the parts are walked in order. */
#include "data/tokenize.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

enum { PART = 64 << 10 };               /* bytes of text: enough work for a task, enough tasks for many threads */
static const uint32_t blank = UINT32_MAX;

/* What a thread knows, and uses from part to part. */
typedef struct worker {
    maske_batch_encoding encoding;
    const char **lines;         /* [count] those that are not blank */
    size_t *lengths;
    size_t count, line_capacity, length_capacity;
} worker;

typedef struct part {
    const char *text;
    size_t length;
    int32_t *ids;               /* of all lines, end to end */
    size_t id_capacity;
    uint32_t *line_counts;      /* [lines]: tokens of each line, or blank */
    size_t lines, line_capacity;
    maske_status status;
    error_text error;           /* the worker thread's sentence */
} part;

struct tokenize {
    const maske_tokenizer *tokenizer;
    int threads;
    worker *workers;            /* [threads] */
    part *parts;                /* [part_capacity], zeroed or used before */
    size_t part_count, part_capacity;
};

maske_status tokenize_new(tokenize **out, const maske_tokenizer *tokenizer, int threads) {
    tokenize *t;
    TRY(memory_new(&t, 1, sizeof *t, "a tokenizing run"));
    t->tokenizer = tokenizer;
    t->threads = threads;
    maske_status status = memory_new(&t->workers, (size_t)threads, sizeof *t->workers, "a tokenizing run");
    if (status == MASKE_OK) *out = t;
    else free(t);
    return status;
}

void tokenize_free(tokenize *t) {
    if (t == NULL) return;
    for (int i = 0; i < t->threads; i++) {
        maske_batch_encoding_free(&t->workers[i].encoding);
        free(t->workers[i].lines);
        free(t->workers[i].lengths);
    }
    for (size_t i = 0; i < t->part_capacity; i++) {
        free(t->parts[i].ids);
        free(t->parts[i].line_counts);
    }
    free(t->parts);
    free(t->workers);
    free(t);
}

static bool is_blank(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t') return false;
    return true;
}

static maske_status add_line(part *p, worker *w, const char *line, size_t length) {
    TRY(memory_reserve(&p->line_counts, &p->line_capacity, p->lines + 1, sizeof *p->line_counts, "lines of tokens"));
    p->line_counts[p->lines++] = is_blank(line, length) ? blank : 0;
    if (p->line_counts[p->lines - 1] == blank) return MASKE_OK;
    TRY(memory_reserve(&w->lines, &w->line_capacity, w->count + 1, sizeof *w->lines, "lines of tokens"));
    TRY(memory_reserve(&w->lengths, &w->length_capacity, w->count + 1, sizeof *w->lengths, "lines of tokens"));
    w->lines[w->count] = line;
    w->lengths[w->count++] = length;
    return MASKE_OK;
}

static maske_status keep_tokens(part *p, const worker *w) {
    size_t count = w->count > 0 ? w->encoding.ends[w->count - 1] : 0, begin = 0, next = 0;
    TRY(memory_reserve(&p->ids, &p->id_capacity, count, sizeof *p->ids, "tokens"));
    if (count > 0) memcpy(p->ids, w->encoding.ids, count * sizeof *p->ids);
    for (size_t line = 0; line < p->lines; line++) {
        if (p->line_counts[line] == blank) continue;
        size_t end = w->encoding.ends[next++];
        if (end - begin >= blank) return error_memory(SIZE_MAX, "tokens");
        p->line_counts[line] = (uint32_t)(end - begin);
        begin = end;
    }
    return MASKE_OK;
}

static maske_status tokenize_lines(const tokenize *t, part *p, worker *w) {
    static const maske_encode_options plain = {.no_special = true, .no_truncation = true, .no_padding = true};
    const char *line = p->text, *end = p->text + p->length;
    w->count = 0;
    while (line < end) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL) line_end = end;
        TRY(add_line(p, w, line, (size_t)(line_end - line)));
        line = line_end < end ? line_end + 1 : end;
    }
    TRY(maske_tokenizer_encode_batch(t->tokenizer, w->lines, w->lengths, w->count, &plain, &w->encoding));
    return keep_tokens(p, w);
}

static void tokenize_part(void *user, size_t i, int thread) {
    tokenize *t = user;
    part *p = &t->parts[i];
    p->status = tokenize_lines(t, p, &t->workers[thread]);
    if (p->status != MASKE_OK) p->error = error_keep();
}

/* Room for `count` parts; new ones are zeroed, so that they can be freed. */
static maske_status reserve_parts(tokenize *t, size_t count) {
    size_t before = t->part_capacity;
    TRY(memory_reserve(&t->parts, &t->part_capacity, count, sizeof *t->parts, "a tokenizing run"));
    if (t->part_capacity > before) memset(t->parts + before, 0, (t->part_capacity - before) * sizeof *t->parts);
    return MASKE_OK;
}

static maske_status cut_into_parts(tokenize *t, const char *block, size_t length) {
    t->part_count = 0;
    for (const char *end = block + length; block < end;) {
        const char *cut = end;
        if ((size_t)(end - block) > PART) {
            cut = memchr(block + PART, '\n', (size_t)(end - block) - PART);
            cut = cut != NULL ? cut + 1 : end;
        }
        TRY(reserve_parts(t, t->part_count + 1));
        part *p = &t->parts[t->part_count++];
        p->text = block;
        p->length = (size_t)(cut - block);
        p->lines = 0;
        p->status = MASKE_OK;
        block = cut;
    }
    return MASKE_OK;
}

maske_status tokenize_block(tokenize *t, const char *block, size_t length,
                            maske_status (*add)(void *user, const token_line *line), void *user) {
    TRY(cut_into_parts(t, block, length));
    parallel_for(t->threads, t->part_count, tokenize_part, t);
    for (size_t i = 0; i < t->part_count; i++) {
        const part *p = &t->parts[i];
        if (p->status != MASKE_OK) return error_set(p->status, "%s", p->error.text);
        const int32_t *ids = p->ids;
        for (size_t l = 0; l < p->lines; l++) {
            token_line line = {.ids = ids, .blank = p->line_counts[l] == blank};
            if (!line.blank) line.count = p->line_counts[l];
            TRY(add(user, &line));
            if (line.count > 0) ids += line.count;
        }
    }
    return MASKE_OK;
}
