/* tokenizer/decoder.c: applying. decoder_json.c reads and writes.
 *
 * A step reads strings->now and writes strings->next, then the two are swapped. */
#include "tokenizer/decoder_kinds.h"
#include "tokenizer/byte_level.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------ strings --- */

static maske_status end_string(string_list *list) {
    TRY(memory_reserve(&list->ends, &list->capacity, list->count + 1, sizeof *list->ends, "decoded text"));
    list->ends[list->count++] = list->text.length;
    return MASKE_OK;
}

maske_status decoder_strings_add(decoder_strings *strings, const char *text, size_t length) {
    TRY(buffer_add(&strings->now.text, text, length));
    return end_string(&strings->now);
}

void decoder_strings_free(decoder_strings *strings) {
    buffer_free(&strings->now.text);
    buffer_free(&strings->next.text);
    free(strings->now.ends);
    free(strings->next.ends);
    *strings = (decoder_strings){0};
}

static void swap_lists(decoder_strings *s) {
    string_list list = s->now;
    s->now = s->next;
    s->next = list;
}

typedef struct string { const char *text; size_t length; } string;
static string string_at(const string_list *list, size_t i) {
    size_t begin = i == 0 ? 0 : list->ends[i - 1];
    return (string){list->text.data + begin, list->ends[i] - begin};
}

static bool starts_with(string s, const char *prefix, size_t length) {
    return s.length >= length && memcmp(s.text, prefix, length) == 0;
}

/* Adds text with every `from` replaced by `to`, as Rust's str::replace: an empty `from` is found at both ends and
 * between any two characters. */
static maske_status add_replaced(buffer *out, string s, const char *from, const char *to) {
    size_t length = strlen(from), plain = 0;
    if (length == 0) {
        TRY(buffer_add_text(out, to));
        for (size_t i = 0, size; i < s.length; i += size) {
            size = utf8_size(s.text[i]);
            TRY(buffer_add(out, s.text + i, size));
            TRY(buffer_add_text(out, to));
        }
        return MASKE_OK;
    }
    for (size_t i = 0; i < s.length;) {
        const char *found = memmem(s.text + i, s.length - i, from, length);
        if (found == NULL) break;
        TRY(buffer_add(out, s.text + plain, (size_t)(found - s.text) - plain));
        TRY(buffer_add_text(out, to));
        plain = i = (size_t)(found - s.text) + length;
    }
    return buffer_add(out, s.text + plain, s.length - plain);
}

/* -------------------------------------------------------------------------------------------------------- steps --- */

/* All bytes of all tokens first, then UTF-8: a character's bytes may lie in two tokens. */
static maske_status byte_level(decoder_strings *s) {
    buffer bytes = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        size_t mark = bytes.length;
        status = buffer_reserve(&bytes, token.length);
        for (size_t at = 0, size; at < token.length && status == MASKE_OK; at += size) {
            int byte = byte_level_byte(utf8_next(token.text + at, &size));
            if (byte < 0) {                 /* not byte-level: the token stands for itself */
                bytes.length = mark;
                status = buffer_add(&bytes, token.text, token.length);
                break;
            }
            bytes.data[bytes.length++] = (char)byte;
        }
    }
    if (status == MASKE_OK) status = utf8_repair(&s->next.text, bytes.data, bytes.length, NULL);
    buffer_free(&bytes);
    return status != MASKE_OK ? status : end_string(&s->next);
}

/* English punctuation drawn to the word before, in each token by itself: so " ' " never fires across tokens. */
static maske_status add_clean(buffer *out, string s) {
    static const char *const table[][2] = {
        { " .", "." }, { " ?", "?" }, { " !", "!" }, { " ,", "," }, { " ' ", "'" }, { " n't", "n't" }, { " 'm", "'m" },
        { " do not", " don't" }, { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" }
    };
    buffer now = {0}, next = {0};
    maske_status status = buffer_add(&now, s.text, s.length);
    for (size_t i = 0; i < sizeof table / sizeof *table && status == MASKE_OK; i++) {
        buffer_clear(&next);
        status = add_replaced(&next, (string){now.data, now.length}, table[i][0], table[i][1]);
        buffer swap = now;
        now = next;
        next = swap;
    }
    if (status == MASKE_OK) status = buffer_add(out, now.data, now.length);
    buffer_free(&now);
    buffer_free(&next);
    return status;
}

static maske_status wordpiece(const decoder *d, decoder_strings *s) {
    size_t prefix = strlen(d->text);
    buffer joined = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        bool continues = starts_with(token, d->text, prefix);
        buffer_clear(&joined);
        if (i > 0 && !continues) status = buffer_add(&joined, " ", 1);
        size_t skip = i > 0 && continues ? prefix : 0;
        if (status == MASKE_OK) status = buffer_add(&joined, token.text + skip, token.length - skip);
        if (status != MASKE_OK) break;
        string whole = {joined.data, joined.length};
        status = d->cleanup && memchr(whole.text, ' ', whole.length) != NULL
                     ? add_clean(&s->next.text, whole)
                     : buffer_add(&s->next.text, whole.text, whole.length);
        if (status == MASKE_OK) status = end_string(&s->next);
    }
    buffer_free(&joined);
    return status;
}

static maske_status bpe(const decoder *d, decoder_strings *s) {
    for (size_t i = 0; i < s->now.count; i++) {
        TRY(add_replaced(&s->next.text, string_at(&s->now, i), d->text, i + 1 == s->now.count ? "" : " "));
        TRY(end_string(&s->next));
    }
    return MASKE_OK;
}

static maske_status metaspace(const decoder *d, decoder_strings *s) {
    bool first_removed = strcmp(d->prepend_scheme, "never") != 0;
    for (size_t i = 0; i < s->now.count; i++) {
        TRY(add_replaced(&s->next.text, string_at(&s->now, i), d->text, i == 0 && first_removed ? "" : " "));
        TRY(end_string(&s->next));
    }
    return MASKE_OK;
}

/* Of equal neighbours one stays; the pad token goes; what is empty then goes too. */
static maske_status ctc(const decoder *d, decoder_strings *s) {
    buffer plain = {0}, clean = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        if (i > 0) {
            string before = string_at(&s->now, i - 1);
            if (before.length == token.length && memcmp(before.text, token.text, token.length) == 0) continue;
        }
        size_t mark = s->next.text.length;
        buffer_clear(&plain);
        buffer_clear(&clean);
        status = add_replaced(&plain, token, d->text, "");
        if (status != MASKE_OK) break;
        if (d->cleanup) {
            status = add_clean(&clean, (string){plain.data, plain.length});
            if (status == MASKE_OK)
                status = add_replaced(&s->next.text, (string){clean.data, clean.length}, d->delimiter, " ");
        } else {
            status = buffer_add(&s->next.text, plain.data, plain.length);
        }
        if (status == MASKE_OK && s->next.text.length > mark) status = end_string(&s->next);
    }
    buffer_free(&plain);
    buffer_free(&clean);
    return status;
}

static int hexadecimal(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* The byte of "<0x41>", -1: another token. */
static int fallback_byte(string s) {
    if (s.length != 6 || memcmp(s.text, "<0x", 3) != 0 || s.text[5] != '>') return -1;
    int high = hexadecimal(s.text[3]), low = hexadecimal(s.text[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* A run of byte tokens is text if it is UTF-8 as a whole, else one U+FFFD a byte. */
static maske_status end_run(string_list *out, size_t begin) {
    size_t length = out->text.length - begin;
    if (length == 0) return MASKE_OK;
    if (utf8_valid_prefix(out->text.data + begin, length) == length) return end_string(out);
    out->text.length = begin;
    for (size_t i = 0; i < length; i++) {
        TRY(buffer_add_text(&out->text, "\xEF\xBF\xBD"));
        TRY(end_string(out));
    }
    return MASKE_OK;
}

static maske_status byte_fallback(decoder_strings *s) {
    size_t run = 0;                         /* where the bytes that wait begin in the text */
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        int byte = fallback_byte(token);
        if (byte >= 0) {
            TRY(buffer_add(&s->next.text, &(char){(char)byte}, 1));
            continue;
        }
        TRY(end_run(&s->next, run));
        TRY(buffer_add(&s->next.text, token.text, token.length));
        TRY(end_string(&s->next));
        run = s->next.text.length;
    }
    return end_run(&s->next, run);
}

static maske_status fuse(decoder_strings *s) {
    TRY(buffer_add(&s->next.text, s->now.text.data, s->now.text.length));
    return end_string(&s->next);
}

static maske_status strip(const decoder *d, decoder_strings *s) {
    size_t size = strlen(d->text);
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        for (int64_t n = 0; n < d->start && starts_with(token, d->text, size); n++)
            token = (string){token.text + size, token.length - size};
        for (int64_t n = 0; n < d->stop && token.length >= size; n++) {
            if (memcmp(token.text + token.length - size, d->text, size) != 0) break;
            token.length -= size;
        }
        TRY(buffer_add(&s->next.text, token.text, token.length));
        TRY(end_string(&s->next));
    }
    return MASKE_OK;
}

static maske_status replace_one(const decoder *d, string token, buffer *out, void **scratch) {
    size_t plain = 0, begin = 0, end = 0;
    pattern_search search = pattern_search_start(&d->pattern, token.text, token.length, *scratch);
    for (bool found = true; found;) {
        maske_status status = pattern_next(&search, &found, &begin, &end);
        *scratch = search.scratch;
        if (status != MASKE_OK) return status;
        if (!found) break;
        TRY(buffer_add(out, token.text + plain, begin - plain));
        TRY(buffer_add_text(out, d->text));
        plain = end;
    }
    return buffer_add(out, token.text + plain, token.length - plain);
}

static maske_status replace(const decoder *d, decoder_strings *s) {
    void *scratch = NULL;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        status = replace_one(d, string_at(&s->now, i), &s->next.text, &scratch);
        if (status == MASKE_OK) status = end_string(&s->next);
    }
    pattern_scratch_free(scratch);
    return status;
}

/* -------------------------------------------------------------------------------------------------------- whole --- */

static maske_status step(const decoder *d, decoder_strings *s) {
    if (d->kind == DECODE_SEQUENCE) {
        for (size_t i = 0; i < d->count; i++) TRY(step(d->steps[i], s));
        return MASKE_OK;
    }
    buffer_clear(&s->next.text);
    s->next.count = 0;
    maske_status status = MASKE_OK;
    switch (d->kind) {
    case DECODE_BYTE_LEVEL:    status = byte_level(s); break;
    case DECODE_WORDPIECE:     status = wordpiece(d, s); break;
    case DECODE_BPE:           status = bpe(d, s); break;
    case DECODE_METASPACE:     status = metaspace(d, s); break;
    case DECODE_CTC:           status = ctc(d, s); break;
    case DECODE_BYTE_FALLBACK: status = byte_fallback(s); break;
    case DECODE_FUSE:          status = fuse(s); break;
    case DECODE_STRIP:         status = strip(d, s); break;
    case DECODE_REPLACE:       status = replace(d, s); break;
    case DECODE_SEQUENCE:      break;
    }
    swap_lists(s);
    return status;
}

maske_status decoder_apply(const decoder *d, decoder_strings *s) {
    if (d != NULL) return step(d, s);
    buffer_clear(&s->next.text);
    s->next.count = 0;
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        if (i > 0) TRY(buffer_add(&s->next.text, " ", 1));
        TRY(buffer_add(&s->next.text, token.text, token.length));
    }
    TRY(end_string(&s->next));
    swap_lists(s);
    return MASKE_OK;
}
