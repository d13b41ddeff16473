/* tokenizer/split_scan.h: patterns of well-known tokenizers, scanned by hand where a Split has exactly one of them:
 *
 *     GPT-4 (as its conversions write it) and Llama 3     numbers in threes
 *     Qwen 2                                              numbers one by one
 *
 * Every character is a letter, a number, a space or something else, and each of these patterns covers any text: pieces
 * are matches, with the results of the regular expression, many times as fast. */
#ifndef MASKE_TOKENIZER_SPLIT_SCAN_H
#define MASKE_TOKENIZER_SPLIT_SCAN_H

#include "tokenizer/aligned_text.h"

/* Digits that one match takes at most, 0: not such a pattern. */
size_t split_scan_digits(const char *pattern);
/* Adds the matches, which lie end to end. */
MASKE_MUST_USE maske_status split_scan_cut(size_t digits, const char *text, size_t length, range_list *out);

#endif
