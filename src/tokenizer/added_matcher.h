/* tokenizer/added_matcher.h: many strings looked for at once, leftmost-longest, by the automaton of Aho and Corasick
 * ("Efficient string matching: an aid to bibliographic search", 1975). */
#ifndef MASKE_TOKENIZER_ADDED_MATCHER_H
#define MASKE_TOKENIZER_ADDED_MATCHER_H

#include "base/memory.h"

typedef struct added_matcher added_matcher;

/* An empty matcher. Yours: added_matcher_free. */
MASKE_MUST_USE maske_status added_matcher_new(added_matcher **out);
/* Adds a string that is not empty, with a number (>= 0) to know it by. *known: the number of the same string added
 * before, or -1; then nothing is changed. */
MASKE_MUST_USE maske_status added_matcher_add(added_matcher *matcher, const char *text, size_t length, int32_t number,
                                              int32_t *known);
/* Call once all strings are added. */
MASKE_MUST_USE maske_status added_matcher_finish(added_matcher *matcher);
void added_matcher_free(added_matcher *matcher);

typedef struct added_match { size_t begin, end; int32_t number; } added_match;
/* The first match at or behind `from`, the longest of those that begin there; false: none. */
bool added_matcher_next(const added_matcher *matcher, const char *text, size_t length, size_t from, added_match *out);

#endif
