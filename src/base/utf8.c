/* base/utf8.c: checking and repairing UTF-8. */
#include "base/utf8.h"

/* Bytes of the character at text if it is valid and whole, else 0. *wrong: how many bytes belong to the fault. */
static size_t check_one(const unsigned char *s, size_t length, size_t *wrong) {
    *wrong = 1;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    size_t size = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    unsigned char low = 0x80, high = 0xBF;      /* the second byte's range rules out overlong forms and surrogates */
    if (s[0] == 0xE0) low = 0xA0;
    if (s[0] == 0xED) high = 0x9F;
    if (s[0] == 0xF0) low = 0x90;
    if (s[0] == 0xF4) high = 0x8F;
    for (size_t i = 1; i < size; i++) {
        if (i >= length || s[i] < low || s[i] > high) { *wrong = i; return 0; }
        low = 0x80;
        high = 0xBF;
    }
    return size;
}

size_t utf8_valid_prefix(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < length) {
        uint64_t eight;
        while (length - at >= 8) {              /* plain ASCII, eight bytes a time */
            memcpy(&eight, s + at, 8);
            if (eight & 0x8080808080808080u) break;
            at += 8;
        }
        if (at == length) break;
        size_t wrong, size = check_one(s + at, length - at, &wrong);
        if (size == 0) return at;
        at += size;
    }
    return at;
}

size_t utf8_invalid_size(const char *text, size_t length) {
    size_t wrong;
    return check_one((const unsigned char *)text, length, &wrong) ? 0 : wrong;
}

maske_status utf8_repair(buffer *out, const char *text, size_t length, int64_t *replaced) {
    size_t at = 0;
    while (at < length) {
        size_t valid = utf8_valid_prefix(text + at, length - at);
        TRY(buffer_add(out, text + at, valid));
        at += valid;
        if (at == length) break;
        TRY(buffer_add(out, "\xEF\xBF\xBD", 3));
        if (replaced) ++*replaced;
        at += utf8_invalid_size(text + at, length - at);
    }
    return MASKE_OK;
}

size_t utf8_count(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += !utf8_is_continuation(text[i]);
    return count;
}
