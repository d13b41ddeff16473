/* tasks/masked_copies.c: filling a batch, and computing it once it is full. */
#include "tasks/masked_copies.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>

maske_status masked_copies_check(const maske_model *model) {
    TRY(model_expect_head(model));
    if (maske_tokenizer_special(model->tokenizer, MASKE_MASK) < 0)
        return error_set(MASKE_BAD_FILE, "%s: the tokenizer has no mask token", model->folder);
    return MASKE_OK;
}

maske_status masked_copies_open(masked_copies *out, const maske_model *model, size_t room, masked_copy_result *result,
                                void *user) {
    masked_copies c = {.model = model, .result = result, .user = user, .room = room};
    TRY(masked_copies_check(model));
    c.mask = maske_tokenizer_special(model->tokenizer, MASKE_MASK);
    maske_status status = memory_new(&c.ids, room, sizeof *c.ids, "a batch");
    if (status == MASKE_OK)
        status =
            model_take_context(model, room, MASKED_COPIES_SEQUENCES, MASKED_COPIES_SEQUENCES, false, true, &c.context);
    if (status != MASKE_OK) masked_copies_close(&c);
    else *out = c;
    return status;
}

void masked_copies_close(masked_copies *c) {
    if (c->model != NULL) context_pool_give(c->model->pool, c->context);
    free(c->ids);
    *c = (masked_copies){0};
}

maske_status masked_copies_finish(masked_copies *c) {
    if (c->sequences == 0) return MASKE_OK;
    if (control_stopped(c->control)) return error_set(MASKE_STOPPED, "stopped by a signal");
    size_t vocab_size = (size_t)c->model->network->config.vocab_size;
    const batch b = {.tokens = c->tokens,
                     .sequences = c->sequences,
                     .predictions = c->sequences,
                     .input_ids = c->ids,
                     .sequence_start = c->starts,
                     .prediction_index = c->places,
                     .labels = c->labels};
    masked_lm_result result;
    TRY(masked_lm_forward(c->model->network, c->context->context, &b, &(masked_lm_mode){0}, &result));
    for (size_t i = 0; i < c->sequences; i++)
        TRY(c->result(c->user, c->owners[i], c->labels[i], result.logits + i * vocab_size, vocab_size));
    c->sequences = c->tokens = 0;
    return MASKE_OK;
}

maske_status masked_copies_add(masked_copies *c, size_t owner, const int32_t *ids, size_t count, size_t mask_begin,
                               size_t mask_end, size_t place) {
    if (c->sequences == MASKED_COPIES_SEQUENCES || c->tokens + count > c->room) TRY(masked_copies_finish(c));
    int32_t *copy = c->ids + c->tokens;
    memcpy(copy, ids, count * sizeof *ids);
    for (size_t i = mask_begin; i < mask_end; i++) copy[i] = c->mask;
    c->places[c->sequences] = (uint32_t)(c->tokens + place);
    c->labels[c->sequences] = ids[place];
    c->owners[c->sequences] = owner;
    c->tokens += count;
    c->starts[++c->sequences] = (uint32_t)c->tokens;
    return MASKE_OK;
}

double logits_log_probability(const float *logits, size_t count, int32_t label) {
    float top = logits[0];
    double sum = 0;
    for (size_t i = 1; i < count; i++) top = logits[i] > top ? logits[i] : top;
    for (size_t i = 0; i < count; i++) sum += exp((double)(logits[i] - top));
    return (double)(logits[label] - top) - log(sum);
}
