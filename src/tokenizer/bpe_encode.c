/* tokenizer/bpe_encode.c: one word to ids.
 *
 * Both ways below do "the lowest rank first, the leftmost of equals" until nothing is left to merge:
 *   short words   keep the rank of each adjacent pair in an array, and a bit for each symbol that is left; each round is a
 *                 scan for the smallest, one merge, two look-ups. n * n, but n is small and nothing moves.
 *   long words    keep the symbols in a linked list and the possible merges in a heap of (rank, place), as the library
 *                 does; an entry that came out of date is recognised when it is popped. n log n: a megabyte of one
 *                 letter takes a moment. */
#include "tokenizer/bpe.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { SHORT_WORD = 48 };       /* symbols; from about here the heap is ahead (bench: bpe_encode) */
#define NO_RANK PAIR_RANK_NONE
#define NO_SYMBOL UINT32_MAX

/* ---------------------------------------------------------------------------------------- characters to symbols --- */

maske_status bpe_word_reserve(bpe_word *word, size_t needed) {
    if (needed <= word->capacity) return MASKE_OK;
    size_t capacity = word->capacity;
    TRY(memory_reserve(&word->ids, &capacity, needed, sizeof *word->ids, "word"));
    TRY(memory_resize(&word->lengths, capacity, sizeof *word->lengths, "word"));
    TRY(memory_resize(&word->ranks, capacity, sizeof *word->ranks, "word"));
    TRY(memory_resize(&word->previous, capacity, sizeof *word->previous, "word"));
    TRY(memory_resize(&word->next, capacity, sizeof *word->next, "word"));
    word->capacity = capacity;
    return MASKE_OK;
}

static inline void add_symbol(bpe_word *word, int32_t id, size_t length) {
    word->ids[word->count] = id;
    word->lengths[word->count++] = (uint32_t)length;
}

/* A run of unknown characters that waits for its end. */
typedef struct unknown { bool pending; size_t length; } unknown;

static inline void flush_unknown(const bpe *model, bpe_word *word, unknown *run) {
    if (run->pending) add_symbol(word, model->unk_id, run->length);
    run->pending = false;
}

/* The library's rule to the letter: byte tokens do not end a pending run (which then comes out behind them). */
static maske_status add_unknown(const bpe *model, bpe_word *word, unknown *run, const char *text, size_t length,
                                size_t size) {
    if (model->options.byte_fallback) {
        bool all = true;
        for (size_t i = 0; i < length; i++) all = all && model->byte_ids[(unsigned char)text[i]] >= 0;
        if (all) {
            for (size_t i = 0; i < length; i++) add_symbol(word, model->byte_ids[(unsigned char)text[i]], 1);
            return MASKE_OK;
        }
    }
    if (model->options.unk_token == NULL) return MASKE_OK;
    if (model->unk_id < 0)
        return error_set(MASKE_BAD_FILE,
                         "the text holds \"%.*s\", which is not in the vocabulary, and neither is the unk_token \"%s\"",
                         (int)(length < 64 ? length : 64), text, model->options.unk_token);
    if (run->pending && !model->options.fuse_unk) flush_unknown(model, word, run);
    if (!run->pending) *run = (unknown){true, 0};
    run->length += size;
    return MASKE_OK;
}

static maske_status cut_plain(const bpe *model, bpe_word *word, const char *text, size_t length) {
    unknown run = {false, 0};
    for (size_t i = 0, size; i < length; i += size) {
        uint32_t character = utf8_next(text + i, &size);
        int32_t id = model->characters[(size_t)model->pages[character >> 8] * 256 + (character & 255)];
        if (id >= 0) {
            flush_unknown(model, word, &run);
            add_symbol(word, id, size);
        } else {
            TRY(add_unknown(model, word, &run, text + i, size, size));
        }
    }
    flush_unknown(model, word, &run);
    return MASKE_OK;
}

/* With a prefix (but before a word's first character) and a suffix (behind its last). */
static maske_status cut_affixed(const bpe *model, bpe_word *word, const char *text, size_t length, bool first,
                                bool last) {
    const char *prefix = model->options.continuing_subword_prefix, *suffix = model->options.end_of_word_suffix;
    unknown run = {false, 0};
    for (size_t i = 0, size; i < length; i += size) {
        size = utf8_size(text[i]);
        buffer_clear(&word->joined);
        if ((i > 0 || !first) && prefix != NULL) TRY(buffer_add_text(&word->joined, prefix));
        TRY(buffer_add(&word->joined, text + i, size));
        if (i + size == length && last && suffix != NULL) TRY(buffer_add_text(&word->joined, suffix));
        TRY(bpe_word_reserve(word, word->count + word->joined.length + length - i));
        int32_t id = vocab_find(&model->vocab, word->joined.data, word->joined.length);
        if (id >= 0) {
            flush_unknown(model, word, &run);
            add_symbol(word, id, size);
        } else {
            TRY(add_unknown(model, word, &run, word->joined.data, word->joined.length, size));
        }
    }
    flush_unknown(model, word, &run);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- short words --- */

/* With the quick table or, where a model has none, the other one: two copies of the loop. */
static inline __attribute__((always_inline)) uint32_t rank_of(const bpe *model, int32_t left, int32_t right, bool quick) {
    if (!quick) return bpe_rank(model, left, right);
    uint32_t rank = pair_ranks_guess(&model->ranks, left, right);
    return __builtin_expect(rank == PAIR_RANK_ASK, 0) ? bpe_rank(model, left, right) : rank;
}

static inline int32_t merged_id(const bpe *model, uint32_t rank) {
    return model->ids_by_rank ? model->first_merged + (int32_t)rank : model->merges[rank].id;
}

/* The place of the least of count > 0 ranks, the leftmost of equals. No branch depends on the ranks. */
static inline unsigned least_of(const uint32_t *ranks, unsigned count) {
    uint64_t even = (uint64_t)ranks[0] << 32, odd = UINT64_MAX;
    unsigned i = 1;
    for (; i + 1 < count; i += 2) {
        uint64_t first = (uint64_t)ranks[i] << 32 | i, second = (uint64_t)ranks[i + 1] << 32 | (i + 1);
        odd = first < odd ? first : odd;
        even = second < even ? second : even;
    }
    if (i < count && ((uint64_t)ranks[i] << 32 | i) < odd) odd = (uint64_t)ranks[i] << 32 | i;
    return (unsigned)(even < odd ? even : odd);
}

/* Leaves the symbols whose bit is set; each takes the lengths of those behind it that have gone. */
static void close_ranks(bpe_word *word, uint64_t alive) {
    size_t kept = 0;
    for (size_t i = 0; i < word->count; i++) {
        if (alive >> i & 1) {
            word->ids[kept] = word->ids[i];
            word->lengths[kept++] = word->lengths[i];
        } else {
            word->lengths[kept - 1] += word->lengths[i];
        }
    }
    word->count = kept;
}

/* Symbols stay where they are: a bit says which of them are left, so that a neighbour is found by counting zeros. */
static inline __attribute__((always_inline)) void merge_short(const bpe *model, bpe_word *word, bool quick) {
    int32_t *ids = word->ids;
    uint32_t *ranks = word->ranks;
    unsigned pairs = (unsigned)word->count - 1;
    uint64_t alive = ~(uint64_t)0 >> (64 - word->count);
    for (unsigned i = 0; i < pairs; i++) ranks[i] = rank_of(model, ids[i], ids[i + 1], quick);
    ranks[pairs] = NO_RANK;
    for (;;) {
        unsigned best = least_of(ranks, pairs + 1);
        uint32_t rank = ranks[best];
        if (rank == NO_RANK) break;
        uint64_t behind = alive & ~(uint64_t)1 << best;             /* those right of it: one at least */
        unsigned gone = (unsigned)__builtin_ctzll(behind);
        if (quick && __builtin_expect(!pair_ranks_is(&model->ranks, rank, ids[best], ids[gone]), 0)) {
            ranks[best] = NO_RANK; /* the guess was none of this pair */
            continue;
        }
        uint64_t next = behind & (behind - 1), before = alive & (((uint64_t)1 << best) - 1);
        alive ^= behind ^ next;
        ids[best] = merged_id(model, rank);
        ranks[gone] = NO_RANK;
        ranks[best] = next == 0 ? NO_RANK : rank_of(model, ids[best], ids[__builtin_ctzll(next)], quick);
        if (before != 0) {
            unsigned left = 63 - (unsigned)__builtin_clzll(before);
            ranks[left] = rank_of(model, ids[left], ids[best], quick);
        }
    }
    close_ranks(word, alive);
}

/* --------------------------------------------------------------------------------------------------- long words --- */

/* A heap of four children a node: shallower than a binary one, and the four lie in one or two cache lines. */
static void heap_push(uint64_t *heap, size_t *count, uint64_t entry) {
    size_t i = (*count)++;
    while (i > 0 && heap[(i - 1) / 4] > entry) {
        heap[i] = heap[(i - 1) / 4];
        i = (i - 1) / 4;
    }
    heap[i] = entry;
}

static uint64_t heap_pop(uint64_t *heap, size_t *count) {
    uint64_t top = heap[0], last = heap[--*count];
    size_t i = 0, n = *count;
    for (size_t child; (child = 4 * i + 1) < n; ) {
        size_t least = child, end = child + 4 < n ? child + 4 : n;
        for (size_t j = child + 1; j < end; j++) if (heap[j] < heap[least]) least = j;
        if (heap[least] >= last) break;
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = last;
    return top;
}

static inline void push_merge(const bpe *model, const bpe_word *word, size_t *count, uint32_t left, uint32_t right) {
    uint32_t rank = bpe_rank(model, word->ids[left], word->ids[right]);
    if (rank != NO_RANK) heap_push(word->heap, count, (uint64_t)rank << 32 | left);
}

static void compact(bpe_word *word) {
    size_t kept = 0;
    for (uint32_t i = 0; i != NO_SYMBOL; i = word->next[i]) {
        word->ids[kept] = word->ids[i];
        word->lengths[kept++] = word->lengths[i];
    }
    word->count = kept;
}

static maske_status merge_long(const bpe *model, bpe_word *word) {
    size_t n = word->count, entries = 0, needed = 0;
    /* A merge takes an entry out and puts two in, and there are n - 1 merges at most: 2 n is never passed. */
    if (!size_multiply(&needed, n, 2)) return error_memory(SIZE_MAX, "word");
    if (needed > word->heap_capacity)
        TRY(memory_reserve(&word->heap, &word->heap_capacity, needed, sizeof *word->heap, "word"));
    for (size_t i = 0; i < n; i++) {
        word->previous[i] = i == 0 ? NO_SYMBOL : (uint32_t)(i - 1);
        word->next[i] = i + 1 == n ? NO_SYMBOL : (uint32_t)(i + 1);
    }
    for (size_t i = 0; i + 1 < n; i++) push_merge(model, word, &entries, (uint32_t)i, (uint32_t)(i + 1));
    while (entries > 0) {
        uint64_t top = heap_pop(word->heap, &entries);
        uint32_t left = (uint32_t)top, right = word->next[left];
        int32_t id = model->merges[top >> 32].id;
        /* Swallowed by a merge since, or last now, or the pair that stands there gives something else: out of date. */
        if (word->lengths[left] == 0 || right == NO_SYMBOL) continue;
        const bpe_pair *pair = bpe_find_pair(model, word->ids[left], word->ids[right]);
        if (pair == NULL || pair->id != id) continue;
        word->ids[left] = id;
        word->lengths[left] += word->lengths[right];
        word->lengths[right] = 0;
        word->next[left] = word->next[right];
        if (word->next[left] != NO_SYMBOL) word->previous[word->next[left]] = left;
        if (word->previous[left] != NO_SYMBOL) push_merge(model, word, &entries, word->previous[left], left);
        if (word->next[left] != NO_SYMBOL) push_merge(model, word, &entries, left, word->next[left]);
    }
    compact(word);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------------- whole --- */

static bool has_affix(const char *affix) { return affix != NULL && affix[0] != '\0'; }

static maske_status check_word(size_t length) {
    if (length <= INT32_MAX) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "a word of %zu bytes, expected at most %d", length, INT32_MAX);
}

static maske_status merge(const bpe *model, bpe_word *word) {
    if (word->count < 2) return MASKE_OK;
    if (word->count > SHORT_WORD) return merge_long(model, word);
    if (model->ranks.slots != NULL) merge_short(model, word, true);
    else merge_short(model, word, false);
    return MASKE_OK;
}

static maske_status cut_part(const bpe *model, bpe_word *word, const char *text, size_t length, bool first, bool last) {
    word->count = 0;
    TRY(check_word(length));
    TRY(bpe_word_reserve(word, length));
    return has_affix(model->options.continuing_subword_prefix) || has_affix(model->options.end_of_word_suffix)
               ? cut_affixed(model, word, text, length, first, last)
               : cut_plain(model, word, text, length);
}

maske_status bpe_encode_part(const bpe *model, bpe_word *word, const char *text, size_t length, bool first, bool last) {
    TRY(cut_part(model, word, text, length, first, last));
    return merge(model, word);
}

maske_status bpe_cut(const bpe *model, bpe_word *word, const char *text, size_t length) {
    return cut_part(model, word, text, length, true, true);
}

maske_status bpe_cut_bytes(const bpe *model, bpe_word *word, const char *bytes, size_t length) {
    word->count = 0;
    TRY(check_word(length));
    TRY(bpe_word_reserve(word, length));
    for (size_t i = 0; i < length; i++) add_symbol(word, model->byte_level_ids[(unsigned char)bytes[i]], 1);
    return MASKE_OK;
}

maske_status bpe_encode_bytes(const bpe *model, bpe_word *word, const char *bytes, size_t length) {
    TRY(bpe_cut_bytes(model, word, bytes, length));
    return merge(model, word);
}

maske_status bpe_encode(const bpe *model, bpe_word *word, const char *text, size_t length) {
    if (model->options.ignore_merges) {
        int32_t id = vocab_find(&model->vocab, text, length);
        if (id >= 0 && length > 0) {
            TRY(bpe_word_reserve(word, 1));
            word->count = 0;
            add_symbol(word, id, length);
            return MASKE_OK;
        }
    }
    return bpe_encode_part(model, word, text, length, true, true);
}

void bpe_word_free(bpe_word *word) {
    free(word->ids);
    free(word->lengths);
    free(word->ranks);
    free(word->previous);
    free(word->next);
    free(word->heap);
    buffer_free(&word->joined);
    *word = (bpe_word){0};
}
