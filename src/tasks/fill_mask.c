/* tasks/fill_mask.c: filling masks, one at a time.
 *
 * 1. One pass over the prompt with every mask open gives the candidates that are reported for each mask.
 * 2. Then one mask an iteration, from left to right or the one that the network is surest of: the logits at its place,
 * what was chosen before filled in; cut to the best top_k that may stand there; the likeliest (temperature 0) or a
 * draw. At most masks + 5 iterations. So several masks are filled jointly: each choice is seen by those that follow.
 * 3. The pieces go into the prompt's gaps (splice.h). */
#include "base/log.h"
#include "tasks/candidates.h"
#include "tasks/prompt.h"
#include "tasks/targets.h"

#include <stdlib.h>

void maske_fill_options_defaults(maske_fill_options *options) {
    *options = (maske_fill_options){.top_k = 10, .temperature = 0, .seed = 1};
}

/* What was chosen for a mask. */
typedef struct choice { int32_t id; char *text; size_t length; bool made; } choice;

/* What one call works with. */
typedef struct filling {
    const maske_model *model;
    maske_fill_options options;
    masked_prompt prompt;
    targets targets;            /* empty: every entry is considered */
    candidates candidates;      /* of the mask at hand */
    size_t limit;               /* candidates for each mask */
    int32_t *ids;               /* [window] what the network sees */
    uint32_t *wanted;           /* [masks] places in ids whose logits are asked for */
    choice *choices;            /* [masks] */
    splice_piece *pieces;       /* [masks] what stands in the gaps */
    buffer text;
} filling;

/* -------------------------------------------------------------------------------------------- the network --- */

/* The logits of the masks `first`..`first + count - 1` as far as they lie in the window of mask `first`; how many do:
 * *found. They hold until `context` goes back. */
static maske_status look(filling *f, size_t first, size_t count, pooled_context **context, const float **logits,
                         size_t *found, size_t *cut) {
    const masked_prompt *p = &f->prompt;
    const maske_encoding *e = &p->encoding;
    prompt_window window = prompt_window_for(p, first, f->model->max_length);
    size_t size = p->lead + (window.end - window.begin) + p->trail, n = 0;
    memcpy(f->ids, e->ids, p->lead * sizeof *f->ids);
    memcpy(f->ids + p->lead, e->ids + window.begin, (window.end - window.begin) * sizeof *f->ids);
    memcpy(f->ids + size - p->trail, e->ids + e->count - p->trail, p->trail * sizeof *f->ids);
    for (size_t i = first; i < first + count && p->places[i] < window.end; i++)
        if (p->places[i] >= window.begin) f->wanted[n++] = (uint32_t)(p->places[i] - window.begin + p->lead);
    const batch b = {.tokens = size, .sequences = 1, .predictions = n, .input_ids = f->ids,
                     .sequence_start = (uint32_t[]){0, (uint32_t)size}, .prediction_index = f->wanted};
    const masked_lm_mode mode = {0};
    masked_lm_result result;
    model_say_memory(f->model, size, 1, n);
    TRY(model_take_context(f->model, size, 1, n, false, true, context));
    TRY(masked_lm_forward(f->model->network, (*context)->context, &b, &mode, &result));
    *logits = result.logits;
    *found = n;
    *cut = e->count - size;
    return MASKE_OK;
}

/* The candidates of one mask, out of its logits. */
static maske_status find_candidates(filling *f, size_t mask, const float *logits) {
    size_t vocab_size = (size_t)f->model->network->config.vocab_size, count = 0;
    const int32_t *allowed = targets_for(&f->targets, mask, &count);
    bool words = f->options.whole_word && prompt_at_word_start(&f->prompt, mask);
    TRY(candidates_find(&f->candidates, &f->model->texts, logits, vocab_size, allowed, count, f->limit, words));
    if (f->candidates.count > 0) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: no entry of the vocabulary can stand for a mask", f->model->folder);
}

/* ------------------------------------------------------------------------------------------------ reporting --- */

static maske_status copy_text(char **out, const char *text) { return memory_copy_text(out, text, strlen(text)); }

static maske_status report_candidate(filling *f, size_t mask, const candidate *from, maske_fill_candidate *to) {
    to->id = from->id;
    to->score = from->score;
    TRY(copy_text(&to->token, maske_tokenizer_token(f->model->tokenizer, from->id)));
    f->pieces[mask] = (splice_piece){from->text, from->length};
    maske_status status =
        splice(&f->text, f->prompt.text, f->prompt.length, f->prompt.gaps, f->pieces, f->prompt.count);
    f->pieces[mask] = (splice_piece){0};
    if (status == MASKE_OK) status = copy_text(&to->text, f->text.data);
    return status;
}

/* Rows of the first mask's length: what can fill one mask can fill all, but for whole words, which not every mask asks
 * for. Where a later mask has fewer, the rows are cut to that. */
static maske_status fit_rows(maske_fill_result *out, size_t masks, size_t mask, size_t count) {
    if (mask == 0) {
        TRY(memory_new(&out->candidates, masks * count, sizeof *out->candidates, "candidates"));
        out->candidate_count = count;
    }
    size_t had = out->candidate_count;
    if (count >= had) return MASKE_OK;
    for (size_t row = 0; row < mask; row++)
        for (size_t i = 0; i < had; i++) {
            maske_fill_candidate *from = &out->candidates[row * had + i];
            maske_fill_candidate taken = *from;
            *from = (maske_fill_candidate){0};
            if (i < count) out->candidates[row * count + i] = taken;
            else free(taken.token), free(taken.text);
        }
    out->candidate_count = count;
    return MASKE_OK;
}

/* The candidates of a mask into row `mask` of the result. */
static maske_status report_mask(filling *f, size_t mask, maske_fill_result *out) {
    const candidates *c = &f->candidates;
    TRY(fit_rows(out, f->prompt.count, mask, c->count));
    for (size_t i = 0; i < out->candidate_count; i++)
        TRY(report_candidate(f, mask, &c->items[i], &out->candidates[mask * out->candidate_count + i]));
    return MASKE_OK;
}

static maske_status report_prompt(const filling *f, maske_fill_result *out) {
    const masked_prompt *p = &f->prompt;
    out->mask_count = p->count;
    out->mask_id = maske_tokenizer_special(f->model->tokenizer, MASKE_MASK);
    TRY(memory_new(&out->ids, p->encoding.count, sizeof *out->ids, "ids"));
    memcpy(out->ids, p->encoding.ids, p->encoding.count * sizeof *out->ids);
    out->id_count = p->encoding.count;
    TRY(memory_new(&out->mask_index, p->count, sizeof *out->mask_index, "masks"));
    memcpy(out->mask_index, p->places, p->count * sizeof *out->mask_index);
    TRY(memory_new(&out->segments, p->count + 1, sizeof *out->segments, "segments"));
    for (size_t i = 0, at = 0; i <= p->count; i++) {
        size_t end = i < p->count ? p->gaps[i].begin : p->length;
        TRY(memory_copy_text(&out->segments[i], p->text + at, end - at));
        out->segment_count++;
        at = i < p->count ? p->gaps[i].end : end;
    }
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- the loop --- */

/* Chooses for a mask, out of its candidates. */
static maske_status choose(filling *f, size_t mask, size_t iteration) {
    size_t drawn = candidates_draw(&f->candidates, f->options.temperature, (uint64_t)f->options.seed, iteration);
    const candidate *taken = &f->candidates.items[drawn];
    free(f->choices[mask].text);
    f->choices[mask] = (choice){.id = taken->id, .length = taken->length};
    return memory_copy_text(&f->choices[mask].text, taken->text, taken->length);
}

/* Every mask's candidates, all masks open. The first mask's choice is made on the way: it is filled first, so this is
 * what it would see again. */
static maske_status report_candidates(filling *f, maske_fill_result *out) {
    for (size_t mask = 0; mask < f->prompt.count;) {
        pooled_context *context = NULL;
        const float *logits = NULL;
        size_t found = 0, cut = 0;
        maske_status status = look(f, mask, f->prompt.count - mask, &context, &logits, &found, &cut);
        for (size_t i = 0; i < found && status == MASKE_OK; i++) {
            status = find_candidates(f, mask + i, logits + i * (size_t)f->model->network->config.vocab_size);
            if (status == MASKE_OK) status = report_mask(f, mask + i, out);
            if (status == MASKE_OK && mask + i == 0) status = choose(f, 0, 0);
        }
        context_pool_give(f->model->pool, context);
        TRY(status);
        if ((int64_t)cut > out->cut_tokens) out->cut_tokens = (int64_t)cut;
        mask += found;
    }
    return MASKE_OK;
}

static maske_status choose_by_network(filling *f, size_t mask, size_t iteration) {
    pooled_context *context = NULL;
    const float *logits = NULL;
    size_t found = 0, cut = 0;
    maske_status status = look(f, mask, 1, &context, &logits, &found, &cut);
    if (status == MASKE_OK) status = find_candidates(f, mask, logits);
    if (status == MASKE_OK) status = choose(f, mask, iteration);
    context_pool_give(f->model->pool, context);
    return status;
}

/* Of the open masks the one whose best candidate has the highest score; of equal ones the first. Its choice is made on
 * the way. */
static maske_status choose_surest(filling *f, size_t iteration, size_t *surest) {
    double best = -1;
    for (size_t mask = 0; mask < f->prompt.count;) {
        pooled_context *context = NULL;
        const float *logits = NULL;
        size_t found = 0, cut = 0, vocab_size = (size_t)f->model->network->config.vocab_size;
        maske_status status = look(f, mask, f->prompt.count - mask, &context, &logits, &found, &cut);
        for (size_t i = 0; i < found && status == MASKE_OK; i++) {
            if (f->choices[mask + i].made) continue;
            status = find_candidates(f, mask + i, logits + i * vocab_size);
            if (status != MASKE_OK || f->candidates.items[0].score <= best) continue;
            best = f->candidates.items[0].score;
            *surest = mask + i;
            status = choose(f, mask + i, iteration);
        }
        context_pool_give(f->model->pool, context);
        TRY(status);
        mask += found;
    }
    return MASKE_OK;
}

static bool by_confidence(const filling *f) {
    return f->options.order != NULL && strcmp(f->options.order, "confidence") == 0;
}

static maske_status fill_masks(filling *f, maske_fill_result *out) {
    size_t masks = f->prompt.count, filled = 0;
    for (size_t iteration = 0; iteration < masks + 5 && filled < masks; iteration++, filled++) {
        size_t mask = filled;
        if (by_confidence(f)) TRY(choose_surest(f, iteration, &mask));
        else if (iteration > 0) TRY(choose_by_network(f, mask, iteration));
        choice *c = &f->choices[mask];
        c->made = true;
        f->prompt.encoding.ids[f->prompt.places[mask]] = c->id;
        f->pieces[mask] = (splice_piece){c->text, c->length};
    }
    TRY(splice(&f->text, f->prompt.text, f->prompt.length, f->prompt.gaps, f->pieces, masks));
    return copy_text(&out->text, f->text.data);
}

static maske_status check_options(const maske_model *model, const maske_fill_options *o) {
    TRY(model_expect_head(model));
    if (o->top_k < 1)
        return error_set(MASKE_BAD_ARGUMENT, "top_k: found %lld, expected 1 or more", (long long)o->top_k);
    if (o->order != NULL && strcmp(o->order, "left") != 0 && strcmp(o->order, "confidence") != 0)
        return error_set(MASKE_BAD_ARGUMENT, "order: found \"%.40s\", expected left or confidence", o->order);
    if (!(o->temperature >= 0))
        return error_set(MASKE_BAD_ARGUMENT, "temperature: found a negative number, expected 0 or more");
    return MASKE_OK;
}

static maske_status fill(filling *f, const char *text, maske_fill_result *out) {
    TRY(check_options(f->model, &f->options));
    TRY(prompt_read(&f->prompt, f->model, text));
    const masked_prompt *p = &f->prompt;
    if (p->lead + p->trail + 1 > f->model->max_length)
        return error_set(MASKE_BAD_SHAPE, "%s: its %zu positions leave no room for text", f->model->folder,
                         f->model->max_length);
    TRY(targets_read(&f->targets, &f->model->texts, p, f->options.targets, f->options.target_count));
    TRY(memory_new(&f->ids, f->model->max_length < p->encoding.count ? f->model->max_length : p->encoding.count,
                   sizeof *f->ids, "ids"));
    TRY(memory_new(&f->wanted, p->count, sizeof *f->wanted, "masks"));
    TRY(memory_new(&f->choices, p->count, sizeof *f->choices, "pieces"));
    TRY(memory_new(&f->pieces, p->count, sizeof *f->pieces, "pieces"));
    f->limit = f->targets.count > 0 && f->targets.fewest < (size_t)f->options.top_k ? f->targets.fewest
                                                                                    : (size_t)f->options.top_k;
    TRY(report_prompt(f, out));
    TRY(report_candidates(f, out));
    return fill_masks(f, out);
}

maske_status maske_fill(const maske_model *model, const char *prompt_text, const maske_fill_options *options,
                        maske_fill_result *out) {
    filling f = {.model = model};
    maske_fill_result result = {0};
    maske_fill_options_defaults(&f.options);
    if (options != NULL) f.options = *options;
    maske_status status = fill(&f, prompt_text, &result);
    for (size_t i = 0; f.choices != NULL && i < f.prompt.count; i++) free(f.choices[i].text);
    free(f.choices);
    prompt_free(&f.prompt);
    targets_free(&f.targets);
    candidates_free(&f.candidates);
    buffer_free(&f.text);
    free(f.ids);
    free(f.wanted);
    free(f.pieces);
    maske_fill_result_free(status == MASKE_OK ? out : &result);
    if (status == MASKE_OK) *out = result;
    return status;
}

void maske_fill_result_free(maske_fill_result *result) {
    if (result == NULL) return;
    for (size_t i = 0; result->candidates != NULL && i < result->mask_count * result->candidate_count; i++) {
        free(result->candidates[i].token);
        free(result->candidates[i].text);
    }
    for (size_t i = 0; i < result->segment_count; i++) free(result->segments[i]);
    free(result->candidates);
    free(result->segments);
    free(result->ids);
    free(result->mask_index);
    free(result->text);
    *result = (maske_fill_result){0};
}
