/* tasks/evaluate_words.c: a drawn word's line is encoded, the pieces that touch the word are found by their offsets. */
#include "tasks/evaluate_words.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tasks/masked_copies.h"
#include "tasks/word_sample.h"

#include <math.h>
#include <stdlib.h>

typedef struct word_score { double bits; bool wrong; } word_score;

typedef struct word_evaluation {
    const maske_model *model;
    word_sample sample;
    word_score *scores;             /* [sample.count] */
    masked_copies copies;
    maske_encoding encoding;
    int32_t *ids;                   /* [trained_length]: the part of the line that the model sees */
    int32_t unknown;
} word_evaluation;

static maske_status add_result(void *user, size_t owner, int32_t label, const float *logits, size_t vocab_size) {
    word_evaluation *e = user;
    word_score *score = &e->scores[owner];
    score->bits -= logits_log_probability(logits, vocab_size, label) / log(2);
    for (size_t i = 0; i < vocab_size && !score->wrong; i++)
        score->wrong = logits[i] > logits[label] && !maske_tokenizer_is_special(e->model->tokenizer, (int32_t)i);
    return MASKE_OK;
}

static bool touches(const maske_encoding *e, size_t i, const sampled_word *word) {
    return !e->special_tokens_mask[i] && e->byte_begin[i] < word->end && e->byte_end[i] > word->begin &&
           e->byte_begin[i] < e->byte_end[i];
}

/* What the tokenizer cannot write: the bytes of a piece that is [UNK], or of a word that has no pieces. */
static void charge_unknown(word_score *score, size_t bytes) {
    score->bits += 8 * (double)bytes;
    score->wrong = true;
}

/* What stands around every line, and what that leaves of the model's length for the line itself. */
typedef struct surroundings { size_t lead, trail, room; } surroundings;

static maske_status find_surroundings(surroundings *out, const word_evaluation *e) {
    const maske_encoding *encoding = &e->encoding;
    size_t lead = 0, trail = 0, count = encoding->count, length = e->model->trained_length;
    while (lead < count && encoding->special_tokens_mask[lead]) lead++;
    while (trail < count - lead && encoding->special_tokens_mask[count - 1 - trail]) trail++;
    if (lead + trail >= length)
        return error_set(MASKE_BAD_SHAPE,
                         "%s: the tokenizer puts %zu special tokens around a text, which leaves no room for it in %zu tokens",
                         e->model->folder, lead + trail, length);
    *out = (surroundings){lead, trail, length - lead - trail};
    return MASKE_OK;
}

/* The tokens that the model sees: `lead` special ones, a stretch of the line around the word, which is not longer than
 * the room, `trail` special ones. Sets *first to where the word's pieces then begin. */
static size_t make_window(word_evaluation *e, const surroundings *around, size_t begin, size_t end, size_t *first) {
    const maske_encoding *encoding = &e->encoding;
    size_t lead = around->lead, trail = around->trail, room = around->room, count = encoding->count;
    size_t body = count - lead - trail, from = lead;
    if (body > room) {
        size_t spare = room - (end - begin), before = begin - lead;
        size_t left = spare / 2 < before ? spare / 2 : before;
        from = begin - left;
        if (from + room > count - trail) from = count - trail - room;
        body = room;
    }
    memcpy(e->ids, encoding->ids, lead * sizeof *e->ids);
    memcpy(e->ids + lead, encoding->ids + from, body * sizeof *e->ids);
    memcpy(e->ids + lead + body, encoding->ids + count - trail, trail * sizeof *e->ids);
    *first = lead + begin - from;
    return lead + body + trail;
}

static maske_status add_word(word_evaluation *e, size_t owner) {
    const sampled_word *word = &e->sample.items[owner];
    const maske_encode_options whole = {.no_truncation = true, .no_padding = true};
    maske_encoding *encoding = &e->encoding;
    TRY(maske_tokenizer_encode(e->model->tokenizer, word->line, word->length, NULL, 0, &whole, encoding));
    size_t begin = 0, first;
    while (begin < encoding->count && !touches(encoding, begin, word)) begin++;
    size_t end = begin;
    while (end < encoding->count && touches(encoding, end, word)) end++;
    surroundings around = {0};
    TRY(find_surroundings(&around, e));
    /* Of a word that leaves no place for half as much beside it, what is beyond that is not guessed. */
    size_t half = e->model->trained_length / 2, most = half < around.room ? half : around.room;
    if (end - begin > most) {
        size_t kept = begin + most;
        charge_unknown(&e->scores[owner], encoding->byte_end[end - 1] - encoding->byte_end[kept - 1]);
        end = kept;
    }
    if (begin == end) return charge_unknown(&e->scores[owner], word->end - word->begin), MASKE_OK;
    size_t count = make_window(e, &around, begin, end, &first);
    for (size_t i = 0; i < end - begin; i++) {
        if (e->ids[first + i] == e->unknown)
            charge_unknown(&e->scores[owner], encoding->byte_end[begin + i] - encoding->byte_begin[begin + i]);
        else TRY(masked_copies_add(&e->copies, owner, e->ids, count, first + i, first + end - begin, first + i));
    }
    return MASKE_OK;
}

static maske_status score_all(word_evaluation *e, const maske_control *control) {
    size_t length = e->model->trained_length, room = MASKED_COPIES_TOKENS;
    TRY(memory_new(&e->scores, e->sample.count, sizeof *e->scores, "scores"));
    TRY(memory_new(&e->ids, length, sizeof *e->ids, "a batch"));
    TRY(masked_copies_open(&e->copies, e->model, room > length ? room : length, add_result, e));
    for (size_t i = 0; i < e->sample.count; i++) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "evaluating was stopped");
        TRY(add_word(e, i));
        control_progress(control, "guessing words", (double)(i + 1), (double)e->sample.count, "words");
    }
    return masked_copies_finish(&e->copies);
}

static void sum_up(const word_evaluation *e, maske_evaluation *out) {
    const word_statistics *statistics = &e->sample.statistics;
    double bits = 0, unigram = 0, bigram = 0, characters = 0, n = (double)e->sample.count;
    int64_t right = 0, unigram_right = 0, bigram_right = 0;
    for (size_t i = 0; i < e->sample.count; i++) {
        const sampled_word *word = &e->sample.items[i];
        word_guess alone = word_statistics_guess(statistics, word->word),
                   after = word_statistics_guess_after(statistics, word->previous, word->word);
        characters += (double)utf8_count(word->line + word->begin, word->end - word->begin);
        bits += e->scores[i].bits, unigram += alone.bits, bigram += after.bits;
        right += !e->scores[i].wrong, unigram_right += alone.right, bigram_right += after.right;
    }
    out->words = (int64_t)e->sample.count;
    out->word_bits_per_character = bits / characters;
    out->word_accuracy = (double)right / n;
    out->unigram_word_bits_per_character = unigram / characters;
    out->unigram_word_accuracy = (double)unigram_right / n;
    out->bigram_word_bits_per_character = bigram / characters;
    out->bigram_word_accuracy = (double)bigram_right / n;
}

maske_status evaluate_words(const maske_model *model, const maske_text *text, const maske_evaluate_options *options,
                            const maske_control *control, maske_evaluation *out) {
    word_evaluation e = {.model = model, .unknown = maske_tokenizer_special(model->tokenizer, MASKE_UNK)};
    maske_status status = word_sample_read(&e.sample, text, (uint64_t)options->seed, (size_t)options->words, control);
    if (status == MASKE_OK) status = score_all(&e, control);
    if (status == MASKE_OK) sum_up(&e, out);
    masked_copies_close(&e.copies);
    word_sample_free(&e.sample);
    maske_encoding_free(&e.encoding);
    free(e.scores);
    free(e.ids);
    return status;
}
