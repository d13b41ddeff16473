/* tests/tokenizer/naive_bpe.h: the oracle of the trainer: Hugging Face's BpeTrainer step by step, with its queue of
 * entries that each have their own set of words, every look-up a search through everything. Small inputs only. */
#ifndef MASKE_TESTS_NAIVE_BPE_H
#define MASKE_TESTS_NAIVE_BPE_H

#include "tokenizer/alphabet.h"
#include "tokenizer/bpe_trainer.h"

#include <stdlib.h>

enum { NAIVE_WORDS = 64, NAIVE_SYMBOLS = 512, NAIVE_PAIRS = 60000, NAIVE_MERGES = 4000 };

typedef struct naive_pair { uint32_t left, right; int64_t count; } naive_pair;
typedef struct naive_entry { uint32_t left, right; int64_t count; bool words[NAIVE_WORDS]; bool live; } naive_entry;
typedef struct naive_word {
    uint32_t symbols[NAIVE_SYMBOLS], lengths[NAIVE_SYMBOLS];
    size_t count;
    int64_t weight;
} naive_word;

typedef struct naive_bpe {
    vocab entries;
    bpe_merge merges[NAIVE_MERGES];     /* as recorded: a pair may be there more than once */
    size_t merge_count;
    naive_word words[NAIVE_WORDS];
    size_t word_count;
    naive_pair pairs[NAIVE_PAIRS];      /* global counts */
    size_t pair_count;
    naive_entry queue[NAIVE_PAIRS];
    size_t queue_count;
} naive_bpe;

static int64_t *naive_count(naive_bpe *n, uint32_t left, uint32_t right) {
    for (size_t i = 0; i < n->pair_count; i++)
        if (n->pairs[i].left == left && n->pairs[i].right == right) return &n->pairs[i].count;
    if (n->pair_count == NAIVE_PAIRS) abort();
    n->pairs[n->pair_count] = (naive_pair){left, right, 0};
    return &n->pairs[n->pair_count++].count;
}

/* The entry of this round's fresh sets, from `first` on. */
static naive_entry *naive_fresh(naive_bpe *n, size_t first, uint32_t left, uint32_t right) {
    for (size_t i = first; i < n->queue_count; i++)
        if (n->queue[i].left == left && n->queue[i].right == right) return &n->queue[i];
    if (n->queue_count == NAIVE_PAIRS) abort();
    n->queue[n->queue_count] = (naive_entry){.left = left, .right = right, .live = true};
    return &n->queue[n->queue_count++];
}

static void naive_delta(naive_bpe *n, size_t first, size_t word, uint32_t left, uint32_t right, int sign) {
    *naive_count(n, left, right) += sign * n->words[word].weight;
    if (sign > 0) naive_fresh(n, first, left, right)->words[word] = true;
}

static void naive_merge_word(naive_bpe *n, size_t first, size_t index, uint32_t a, uint32_t b, uint32_t merged,
                             uint32_t max_length) {
    naive_word *w = &n->words[index];
    for (size_t i = 0; i + 1 < w->count; i++) {
        if (w->symbols[i] != a || w->symbols[i + 1] != b) continue;
        uint32_t length = w->lengths[i] + w->lengths[i + 1];
        if (i > 0) {
            naive_delta(n, first, index, w->symbols[i - 1], a, -1);
            if (max_length == 0 || w->lengths[i - 1] + length < max_length)
                naive_delta(n, first, index, w->symbols[i - 1], merged, +1);
        }
        if (i + 2 < w->count) {
            naive_delta(n, first, index, b, w->symbols[i + 2], -1);
            if (max_length == 0 || w->lengths[i + 2] + length < max_length)
                naive_delta(n, first, index, merged, w->symbols[i + 2], +1);
        }
        w->symbols[i] = merged;
        w->lengths[i] = length;
        w->count--;
        memmove(&w->symbols[i + 1], &w->symbols[i + 2], (w->count - i - 1) * sizeof *w->symbols);
        memmove(&w->lengths[i + 1], &w->lengths[i + 2], (w->count - i - 1) * sizeof *w->lengths);
    }
}

static uint32_t naive_join(naive_bpe *n, uint32_t a, uint32_t b) {
    size_t left = 0, right = 0;
    char joined[8192];
    const char *text = vocab_text(&n->entries, (int32_t)a, &left);
    memcpy(joined, text, left);
    text = vocab_text(&n->entries, (int32_t)b, &right);
    memcpy(joined + left, text, right);
    int32_t id = vocab_find(&n->entries, joined, left + right);
    if (id < 0 && vocab_append(&n->entries, joined, left + right, &id) != MASKE_OK) abort();
    n->merges[n->merge_count++] = (bpe_merge){(int32_t)a, (int32_t)b, id};
    return (uint32_t)id;
}

static void naive_loop(naive_bpe *n, const bpe_trainer_options *options) {
    for (size_t w = 0; w < n->word_count; w++)
        for (size_t i = 0; i + 1 < n->words[w].count; i++)
            naive_delta(n, 0, w, n->words[w].symbols[i], n->words[w].symbols[i + 1], +1);
    for (size_t i = 0; i < n->queue_count; i++)
        n->queue[i].count = *naive_count(n, n->queue[i].left, n->queue[i].right);
    while ((int64_t)n->entries.count < options->vocab_size && n->merge_count < NAIVE_MERGES) {
        naive_entry *top = NULL;
        for (size_t i = 0; i < n->queue_count; i++) {
            naive_entry *e = &n->queue[i];
            if (!e->live) continue;
            if (top == NULL || e->count > top->count || (e->count == top->count &&
                    (e->left < top->left || (e->left == top->left && e->right < top->right)))) top = e;
        }
        if (top == NULL) break;
        int64_t now = *naive_count(n, top->left, top->right);
        if (top->count != now) { top->count = now; continue; }
        if (top->count < 1 || top->count < options->min_frequency) break;
        uint32_t a = top->left, b = top->right, merged = naive_join(n, a, b);
        size_t first = n->queue_count;
        top->live = false;
        for (size_t w = 0; w < n->word_count; w++)
            if (top->words[w]) naive_merge_word(n, first, w, a, b, merged, options->max_token_length);
        for (size_t i = first; i < n->queue_count; i++) {
            n->queue[i].count = *naive_count(n, n->queue[i].left, n->queue[i].right);
            n->queue[i].live = n->queue[i].count > 0;
        }
    }
}

/* The alphabet: the most frequent characters; ties at the limit as alphabet.h says. */
static void naive_alphabet(naive_bpe *n, const word_counts *words, const bpe_trainer_options *options, bool *kept) {
    static int64_t counts[CHARACTER_LIMIT];
    uint32_t limit = 1;             /* above every character that there is */
    for (size_t w = 0; w < words->count; w++)
        for (size_t at = 0, size = 0; at < words->words[w].length; at += size) {
            uint32_t character = word_character(words, words->words[w].text + at, &size);
            counts[character] += words->words[w].count;
            if (character >= limit) limit = character + 1;
        }
    for (size_t i = 0; i < options->initial_count; i++) {
        counts[options->initial_alphabet[i]] = INT64_MAX;
        if (options->initial_alphabet[i] >= limit) limit = options->initial_alphabet[i] + 1;
    }
    size_t left = 0;
    for (uint32_t c = 0; c < limit; c++) left += (kept[c] = counts[c] > 0);
    while (options->alphabet_limit > 0 && left > (size_t)options->alphabet_limit) {
        uint32_t rarest = 0;
        for (uint32_t c = 1; c < limit; c++)
            if (kept[c] && (!kept[rarest] || counts[c] <= counts[rarest])) rarest = c;
        kept[rarest] = false;
        left--;
    }
    for (uint32_t c = 0; c < limit; c++) {
        char text[4];
        size_t length = utf8_put(text, c);
        if (kept[c] && vocab_find(&n->entries, text, length) < 0 &&
            vocab_append(&n->entries, text, length, NULL) != MASKE_OK)
            abort();
        counts[c] = 0;              /* for the next time */
    }
}

/* Free the entries with vocab_free. `n` is large: not for the stack. */
static void naive_bpe_train(naive_bpe *n, const word_counts *words, const bpe_trainer_options *options) {
    static bool kept[CHARACTER_LIMIT];
    if (words->count > NAIVE_WORDS) abort();
    n->entries = (vocab){0};
    n->merge_count = n->pair_count = n->queue_count = 0;
    for (size_t i = 0; i < options->special_count; i++) {
        const char *token = options->special_tokens[i];
        if (vocab_find(&n->entries, token, strlen(token)) < 0 &&
            vocab_append(&n->entries, token, strlen(token), NULL) != MASKE_OK)
            abort();
    }
    naive_alphabet(n, words, options, kept);
    n->word_count = words->count;
    for (size_t w = 0; w < words->count; w++) {
        naive_word *to = &n->words[w];
        to->count = 0;
        to->weight = words->words[w].count;
        for (size_t at = 0, size = 0; at < words->words[w].length; at += size) {
            uint32_t character = word_character(words, words->words[w].text + at, &size);
            char text[4];
            int32_t id = vocab_find(&n->entries, text, utf8_put(text, character));
            if (id < 0) continue;
            if (to->count == NAIVE_SYMBOLS) abort();
            to->lengths[to->count] = 1;
            to->symbols[to->count++] = (uint32_t)id;
        }
    }
    naive_loop(n, options);
}

#endif
