/* fuzz/bpe_train.c: words with counts: what is learned is what the naive trainer learns; the same a second time, now and
 * then by three threads, which take long to wake. */
#include "fuzz.h"
#include "tokenizer/naive_bpe.h"

enum { LONGEST_WORD = 48 };

typedef struct learned { vocab entries; bpe_merge *merges; size_t count; } learned;

static learned learn(const word_counts *words, const bpe_trainer_options *options, int threads) {
    learned l = {0};
    MUST(bpe_train(&l.entries, &l.merges, &l.count, words, options, &(maske_control){.threads = threads}));
    return l;
}
static void forget(learned *l) {
    vocab_free(&l->entries);
    free(l->merges);
}

static void check_entries(const vocab *a, const vocab *b) {
    CHECK(a->count == b->count && a->limit == b->limit);
    for (int32_t id = 0; id < a->limit; id++) {
        size_t length = 0, other_length = 0;
        const char *text = vocab_text(a, id, &length), *other = vocab_text(b, id, &other_length);
        CHECK(length == other_length && memcmp(text, other, length) == 0);
    }
}

/* The naive trainer's merges, of a pair recorded twice the last. */
static void check_naive(const learned *l, naive_bpe *naive) {
    size_t kept = 0;
    for (size_t i = 0; i < naive->merge_count; i++) {
        bool later = false;
        for (size_t j = i + 1; j < naive->merge_count; j++)
            later = later || (naive->merges[j].left == naive->merges[i].left &&
                              naive->merges[j].right == naive->merges[i].right);
        if (!later) naive->merges[kept++] = naive->merges[i];
    }
    CHECK(l->count == kept);
    CHECK(kept == 0 || memcmp(l->merges, naive->merges, kept * sizeof *l->merges) == 0);
    check_entries(&l->entries, &naive->entries);
}

/* Words of the text, parted by white space; a word that is there again counts once more. */
static void count_words(word_counts *counts, counted_word *words, fuzz_part text) {
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        while (end < text.length && text.at[end] != '\n') end++;
        size_t length = end - at < LONGEST_WORD ? end - at : LONGEST_WORD, same = 0;
        while (length > 0 && length < end - at && utf8_is_continuation(text.at[at + length])) length--;
        while (same < counts->count && !(words[same].length == length && memcmp(words[same].text, text.at + at, length) == 0))
            same++;
        if (length > 0 && same < counts->count) words[same].count++;
        else if (length > 0 && counts->count < NAIVE_WORDS)
            words[counts->count++] = (counted_word){text.at + at, 1, (uint32_t)length, 0};
        at = end + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const specials[] = {"[PAD]", "[UNK]", "ab", "aa", "--", "a", "abab", "[PAD]"};
    static const uint32_t initial[] = {'a', 'q', 0x131, 0x2581};
    static naive_bpe naive;
    fuzz_input in = fuzz_start(data, size);
    bpe_trainer_options options = {.vocab_size = 1 + 2 * (int64_t)fuzz_byte(&in), .min_frequency = fuzz_byte(&in) % 4,
                                   .special_tokens = specials, .initial_alphabet = initial};
    word_counts counts = {.replacement = 0x2581, .form = (word_form)(fuzz_byte(&in) % 3)};
    options.alphabet_limit = fuzz_byte(&in) % 8;
    options.max_token_length = fuzz_byte(&in) % 20;
    unsigned lists = fuzz_byte(&in);
    options.special_count = lists % 9;
    options.initial_count = lists / 16 % 5;
    fuzz_part text = fuzz_valid(fuzz_rest(&in));
    counted_word words[NAIVE_WORDS];
    counts.words = words;
    count_words(&counts, words, text);
    learned one = learn(&counts, &options, 1), again = learn(&counts, &options, lists % 4 == 0 ? 3 : 1);
    naive_bpe_train(&naive, &counts, &options);
    check_naive(&one, &naive);
    check_entries(&one.entries, &again.entries);
    CHECK(one.count == again.count);
    CHECK(one.count == 0 || memcmp(one.merges, again.merges, one.count * sizeof *one.merges) == 0);
    vocab_free(&naive.entries);
    forget(&one);
    forget(&again);
    free((char *)(uintptr_t)text.at);
    return 0;
}
