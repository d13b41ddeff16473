/* corpus/text_check.c: binary files and other encodings, told from UTF-8 by their first bytes. */
#include "corpus/text_check.h"
#include "base/utf8.h"

#include <string.h>

static maske_status refuse_encoding(const char *name, const char *found, const char *from) {
    return error_set(MASKE_BAD_FILE, "%s: found %s, expected UTF-8 text (iconv -f %s -t UTF-8 converts it)", name,
                     found, from);
}

/* UTF-16 without a mark: every other byte of mostly Latin text is NUL. */
static bool every_other_is_nul(const char *bytes, size_t length, size_t first) {
    size_t nul = 0, pairs = length / 2;
    for (size_t i = 0; i < pairs; i++) nul += bytes[2 * i + first] == '\0' && bytes[2 * i + 1 - first] != '\0';
    return pairs > 1 && nul > pairs / 2;
}

/* Bytes in invalid pieces, and valid characters beyond ASCII. */
static void count_characters(const char *bytes, size_t length, bool whole, size_t *invalid, size_t *valid) {
    *invalid = *valid = 0;
    for (size_t at = 0; at < length;) {
        size_t good = utf8_valid_prefix(bytes + at, length - at);
        for (size_t i = at; i < at + good; i++) *valid += (unsigned char)bytes[i] >= 0xC0;
        at += good;
        if (at == length) break;
        size_t wrong = utf8_invalid_size(bytes + at, length - at);
        if (!whole && at + wrong == length) break;      /* perhaps a character cut by the end of what was read */
        *invalid += wrong;
        at += wrong;
    }
}

maske_status text_check(const char *bytes, size_t length, bool whole, const char *name) {
    if (length >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0) return refuse_encoding(name, "UTF-16", "UTF-16");
    if (length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0) return refuse_encoding(name, "UTF-16", "UTF-16");
    const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
    if (nul != NULL) {
        if (every_other_is_nul(bytes, length, 1)) return refuse_encoding(name, "UTF-16", "UTF-16LE");
        if (every_other_is_nul(bytes, length, 0)) return refuse_encoding(name, "UTF-16", "UTF-16BE");
        return error_set(MASKE_BAD_FILE, "%s: found a binary file (byte %zu is NUL), expected UTF-8 text", name,
                         (size_t)(nul - bytes));
    }
    /* Text in a one-byte encoding has a wrong byte for each accent, 2 % of German, 8 % of Turkish, and hardly a valid
     * character beyond ASCII. Damaged UTF-8 is the other way round, or has few wrong bytes; the shorter the text, the
     * larger the share that could be mere damage. */
    static const struct { size_t least, share; } suspicious[] = {{16, 100}, {8, 20}, {4, 3}}; /* more than 1 in share */
    size_t invalid, valid;
    bool other = false;
    count_characters(bytes, length, whole, &invalid, &valid);
    for (size_t i = 0; i < 3; i++) other |= invalid >= suspicious[i].least && invalid > length / suspicious[i].share;
    if (other && invalid > valid)
        return error_set(MASKE_BAD_FILE,
                         "%s: %zu of the first %zu bytes are not UTF-8: a binary file or another encoding, expected "
                         "UTF-8 text (iconv -f ENCODING -t UTF-8 converts it)",
                         name, invalid, length);
    return MASKE_OK;
}
