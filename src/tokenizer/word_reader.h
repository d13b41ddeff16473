/* tokenizer/word_reader.h: from raw text to counted words, on every core. */
#ifndef MASKE_TOKENIZER_WORD_READER_H
#define MASKE_TOKENIZER_WORD_READER_H

#include "corpus/corpus.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/word_count.h"

/* Somebody else who wants to see each line that is not empty, from several threads (0..threads-1), in no order. */
typedef struct line_visitor {
    maske_status (*visit)(void *user, int thread, const char *line, size_t length);
    void *user;
} line_visitor;

/* Counts the words that the tokenizer's normalizer and pre-tokenizer make of each line (without its ending); added
 * tokens are cut out and not counted. Threads count apart from each other and are added up at the end, so that the
 * counts are the same for any number of them. visitor may be NULL.
 * What passes the bound on memory is put aside in a temporary file; MASKE_OUT_OF_MEMORY: it is too little to learn
 * from all different words together, and none may be dropped (word_sum.h). *out is yours: word_counts_free. */
MASKE_MUST_USE maske_status word_counts_read(word_counts *out, corpus *text, const maske_tokenizer *tokenizer,
    const word_limits *limits, const line_visitor *visitor, const maske_control *control);

#endif
