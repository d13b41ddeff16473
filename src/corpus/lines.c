/* corpus/lines.c: from bytes to blocks of whole, valid lines. */
#include "corpus/lines.h"
#include "base/utf8.h"

enum { PIECE = 256 << 10 };         /* read and checked at a time, so that the check finds it in the cache */

void line_reader_start(line_reader *r, source *s, size_t longest) {
    r->source = s;
    r->longest = longest;
    buffer_clear(&r->text);
    r->given = r->checked = 0;
    r->at_start = true;
    r->at_end = false;
    r->lines = 0;
}

int64_t count_line_ends(const char *text, size_t length) {
    int64_t count = 0;
    while (length > 0) {            /* sums of up to 255 ones fit a byte: what compilers turn into wide code */
        size_t part = length < 255 * 64 ? length : 255 * 64;
        unsigned char sums[64] = {0};
        size_t whole = part / 64 * 64;
        for (size_t i = 0; i < whole; i += 64)
            for (size_t j = 0; j < 64; j++) sums[j] = (unsigned char)(sums[j] + (text[i + j] == '\n'));
        for (size_t j = 0; j < 64; j++) count += sums[j];
        for (size_t i = whole; i < part; i++) count += text[i] == '\n';
        text += part;
        length -= part;
    }
    return count;
}

/* Checks the bytes behind `checked`, repairs what is wrong in them; an unfinished character waits for more. */
static maske_status check_new_bytes(line_reader *r) {
    buffer *text = &r->text;
    r->checked += utf8_valid_prefix(text->data + r->checked, text->length - r->checked);
    if (r->checked == text->length) return MASKE_OK;
    size_t tail = r->at_end ? 0 : utf8_cut(text->data + r->checked, text->length - r->checked);
    size_t wrong = text->length - r->checked - tail;
    if (wrong == 0) return MASKE_OK;
    if (r->first_replaced == 0) r->first_replaced = r->lines + count_line_ends(text->data, r->checked) + 1;
    buffer_clear(&r->spare);
    TRY(utf8_repair(&r->spare, text->data + r->checked, wrong, &r->replaced));
    TRY(buffer_add(&r->spare, text->data + text->length - tail, tail));
    text->length = r->checked;
    TRY(buffer_add(text, r->spare.data, r->spare.length));
    r->checked = text->length - tail;
    return MASKE_OK;
}

/* Reads until `wanted` checked bytes are there, or the file ends. */
static maske_status fill(line_reader *r, size_t wanted) {
    while (!r->at_end && r->checked < wanted) {
        size_t got = 0;
        TRY(buffer_reserve(&r->text, PIECE));
        TRY(source_read(r->source, r->text.data + r->text.length, PIECE, &got));
        r->text.length += got;
        r->at_end = got < PIECE;
        if (r->at_start) {
            static const char mark[] = "\xEF\xBB\xBF";
            if (r->text.length >= 3 && memcmp(r->text.data, mark, 3) == 0) {
                memmove(r->text.data, r->text.data + 3, r->text.length - 3);
                r->text.length -= 3;
            }
            r->at_start = false;
        }
        TRY(check_new_bytes(r));
    }
    return MASKE_OK;
}

/* Drops the block that was given out; the rest moves to the front. */
static void drop_given(line_reader *r) {
    if (r->given == 0) return;
    memmove(r->text.data, r->text.data + r->given, r->text.length - r->given);
    r->text.length -= r->given;
    r->checked -= r->given;
    r->given = 0;
}

/* Removes each \r that stands before a \n; returns the new length. */
static size_t drop_carriage_returns(char *text, size_t length) {
    char *end = text + length, *from = memchr(text, '\r', length);
    if (from == NULL) return length;
    char *to = from;
    while (from < end) {            /* *from is \r */
        if (from + 1 < end && from[1] == '\n') from++;
        char *next = from + 1 < end ? memchr(from + 1, '\r', (size_t)(end - from - 1)) : NULL;
        if (next == NULL) next = end;
        memmove(to, from, (size_t)(next - from));
        to += next - from;
        from = next;
    }
    return (size_t)(to - text);
}

/* The first `longest` bytes of a line that has more, less what would split a character, as a line of its own. */
static maske_status give_cut_line(line_reader *r, char **block, size_t *length) {
    size_t size = r->longest;
    while (size > 1 && utf8_is_continuation(r->text.data[size])) size--;
    buffer_clear(&r->spare);
    TRY(buffer_add(&r->spare, r->text.data, size));
    TRY(buffer_add(&r->spare, "\n", 1));
    r->given = size;
    r->lines++;
    r->cut++;
    *block = r->spare.data;
    *length = r->spare.length;
    return MASKE_OK;
}

maske_status line_reader_next(line_reader *r, char **block, size_t *length) {
    *length = 0;
    drop_given(r);
    TRY(fill(r, LINES_BLOCK));
    /* the first line's ending; only this line can be too long, for it alone began in an earlier block */
    const char *first = NULL;
    for (;;) {
        first = r->checked > 0 ? memchr(r->text.data, '\n', r->checked) : NULL;
        if (first != NULL || r->at_end || r->checked > r->longest + 1) break;
        TRY(fill(r, r->checked + LINES_BLOCK));
    }
    if (r->checked == 0) return MASKE_OK;
    size_t first_size = first != NULL ? (size_t)(first - r->text.data) : r->checked;
    if (first_size > 0 && first_size == r->longest + 1 && r->text.data[first_size - 1] == '\r') first_size--;
    if (first_size > r->longest) return give_cut_line(r, block, length);
    if (r->at_end && r->text.data[r->checked - 1] != '\n') {
        TRY(buffer_add(&r->text, "\n", 1));
        r->checked = r->text.length;
    }
    const char *last = memrchr(r->text.data, '\n', r->checked);
    r->given = (size_t)(last - r->text.data) + 1;
    *block = r->text.data;
    *length = drop_carriage_returns(r->text.data, r->given);
    r->lines += count_line_ends(*block, *length);
    return MASKE_OK;
}

void line_reader_free(line_reader *r) {
    buffer_free(&r->text);
    buffer_free(&r->spare);
    *r = (line_reader){0};
}
