/* tokenizer/tokenizer_read.h: the pieces of reading that tokenizer.json and the older files share. */
#ifndef MASKE_TOKENIZER_TOKENIZER_READ_H
#define MASKE_TOKENIZER_TOKENIZER_READ_H

#include "tokenizer/tokenizer_config.h"

/* A growing list of merges by their strings, and where they stand, for errors: "x/merges.txt: line 7". */
typedef struct merge_list {
    bpe_merge *items;
    size_t count, capacity;
    const char *name, *unit;            /* "x/merges.txt", "line" */
    size_t prefix_length;               /* bytes of the continuing_subword_prefix */
    buffer joined;                      /* scratch */
} merge_list;
/* Finds the two halves and what they make: both, and the joined token (the right half without its first prefix_length
 * bytes), must be entries. number: of the line or merge. */
MASKE_MUST_USE maske_status merge_list_add(merge_list *merges, const vocab *entries, const char *left,
                                           size_t left_length, const char *right, size_t right_length, size_t number);
/* One line, "left right": exactly one space. */
MASKE_MUST_USE maske_status merge_list_add_line(merge_list *merges, const vocab *entries, const char *line,
                                                size_t length, size_t number);
void merge_list_free(merge_list *merges);

/* A tokenizer.json, parsed: the large members of its model, vocab and merges, apart where nothing is wrong with them (a
 * value for each entry takes most of the time); else in root as all others. */
enum { PLAIN_VOCAB, PLAIN_MERGES, PLAIN_COUNT };
typedef struct tokenizer_json {
    json_t *root;
    json_plain plain[PLAIN_COUNT];
    vocab entries;                      /* what plain[PLAIN_VOCAB] says, until it is read */
} tokenizer_json;
/* A text that is a JSON object; name: the file, for errors. entries: it is a vocab.json, so the whole is plain[PLAIN_VOCAB],
 * or root. Yours: tokenizer_json_free. */
MASKE_MUST_USE maske_status tokenizer_json_parse(tokenizer_json *out, const char *text, size_t length,
                                                 const char *name, bool entries);
void tokenizer_json_free(tokenizer_json *json);
/* {"token": id, ...} into an empty vocabulary: what was plain is taken out of `whole`, else it is read from `object`. name:
 * "x/tokenizer.json: model: vocab". */
MASKE_MUST_USE maske_status tokenizer_json_vocab(vocab *out, tokenizer_json *whole, const json_t *object, const char *name);

/* The whole tokenizer.json; name: the file, for errors. It is used up, but not freed. config may be NULL. */
MASKE_MUST_USE maske_status tokenizer_read_json(maske_tokenizer **out, tokenizer_json *json, const char *name,
                                                const tokenizer_config *config);

/* The older files. vocab.json (already parsed; used up, but not freed) with merges.txt beside it; merges_path NULL: its merges
 * are rebuilt. */
MASKE_MUST_USE maske_status tokenizer_read_vocab_json(maske_tokenizer **out, tokenizer_json *json, const char *path,
    const char *merges_path, const tokenizer_config *config);
MASKE_MUST_USE maske_status tokenizer_read_vocab_txt(maske_tokenizer **out, const char *path,
                                                     const tokenizer_config *config);

#endif
