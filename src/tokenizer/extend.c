/* tokenizer/extend.c: maske_tokenizer_extend: a trained vocabulary learns on.
 *
 * The words of the new text are cut by the base, and what was learned is learned on those pieces, behind all that the
 * base knows. For a BPE this gives
 *   - every old id and every old rank stays;
 *   - no text is cut where the base does not cut: old merges come first, new ones only join what they leave.
 * The first of what was learned may take the places of entries called [unused0], [unused1] ...
 *
 * WordPiece takes the longest entry from the left, so that no such promise can be made: how many words are cut at other
 * places is counted and said. */
#include "base/number.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "tokenizer/merge_learner.h"
#include "tokenizer/train_options.h"

#include <stdlib.h>

typedef struct extension {
    const maske_tokenizer *base;
    const word_counts *words;
    vocab entries;                  /* the base's, with added tokens; grows */
    bpe encoder;                    /* BPE: the base's merges, and those learned before a respelling */
    bpe_word *scratch;              /* [threads] */
    buffer *spelled;                /* [threads] */
    int64_t *unknown;               /* [threads] words, with repeats, of which something is not in the vocabulary */
    int threads;
    uint8_t *apart, *halves;        /* as merge_learner_options wants them */
    bpe_merge *merges;              /* [merge_count] learned */
    size_t merge_count;
} extension;

static const char *base_prefix(const maske_tokenizer *base) {
    return base->kind == MODEL_BPE ? base->model.bpe.options.continuing_subword_prefix
                                   : base->model.wordpiece.continuing_subword_prefix;
}

/* --------------------------------------------------------------------------------------------------- entries --- */

/* Added tokens above the model become its entries: the library numbers them anew from the model's size on when it reads
 * the file, so that they would all move if the model grew below them. */
static maske_status fold_entries(vocab *entries, const maske_tokenizer *base) {
    TRY(vocab_copy(entries, tokenizer_vocab(base)));
    for (int32_t id = 0; id < base->added.limit; id++) {
        const added_token *token = added_tokens_get(&base->added, id);
        size_t length = 0;
        if (token != NULL && vocab_text(entries, id, &length) == NULL)
            TRY(vocab_add(entries, token->content, token->length, id));
    }
    size_t length = 0;
    int32_t hole = 0;
    while (hole < entries->limit && vocab_text(entries, hole, &length) != NULL) hole++;
    if (hole == entries->limit) return MASKE_OK;
    return error_set(MASKE_BAD_FILE,
                     "the vocabulary has no entry %d (it has %zu, the largest is %d): ids without holes are expected, "
                     "since a larger vocabulary would give the ids of its added tokens away",
                     hole, entries->count, entries->limit - 1);
}

/* What stands for unknown text is never part of a new entry: [UNK], and the pieces of byte fallback, which are bytes to
 * a decoder only as they are. */
static maske_status find_apart(extension *e) {
    size_t limit = (size_t)e->entries.limit;
    TRY(memory_new(&e->apart, limit, sizeof *e->apart, "entries"));
    TRY(memory_new(&e->halves, limit, sizeof *e->halves, "entries"));
    if (e->base->kind == MODEL_WORDPIECE) {
        if (e->base->model.wordpiece.unk_id >= 0) e->apart[e->base->model.wordpiece.unk_id] = 1;
        return MASKE_OK;
    }
    const bpe *model = &e->base->model.bpe;
    if (model->unk_id >= 0) e->apart[model->unk_id] = 1;
    for (int byte = 0; byte < 256 && model->options.byte_fallback; byte++)
        if (model->byte_ids[byte] >= 0) e->apart[model->byte_ids[byte]] = 1;
    for (size_t i = 0; i < model->merge_count; i++)
        e->halves[model->merges[i].left] = e->halves[model->merges[i].right] = 1;
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- words --- */

static size_t word_room(const void *user, size_t i) {
    const extension *e = user;
    counted_word word = e->words->words[i];
    size_t characters = e->words->form == WORD_BYTES ? word.length : utf8_count(word.text, word.length);
    if (e->base->kind == MODEL_WORDPIECE || !e->base->model.bpe.options.byte_fallback) return characters;
    /* The fallback takes bytes, those of the affixes too; a byte is shown in two at most, a space in four. */
    const bpe_options *options = &e->base->model.bpe.options;
    size_t affixes = (options->continuing_subword_prefix != NULL ? strlen(options->continuing_subword_prefix) : 0) +
                     (options->end_of_word_suffix != NULL ? strlen(options->end_of_word_suffix) : 0);
    size_t bytes = e->words->form == WORD_BYTES ? 2 * (size_t)word.length : word.length;
    for (size_t at = 0; at < word.length && e->words->form == WORD_SPACES; at++) bytes += word.text[at] == ' ' ? 3 : 0;
    return bytes + characters * affixes;
}

static int64_t word_weight(const void *user, size_t i) { return ((const extension *)user)->words->words[i].count; }

static maske_status encode_word(const maske_tokenizer *tokenizer, const bpe *encoder, const word_counts *words,
                                size_t i, buffer *spelled, bpe_word *word) {
    TRY(word_spell(words, words->words[i], spelled));
    return tokenizer->kind == MODEL_WORDPIECE
               ? wordpiece_encode(&tokenizer->model.wordpiece, word, spelled->data, spelled->length)
               : bpe_encode(encoder, word, spelled->data, spelled->length);
}

static maske_status spell_word(void *user, int thread, size_t i, uint32_t *symbols, size_t *count) {
    extension *e = user;
    bpe_word *word = &e->scratch[thread];
    TRY(encode_word(e->base, &e->encoder, e->words, i, &e->spelled[thread], word));
    size_t covered = 0;
    bool unknown = false;
    for (size_t s = 0; s < word->count; s++) {
        symbols[s] = (uint32_t)word->ids[s];
        covered += word->lengths[s];
        unknown = unknown || (e->base->kind == MODEL_BPE ? word->ids[s] == e->encoder.unk_id
                                                         : word->ids[s] == e->base->model.wordpiece.unk_id);
    }
    if (unknown || covered < e->spelled[thread].length) e->unknown[thread] += e->words->words[i].count;
    *count = word->count;
    return MASKE_OK;
}

static maske_status spell_words(extension *e, symbol_words *out) {
    symbol_source source = {e->words->count, word_room, word_weight, spell_word, e};
    for (int t = 0; t < e->threads; t++) e->unknown[t] = 0;
    return symbol_words_build(out, &source, e->threads);
}

/* The words as an encoder with the new merges would leave them. */
static maske_status respell(void *user, symbol_words *words, const bpe_merge *merges, size_t count) {
    extension *e = user;
    vocab entries = {0};
    bpe_merge *all = NULL;
    size_t old = e->base->model.bpe.merge_count;
    TRY(memory_new(&all, old + count, sizeof *all, "merges"));
    if (old > 0) memcpy(all, e->base->model.bpe.merges, old * sizeof *all);
    memcpy(all + old, merges, count * sizeof *all);
    bpe_free(&e->encoder);
    maske_status status = vocab_copy(&entries, &e->entries);
    if (status == MASKE_OK)
        status = bpe_build(&e->encoder, &entries, all, old + count, &e->base->model.bpe.options, "extended model");
    free(all);
    TRY(status);
    symbol_words_free(words);
    return spell_words(e, words);
}

/* -------------------------------------------------------------------------------------------------- learning --- */

static void warn_of_unknown(const extension *e) {
    int64_t unknown = 0;
    for (int t = 0; t < e->threads; t++) unknown += e->unknown[t];
    if (unknown == 0) return;
    log_say(MASKE_LOG_WARNING,
            "%lld of the text's %lld words hold characters that the tokenizer does not know; those stay unknown",
            (long long)unknown, (long long)e->words->total);
}

/* Learns up to vocab_size entries. */
static maske_status learn(extension *e, int64_t vocab_size, const maske_tokenizer_train_options *options,
                          const maske_control *control) {
    symbol_words words = {0};
    vocab entries = {0};
    uint32_t *lengths = NULL;           /* of no use without a max_token_length */
    bool is_bpe = e->base->kind == MODEL_BPE;
    merge_learner_options learning = {
        .vocab_size = vocab_size, .min_frequency = options->min_frequency, .prefix = base_prefix(e->base),
        .apart = e->apart, .no_bytes = is_bpe && e->base->model.bpe.options.byte_fallback, .halves = e->halves,
        .respell = is_bpe ? respell : NULL, .user = e};
    TRY(memory_new(&lengths, (size_t)e->entries.limit, sizeof *lengths, "entries"));
    maske_status status = MASKE_OK;
    if (is_bpe) status = vocab_copy(&entries, &e->entries);
    if (is_bpe && status == MASKE_OK)
        status = bpe_build(&e->encoder, &entries, e->base->model.bpe.merges, e->base->model.bpe.merge_count,
                           &e->base->model.bpe.options, "base model");
    if (status == MASKE_OK) status = spell_words(e, &words);
    if (status == MASKE_OK) {
        warn_of_unknown(e);
        status = merges_learn(&e->entries, &words, lengths, &learning, control, &e->merges, &e->merge_count);
    }
    symbol_words_free(&words);
    free(lengths);
    return status;
}

/* ------------------------------------------------------------------------------------------------ unused entries --- */

/* "[unused7]", as the vocabularies of BERT have them to be given away. */
static bool is_unused(const char *text, size_t length) {
    static const char name[] = "[unused";
    size_t size = sizeof name - 1;
    if (length < size + 2 || memcmp(text, name, size) != 0 || text[length - 1] != ']') return false;
    for (size_t i = size; i + 1 < length; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return true;
}

/* The ids of unused entries, ascending; those that are added tokens are somebody's. *ids is yours. */
static maske_status find_unused(int32_t **ids, size_t *count, const extension *e) {
    TRY(memory_new(ids, (size_t)e->entries.limit, sizeof **ids, "entries"));
    for (int32_t id = 0; id < e->entries.limit; id++) {
        size_t length = 0;
        const char *text = vocab_text(&e->entries, id, &length);
        if (text != NULL && is_unused(text, length) && added_tokens_get(&e->base->added, id) == NULL)
            (*ids)[(*count)++] = id;
    }
    return MASKE_OK;
}

/* Where entry `id` of those learned goes: the first ones take the places of unused entries. */
static int32_t place_of(int32_t id, int32_t base, const int32_t *unused, size_t count) {
    if (id < base) return id;
    return (size_t)(id - base) < count ? unused[id - base] : id - (int32_t)count;
}

/* Entries and merges with the new ids. `base`: entries there were. */
static maske_status fill_unused(extension *e, int32_t base, const int32_t *unused, size_t count) {
    vocab filled = {0};
    size_t learned = (size_t)(e->entries.limit - base), used = learned < count ? learned : count, next = 0;
    int32_t limit = e->entries.limit - (int32_t)used;
    maske_status status = MASKE_OK;
    for (int32_t id = 0; id < limit && status == MASKE_OK; id++) {
        int32_t from = id < base ? id : id + (int32_t)used;
        size_t length = 0;
        if (next < used && unused[next] == id) from = base + (int32_t)next++;
        const char *text = vocab_text(&e->entries, from, &length);
        status = vocab_add(&filled, text, length, id);
    }
    if (status != MASKE_OK) {
        vocab_free(&filled);
        return status;
    }
    for (size_t i = 0; i < e->merge_count; i++) {
        bpe_merge *m = &e->merges[i];
        m->left = place_of(m->left, base, unused, used);
        m->right = place_of(m->right, base, unused, used);
        m->id = place_of(m->id, base, unused, used);
    }
    vocab_free(&e->entries);
    e->entries = filled;
    log_say(MASKE_LOG_NOTE, "%zu of %zu unused entries have become new ones", used, count);
    return MASKE_OK;
}

static maske_status make_tokenizer(maske_tokenizer **out, extension *e) {
    if (e->base->kind == MODEL_WORDPIECE) return tokenizer_copy_with_wordpiece(out, e->base, &e->entries);
    const bpe *model = &e->base->model.bpe;
    bpe_merge *all = NULL;
    TRY(memory_new(&all, model->merge_count + e->merge_count, sizeof *all, "merges"));
    if (model->merge_count > 0) memcpy(all, model->merges, model->merge_count * sizeof *all);
    if (e->merge_count > 0) memcpy(all + model->merge_count, e->merges, e->merge_count * sizeof *all);
    maske_status status = tokenizer_copy_with_bpe(out, e->base, &e->entries, all, model->merge_count + e->merge_count);
    free(all);
    return status;
}

/* ----------------------------------------------------------------------------------------- what has changed --- */

enum { WORDS_A_TASK = 4096 };
typedef struct tokens_sum { int64_t before, after, recut; maske_status status; } tokens_sum;
typedef struct comparison {
    const maske_tokenizer *before, *after;
    const word_counts *words;
    bpe_word *scratch[2];           /* [threads] */
    buffer *spelled;
    tokens_sum *sums;               /* [threads] */
} comparison;

/* Whether the new cut has a place that the old one has not. */
static bool cut_elsewhere(const bpe_word *before, const bpe_word *after) {
    size_t at[2] = {0, 0}, old = 0;
    for (size_t i = 0; i < after->count; i++) {
        at[1] += after->lengths[i];
        while (old < before->count && at[0] < at[1]) at[0] += before->lengths[old++];
        if (at[0] != at[1]) return true;
    }
    return false;
}

static void compare_task(void *user, size_t task, int thread) {
    comparison *c = user;
    tokens_sum *sum = &c->sums[thread];
    size_t last = (task + 1) * WORDS_A_TASK < c->words->count ? (task + 1) * WORDS_A_TASK : c->words->count;
    for (size_t i = task * WORDS_A_TASK; i < last && sum->status == MASKE_OK; i++) {
        bpe_word *before = &c->scratch[0][thread], *after = &c->scratch[1][thread];
        int64_t count = c->words->words[i].count;
        sum->status = encode_word(c->before, &c->before->model.bpe, c->words, i, &c->spelled[thread], before);
        if (sum->status == MASKE_OK)
            sum->status = encode_word(c->after, &c->after->model.bpe, c->words, i, &c->spelled[thread], after);
        if (sum->status != MASKE_OK) return;
        sum->before += count * (int64_t)before->count;
        sum->after += count * (int64_t)after->count;
        if (cut_elsewhere(before, after)) sum->recut += count;
    }
}

static void say_changes(const extension *e, const tokens_sum *sum) {
    char share[16];
    number_print(share, sizeof share, "%.1f",
                 sum->before > 0 ? 100.0 * (double)(sum->before - sum->after) / (double)sum->before : 0.0);
    log_say(MASKE_LOG_NOTE, "the text's words are %lld tokens now, %lld before (%s %% less)", (long long)sum->after,
            (long long)sum->before, share);
    if (e->base->kind == MODEL_BPE) return;
    number_print(share, sizeof share, "%.2f",
                 e->words->total > 0 ? 100.0 * (double)sum->recut / (double)e->words->total : 0.0);
    log_say(MASKE_LOG_NOTE,
            "%s %% of the text's words (%lld of %lld) are cut at a place where they were not cut before, as is "
            "WordPiece's way",
            share, (long long)sum->recut, (long long)e->words->total);
}

static maske_status compare(const extension *e, const maske_tokenizer *after, int threads) {
    comparison c = {
        .before = e->base, .after = after, .words = e->words, .spelled = e->spelled, .scratch = {e->scratch, NULL}};
    tokens_sum sum = {0};
    maske_status status = memory_new(&c.sums, (size_t)threads, sizeof *c.sums, "words");
    if (status == MASKE_OK) status = memory_new(&c.scratch[1], (size_t)threads, sizeof *c.scratch[1], "words");
    if (status == MASKE_OK)
        parallel_for(threads, (e->words->count + WORDS_A_TASK - 1) / WORDS_A_TASK, compare_task, &c);
    for (int t = 0; t < threads && status == MASKE_OK; t++) {
        if (c.sums[t].status != MASKE_OK) status = error_set(c.sums[t].status, "a word of the text cannot be encoded");
        sum.before += c.sums[t].before;
        sum.after += c.sums[t].after;
        sum.recut += c.sums[t].recut;
    }
    if (status == MASKE_OK) say_changes(e, &sum);
    for (int t = 0; t < threads && c.scratch[1] != NULL; t++) bpe_word_free(&c.scratch[1][t]);
    free(c.scratch[1]);
    free(c.sums);
    return status;
}

/* --------------------------------------------------------------------------------------------------- the whole --- */

static maske_status extend(maske_tokenizer **out, extension *e, const maske_text *text,
                           const maske_tokenizer_train_options *options, const maske_control *control,
                           maske_tokenizer_train_report *report) {
    word_counts words = {0};
    TRY(fold_entries(&e->entries, e->base));
    if (options->vocab_size < (int64_t)e->entries.count)
        return error_set(MASKE_BAD_ARGUMENT,
                         "vocab_size is %lld, expected at least %zu: the tokenizer has as many entries",
                         (long long)options->vocab_size, e->entries.count);
    TRY(find_apart(e));
    TRY(memory_new(&e->scratch, (size_t)e->threads, sizeof *e->scratch, "words"));
    TRY(memory_new(&e->spelled, (size_t)e->threads, sizeof *e->spelled, "words"));
    TRY(memory_new(&e->unknown, (size_t)e->threads, sizeof *e->unknown, "words"));
    TRY(train_count_words(&words, report, text, e->base, options, control));
    e->words = &words;
    maske_tokenizer *made = NULL;
    int32_t *unused = NULL, base = e->entries.limit;
    size_t count = 0;
    maske_status status = options->fill_unused ? find_unused(&unused, &count, e) : MASKE_OK;
    if (status == MASKE_OK) status = learn(e, options->vocab_size + (int64_t)count, options, control);
    if (status == MASKE_OK && count > 0) status = fill_unused(e, base, unused, count);
    free(unused);
    if (status == MASKE_OK) status = make_tokenizer(&made, e);
    if (status == MASKE_OK) status = compare(e, made, e->threads);
    word_counts_free(&words);
    if (status != MASKE_OK) maske_tokenizer_free(made);
    else *out = made;
    return status;
}

static void extension_free(extension *e) {
    for (int t = 0; t < e->threads && e->scratch != NULL; t++) bpe_word_free(&e->scratch[t]);
    for (int t = 0; t < e->threads && e->spelled != NULL; t++) buffer_free(&e->spelled[t]);
    vocab_free(&e->entries);
    bpe_free(&e->encoder);
    free(e->scratch);
    free(e->spelled);
    free(e->unknown);
    free(e->apart);
    free(e->halves);
    free(e->merges);
}

maske_status maske_tokenizer_extend(maske_tokenizer **out, const maske_tokenizer *base, const maske_text *text,
                                    const maske_tokenizer_train_options *options, const maske_control *control,
                                    maske_tokenizer_train_report *report) {
    maske_tokenizer_train_options defaults;
    maske_tokenizer_train_report made = {0};
    maske_tokenizer_train_options_defaults(&defaults);
    if (options == NULL) options = &defaults;
    TRY(train_options_check(options));
    double start = clock_now();
    extension e = {.base = base, .threads = parallel_threads(control)};
    maske_status status = extend(out, &e, text, options, control, &made);
    if (status == MASKE_OK && report != NULL) {
        made.vocab_size = maske_tokenizer_vocab_size(*out);
        made.merges = (int64_t)e.merge_count;
        made.seconds = clock_now() - start;
        *report = made;
    }
    extension_free(&e);
    return status;
}
