/* train/micro_batch.c: the same arrays from a sequence on, their numbers made to begin at 0. */
#include "train/micro_batch.h"
#include "base/memory.h"

#include <stdlib.h>

maske_status micro_batches_new(micro_batches *out, size_t sequences, size_t tokens) {
    micro_batches m = {.sequences = sequences, .tokens = tokens};
    size_t starts;
    if (!size_add(&starts, sequences, 1)) return error_memory(SIZE_MAX, "parts of a batch");
    maske_status status = memory_new(&m.start, starts, sizeof *m.start, "parts of a batch");
    if (status == MASKE_OK) status = memory_new(&m.index, tokens, sizeof *m.index, "parts of a batch");
    if (status != MASKE_OK) micro_batches_free(&m);
    else *out = m;
    return status;
}

void micro_batches_free(micro_batches *m) {
    free(m->start);
    free(m->index);
    *m = (micro_batches){0};
}

batch micro_batch(const micro_batches *m, const batch *whole, size_t first, size_t first_prediction) {
    const uint32_t *start = whole->sequence_start + first;
    size_t left = whole->sequences - first, count = 1;
    while (count < left && count < m->sequences && start[count + 1] - start[0] <= m->tokens) count++;
    uint32_t token = start[0], end = start[count];
    batch part = {.tokens = end - token, .sequences = count, .sequence_start = m->start, .prediction_index = m->index};
    part.input_ids = whole->input_ids + token;
    if (whole->token_type_ids != NULL) part.token_type_ids = whole->token_type_ids + token;
    part.labels = whole->labels + first_prediction;
    for (size_t i = 0; i <= count; i++) m->start[i] = start[i] - token;
    for (size_t i = first_prediction; i < whole->predictions && whole->prediction_index[i] < end; i++)
        m->index[part.predictions++] = whole->prediction_index[i] - token;
    return part;
}
