/* tokenizer/wordpiece.h: the WordPiece model: the longest entry from the left, then the longest continuation, to the
 * end of the word; a word that cannot be cut so, or is too long, is one unk. */
#ifndef MASKE_TOKENIZER_WORDPIECE_H
#define MASKE_TOKENIZER_WORDPIECE_H

#include "tokenizer/bpe.h"

typedef struct wordpiece {
    vocab vocab;
    char *unk_token;
    char *continuing_subword_prefix;        /* "##" */
    int64_t max_input_chars_per_word;       /* 100 */
    int32_t unk_id;                         /* -1: the vocabulary lacks it; encoding then fails where it is needed */
    /* The longest entry in bytes, with and without the prefix: no longer piece need be looked up. */
    size_t longest_first, longest_next;
} wordpiece;

/* Takes the vocabulary (left empty, also on failure). */
MASKE_MUST_USE maske_status wordpiece_build(wordpiece *out, vocab *entries, const char *unk_token,
    const char *continuing_subword_prefix, int64_t max_input_chars_per_word);
void wordpiece_free(wordpiece *model);

/* As bpe_encode; the lengths add up to the word. */
MASKE_MUST_USE maske_status wordpiece_encode(const wordpiece *model, bpe_word *word, const char *text, size_t length);

#endif
