/* tokenizer/split_scan.c: the alternatives of the pattern, in their order, as branches on the class of a character:
 *
 *     (?i:'s|'t|'re|'ve|'m|'ll|'d)        contraction
 *     [^\r\n\p{L}\p{N}]?\p{L}+            letters, behind one character that is neither letter, number nor line end
 *     \p{N}{1,3}                          numbers
 *      ?[^\s\p{L}\p{N}]+[\r\n]*           others, behind one U+0020, with the line ends that follow
 *     \s*[\r\n]+                          spaces up to the last line end among them
 *     \s+(?!\S)                           spaces, but for the last one where something else follows
 *     \s+                                 a single space that is left over */
#include "tokenizer/split_scan.h"

#include "tokenizer/unicode.h"

#define BEFORE_NUMBERS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
#define BEHIND_NUMBERS "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
enum { ANY_CLASS = SCAN_LETTER | SCAN_NUMBER | SCAN_SPACE };

size_t split_scan_digits(const char *pattern) {
    if (strcmp(pattern, BEFORE_NUMBERS "{1,3}" BEHIND_NUMBERS) == 0) return 3;
    return strcmp(pattern, BEFORE_NUMBERS BEHIND_NUMBERS) == 0 ? 1 : 0;
}

typedef struct scanned {
    const char *text;
    size_t length;
} scanned;

/* The class of the character at a place: one of three bits, or 0; *size its bytes, 0 at the end. */
static inline unsigned class_at(const scanned *s, size_t at, size_t *size) {
    *size = 0;
    return at < s->length ? unicode_scan(utf8_next(s->text + at, size)) & ANY_CLASS : 0;
}
static inline bool is_line_end(const scanned *s, size_t at) {
    return at < s->length && (s->text[at] == '\r' || s->text[at] == '\n');
}

/* Behind the run of a class (0: of others) that begins at `at`. */
static inline size_t run_end(const scanned *s, size_t at, unsigned class) {
    for (size_t size; class_at(s, at, &size) == class && size > 0;) at += size;
    return at;
}

/* Bytes of what stands behind an apostrophe, 0: no contraction. U+017F is an s where case does not matter. */
static size_t contraction(const scanned *s, size_t at) {
    char first = at < s->length ? (char)(s->text[at] | 0x20) : '\0',
         second = at + 1 < s->length ? (char)(s->text[at + 1] | 0x20) : '\0';
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 1;
    if (at + 1 < s->length && s->text[at] == '\xC5' && s->text[at + 1] == '\xBF') return 2;
    return (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l') ? 2
                                                                                                                 : 0;
}

static size_t numbers_end(const scanned *s, size_t at, size_t most) {
    for (size_t size; most > 0 && class_at(s, at, &size) == SCAN_NUMBER; most--) at += size;
    return at;
}

static size_t others_end(const scanned *s, size_t at) {
    at = run_end(s, at, 0);
    while (is_line_end(s, at)) at++;
    return at;
}

static size_t spaces_end(const scanned *s, size_t begin) {
    size_t at = begin, last = begin, line_end = 0, size;
    for (; class_at(s, at, &size) == SCAN_SPACE; at += size) {
        if (is_line_end(s, at)) line_end = at + 1;
        last = at;
    }
    if (line_end > 0) return line_end;
    return at == s->length || last == begin ? at : last;
}

static inline size_t match_end(const scanned *s, size_t at, size_t digits) {
    size_t size, next_size;
    unsigned class = class_at(s, at, &size);
    if (class == SCAN_LETTER) return run_end(s, at + size, SCAN_LETTER);
    if (class == SCAN_NUMBER) return numbers_end(s, at, digits);
    if (s->text[at] == '\'') {
        size_t taken = contraction(s, at + 1);
        if (taken > 0) return at + 1 + taken;
    }
    unsigned next = class_at(s, at + size, &next_size);
    if (next == SCAN_LETTER && !is_line_end(s, at)) return run_end(s, at + size + next_size, SCAN_LETTER);
    if (class == 0) return others_end(s, at);
    if (s->text[at] == ' ' && next == 0 && next_size > 0) return others_end(s, at + size);
    return spaces_end(s, at);
}

maske_status split_scan_cut(size_t digits, const char *text, size_t length, range_list *out) {
    scanned s = {text, length};
    for (size_t at = 0, end; at < length; at = end) {
        end = match_end(&s, at, digits);
        TRY(range_list_add(out, at, end));
    }
    return MASKE_OK;
}
