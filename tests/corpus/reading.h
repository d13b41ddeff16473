/* tests/corpus/reading.h: a whole corpus read into one text, and a slow model of what should come out. */
#ifndef MASKE_TESTS_READING_H
#define MASKE_TESTS_READING_H

#include "base/utf8.h"
#include "corpus/corpus.h"

#include "scratch.h"

/* Reads everything by blocks, checking what holds for each: whole lines, valid. */
static inline maske_status try_reading(buffer *out, corpus_totals *totals, const char *const *paths, size_t count,
                                       const char *field) {
    maske_text text = {paths, count, field};
    corpus *c = NULL;
    TRY(corpus_open(&c, &text, NULL));
    maske_status status = MASKE_OK;
    buffer_clear(out);
    for (;;) {
        const char *block;
        size_t length = 0;
        status = corpus_next_block(c, &block, &length);
        if (status != MASKE_OK || length == 0) break;
        assert_int_equal(block[length - 1], '\n');
        assert_int_equal(utf8_valid_prefix(block, length), length);
        status = buffer_add(out, block, length);
        if (status != MASKE_OK) break;
    }
    if (status == MASKE_OK && totals != NULL) *totals = corpus_read_so_far(c);
    corpus_close(c);
    return status;
}

/* What a file gives, as text that the next call overwrites. */
static inline const char *reading(const char *path) {
    static buffer out;
    assert_ok(try_reading(&out, NULL, &path, 1, NULL));
    return out.data;
}

static inline maske_status fails_reading(const char *path) {
    buffer out = {0};
    maske_status status = try_reading(&out, NULL, &path, 1, NULL);
    buffer_free(&out);
    return status;
}

/* The rules of corpus.h for one file, one after the other over the whole text. Longest: where lines are cut. */
static inline void model_of_reading(buffer *out, const char *bytes, size_t length, size_t longest) {
    buffer valid = {0};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    assert_ok(utf8_repair(&valid, bytes, length, NULL));
    buffer_clear(out);
    for (size_t at = 0; at < valid.length;) {
        size_t end = at;
        while (end < valid.length && valid.data[end] != '\n') end++;
        size_t next = end < valid.length ? end + 1 : end;
        if (end > at && valid.data[end - 1] == '\r') end--;
        while (end - at > longest) {
            size_t size = longest;
            while (utf8_is_continuation(valid.data[at + size])) size--;
            assert_ok(buffer_add(out, valid.data + at, size));
            assert_ok(buffer_add(out, "\n", 1));
            at += size;
        }
        assert_ok(buffer_add(out, valid.data + at, end - at));
        assert_ok(buffer_add(out, "\n", 1));
        at = next;
    }
    buffer_free(&valid);
}

#endif
