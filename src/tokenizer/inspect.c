/* tokenizer/inspect.c: maske_tokenizer_inspect: what a tokenizer is, and what it makes of a text.
 *
 * Words are what the pre-tokenizer makes (added tokens are none); each different one goes through the model once. Lines
 * are encoded and decoded whole, for tokens, for entries that are used, and for what does not come back. */
#include "base/parallel.h"
#include "tokenizer/counterexample.h"
#include "tokenizer/lossless.h"
#include "tokenizer/unproducible.h"
#include "tokenizer/word_reader.h"

#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------- the model --- */

static bool is_byte_entry(const bpe *model, int32_t id) {
    bool found = false;
    for (int byte = 0; byte < 256 && model->options.byte_fallback; byte++) found = found || model->byte_ids[byte] == id;
    return found;
}

/* Whether the entry's own string becomes the entry, as the part of a word that its prefix and suffix say it is. */
static maske_status is_reached(const maske_tokenizer *t, const char *text, size_t length, int32_t id, bpe_word *word,
                               bool *reached) {
    bool is_bpe = t->kind == MODEL_BPE;
    const bpe_options *options = &t->model.bpe.options;
    const char *prefix = is_bpe ? options->continuing_subword_prefix : t->model.wordpiece.continuing_subword_prefix;
    const char *suffix = is_bpe ? options->end_of_word_suffix : NULL;
    size_t prefix_length = prefix != NULL ? strlen(prefix) : 0, suffix_length = suffix != NULL ? strlen(suffix) : 0;
    bool inner = prefix_length > 0 && length > prefix_length && memcmp(text, prefix, prefix_length) == 0;
    if (!is_bpe) { /* the longest match: an entry is found wherever its text stands, but for what is too long */
        *reached = utf8_count(text, length) <= (uint64_t)t->model.wordpiece.max_input_chars_per_word;
        return MASKE_OK;
    }
    bool last = suffix_length > 0 && length > suffix_length &&
                memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
    size_t begin = inner ? prefix_length : 0, end = last ? length - suffix_length : length;
    if (options->ignore_merges) {           /* a whole word that is an entry is that entry */
        *reached = true;
        return MASKE_OK;
    }
    TRY(bpe_encode_part(&t->model.bpe, word, text + begin, end - begin, !inner, last));
    *reached = word->count == 1 && word->ids[0] == id;
    return MASKE_OK;
}

static maske_status count_unreachable(const maske_tokenizer *t, int64_t *unreachable) {
    const vocab *entries = tokenizer_vocab(t);
    bpe_word word = {0};
    maske_status status = MASKE_OK;
    *unreachable = 0;
    for (int32_t id = 0; id < entries->limit && status == MASKE_OK; id++) {
        size_t length = 0;
        const char *text = vocab_text(entries, id, &length);
        bool reached = true;
        if (text == NULL || length == 0 || added_tokens_get(&t->added, id) != NULL) continue;
        if (t->kind == MODEL_BPE && is_byte_entry(&t->model.bpe, id)) continue;
        if (id == (t->kind == MODEL_BPE ? t->model.bpe.unk_id : t->model.wordpiece.unk_id)) continue;
        status = is_reached(t, text, length, id, &word, &reached);
        *unreachable += !reached;
    }
    bpe_word_free(&word);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- lines ---
 */

typedef struct sums { int64_t bytes, tokens, unknown, truncated, failures, single; } sums;
typedef struct inspector {
    maske_encoding encoding;
    bpe_word word;
    buffer spelled;
    uint8_t *used;                  /* [vocab_size] */
    sums sums;
    maske_status status;
    char error[1024];
} inspector;

typedef struct inspection {
    const maske_tokenizer *tokenizer;
    const word_counts *words;
    inspector *inspectors;          /* [threads] */
    int threads;
    int32_t unk_id;
    int64_t longest;                /* tokens that truncation lets through; 0: no truncation */
} inspection;

static maske_status inspect_line(void *user, int thread, const char *line, size_t length) {
    static const maske_encode_options plain = {
        .no_special = true, .no_truncation = true, .no_padding = true, .ids_only = true};
    inspection *job = user;
    inspector *s = &job->inspectors[thread];
    char *text = NULL;
    size_t decoded = 0;
    TRY(maske_tokenizer_encode(job->tokenizer, line, length, NULL, 0, &plain, &s->encoding));
    TRY(maske_tokenizer_decode(job->tokenizer, s->encoding.ids, s->encoding.count, false, &text, &decoded));
    s->sums.failures += decoded != length || memcmp(text, line, length) != 0;
    free(text);
    s->sums.bytes += (int64_t)length;
    s->sums.tokens += (int64_t)s->encoding.count;
    s->sums.truncated += job->longest > 0 && (int64_t)s->encoding.count > job->longest;
    for (size_t i = 0; i < s->encoding.count; i++) {
        s->used[s->encoding.ids[i]] = 1;
        s->sums.unknown += s->encoding.ids[i] == job->unk_id;
    }
    return MASKE_OK;
}

enum { WORDS_A_TASK = 4096 };

static void inspect_words(void *user, size_t task, int thread) {
    inspection *job = user;
    inspector *s = &job->inspectors[thread];
    const maske_tokenizer *t = job->tokenizer;
    size_t last = (task + 1) * WORDS_A_TASK < job->words->count ? (task + 1) * WORDS_A_TASK : job->words->count;
    for (size_t i = task * WORDS_A_TASK; i < last && s->status == MASKE_OK; i++) {
        s->status = word_spell(job->words, job->words->words[i], &s->spelled);
        if (s->status == MASKE_OK)
            s->status = t->kind == MODEL_BPE
                            ? bpe_encode(&t->model.bpe, &s->word, s->spelled.data, s->spelled.length)
                            : wordpiece_encode(&t->model.wordpiece, &s->word, s->spelled.data, s->spelled.length);
        if (s->status == MASKE_OK && s->word.count == 1 && s->word.ids[0] != job->unk_id)
            s->sums.single += job->words->words[i].count;
    }
    if (s->status != MASKE_OK && s->error[0] == '\0') memcpy(s->error, maske_error(), strlen(maske_error()) + 1);
}

static void add_sums(const inspection *job, maske_tokenizer_report *report) {
    for (int t = 0; t < job->threads; t++) {
        const sums *s = &job->inspectors[t].sums;
        report->bytes += s->bytes;
        report->tokens += s->tokens;
        report->unknown_tokens += s->unknown;
        report->truncated += s->truncated;
        report->round_trip_failures += s->failures;
        report->single_token_words += s->single;
    }
    for (int32_t id = 0; id < (int32_t)report->vocab_size; id++) {
        bool used = maske_tokenizer_token(job->tokenizer, id) == NULL || maske_tokenizer_is_special(job->tokenizer, id);
        for (int t = 0; t < job->threads && !used; t++) used = job->inspectors[t].used[id];
        report->unused += !used;
    }
}

static maske_status inspect_text(inspection *job, const maske_text *text, const maske_control *control,
                                 maske_tokenizer_report *report) {
    corpus *in = NULL;
    word_counts words = {0};
    const line_visitor visitor = {inspect_line, job};
    const word_limits endless = {INT64_MAX, false};
    TRY(corpus_open(&in, text, control));
    maske_status status = word_counts_read(&words, in, job->tokenizer, &endless, &visitor, control);
    report->lines = corpus_read_so_far(in).lines;
    corpus_close(in);
    if (status == MASKE_OK) {
        job->words = &words;
        report->words = words.total;
        parallel_for(job->threads, (words.count + WORDS_A_TASK - 1) / WORDS_A_TASK, inspect_words, job);
    }
    for (int t = 0; t < job->threads && status == MASKE_OK; t++)
        if (job->inspectors[t].status != MASKE_OK)
            status = error_set(job->inspectors[t].status, "%s", job->inspectors[t].error);
    if (status == MASKE_OK) add_sums(job, report);
    word_counts_free(&words);
    return status;
}

static maske_status inspect_with_text(const maske_tokenizer *tokenizer, const maske_text *text,
                                      const maske_control *control, maske_tokenizer_report *report) {
    inspection job = {.tokenizer = tokenizer, .threads = parallel_threads(control)};
    job.unk_id = tokenizer->kind == MODEL_BPE ? tokenizer->model.bpe.unk_id : tokenizer->model.wordpiece.unk_id;
    if (tokenizer->truncation.set)          /* of the frame, one place is the text's */
        job.longest = tokenizer->truncation.max_length - (int64_t)tokenizer->frames[0][0].count + 1;
    maske_status status = memory_new(&job.inspectors, (size_t)job.threads, sizeof *job.inspectors, "inspection");
    for (int t = 0; t < job.threads && status == MASKE_OK; t++)
        status = memory_new(&job.inspectors[t].used, (size_t)report->vocab_size, 1, "entries");
    if (status == MASKE_OK) status = inspect_text(&job, text, control, report);
    for (int t = 0; t < job.threads && job.inspectors != NULL; t++) {
        maske_encoding_free(&job.inspectors[t].encoding);
        bpe_word_free(&job.inspectors[t].word);
        buffer_free(&job.inspectors[t].spelled);
        free(job.inspectors[t].used);
    }
    free(job.inspectors);
    return status;
}

maske_status maske_tokenizer_inspect(const maske_tokenizer *tokenizer, const maske_text *text,
                                     const maske_control *control, maske_tokenizer_report *report) {
    maske_tokenizer_report made = {.vocab_size = maske_tokenizer_vocab_size(tokenizer)};
    made.merges = tokenizer->kind == MODEL_BPE ? (int64_t)tokenizer->model.bpe.merge_count : 0;
    for (size_t i = 0; i < tokenizer->added.count; i++) made.special_tokens += tokenizer->added.tokens[i].special;
    TRY(count_unreachable(tokenizer, &made.unreachable));
    TRY(lossless_prove(tokenizer, &made.lossless, made.lossless_reason, sizeof made.lossless_reason));
    if (!made.lossless) TRY(counterexample_find(tokenizer, made.counterexample, sizeof made.counterexample));
    TRY(unproducible_count(tokenizer, &made.unproducible, made.unproducible_letters,
                           sizeof made.unproducible_letters));
    if (text != NULL && text->count > 0) TRY(inspect_with_text(tokenizer, text, control, &made));
    *report = made;
    return MASKE_OK;
}
