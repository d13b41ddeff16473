/* tokenizer/bpe.h: the BPE model: a vocabulary, and merges in the order in which they were learned.
 *
 * A word is cut into characters, then the adjacent pair whose merge was learned first (lowest rank; leftmost of equals)
 * becomes one symbol, until no pair has a merge. Read-only once built, so many threads may encode. */
#ifndef MASKE_TOKENIZER_BPE_H
#define MASKE_TOKENIZER_BPE_H

#include "base/buffer.h"
#include "base/hash.h"
#include "tokenizer/pair_ranks.h"
#include "tokenizer/vocab.h"

#define BPE_MERGE_LIMIT (1 << 24)

typedef struct bpe_merge { int32_t left, right, id; } bpe_merge;        /* left and right become id */

typedef struct bpe_options {
    const char *unk_token;                      /* NULL: unknown characters are dropped */
    const char *continuing_subword_prefix;      /* NULL: none; stands before every character but a word's first */
    const char *end_of_word_suffix;             /* NULL: none; stands behind a word's last character */
    bool fuse_unk;                              /* a run of unknown characters becomes one unk */
    bool byte_fallback;                         /* an unknown character becomes <0xHH> for each byte, if all are entries */
    bool ignore_merges;                         /* a word that is an entry is that entry, whatever the merges say */
    double dropout;                             /* as in the file, negative: null. Encoding never drops merges */
} bpe_options;

typedef struct bpe_pair { int32_t left, right; uint32_t rank; int32_t id; } bpe_pair;       /* left -1: free */
typedef struct bpe {
    vocab vocab;
    bpe_merge *merges;                          /* [merge_count] by rank; each pair once */
    size_t merge_count, merge_capacity;
    bpe_options options;                        /* the strings are the model's own */
    bpe_pair *pairs;                            /* [pair_mask + 1], open addressing */
    size_t pair_mask;
    pair_ranks ranks;                           /* the same, quicker to ask; none where merges were added since */
    uint16_t *pages;                            /* [0x1100] character >> 8 to a page of characters; 0: an empty page */
    int32_t *characters;                        /* [pages, 256] ids of the single characters that are entries, or -1 */
    int32_t byte_level_ids[256];                /* of the characters that bytes stand for (byte_level.h), -1 where missing */
    bool takes_bytes;                           /* bpe_encode_bytes may be used */
    bool ids_by_rank;                           /* merge r makes the id first_merged + r: as training numbers them */
    int32_t first_merged;
    int32_t byte_ids[256];                      /* <0x00> .. <0xFF>, -1 where missing */
    int32_t unk_id;                             /* -1: no unk_token, or no entry: encoding fails where it is needed */
} bpe;

/* Takes the vocabulary (left empty, also on failure). merges[count] is copied; of a pair given twice the last stays, as
 * in the library. Fails if a merge names ids that are not there. `name` is the file, for errors. */
MASKE_MUST_USE maske_status bpe_build(bpe *out, vocab *entries, const bpe_merge *merges, size_t count,
    const bpe_options *options, const char *name);
void bpe_free(bpe *model);
/* Adds a merge behind all others; one that is there already is left as it is. Not while another thread reads. */
MASKE_MUST_USE maske_status bpe_add_merge(bpe *model, bpe_merge merge);

/* Where a pair is in the table, or would be. */
static inline size_t bpe_pair_slot(const bpe *model, int32_t left, int32_t right) {
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    size_t i = (size_t)hash_mix(key ^ 0x9E3779B97F4A7C15u, 0xD6E8FEB86659FD93u);
    for (i &= model->pair_mask;; i = (i + 1) & model->pair_mask) {
        const bpe_pair *pair = &model->pairs[i];
        if (pair->left < 0 || (pair->left == left && pair->right == right)) return i;
    }
}
/* The merge of a pair, NULL: none. */
static inline const bpe_pair *bpe_find_pair(const bpe *model, int32_t left, int32_t right) {
    const bpe_pair *pair = &model->pairs[bpe_pair_slot(model, left, right)];
    return pair->left < 0 ? NULL : pair;
}

/* Its rank, PAIR_RANK_NONE: none. */
static inline uint32_t bpe_rank(const bpe *model, int32_t left, int32_t right) {
    const bpe_pair *pair = bpe_find_pair(model, left, right);
    return pair == NULL ? PAIR_RANK_NONE : pair->rank;
}

/* One encoded word, and what encoding it needs; used again and again. A zeroed structure is fresh. */
typedef struct bpe_word {
    int32_t *ids;           /* [count] */
    uint32_t *lengths;      /* [count] bytes of the word that each symbol stands for */
    size_t count, capacity;
    uint32_t *ranks;        /* [capacity] short words: the rank of each symbol's merge with its right neighbour */
    uint32_t *previous, *next;      /* [capacity] long words: the symbols as a list */
    uint64_t *heap;         /* [2 * capacity] long words: merges that may be done, rank << 32 | place */
    size_t heap_capacity;
    buffer joined;          /* a character with its prefix and suffix */
} bpe_word;
/* text: one word (as the pre-tokenizer gives it), valid UTF-8, below 2^31 bytes. Where characters were dropped the
 * lengths add up to less than the word, and with a fallback of prefix or suffix bytes to more: as in the library. */
MASKE_MUST_USE maske_status bpe_encode(const bpe *model, bpe_word *word, const char *text, size_t length);
/* The same for the word that these bytes stand for in byte-level form. Only if model->takes_bytes: then every byte has an
 * entry and nothing but merges matters. */
MASKE_MUST_USE maske_status bpe_encode_bytes(const bpe *model, bpe_word *word, const char *bytes, size_t length);
/* The same two without a merge: the symbols that merging begins with. */
MASKE_MUST_USE maske_status bpe_cut(const bpe *model, bpe_word *word, const char *text, size_t length);
MASKE_MUST_USE maske_status bpe_cut_bytes(const bpe *model, bpe_word *word, const char *bytes, size_t length);
/* The same for a part of a word: `first` and `last` say which ends of the word it holds. Never a whole entry by
 * ignore_merges. */
MASKE_MUST_USE maske_status bpe_encode_part(const bpe *model, bpe_word *word, const char *text, size_t length,
                                            bool first, bool last);
/* Room for `needed` symbols. */
MASKE_MUST_USE maske_status bpe_word_reserve(bpe_word *word, size_t needed);
void bpe_word_free(bpe_word *word);

/* The merges that a vocabulary without them must have come from. Each entry, in id order, is cut by the merges found so
 * far: two pieces are its merge (true of every entry that BPE learned in this order). Where there are more, the split
 * into two entries whose larger id is smallest is taken. *merges is yours: free(). *unreached (may be NULL): entries of
 * several characters that got none. `options` may be NULL: no prefix, no suffix. */
MASKE_MUST_USE maske_status bpe_rebuild_merges(const vocab *entries, const bpe_options *options, bpe_merge **merges,
    size_t *count, size_t *unreached);

#endif
