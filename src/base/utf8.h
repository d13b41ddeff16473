/* base/utf8.h: UTF-8 as the Unicode standard defines it (RFC 3629: no surrogates, no overlong forms, at most
 * U+10FFFF). Everything inside maske is valid UTF-8; only what comes from outside is checked. */
#ifndef MASKE_BASE_UTF8_H
#define MASKE_BASE_UTF8_H

#include "base/buffer.h"

/* The character at the start of valid, non-empty text; *size its bytes. */
static inline uint32_t utf8_next(const char *text, size_t *size) {
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) { *size = 1; return s[0]; }
    if (s[0] < 0xE0) { *size = 2; return (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F); }
    if (s[0] < 0xF0) { *size = 3; return (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F); }
    *size = 4;
    return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 | (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
}
/* Bytes of the character whose first byte this is (valid text). */
static inline size_t utf8_size(char first) {
    unsigned char c = (unsigned char)first;
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}
/* Writes a character, returns its bytes (1..4). */
static inline size_t utf8_put(char out[4], uint32_t c) {
    if (c < 0x80) { out[0] = (char)c; return 1; }
    if (c < 0x800) { out[0] = (char)(0xC0 | c >> 6); out[1] = (char)(0x80 | (c & 0x3F)); return 2; }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12); out[1] = (char)(0x80 | (c >> 6 & 0x3F)); out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18); out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F)); out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}
static inline bool utf8_is_continuation(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* Bytes at the end of text, valid but for them, that begin a character whose rest is not there: 0 to 3. */
static inline size_t utf8_cut(const char *text, size_t length) {
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)text[length - back];
        if (byte >= 0xC0) return utf8_size((char)byte) > back ? back : 0;
        if (byte < 0x80) return 0;
    }
    return 0;
}

/* Bytes of the longest valid prefix. Equal to length: the text is valid. */
size_t utf8_valid_prefix(const char *text, size_t length);
/* Bytes that an invalid sequence at the start of text takes, so that the rest can be read on ("maximal subpart" of
 * the Unicode standard, section 3.9): each such piece is replaced by one U+FFFD. */
size_t utf8_invalid_size(const char *text, size_t length);
/* Adds text to out with every invalid piece replaced by U+FFFD; *replaced (may be NULL) grows by the pieces. */
MASKE_MUST_USE maske_status utf8_repair(buffer *out, const char *text, size_t length, int64_t *replaced);
/* Characters in valid text. */
size_t utf8_count(const char *text, size_t length);

#endif
