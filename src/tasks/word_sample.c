/* tasks/word_sample.c: every word gets a random priority; a heap keeps the lowest. */
#include "tasks/word_sample.h"
#include "base/random.h"
#include "base/utf8.h"
#include "corpus/corpus.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

typedef struct sampling {
    word_sample *sample;
    uint64_t seed;
    size_t limit;
    uint64_t words;                 /* met so far */
} sampling;

/* ----------------------------------------------------------------------------------------------------- the heap --- */

/* The next to go in front: the highest priority; of equal ones the later word. */
static bool goes_before(const sampled_word *a, const sampled_word *b) {
    return a->priority != b->priority ? a->priority > b->priority : a->number > b->number;
}

static void sift_down(sampled_word *heap, size_t count, size_t at) {
    sampled_word item = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && goes_before(&heap[child + 1], &heap[child])) child++;
        if (!goes_before(&heap[child], &item)) break;
        heap[at] = heap[child];
    }
    heap[at] = item;
}

static void sift_up(sampled_word *heap, size_t at) {
    sampled_word item = heap[at];
    for (; at > 0 && goes_before(&item, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

/* ----------------------------------------------------------------------------------------------------- the words --- */

/* From byte `at` of a line: the next word. False: there is none. */
static bool next_word(const char *line, size_t length, size_t *at, size_t *begin, size_t *end) {
    for (bool sound = false;;) {
        size_t size = 0;
        while (*at < length && unicode_is_space(utf8_next(line + *at, &size))) *at += size;
        if (*at == length) return false;
        *begin = *at;
        for (uint32_t c; *at < length && !unicode_is_space(c = utf8_next(line + *at, &size)); *at += size)
            sound = sound || (unicode_scan(c) & (SCAN_LETTER | SCAN_NUMBER));
        *end = *at;
        if (sound) return true;
    }
}

/* Copies the line, or what is near the word, whole words only. */
static maske_status keep_line(sampled_word *item, const char *line, size_t length, size_t begin, size_t end) {
    size_t from = 0, to = length;
    if (begin > WORD_SAMPLE_AROUND) {
        from = begin - WORD_SAMPLE_AROUND;
        while (from < begin && line[from] != ' ') from++;
    }
    if (length - end > WORD_SAMPLE_AROUND) {
        to = end + WORD_SAMPLE_AROUND;
        while (to > end && line[to] != ' ') to--;
    }
    item->length = to - from;
    item->begin = begin - from;
    item->end = end - from;
    return memory_copy_text(&item->line, line + from, to - from);
}

static maske_status offer(sampling *s, const sampled_word *candidate, const char *line, size_t length, size_t begin,
                          size_t end) {
    word_sample *sample = s->sample;
    bool full = sample->count == s->limit;
    if (full && !goes_before(&sample->items[0], candidate)) return MASKE_OK;
    sampled_word item = *candidate;
    TRY(keep_line(&item, line, length, begin, end));
    if (full) {
        free(sample->items[0].line);
        sample->items[0] = item;
        sift_down(sample->items, sample->count, 0);
    } else {
        sample->items[sample->count] = item;
        sift_up(sample->items, sample->count++);
    }
    return MASKE_OK;
}

static maske_status read_line(sampling *s, const char *line, size_t length) {
    uint32_t previous = WORD_LINE_START;
    for (size_t at = 0, begin, end; next_word(line, length, &at, &begin, &end);) {
        sampled_word item = {.number = s->words++, .previous = previous};
        item.priority = random_philox(s->seed, RANDOM_SAMPLE, 1, item.number).word[0];
        TRY(word_statistics_add(&s->sample->statistics, previous, line + begin, end - begin, &item.word));
        previous = item.word;
        TRY(offer(s, &item, line, length, begin, end));
    }
    return MASKE_OK;
}

static int in_text_order(const void *a, const void *b) {
    uint64_t x = ((const sampled_word *)a)->number, y = ((const sampled_word *)b)->number;
    return x < y ? -1 : x > y;
}

static maske_status read_all(sampling *s, corpus *c, const maske_control *control) {
    for (const char *block;;) {
        size_t length;
        TRY(corpus_next_block(c, &block, &length));
        if (length == 0) break;
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "reading the text was stopped");
        for (const char *line = block, *end; line < block + length; line = end + 1) {
            end = memchr(line, '\n', (size_t)(block + length - line));
            TRY(read_line(s, line, (size_t)(end - line)));
        }
    }
    if (s->sample->count == 0) return error_set(MASKE_BAD_FILE, "the text has no word");
    qsort(s->sample->items, s->sample->count, sizeof *s->sample->items, in_text_order);
    word_statistics_finish(&s->sample->statistics);
    return MASKE_OK;
}

maske_status word_sample_read(word_sample *out, const maske_text *text, uint64_t seed, size_t limit,
                              const maske_control *control) {
    word_sample sample = {0};
    sampling s = {&sample, seed, limit, 0};
    corpus *c = NULL;
    TRY(corpus_open(&c, text, control));
    maske_status status = memory_new(&sample.items, limit, sizeof *sample.items, "sampled words");
    if (status == MASKE_OK) status = read_all(&s, c, control);
    corpus_close(c);
    if (status != MASKE_OK) word_sample_free(&sample);
    else *out = sample;
    return status;
}

void word_sample_free(word_sample *s) {
    for (size_t i = 0; i < s->count; i++) free(s->items[i].line);
    free(s->items);
    word_statistics_free(&s->statistics);
    *s = (word_sample){0};
}
