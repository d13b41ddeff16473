/* tokenizer/pattern_classes.h: regular expressions of the library's Unicode version on an older engine.
 *
 * The library's wheel brings Oniguruma with Unicode 16.0; a system's may be older (Debian 12: 6.9.8, Unicode 14.0), and
 * \p{L} would miss letters that cut words. So classes in a pattern are written out with what is newer:
 *
 *     \p{Lu}+      becomes     [\p{Lu}\x{1C89}\x{A7CB}-\x{A7CC}...]+
 *
 * Understood are general categories by their short and long names, \w \d \b and their opposites, [:alpha:] and its kin
 * within brackets, and the scripts of living languages. Under (?W), (?D) and (?P), which leave ASCII alone in them, they
 * stay as they are. On a newer engine nothing changes. Left as they are: which new letters are each other's upper and lower
 * case under (?i), and rarer properties (Emoji ...). */
#ifndef MASKE_TOKENIZER_PATTERN_CLASSES_H
#define MASKE_TOKENIZER_PATTERN_CLASSES_H

#include "base/buffer.h"

/* Adds the pattern to `out`, its classes brought up to date. */
MASKE_MUST_USE maske_status pattern_classes_update(buffer *out, const char *text, size_t length);

#endif
