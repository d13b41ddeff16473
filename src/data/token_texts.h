/* data/token_texts.h: what an entry of the vocabulary puts into a text, whatever the kind of tokenizer.
 *
 * An entry is decoded behind another one (the anchor), and what it adds is its text: "▁da" and "Ġda" add " da", "da"
 * adds "da"; of WordPiece, "da" adds " da" and "##da" adds "da". So a leading space means: this piece begins a word. */
#ifndef MASKE_DATA_TOKEN_TEXTS_H
#define MASKE_DATA_TOKEN_TEXTS_H

#include "base/buffer.h"

typedef struct token_texts {
    const maske_tokenizer *tokenizer;   /* borrowed */
    int32_t anchor;                     /* -1: none found; entries are then decoded alone */
    char *anchor_text;                  /* yours through token_texts_free */
    size_t anchor_length;
} token_texts;

/* Looks for an anchor. The tokenizer must outlive it. */
MASKE_MUST_USE maske_status token_texts_open(token_texts *out, const maske_tokenizer *tokenizer);
void token_texts_free(token_texts *p);

/* The text that an entry adds behind another one; out is cleared first. *whole false: bytes of a character that is not
 * whole (or no entry at all); out is then empty. */
MASKE_MUST_USE maske_status token_text(const token_texts *p, int32_t id, buffer *out, bool *whole);

/* Whether an entry can stand for a mask: not special, whole characters of which at least one is no white space, no
 * control characters. *out holds its text then. */
MASKE_MUST_USE maske_status token_fills(const token_texts *p, int32_t id, buffer *out, bool *fills);

/* Characters of text that an entry stands for; a byte of a character counts if it is the first one. */
MASKE_MUST_USE maske_status token_characters(const token_texts *p, int32_t id, buffer *scratch, int64_t *out);

#endif
