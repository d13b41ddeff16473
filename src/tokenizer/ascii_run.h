/* tokenizer/ascii_run.h: the stretches of ASCII in a text, where what normalizers ask of a character is simple: blocks
 * of bytes at once, in loops that compilers turn into vector instructions. */
#ifndef MASKE_TOKENIZER_ASCII_RUN_H
#define MASKE_TOKENIZER_ASCII_RUN_H

#include <stdbool.h>
#include <stddef.h>

/* Printable ASCII and spaces: what is no control character and has no high bit. */
static inline bool ascii_is_plain(unsigned char byte) { return (unsigned char)(byte - 0x20) < 0x5F; }

/* Copies plain bytes, capital letters lowered if `lower`, up to the first that is not plain; returns how many. `out`
 * has room for `length` bytes; what stands behind those copied is of no meaning. */
static inline size_t ascii_run_copy(char *restrict out, const char *restrict text, size_t length, bool lower) {
    enum { BLOCK = 32 };
    unsigned char step = lower ? 0x20 : 0;
    size_t at = 0;
    for (; length - at >= BLOCK; at += BLOCK) {
        unsigned char odd = 0;
        for (size_t i = 0; i < BLOCK; i++) {
            unsigned char byte = (unsigned char)text[at + i], capital = (unsigned char)(byte - 'A') < 26 ? step : 0;
            odd |= (unsigned char)(byte - 0x20) < 0x5F ? 0 : 1;
            out[at + i] = (char)(byte + capital);
        }
        if (odd) break;
    }
    for (; at < length && ascii_is_plain((unsigned char)text[at]); at++)
        out[at] = (char)(text[at] + ((unsigned char)(text[at] - 'A') < 26 ? step : 0));
    return at;
}
/* Bytes up to the next ASCII byte. */
static inline size_t ascii_run_until(const char *text, size_t length) {
    size_t at = 0;
    while (at < length && (text[at] & 0x80) != 0) at++;
    return at;
}

#endif
