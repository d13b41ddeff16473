/* tokenizer/pattern.h: what Replace and Split look for: a literal text or a regular expression.
 *
 * In tokenizer.json {"String": "..."} or {"Regex": "..."}. Expressions are Oniguruma's (the library's engine), with its
 * Ruby syntax over UTF-8; Unicode classes are brought to the version of the library's engine. A search that would run
 * away is ended by limits on retries and stack and is an error, never "no match". */
#ifndef MASKE_TOKENIZER_PATTERN_H
#define MASKE_TOKENIZER_PATTERN_H

#include "base/json.h"
#include "tokenizer/aligned_text.h"

typedef struct pattern {
    char *text;                     /* as in the file */
    size_t length;
    bool is_regex;
    void *regex;                    /* compiled; NULL for a literal */
} pattern;

/* `json` is the object above. Free with pattern_free, also after a failure. */
MASKE_MUST_USE maske_status pattern_read(pattern *out, const json_t *json, const char *name);
/* The literal `text`. */
MASKE_MUST_USE maske_status pattern_new_text(pattern *out, const char *text, size_t length);
void pattern_write(json_writer *w, const pattern *self);
void pattern_free(pattern *self);

/* What a search needs beside the pattern; kept by its user and used again. `scratch` starts as NULL. */
typedef struct pattern_search {
    const pattern *wanted;
    const char *text;
    size_t length, at;              /* where the next search begins */
    size_t last_end;                /* end of the last match, SIZE_MAX: none yet */
    bool counted;                   /* the text's length was added to what its searches may cost */
    void *scratch;
} pattern_search;
/* scratch: from the search before (search->scratch), or NULL. */
static inline pattern_search pattern_search_start(const pattern *self, const char *text, size_t length, void *scratch) {
    return (pattern_search){self, text, length, 0, SIZE_MAX, false, scratch};
}
/* The next match, left to right, not overlapping; an empty match right behind the last one is skipped. *found false:
 * there is none any more. The scratch may be set also on failure. */
MASKE_MUST_USE maske_status pattern_next(pattern_search *search, bool *found, size_t *begin, size_t *end);
/* What follows are searches of another text, which owes nothing for the one before. scratch may be NULL. */
void pattern_scratch_restart(void *scratch);
void pattern_scratch_free(void *scratch);

#endif
