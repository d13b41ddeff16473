/* tokenizer/train_tokenizer.c: maske_tokenizer_train: from raw text to a tokenizer.
 *
 * The vocabulary: [PAD] [UNK] [CLS] [SEP] [MASK], with byte fallback <0x00> to <0xFF>, the alphabet, what was merged.
 * All of them are the model's own; the five are added tokens besides. */
#include "tokenizer/alphabet.h"
#include "base/clock.h"
#include "tokenizer/bpe_trainer.h"
#include "tokenizer/train_options.h"
#include "tokenizer/word_reader.h"

#include <stdlib.h>

#define VOCAB_MOST 4000000
#define FREQUENCY_MOST 9e15

static const maske_option rows[] = {
    {"vocab-size", MASKE_OPTION_INTEGER, offsetof(maske_tokenizer_train_options, vocab_size), 1, VOCAB_MOST, "N",
     "16000", "entries in all, special tokens and bytes included"},
    {"type", MASKE_OPTION_CHOICE, offsetof(maske_tokenizer_train_options, type), 0, 0, "bpe|wordpiece", "bpe",
     "kind of vocabulary; wordpiece: with bert or whitespace"},
    {"pre-tokenizer", MASKE_OPTION_CHOICE, offsetof(maske_tokenizer_train_options, pre_tokenizer), 0, 0,
     "metaspace|bytelevel|bert|whitespace", "metaspace", "how text is cut into words"},
    {"normalizer", MASKE_OPTION_CHOICE, offsetof(maske_tokenizer_train_options, normalizer), 0, 0,
     "none|nfc|nfkc|bert-cased|bert-uncased|lower-tr", "none", "what is done to text before that"},
    {"min-frequency", MASKE_OPTION_INTEGER, offsetof(maske_tokenizer_train_options, min_frequency), 1, FREQUENCY_MOST,
     "N", "2", "how often a pair must occur to be merged"},
    {"alphabet-limit", MASKE_OPTION_INTEGER, offsetof(maske_tokenizer_train_options, alphabet_limit), 0,
     CHARACTER_LIMIT, "N", "0", "characters kept, the most frequent; 0: all"},
    {"byte-fallback", MASKE_OPTION_YES_NO, offsetof(maske_tokenizer_train_options, byte_fallback), 0, 0, "yes|no",
     "yes", "unknown characters become bytes, not [UNK]"},
    {"memory", MASKE_OPTION_MEMORY, offsetof(maske_tokenizer_train_options, memory), 16 << 20, FREQUENCY_MOST, "BYTES",
     "2G", "what counting and learning may take; more is put aside in $TMPDIR"},
    {"prune", MASKE_OPTION_FLAG, offsetof(maske_tokenizer_train_options, prune), 0, 0, NULL, "no",
     "drop the rarest words if memory is too little for all"},
    {0}};

const maske_option *maske_tokenizer_train_option_table(void) { return rows; }

void maske_tokenizer_train_options_defaults(maske_tokenizer_train_options *options) {
    *options = (maske_tokenizer_train_options){.vocab_size = 16000,
                                               .type = "bpe",
                                               .pre_tokenizer = "metaspace",
                                               .normalizer = "none",
                                               .min_frequency = 2,
                                               .byte_fallback = true,
                                               .memory = (int64_t)2 << 30};
}

maske_status train_options_check(const maske_tokenizer_train_options *options) {
    const struct { const char *name; int64_t value, minimum; double maximum; } numbers[] = {
        {"vocab_size", options->vocab_size, 1, VOCAB_MOST},
        {"min_frequency", options->min_frequency, 0, FREQUENCY_MOST},
        {"alphabet_limit", options->alphabet_limit, 0, CHARACTER_LIMIT},
        {"memory", options->memory, 1, FREQUENCY_MOST},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].value < numbers[i].minimum || (double)numbers[i].value > numbers[i].maximum)
            return error_set(MASKE_BAD_ARGUMENT, "%s is %lld, expected %lld to %lld", numbers[i].name,
                             (long long)numbers[i].value, (long long)numbers[i].minimum, (long long)numbers[i].maximum);
    }
    return MASKE_OK;
}


maske_status train_count_words(word_counts *out, maske_tokenizer_train_report *report, const maske_text *text,
        const maske_tokenizer *tokenizer, const maske_tokenizer_train_options *options, const maske_control *control) {
    corpus *in = NULL;
    const word_limits limits = {options->memory, options->prune};
    TRY(corpus_open(&in, text, control));
    maske_status status = word_counts_read(out, in, tokenizer, &limits, NULL, control);
    corpus_totals totals = corpus_read_so_far(in);
    corpus_close(in);
    TRY(status);
    report->lines = totals.lines;
    report->bytes = totals.bytes;
    report->replaced_bytes = totals.replaced;
    report->words = out->total;
    report->unique_words = (int64_t)out->count + out->pruned_words;
    report->pruned_words = out->pruned_words;
    report->pruned_occurrences = out->pruned_total;
    report->spilled_bytes = (int64_t)out->spilled;
    if (out->pruned_words > 0)
        log_say(MASKE_LOG_WARNING,
                "%lld of %lld different words, which occur less than %lld times each, were dropped for lack of memory; "
                "they stand at %lld of the text's %lld places",
                (long long)out->pruned_words, (long long)report->unique_words, (long long)out->least,
                (long long)out->pruned_total, (long long)out->total);
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------ training ---
 */

enum { BYTES = 256, SPECIALS_MOST = MASKE_SPECIAL_COUNT + BYTES };
typedef struct special_names { const char *names[SPECIALS_MOST]; size_t count; char bytes[BYTES][8]; } special_names;

static void name_specials(special_names *out, bool bytes) {
    static const char *const names[MASKE_SPECIAL_COUNT] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    static const char digits[] = "0123456789ABCDEF";
    for (int i = 0; i < MASKE_SPECIAL_COUNT; i++) out->names[out->count++] = names[i];
    for (int i = 0; i < BYTES && bytes; i++) {
        memcpy(out->bytes[i], "<0x..>", 7);
        out->bytes[i][3] = digits[i >> 4];
        out->bytes[i][4] = digits[i & 15];
        out->names[out->count++] = out->bytes[i];
    }
}

static maske_status learn(vocab *entries, bpe_merge **merges, size_t *merge_count, word_counts *words,
        const maske_tokenizer_train_options *options, const maske_control *control) {
    bool bytelevel = words->form == WORD_BYTES, is_wordpiece = train_is_wordpiece(options);
    uint32_t alphabet[BYTES];
    special_names special = {0};
    bool bytes = options->byte_fallback && !bytelevel && !is_wordpiece;
    name_specials(&special, bytes);
    for (int i = 0; i < BYTES; i++) alphabet[i] = byte_level_character((unsigned char)i);
    bpe_trainer_options training = {.vocab_size = options->vocab_size,
                                    .min_frequency = options->min_frequency,
                                    .alphabet_limit = options->alphabet_limit,
                                    .special_tokens = special.names,
                                    .special_count = special.count,
                                    .no_bytes = bytes,
                                    .prefix = is_wordpiece ? TOKENIZER_PIECE_PREFIX : NULL,
                                    .initial_alphabet = alphabet,
                                    .initial_count = bytelevel ? BYTES : 0,
                                    .spent = words};
    return bpe_train(entries, merges, merge_count, words, &training, control);
}

maske_status maske_tokenizer_train(maske_tokenizer **out, const maske_text *text,
                                   const maske_tokenizer_train_options *options, const maske_control *control,
                                   maske_tokenizer_train_report *report) {
    maske_tokenizer_train_options defaults;
    maske_tokenizer_train_report made = {0};
    maske_tokenizer_train_options_defaults(&defaults);
    if (options == NULL) options = &defaults;
    double start = clock_now();
    maske_tokenizer *tokenizer = NULL;
    word_counts words = {0};
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t merge_count = 0;
    TRY(train_options_check(options));
    TRY(tokenizer_new_standard(&tokenizer, options));
    maske_status status = train_count_words(&words, &made, text, tokenizer, options, control);
    if (status == MASKE_OK) status = learn(&entries, &merges, &merge_count, &words, options, control);
    word_counts_free(&words);
    if (status == MASKE_OK)
        status = train_is_wordpiece(options)
                     ? tokenizer_set_standard_wordpiece(tokenizer, &entries)
                     : tokenizer_set_standard_bpe(tokenizer, &entries, merges, merge_count);
    if (status == MASKE_OK) {
        made.vocab_size = maske_tokenizer_vocab_size(tokenizer);
        made.merges = (int64_t)merge_count;
        made.seconds = clock_now() - start;
        if (report != NULL) *report = made;
        *out = tokenizer;
    } else {
        maske_tokenizer_free(tokenizer);
    }
    vocab_free(&entries);
    free(merges);
    return status;
}
