/* tokenizer/byte_level.h: names for bytes. GPT-2's: every byte is shown as one printable character.
 *
 * Bytes 21-7E, A1-AC and AE-FF are the characters of the same number; the other 68, in order, are U+0100 to U+0143
 * (00 is U+0100, the space U+0120). Those of byte fallback: "<0x41>". */
#ifndef MASKE_TOKENIZER_BYTE_LEVEL_H
#define MASKE_TOKENIZER_BYTE_LEVEL_H

#include "tokenizer/aligned_text.h"

extern const uint16_t byte_level_characters[256];

static inline uint32_t byte_level_character(unsigned char byte) { return byte_level_characters[byte]; }
/* The byte that a character stands for, -1 if it is none of the 256. */
static inline int byte_level_byte(uint32_t character) {
    static const unsigned char low[0x44] = {
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11,
        0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x7F, 0x80, 0x81,
        0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x91, 0x92, 0x93,
        0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xAD };
    if (character >= 0x100) return character < 0x144 ? low[character - 0x100] : -1;
    return byte_level_characters[character] == character ? (int)character : -1;
}

/* The byte that a ByteFallback decoder takes a token for, -1: none. Entries have upper case digits, it takes
 * others too, and "<0x+5>". */
int byte_fallback_byte(const char *token, size_t length);

/* Shows all the bytes that the edit has left; each keeps its byte's origin. */
void text_edit_byte_level(text_edit *edit);

#endif
