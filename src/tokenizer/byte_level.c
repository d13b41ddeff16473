/* tokenizer/byte_level.c: the table of GPT-2's byte characters, and text shown with them; tokens that are bytes. */
#include "tokenizer/byte_level.h"

#define ROW(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#define SAME(x) ROW(x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6, x + 7)
const uint16_t byte_level_characters[256] = {
    SAME(0x100), SAME(0x108), SAME(0x110), SAME(0x118),                                     /* 00-1F */
    0x120, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, SAME(0x28), SAME(0x30), SAME(0x38),    /* 20-3F */
    SAME(0x40), SAME(0x48), SAME(0x50), SAME(0x58), SAME(0x60), SAME(0x68), SAME(0x70),     /* 40-77 */
    0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x121,                                        /* 78-7F */
    SAME(0x122), SAME(0x12A), SAME(0x132), SAME(0x13A),                                     /* 80-9F */
    0x142, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,                                        /* A0-A7 */
    0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0x143, 0xAE, 0xAF,                                        /* A8-AF */
    SAME(0xB0), SAME(0xB8), SAME(0xC0), SAME(0xC8), SAME(0xD0), SAME(0xD8), SAME(0xE0), SAME(0xE8), SAME(0xF0), SAME(0xF8)
};

void text_edit_byte_level(text_edit *edit) {
    size_t left = edit->length - edit->at;
    if (!text_edit_room(edit, 2 * left)) return;        /* no character of the 256 takes more than two bytes */
    for (; edit->at < edit->length; edit->at++) {
        char bytes[4];
        size_t size = utf8_put(bytes, byte_level_character((unsigned char)edit->source[edit->at]));
        text_edit_write(edit, bytes, size, edit->at, false);
    }
}

static int hexadecimal(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

int byte_fallback_byte(const char *token, size_t length) {
    if (length != 6 || memcmp(token, "<0x", 3) != 0 || token[5] != '>') return -1;
    /* The library's number parser takes a plus sign. */
    int high = token[3] == '+' ? 0 : hexadecimal(token[3]), low = hexadecimal(token[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}
