/* tokenizer/decoder_kinds.h: the inside of a decoder, for its two source files. */
#ifndef MASKE_TOKENIZER_DECODER_KINDS_H
#define MASKE_TOKENIZER_DECODER_KINDS_H

#include "tokenizer/decoder.h"
#include "tokenizer/pattern.h"

typedef enum decoder_kind {
    DECODE_BYTE_LEVEL, DECODE_WORDPIECE, DECODE_BPE, DECODE_METASPACE, DECODE_CTC, DECODE_BYTE_FALLBACK, DECODE_FUSE,
    DECODE_STRIP, DECODE_REPLACE, DECODE_SEQUENCE
} decoder_kind;
struct decoder {
    decoder_kind kind;
    char *text;                     /* WordPiece: prefix; BPE: suffix; CTC: pad_token; Metaspace: replacement; Strip,
                                       Replace: content */
    char *delimiter;                /* CTC: word_delimiter_token */
    bool cleanup;                   /* WordPiece, CTC */
    bool add_prefix_space, trim_offsets, use_regex;     /* ByteLevel: kept for writing */
    char *prepend_scheme;           /* Metaspace: "always", "first", "never" */
    bool split;                     /* Metaspace: kept for writing */
    int64_t start, stop;            /* Strip: how many characters at most */
    pattern pattern;                /* Replace */
    struct decoder **steps;         /* [count] Sequence */
    size_t count;
};

#endif
