/* tokenizer/bpe_trainer.c: special tokens, alphabet, words as symbols; then merge_learner.c. */
#include "tokenizer/bpe_trainer.h"
#include "base/buffer.h"
#include "tokenizer/alphabet.h"
#include "tokenizer/merge_learner.h"

#include <stdlib.h>

typedef struct speller {
    const word_counts *words;
    character_table symbols;        /* 1 + the id of each character of the alphabet */
    character_table inner;          /* the same inside a word, with the prefix */
    bool prefixed;
} speller;

static size_t word_room(const void *user, size_t i) {
    const word_counts *words = ((const speller *)user)->words;
    counted_word word = words->words[i];
    return words->form == WORD_BYTES ? word.length : utf8_count(word.text, word.length);
}

static int64_t word_weight(const void *user, size_t i) { return ((const speller *)user)->words->words[i].count; }

/* Characters without an entry vanish; their neighbours become neighbours of each other. */
static maske_status spell_word(void *user, int thread, size_t i, uint32_t *symbols, size_t *count) {
    const speller *s = user;
    counted_word word = s->words->words[i];
    size_t length = 0;
    (void)thread;
    for (size_t at = 0, size = 0; at < word.length; at += size) {
        int64_t symbol = character_table_get(at > 0 && s->prefixed ? &s->inner : &s->symbols,
                                             word_character(s->words, word.text + at, &size));
        if (symbol > 0) symbols[length++] = (uint32_t)(symbol - 1);
    }
    *count = length;
    return MASKE_OK;
}

static maske_status set_symbol(speller *s, uint32_t character, int32_t id) {
    int64_t *symbol = character_table_at(&s->symbols, character);
    if (symbol == NULL) return error_memory(256 * sizeof *symbol, "characters");
    *symbol = 1 + (int64_t)id;
    return MASKE_OK;
}

/* A special token of one character is that character, even one that the alphabet's limit leaves out. */
static maske_status add_alphabet(vocab *entries, speller *s, const uint32_t *alphabet, size_t count) {
    for (int32_t id = 0; id < entries->limit; id++) {
        size_t length = 0, size = 0;
        const char *text = vocab_text(entries, id, &length);
        uint32_t character = length > 0 ? utf8_next(text, &size) : 0;
        if (length > 0 && size == length) TRY(set_symbol(s, character, id));
    }
    for (size_t i = 0; i < count; i++) {
        char text[4];
        size_t length = utf8_put(text, alphabet[i]);
        int32_t id = vocab_find(entries, text, length);
        if (id < 0) TRY(vocab_append(entries, text, length, &id));
        TRY(set_symbol(s, alphabet[i], id));
    }
    return MASKE_OK;
}

/* Marks the characters of the alphabet that stand inside words. */
static maske_status find_inner(speller *s) {
    for (size_t i = 0; i < s->words->count; i++) {
        counted_word word = s->words->words[i];
        for (size_t at = 0, size = 0; at < word.length; at += size) {
            uint32_t character = word_character(s->words, word.text + at, &size);
            if (at == 0 || character_table_get(&s->symbols, character) == 0) continue;
            int64_t *symbol = character_table_at(&s->inner, character);
            if (symbol == NULL) return error_memory(256 * sizeof *symbol, "characters");
            *symbol = 1;
        }
    }
    return MASKE_OK;
}

static maske_status add_inner(vocab *entries, speller *s, const char *prefix) {
    buffer text = {0};
    maske_status status = find_inner(s);
    for (uint32_t page = 0; page < CHARACTER_LIMIT >> 8 && status == MASKE_OK; page++)
        for (uint32_t i = 0; s->inner.pages[page] != NULL && i < 256 && status == MASKE_OK; i++) {
            char character[4];
            if (s->inner.pages[page][i] == 0) continue;
            buffer_clear(&text);
            status = buffer_add_text(&text, prefix);
            if (status == MASKE_OK) status = buffer_add(&text, character, utf8_put(character, page << 8 | i));
            int32_t id = vocab_find(entries, text.data, text.length);
            if (status == MASKE_OK && id < 0) status = vocab_append(entries, text.data, text.length, &id);
            s->inner.pages[page][i] = 1 + (int64_t)id;
        }
    buffer_free(&text);
    s->prefixed = true;
    return status;
}

static maske_status learn(vocab *entries, speller *s, const bpe_trainer_options *options, const maske_control *control,
        bpe_merge **merges, size_t *merge_count) {
    symbol_words words = {0};
    uint32_t *lengths = NULL;
    symbol_source source = {s->words->count, word_room, word_weight, spell_word, s};
    merge_learner_options learning = {.vocab_size = options->vocab_size, .min_frequency = options->min_frequency,
                                      .max_token_length = options->max_token_length, .prefix = options->prefix,
                                      .no_bytes = options->no_bytes};
    maske_status status = memory_new(&lengths, (size_t)entries->limit, sizeof *lengths, "entries");
    for (int32_t id = 0; status == MASKE_OK && id < entries->limit; id++) lengths[id] = 1;
    if (status == MASKE_OK) status = symbol_words_build(&words, &source, parallel_threads(control));
    if (options->spent != NULL) {
        word_counts_free(options->spent);
        memory_trim();
    }
    if (status == MASKE_OK) status = merges_learn(entries, &words, lengths, &learning, control, merges, merge_count);
    symbol_words_free(&words);
    free(lengths);
    return status;
}

maske_status bpe_train(vocab *entries, bpe_merge **merges, size_t *merge_count, const word_counts *words,
        const bpe_trainer_options *options, const maske_control *control) {
    for (size_t i = 0; i < options->special_count; i++) {
        const char *token = options->special_tokens[i];
        if (vocab_find(entries, token, strlen(token)) < 0) TRY(vocab_append(entries, token, strlen(token), NULL));
    }
    speller *s = NULL;
    uint32_t *alphabet = NULL;
    size_t count = 0, dropped = 0, special = entries->count;
    TRY(memory_new(&s, 1, sizeof *s, "characters"));
    s->words = words;
    maske_status status = alphabet_choose(&alphabet, &count, &dropped, words, options->initial_alphabet,
                                          options->initial_count, options->alphabet_limit, parallel_threads(control));
    if (status == MASKE_OK) status = add_alphabet(entries, s, alphabet, count);
    if (status == MASKE_OK && options->prefix != NULL) status = add_inner(entries, s, options->prefix);
    if (status == MASKE_OK && dropped > 0)
        log_say(MASKE_LOG_NOTE, "%zu rare characters are left out of the vocabulary, %zu are in it", dropped, count);
    if (status == MASKE_OK && (int64_t)entries->count > options->vocab_size)
        log_say(MASKE_LOG_WARNING,
                "%lld entries cannot hold %zu special tokens and bytes and %zu characters: the vocabulary has %zu "
                "entries and no merge",
                (long long)options->vocab_size, special, entries->count - special, entries->count);
    if (status == MASKE_OK) status = learn(entries, s, options, control, merges, merge_count);
    character_table_free(&s->symbols);
    character_table_free(&s->inner);
    free(s);
    free(alphabet);
    return status;
}
