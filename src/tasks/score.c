/* tasks/score.c: pseudo-log-likelihood: every token of a text masked once, by itself (Salazar and others, "Masked
 * language model scoring", 2020); or together with those behind it in its word (Kauf and Ivanova, "A better way to do
 * masked language model scoring", 2023).
 *
 * A text of n tokens is n sequences with one mask each. Sequences of all texts fill the batches, whichever text they
 * are of, so that short texts do not leave the cores idle. */
#include "tasks/text.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH_TOKENS = 4096, BATCH_SEQUENCES = 64 };

typedef struct scoring {
    const maske_model *model;
    text_tokens texts;
    maske_score_result *out;
    int32_t mask;
    bool within_word;
    /* the batch that is being filled */
    size_t sequences, tokens;
    int32_t *ids;                                   /* [room] */
    size_t room;
    pooled_context *context;
    uint32_t starts[BATCH_SEQUENCES + 1], places[BATCH_SEQUENCES];
    int32_t labels[BATCH_SEQUENCES];
    size_t owners[BATCH_SEQUENCES];                 /* the text of each sequence */
} scoring;

/* log softmax(logits)[label] */
static double log_probability(const float *logits, size_t count, int32_t label) {
    float top = logits[0];
    double sum = 0;
    for (size_t i = 1; i < count; i++) top = logits[i] > top ? logits[i] : top;
    for (size_t i = 0; i < count; i++) sum += exp((double)(logits[i] - top));
    return (double)(logits[label] - top) - log(sum);
}

static maske_status flush(scoring *s) {
    if (s->sequences == 0) return MASKE_OK;
    size_t vocab_size = (size_t)s->model->network->config.vocab_size;
    const batch b = {.tokens = s->tokens,
                     .sequences = s->sequences,
                     .predictions = s->sequences,
                     .input_ids = s->ids,
                     .sequence_start = s->starts,
                     .prediction_index = s->places,
                     .labels = s->labels};
    masked_lm_result result;
    TRY(masked_lm_forward(s->model->network, s->context->context, &b, &(masked_lm_mode){0}, &result));
    for (size_t i = 0; i < s->sequences; i++)
        s->out[s->owners[i]].log_likelihood +=
            log_probability(result.logits + i * vocab_size, vocab_size, s->labels[i]);
    s->sequences = s->tokens = 0;
    return MASKE_OK;
}

/* A copy of the text with its token `at` masked, and what goes on with its word. */
static maske_status add_sequence(scoring *s, size_t text, size_t at) {
    const size_t begin = s->texts.starts[text], length = s->texts.starts[text + 1] - begin;
    if (s->sequences == BATCH_SEQUENCES || s->tokens + length > s->room) TRY(flush(s));
    memcpy(s->ids + s->tokens, s->texts.ids + begin, length * sizeof *s->ids);
    s->ids[s->tokens + at] = s->mask;
    for (size_t i = at + 1; s->within_word && i < length && s->texts.continues[begin + i]; i++)
        s->ids[s->tokens + i] = s->mask;
    s->places[s->sequences] = (uint32_t)(s->tokens + at);
    s->labels[s->sequences] = s->texts.ids[begin + at];
    s->owners[s->sequences] = text;
    s->tokens += length;
    s->starts[++s->sequences] = (uint32_t)s->tokens;
    return MASKE_OK;
}

/* Room for a whole batch, or for all there is to do if that is less. */
static maske_status make_room(scoring *s) {
    size_t needed = 0;
    s->room = s->model->max_length > BATCH_TOKENS ? s->model->max_length : BATCH_TOKENS;
    for (size_t i = 0; i < s->texts.count && needed < s->room; i++) {
        size_t length = s->texts.starts[i + 1] - s->texts.starts[i];
        needed += length * length;
    }
    if (needed < s->room) s->room = needed;
    TRY(memory_new(&s->ids, s->room, sizeof *s->ids, "a batch"));
    return model_take_context(s->model, s->room, BATCH_SEQUENCES, BATCH_SEQUENCES, false, true, &s->context);
}

static maske_status score(scoring *s) {
    TRY(make_room(s));
    for (size_t text = 0; text < s->texts.count; text++) {
        size_t begin = s->texts.starts[text], end = s->texts.starts[text + 1];
        s->out[text].cut = s->texts.cut[text];
        for (size_t i = begin; i < end; i++) {
            if (s->texts.special[i]) continue;
            s->out[text].tokens++;
            TRY(add_sequence(s, text, i - begin));
        }
    }
    return flush(s);
}

maske_status maske_score(const maske_model *model, const char *const *texts, const size_t *lengths, size_t count,
                         const maske_score_options *options, maske_score_result *out) {
    scoring s = {.model = model, .within_word = options != NULL && options->within_word,
                 .mask = maske_tokenizer_special(model->tokenizer, MASKE_MASK)};
    if (!model->network->table.head)
        return error_set(MASKE_BAD_FILE, "%s: the model has no prediction head (cls.predictions), so it cannot score",
                         model->folder);
    if (s.mask < 0) return error_set(MASKE_BAD_FILE, "%s: the tokenizer has no mask token", model->folder);
    maske_status status = memory_new(&s.out, count, sizeof *s.out, "scores");
    if (status == MASKE_OK) status = text_tokens_read(&s.texts, model, texts, lengths, count);
    if (status == MASKE_OK && count > 0) status = score(&s);
    if (status == MASKE_OK && count > 0) memcpy(out, s.out, count * sizeof *out);
    context_pool_give(model->pool, s.context);
    text_tokens_free(&s.texts);
    free(s.ids);
    free(s.out);
    return status;
}
