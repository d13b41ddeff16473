/* tasks/word_statistics.c: two hash tables, of words and of pairs, and the guesses made of them. */
#include "tasks/word_statistics.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

enum { CHARACTERS = 0x110000, WORD_END = CHARACTERS, FIRST_SLOTS = 1024, MOST_WORDS = 1 << 30 };

/* -------------------------------------------------------------------------------------------------- hash tables --- */

static uint64_t follower_hash(uint32_t previous, uint32_t word) {
    return hash_mix((uint64_t)previous << 32 | word, 0x9E3779B97F4A7C15u);
}

/* Doubles a table; hash: of the item with that index. */
static maske_status grow(uint32_t **slots, size_t *slot_count, size_t items, const word_statistics *s,
                         uint64_t (*hash)(const word_statistics *s, size_t index)) {
    if ((items + 1) * 2 <= *slot_count) return MASKE_OK;
    size_t count = *slot_count == 0 ? FIRST_SLOTS : *slot_count * 2;
    uint32_t *larger = NULL;
    TRY(memory_new(&larger, count, sizeof *larger, "words"));
    for (size_t i = 0; i < items; i++) {
        size_t at = hash(s, i) & (count - 1);
        while (larger[at] != 0) at = (at + 1) & (count - 1);
        larger[at] = (uint32_t)i + 1;
    }
    free(*slots);
    *slots = larger;
    *slot_count = count;
    return MASKE_OK;
}
static uint64_t hash_of_word(const word_statistics *s, size_t i) {
    return hash_bytes(s->words[i].text, s->words[i].length);
}
static uint64_t hash_of_follower(const word_statistics *s, size_t i) {
    return follower_hash(s->followers[i].previous, s->followers[i].word);
}

static maske_status find_word(word_statistics *s, const char *text, size_t length, uint32_t *out) {
    TRY(grow(&s->word_slots, &s->word_slot_count, s->count, s, hash_of_word));
    size_t mask = s->word_slot_count - 1, at = hash_bytes(text, length) & mask;
    for (; s->word_slots[at] != 0; at = (at + 1) & mask) {
        const counted_text_word *known = &s->words[s->word_slots[at] - 1];
        if (known->length == length && memcmp(known->text, text, length) == 0)
            return *out = s->word_slots[at] - 1, MASKE_OK;
    }
    if (s->count >= MOST_WORDS) return error_set(MASKE_UNSUPPORTED, "the text has over %d different words", MOST_WORDS);
    TRY(memory_reserve(&s->words, &s->word_capacity, s->count + 1, sizeof *s->words, "words"));
    counted_text_word word = {.text = "", .length = length};
    if (length > 0) TRY(word_arena_copy(&s->arena, &word.text, text, length));
    s->words[s->count] = word;
    *out = (uint32_t)s->count++;
    s->word_slots[at] = *out + 1;
    return MASKE_OK;
}

static maske_status count_follower(word_statistics *s, uint32_t previous, uint32_t word) {
    TRY(grow(&s->follower_slots, &s->follower_slot_count, s->follower_count, s, hash_of_follower));
    size_t mask = s->follower_slot_count - 1, at = follower_hash(previous, word) & mask;
    counted_text_word *before = &s->words[previous];
    before->followed++;
    for (; s->follower_slots[at] != 0; at = (at + 1) & mask) {
        counted_follower *known = &s->followers[s->follower_slots[at] - 1];
        if (known->previous == previous && known->word == word) return known->count++, MASKE_OK;
    }
    TRY(memory_reserve(&s->followers, &s->follower_capacity, s->follower_count + 1, sizeof *s->followers, "words"));
    s->followers[s->follower_count] = (counted_follower){previous, word, before->first_follower, 1};
    before->first_follower = s->follower_slots[at] = (uint32_t)++s->follower_count;
    before->followers++;
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- counting --- */

static void count_character(word_statistics *s, size_t character, int64_t times) {
    s->character_kinds += s->characters[character] == 0;
    s->characters[character] += times;
    s->character_total += times;
}

static maske_status begin(word_statistics *s) {
    uint32_t line_start;
    TRY(memory_new(&s->characters, CHARACTERS + 1, sizeof *s->characters, "words"));
    return find_word(s, "", 0, &line_start);
}

maske_status word_statistics_add(word_statistics *s, uint32_t previous, const char *text, size_t length,
                                 uint32_t *word) {
    if (s->count == 0) TRY(begin(s));
    TRY(find_word(s, text, length, word));
    TRY(count_follower(s, previous, *word));
    s->words[*word].count++;
    s->total++;
    for (size_t at = 0, size; at < length; at += size) count_character(s, utf8_next(text + at, &size), 1);
    count_character(s, WORD_END, 1);
    return MASKE_OK;
}

void word_statistics_finish(word_statistics *s) {
    for (uint32_t i = 1; i < s->count; i++) {
        if (s->words[i].count > s->words[s->most_frequent].count) {
            s->second = s->most_frequent;
            s->most_frequent = i;
        } else if (s->words[i].count > s->words[s->second].count) s->second = i;
    }
}

void word_statistics_free(word_statistics *s) {
    free(s->words);
    free(s->followers);
    free(s->word_slots);
    free(s->follower_slots);
    free(s->characters);
    word_arena_free(&s->arena);
    *s = (word_statistics){0};
}

/* ----------------------------------------------------------------------------------------------------- guessing --- */

/* `seen` of `all` things seen, of `kinds` kinds; what is left for the unseen is given out by `rest`. */
static double witten_bell(int64_t seen, int64_t all, int64_t kinds, double rest) {
    return all + kinds > 0 ? ((double)seen + (double)kinds * rest) / (double)(all + kinds) : rest;
}

/* A spelling's probability may be too small for a double; its logarithm is not. */
static double spelling_log(const word_statistics *s, const counted_text_word *word) {
    double sum = 0;
    for (size_t at = 0, size; at <= word->length; at += size) {
        size_t character = WORD_END;
        size = 1;
        if (at < word->length) character = utf8_next(word->text + at, &size);
        sum += log(witten_bell(s->characters[character], s->character_total, s->character_kinds, 1.0 / CHARACTERS));
    }
    return sum;
}

/* The logarithm of a word's probability by frequency alone. */
static double unigram_log(const word_statistics *s, uint32_t word) {
    const counted_text_word *w = &s->words[word];
    int64_t kinds = (int64_t)s->count - 1 - (w->count == 1), all = s->total - 1;
    double spelled = spelling_log(s, w);
    if (w->count > 1) return log(witten_bell(w->count - 1, all, kinds, exp(spelled)));
    return spelled + (all + kinds > 0 ? log((double)kinds / (double)(all + kinds)) : 0);
}

/* The most frequent word once one occurrence of `word` is taken out; of equal ones the first. */
static uint32_t unigram_likeliest(const word_statistics *s, uint32_t word) {
    if (word != s->most_frequent || s->second == WORD_LINE_START) return s->most_frequent;
    return s->words[s->second].count > s->words[word].count - 1 ? s->second : s->most_frequent;
}

word_guess word_statistics_guess(const word_statistics *s, uint32_t word) {
    bool right = unigram_likeliest(s, word) == word && s->words[word].count > 1;
    return (word_guess){-unigram_log(s, word) / log(2), right};
}

word_guess word_statistics_guess_after(const word_statistics *s, uint32_t previous, uint32_t word) {
    const counted_text_word *before = &s->words[previous];
    int64_t seen = 0, most = 0;
    uint32_t likeliest = unigram_likeliest(s, word);
    for (uint32_t i = before->first_follower; i != 0; i = s->followers[i - 1].next) {
        const counted_follower *f = &s->followers[i - 1];
        int64_t count = f->count - (f->word == word);
        if (f->word == word) seen = count;
        /* The newest come first: of equal ones the first of the text. */
        if (count > 0 && count >= most) most = count, likeliest = f->word;
    }
    int64_t all = before->followed - 1, kinds = before->followers - (seen == 0);
    double single = unigram_log(s, word), log_of;
    if (seen > 0) log_of = log(witten_bell(seen, all, kinds, exp(single)));
    else log_of = single + (kinds > 0 ? log((double)kinds / (double)(all + kinds)) : 0);
    bool known = s->words[word].count > 1;
    return (word_guess){-log_of / log(2), likeliest == word && known};
}
