/* base/utf8_vector.h: checking UTF-8 many bytes at once, where the CPU has the instructions (utf8.c chooses). */
#ifndef MASKE_BASE_UTF8_VECTOR_H
#define MASKE_BASE_UTF8_VECTOR_H

#include <stddef.h>

/* Bytes up to the first block of 64 with a fault, less a character that the last block before it cuts; length: the text
 * is valid. */
size_t utf8_valid_blocks_avx2(const unsigned char *text, size_t length);

#endif
