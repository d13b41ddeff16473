/* tokenizer/bpe.h: the BPE model: a vocabulary, and merges in the order in which they were learned.
 *
 * A word is cut into characters, then the adjacent pair whose merge was learned first (lowest rank; leftmost of equals)
 * becomes one symbol, until no pair has a merge. Read-only once built, so many threads may encode. */
#ifndef MASKE_TOKENIZER_BPE_H
#define MASKE_TOKENIZER_BPE_H

#include "tokenizer/vocab.h"

#define BPE_MERGE_LIMIT (1 << 24)

typedef struct bpe_merge { int32_t left, right, id; } bpe_merge;        /* left and right become id */

typedef struct bpe_options {
    const char *unk_token;                      /* NULL: unknown characters are dropped */
    const char *continuing_subword_prefix;      /* NULL: none; stands before every character but a word's first */
    const char *end_of_word_suffix;             /* NULL: none; stands behind a word's last character */
    bool fuse_unk;                              /* a run of unknown characters becomes one unk */
    bool byte_fallback;                         /* an unknown character becomes <0xHH> for each byte, if all are there */
    bool ignore_merges;                         /* a word that is an entry is that entry, whatever the merges say */
    double dropout;                             /* as in the file, negative: null. Encoding never drops merges */
} bpe_options;

typedef struct bpe_pair { int32_t left, right; uint32_t rank; int32_t id; } bpe_pair;       /* left -1: free */
typedef struct bpe {
    vocab vocab;
    bpe_merge *merges;                          /* [merge_count] by rank; each pair once */
    size_t merge_count;
    bpe_options options;                        /* the strings are the model's own */
    bpe_pair *pairs;                            /* [pair_mask + 1], open addressing */
    size_t pair_mask;
    uint16_t *pages;                            /* [0x1100] character >> 8 to its page in characters; 0: an empty page */
    int32_t *characters;                        /* [pages, 256] the id of each single character that is an entry, or -1 */
    int32_t byte_ids[256];                      /* <0x00> .. <0xFF>, -1 where missing */
    int32_t unk_id;                             /* -1: no unk_token */
} bpe;

/* Takes the vocabulary (left empty, also on failure). merges[count] is copied; of a pair given twice the last stays, as
 * in the library. Fails if unk_token is set and not an entry, or a merge names ids that are not there. `name` is the
 * file, for errors. */
MASKE_MUST_USE maske_status bpe_build(bpe *out, vocab *entries, const bpe_merge *merges, size_t count,
    const bpe_options *options, const char *name);
void bpe_free(bpe *model);

/* The merge of a pair, NULL: none. */
const bpe_pair *bpe_find_pair(const bpe *model, int32_t left, int32_t right);

/* One encoded word, and what encoding it needs; used again and again. A zeroed structure is fresh. */
typedef struct bpe_word {
    int32_t *ids;           /* [count] */
    uint32_t *lengths;      /* [count] bytes of the word that each symbol stands for */
    size_t count, capacity;
    void *links;            /* [capacity] and the heap: for long words */
    uint64_t *heap;
    size_t link_capacity, heap_capacity;
    char *joined;           /* a character with its prefix and suffix */
    size_t joined_capacity;
} bpe_word;
/* text: one word (as the pre-tokenizer gives it), valid UTF-8, below 2^31 bytes. Where characters were dropped the
 * lengths add up to less than the word, and with a fallback of prefix or suffix bytes to more: as in the library. */
MASKE_MUST_USE maske_status bpe_encode(const bpe *model, bpe_word *word, const char *text, size_t length);
void bpe_word_free(bpe_word *word);

/* The merges that a vocabulary without them must have come from: each entry, in id order, that splits into two earlier
 * entries gets the merge of the split that the merges before it make of it, if that is two pieces; else the split with
 * the earliest halves. *merges is yours: free(). *unreached (may be NULL): entries of several characters left without. */
MASKE_MUST_USE maske_status bpe_rebuild_merges(const vocab *entries, const bpe_options *options, bpe_merge **merges,
    size_t *count, size_t *unreached);

#endif
