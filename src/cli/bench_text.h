/* cli/bench_text.h: the text that speed is measured on: files, or made-up text of some megabytes.
 *
 * Made-up text: words of syllables, ten thousands of different ones, drawn as often as in real language (the n-th most
 * frequent in proportion to 1 / n), in lines of some dozen words with punctuation, numbers and capitals. It lies in a
 * file that has no name any more, so that a killed program leaves nothing. */
#ifndef MASKE_CLI_BENCH_TEXT_H
#define MASKE_CLI_BENCH_TEXT_H

#include "base/status.h"

typedef struct bench_text {
    const char *const *paths;       /* [count] what can be opened and read as often as one likes */
    size_t count;
    int descriptor;                 /* of the made-up text, -1: files were given */
    char name[32];
    const char *made_up[1];
} bench_text;

/* The files given (borrowed; regular ones alone), or made-up text of `bytes` bytes if count is 0. Not to be moved. */
MASKE_MUST_USE maske_status bench_text_open(bench_text *out, const char *const *paths, size_t count, size_t bytes);
void bench_text_close(bench_text *text);

#endif
