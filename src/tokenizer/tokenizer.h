/* tokenizer/tokenizer.h: what a maske_tokenizer is made of. Built once, then read-only but for the words it knows: threads share it.
 *
 *   text -> added tokens (raw) -> normalizer -> added tokens (normalised) -> pre_tokenizer -> model
 *        -> truncation -> post_processor -> padding -> ids -> decoder -> text
 *
 * pipeline.h runs this; tokenizer_read.c and tokenizer_write.c are its files; the trainer builds one by
 * tokenizer_new_standard and tokenizer_set_bpe. */
#ifndef MASKE_TOKENIZER_TOKENIZER_H
#define MASKE_TOKENIZER_TOKENIZER_H

#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/decoder.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/truncation.h"
#include "tokenizer/word_ids.h"
#include "tokenizer/wordpiece.h"

#define TOKENIZER_JSON_LIMIT ((size_t)256 << 20)        /* bytes of tokenizer.json */
#define TOKENIZER_VOCAB_LIMIT ((size_t)64 << 20)        /* bytes of vocab.json, vocab.txt, merges.txt */

typedef enum model_kind { MODEL_BPE, MODEL_WORDPIECE } model_kind;

/* The ids that stand around the texts: special ids, and FRAME_FIRST and FRAME_SECOND where a text's ids go. */
enum { FRAME_FIRST = -1, FRAME_SECOND = -2 };
#define FRAME_TEXT(id) ((id) == FRAME_FIRST ? 0 : 1)
typedef struct tokenizer_frame { int32_t *ids; size_t count; } tokenizer_frame;

struct maske_tokenizer {
    normalizer *normalizer;             /* NULL: none; likewise the next three */
    pre_tokenizer *pre_tokenizer;
    post_processor *post_processor;
    decoder *decoder;
    model_kind kind;
    union { bpe bpe; wordpiece wordpiece; } model;
    added_tokens added;
    truncation truncation;
    padding padding;
    int32_t special[MASKE_SPECIAL_COUNT];       /* ids by role, -1: none */
    int64_t model_max_length;           /* of tokenizer_config.json, 0: not known */
    const char *class_name;             /* the class it was read by, static text; NULL: as the file has it, or made here */
    json_t *config, *token_map;         /* what tokenizer_config.json and special_tokens_map.json said, to be saved again;
                                         * NULL: there was none */
    /* [no_special][pair], worked out of the post-processor. Without special tokens a template in a Sequence may find other
     * parts, so that frame is more than the ids left out of the other. */
    tokenizer_frame frames[2][2];
    known_words *known;                 /* words that were encoded before: threads write to it as well */
    uint64_t serial;                    /* differs between any two tokenizers of this process: keys word caches */
};

/* The model's vocabulary, whichever model it is. */
static inline const vocab *tokenizer_vocab(const maske_tokenizer *t) {
    return t->kind == MODEL_BPE ? &t->model.bpe.vocab : &t->model.wordpiece.vocab;
}

/* A tokenizer with the components that training starts from (options: pre_tokenizer, normalizer, byte_fallback), no
 * model and no added tokens: pipeline_pieces works on it, so that words can be counted. `out` is yours:
 * maske_tokenizer_free. */
MASKE_MUST_USE maske_status tokenizer_new_standard(maske_tokenizer **out, const maske_tokenizer_train_options *options);
/* Gives a tokenizer of tokenizer_new_standard its model: takes the vocabulary (left empty, also on failure), in which
 * [PAD] [UNK] [CLS] [SEP] [MASK] must be, copies the merges; adds the special tokens, the post-processor, the roles. */
MASKE_MUST_USE maske_status tokenizer_set_standard_bpe(maske_tokenizer *tokenizer, vocab *entries,
                                                       const bpe_merge *merges, size_t count);
/* The same for a WordPiece, whose pieces inside a word begin with the prefix. */
#define TOKENIZER_PIECE_PREFIX "##"
MASKE_MUST_USE maske_status tokenizer_set_standard_wordpiece(maske_tokenizer *tokenizer, vocab *entries);
/* A copy of `base` with another BPE: same components, added tokens, options; for extending. Takes the vocabulary.
 * An added token keeps its id, whether it lies in the vocabulary now or above it; if it cannot, this fails. */
MASKE_MUST_USE maske_status tokenizer_copy_with_bpe(maske_tokenizer **out, const maske_tokenizer *base, vocab *entries,
    const bpe_merge *merges, size_t count);
/* The same with another WordPiece vocabulary. */
MASKE_MUST_USE maske_status tokenizer_copy_with_wordpiece(maske_tokenizer **out, const maske_tokenizer *base, vocab *entries);
/* The decoder of a metaspace tokenizer as JSON: exact on all text without U+2581 or a leading space. */
extern const char tokenizer_metaspace_decoder[];

/* The text of tokenizer.json, added to `out`. */
MASKE_MUST_USE maske_status tokenizer_write_json(const maske_tokenizer *tokenizer, buffer *out);

/* An empty one, roles unset: for who fills it in. */
MASKE_MUST_USE maske_status tokenizer_new(maske_tokenizer **out);
/* The last step of making one: matchers of the added tokens, frames, roles by their usual names ([PAD], <pad>, ...)
 * where they are not set yet, the serial. Every function above does it. */
MASKE_MUST_USE maske_status tokenizer_finish(maske_tokenizer *tokenizer);

#endif
