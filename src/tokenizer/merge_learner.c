/* tokenizer/merge_learner.c: the loop.
 *
 * The index holds the pairs that occur at least `threshold` times, the queue orders them. A merge lowers the counts of
 * the pairs it breaks, and adds the pairs it makes if they reach the threshold. When the queue is empty, every pair
 * left occurs less often: words are packed and the index is built anew for a lower threshold, until that is
 * min_frequency.
 *
 * Why this equals the library's loop, which keeps lists of places and may queue a pair twice: a string has one
 * segmentation. If two stretches of words spell the same string and symbols begin and end with each, the symbols inside
 * are the same, since every merge is done everywhere at once (from left to right, so that runs like "aaaa" pair up from
 * their beginning). So no entry is made by two different merges, no pair comes up a second time, and the library's
 * rules for such cases never apply. Only a prefix or suffix that also occurs in the text as characters can break this;
 * there the library's own result is random, and here the index is simply built anew. */
#include "tokenizer/merge_learner.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/number.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/pair_index.h"
#include "tokenizer/pair_merger.h"
#include "tokenizer/pair_queue.h"

#include <stdlib.h>

enum {
    /* Each index reaches down to this share of the highest count. Lower: fewer times built anew; higher: smaller. */
    THRESHOLD_SHARE = 256,
    PROGRESS_EVERY = 256        /* merges */
};

typedef struct learner {
    vocab *entries;
    symbol_words *words;
    const merge_learner_options *options;
    const maske_control *control;
    int threads;
    size_t prefix_length;
    int64_t minimum;            /* lowest count that is merged */
    pair_rule rule;
    uint32_t *lengths, *bytes;  /* [limit] */
    uint8_t *seen;              /* [limit] whether the symbol was ever in the words */
    uint8_t *halves;            /* [limit] whether a merge takes the symbol; kept for respelling */
    size_t limit;               /* symbols there can ever be */
    uint32_t longest;           /* bytes of the longest symbol so far */
    pair_index index;
    pair_queue queue;
    pair_merger merger;
    bool stale;                 /* the index must be built anew before it is used */
    bool misspelled;            /* the words too: an older merge would go on where the last one ended */
    buffer joined;
    bpe_merge *merges;
    size_t merge_count, merge_capacity;
} learner;

static void update_rule(learner *l, uint32_t bytes) {
    if (bytes > l->longest) l->longest = bytes;
    l->rule.every = l->rule.max_length == 0 && l->longest * 2 <= VOCAB_TOKEN_LIMIT;
}

static void see_symbols(learner *l) {
    for (size_t block = 0; block < l->words->block_count; block++) {
        const uint32_t *record = l->words->cells + l->words->blocks[block].begin,
                       *end = l->words->cells + l->words->blocks[block].end;
        for (; record < end; record += SYMBOL_HEADER + symbol_room(record))
            for (uint32_t i = 0; i < symbol_count(record); i++) l->seen[record[SYMBOL_HEADER + i]] = 1;
    }
    for (int32_t id = 0; id < l->entries->limit; id++)
        if (l->seen[id]) update_rule(l, l->bytes[id]);
}

static maske_status learner_open(learner *l, const uint32_t *lengths) {
    size_t known = (size_t)l->entries->limit;
    uint64_t growth = l->words->symbols;                /* each merge that makes an entry removes a symbol at least */
    int64_t count = (int64_t)l->entries->count;
    uint64_t wanted = l->options->vocab_size > count ? (uint64_t)(l->options->vocab_size - count) : 0;
    l->limit = known + (size_t)(wanted < growth ? wanted : growth) + 1;
    l->threads = parallel_threads(l->control);
    l->prefix_length = l->options->prefix != NULL ? strlen(l->options->prefix) : 0;
    l->minimum = l->options->min_frequency > 1 ? l->options->min_frequency : 1;
    TRY(memory_new(&l->lengths, l->limit, sizeof *l->lengths, "entries"));
    TRY(memory_new(&l->bytes, l->limit, sizeof *l->bytes, "entries"));
    TRY(memory_new(&l->seen, l->limit, sizeof *l->seen, "entries"));
    if (known > 0) memcpy(l->lengths, lengths, known * sizeof *lengths);
    for (size_t id = 0; id < known; id++) l->bytes[id] = l->entries->entries[id].length;
    for (size_t id = 0; id < known && l->options->apart != NULL; id++)
        if (l->options->apart[id]) l->bytes[id] = VOCAB_TOKEN_LIMIT + 1;        /* too long for any merge */
    TRY(memory_new(&l->halves, l->limit, sizeof *l->halves, "entries"));
    if (known > 0 && l->options->halves != NULL) memcpy(l->halves, l->options->halves, known * sizeof *l->halves);
    l->rule = (pair_rule){.lengths = l->lengths,
                          .bytes = l->bytes,
                          .max_length = l->options->max_token_length,
                          .max_bytes = VOCAB_TOKEN_LIMIT};
    update_rule(l, 0);
    see_symbols(l);
    return pair_merger_open(&l->merger, l->words, l->limit, l->threads);
}

static void learner_close(learner *l) {
    pair_merger_close(&l->merger);
    pair_index_free(&l->index);
    pair_queue_free(&l->queue);
    buffer_free(&l->joined);
    free(l->lengths);
    free(l->bytes);
    free(l->seen);
    free(l->halves);
    free(l->merges);
}

static maske_status queue_all(learner *l) {
    pair_queue_clear(&l->queue);
    for (size_t i = 0; i < l->index.count; i++)
        TRY(pair_queue_push(&l->queue, (queued_pair){l->index.pairs[i].count, l->index.pairs[i].key, (uint32_t)i}));
    return MASKE_OK;
}

/* Indexes and queues the pairs of the words as they are now. */
static maske_status build_index(learner *l) {
    int64_t highest = l->stale ? INT64_MAX : l->index.threshold - 1;
    symbol_words_pack(l->words, l->threads);
    TRY(pair_index_build(&l->index, l->words, &l->rule, l->minimum, highest, THRESHOLD_SHARE, l->threads));
    l->stale = false;
    return queue_all(l);
}

/* The index is full of pairs: the rarest wait for the next one. */
static maske_status make_room(learner *l) {
    TRY(pair_index_thin(&l->index));
    return queue_all(l);
}

/* l->joined: the string of two symbols. */
static maske_status join_texts(learner *l, uint32_t left, uint32_t right) {
    size_t left_length = 0, right_length = 0;
    const char *left_text = vocab_text(l->entries, (int32_t)left, &left_length);
    const char *right_text = vocab_text(l->entries, (int32_t)right, &right_length);
    if (l->prefix_length > 0 && right_length >= l->prefix_length &&
        memcmp(right_text, l->options->prefix, l->prefix_length) == 0) {
        right_text += l->prefix_length;
        right_length -= l->prefix_length;
    }
    buffer_clear(&l->joined);
    TRY(buffer_add(&l->joined, left_text, left_length));
    return buffer_add(&l->joined, right_text, right_length);
}

/* Whether the pair is left as it is, since its entry would come back as a byte. */
static maske_status is_byte(learner *l, const symbol_pair *pair, bool *byte) {
    *byte = false;
    if (!l->options->no_bytes || l->bytes[pair_left(pair->key)] + l->bytes[pair_right(pair->key)] != strlen("<0xHH>"))
        return MASKE_OK;
    TRY(join_texts(l, pair_left(pair->key), pair_right(pair->key)));
    *byte = byte_fallback_byte(l->joined.data, l->joined.length) >= 0;
    return MASKE_OK;
}

/* The entry of two symbols' joined string, added if it is new. */
static maske_status join(learner *l, uint32_t left, uint32_t right, uint32_t *id) {
    TRY(join_texts(l, left, right));
    int32_t found = vocab_find(l->entries, l->joined.data, l->joined.length);
    if (found < 0) TRY(vocab_append(l->entries, l->joined.data, l->joined.length, &found));
    else {
        if (l->seen[found]) l->stale = true;            /* its pairs may come up again: the index cannot know of them */
        if (l->options->respell != NULL && l->halves[found]) l->misspelled = true;
    }
    *id = (uint32_t)found;
    l->seen[found] = 1;
    l->lengths[found] = l->lengths[left] + l->lengths[right];
    l->halves[left] = l->halves[right] = 1;
    if (l->bytes[found] <= VOCAB_TOKEN_LIMIT) l->bytes[found] = (uint32_t)l->joined.length;
    update_rule(l, l->bytes[found]);
    TRY(memory_reserve(&l->merges, &l->merge_capacity, l->merge_count + 1, sizeof *l->merges, "merges"));
    l->merges[l->merge_count++] = (bpe_merge){(int32_t)left, (int32_t)right, found};
    return MASKE_OK;
}

/* The pairs (P, left) or (right, N) that the merge broke. */
static void lower_counts(learner *l, merge_side side, uint32_t left, uint32_t right) {
    enum { AHEAD = 8 };
    const merge_neighbour *found = l->merger.found[side];
    size_t count = l->merger.found_count[side];
    for (size_t i = 0; i < count + AHEAD; i++) {
        if (i < count)
            pair_index_prefetch(&l->index, side == MERGE_LEFT ? pair_key(found[i].symbol, left)
                                                              : pair_key(right, found[i].symbol));
        if (i < AHEAD) continue;
        merge_neighbour n = found[i - AHEAD];
        uint32_t place =
            pair_index_find(&l->index, side == MERGE_LEFT ? pair_key(n.symbol, left) : pair_key(right, n.symbol));
        if (place != PAIR_NONE) l->index.pairs[place].count -= n.weight;
    }
}

/* The pairs (P, merged) or (merged, N) that it made. `broken`: how many of (merged, left) were made and broken again,
 * where occurrences follow one another. */
static maske_status add_pairs(learner *l, merge_side side, uint32_t left, uint32_t merged, int64_t broken) {
    for (size_t i = 0; i < l->merger.found_count[side]; i++) {
        merge_neighbour n = l->merger.found[side][i];
        int64_t count = n.weight - (side == MERGE_RIGHT && n.symbol == left ? broken : 0);
        uint32_t pair[2] = {side == MERGE_LEFT ? n.symbol : merged, side == MERGE_LEFT ? merged : n.symbol};
        size_t place = 0;
        if (l->index.count == l->index.capacity) TRY(make_room(l));
        if (count < l->index.threshold || !pair_allowed(&l->rule, pair[0], pair[1])) continue;
        TRY(pair_index_add(&l->index, pair_key(pair[0], pair[1]), count, n.record_count, &place));
        l->stale = l->stale || place == PAIR_NONE;
        if (l->stale) break;
        TRY(pair_queue_push(&l->queue, (queued_pair){count, l->index.pairs[place].key, (uint32_t)place}));
        pair_merger_want(&l->merger, side, n.symbol, l->index.pairs[place].records);
    }
    return MASKE_OK;
}

static maske_status merge_pair(learner *l, const symbol_pair *pair) {
    uint32_t left = pair_left(pair->key), right = pair_right(pair->key), merged = 0;
    TRY(join(l, left, right, &merged));
    TRY(pair_merger_apply(&l->merger, pair->records, pair->record_count, left, right, merged));
    maske_status status = MASKE_OK;
    if (!l->stale) {
        int64_t broken = 0;
        for (size_t i = 0; i < l->merger.found_count[MERGE_LEFT]; i++)
            if (l->merger.found[MERGE_LEFT][i].symbol == merged) broken = l->merger.found[MERGE_LEFT][i].weight;
        lower_counts(l, MERGE_LEFT, left, right);
        lower_counts(l, MERGE_RIGHT, left, right);
        pair_index_give_back(&l->index, pair);
        status = add_pairs(l, MERGE_LEFT, left, merged, broken);
        if (status == MASKE_OK && !l->stale) status = add_pairs(l, MERGE_RIGHT, left, merged, broken);
    }
    pair_merger_finish(&l->merger);
    return status;
}

static maske_status respell(learner *l) {
    TRY(l->options->respell(l->options->user, l->words, l->merges, l->merge_count));
    see_symbols(l);
    l->misspelled = false;
    l->stale = true;
    return MASKE_OK;
}

/* Says what memory is needed, and looks for it. */
static maske_status check_memory(const learner *l) {
    size_t merges = l->limit - (size_t)l->entries->limit - 1;
    size_t more = pair_index_bytes(l->words, merges, l->threads), available = memory_available();
    size_t needed = memory_resident() + more, peak = memory_peak();
    log_say(MASKE_LOG_NOTE, "learning needs %s of memory (words %s, pairs and entries %s); free are %s",
            number_size((double)(needed > peak ? needed : peak)).text, number_size((double)l->words->cell_bytes).text,
            number_size((double)more).text, available == SIZE_MAX ? "?" : number_size((double)available).text);
    if (more <= available) return MASKE_OK;
    return error_set(MASKE_OUT_OF_MEMORY,
                     "learning needs %s of memory more, but %s are free; less text, fewer entries or fewer threads need less",
                     number_size((double)more).text, number_size((double)available).text);
}

static maske_status learn(learner *l) {
    size_t first = l->entries->count;
    l->stale = true;
    while ((int64_t)l->entries->count < l->options->vocab_size) {
        if (control_stopped(l->control)) return error_set(MASKE_STOPPED, "stopped after %zu merges", l->merge_count);
        if (l->merge_count % PROGRESS_EVERY == 0)
            control_progress(l->control, "merging", (double)(l->entries->count - first),
                             (double)l->options->vocab_size - (double)first, "merges");
        if (l->misspelled) TRY(respell(l));
        if (l->stale || l->queue.count == 0) {
            if (!l->stale && l->index.threshold <= l->minimum) break;
            TRY(build_index(l));
            continue;
        }
        queued_pair next = pair_queue_pop(&l->queue);
        symbol_pair pair = l->index.pairs[next.place];
        if (pair.count != next.count) {
            next.count = pair.count;
            if (next.count >= l->index.threshold) TRY(pair_queue_push(&l->queue, next));
            continue;
        }
        bool byte;
        TRY(is_byte(l, &pair, &byte));
        if (byte) continue;                             /* its count is kept, and falls as its neighbours are merged */
        l->index.pairs[next.place].count = 0;           /* it does not occur any more */
        TRY(merge_pair(l, &pair));
    }
    return MASKE_OK;
}

maske_status merges_learn(vocab *entries, symbol_words *words, const uint32_t *lengths,
                          const merge_learner_options *options, const maske_control *control, bpe_merge **merges,
                          size_t *merge_count) {
    learner l = {.entries = entries, .words = words, .options = options, .control = control};
    maske_status status = learner_open(&l, lengths);
    if (status == MASKE_OK) status = check_memory(&l);
    if (status == MASKE_OK) status = learn(&l);
    if (status == MASKE_OK) {
        *merges = l.merges;
        *merge_count = l.merge_count;
        l.merges = NULL;
    }
    learner_close(&l);
    return status;
}
