/* tasks/score.c: pseudo-log-likelihood: every token of a text masked once, by itself (Salazar and others, "Masked
 * language model scoring", 2020); or together with those behind it in its word (Kauf and Ivanova, "A better way to do
 * masked language model scoring", 2023).
 *
 * A text of n tokens is n copies, each with one token predicted (masked_copies.h). */
#include "base/log.h"
#include "tasks/masked_copies.h"
#include "tasks/text.h"

#include <stdlib.h>

typedef struct scoring {
    const maske_model *model;
    text_tokens texts;
    maske_score_result *out;
    masked_copies copies;
    bool within_word;
    const maske_control *control;
    size_t done;                    /* tokens guessed, of all the texts */
} scoring;

static maske_status add_result(void *user, size_t text, int32_t label, const float *logits, size_t vocab_size) {
    scoring *s = user;
    s->out[text].log_likelihood += logits_log_probability(logits, vocab_size, label);
    control_progress(s->control, "scoring", (double)++s->done, (double)s->texts.tokens, "tokens");
    return MASKE_OK;
}

/* A copy of the text with its token `at` masked, and what goes on with its word. */
static maske_status add_copy(scoring *s, size_t text, size_t at) {
    const size_t begin = s->texts.starts[text], length = s->texts.starts[text + 1] - begin;
    size_t end = at + 1;
    while (s->within_word && end < length && s->texts.continues[begin + end]) end++;
    return masked_copies_add(&s->copies, text, s->texts.ids + begin, length, at, end, at);
}

/* Tokens of a batch: many, or all there are to do if these are less. */
static size_t room_needed(const scoring *s) {
    size_t needed = 0, most = s->model->max_length > MASKED_COPIES_TOKENS ? s->model->max_length : MASKED_COPIES_TOKENS;
    for (size_t i = 0; i < s->texts.count && needed < most; i++) {
        size_t length = s->texts.starts[i + 1] - s->texts.starts[i];
        needed += length * length;
    }
    return needed < most ? needed : most;
}

static maske_status score(scoring *s) {
    TRY(masked_copies_open(&s->copies, s->model, room_needed(s), add_result, s));
    s->copies.control = s->control;
    for (size_t text = 0; text < s->texts.count; text++) {
        size_t begin = s->texts.starts[text], end = s->texts.starts[text + 1];
        s->out[text].cut = s->texts.cut[text];
        for (size_t i = begin; i < end; i++) {
            if (s->texts.special[i]) continue;
            s->out[text].tokens++;
            TRY(add_copy(s, text, i - begin));
        }
    }
    return masked_copies_finish(&s->copies);
}

maske_status maske_score(const maske_model *model, const char *const *texts, const size_t *lengths, size_t count,
                         const maske_score_options *options, maske_score_result *out) {
    const maske_score_options defaults = {0};
    if (options == NULL) options = &defaults;
    scoring s = {.model = model, .within_word = options->within_word, .control = options->control};
    TRY(masked_copies_check(model));
    maske_status status = memory_new(&s.out, count, sizeof *s.out, "scores");
    if (status == MASKE_OK) status = text_tokens_read(&s.texts, model, texts, lengths, count);
    if (status == MASKE_OK && count > 0) status = score(&s);
    float sum = 0;              /* of numbers that are finite it is */
    for (size_t i = 0; status == MASKE_OK && i < count; i++) sum += (float)s.out[i].log_likelihood;
    if (status == MASKE_OK) model_expect_finite(model, "scores are", &sum, 1);
    if (status == MASKE_OK && count > 0) memcpy(out, s.out, count * sizeof *out);
    masked_copies_close(&s.copies);
    text_tokens_free(&s.texts);
    free(s.out);
    return status;
}
