/* tokenizer/encode_batch.c: maske_tokenizer_encode_batch. Truncation and padding look at whole texts, and a template
 * may name a text twice: then each text is encoded by itself. */
#include "tokenizer/pipeline.h"

#include <stdlib.h>

/* What a batch encoding's `scratch` points to. Ids are made in `list` and change places with the encoding's at the end,
 * so that a failure leaves those as they were. */
typedef struct batch_scratch {
    pipeline pipeline;
    id_list list;
    size_t id_capacity;         /* of the encoding's ids */
    size_t *ends, end_capacity; /* as `list`; the encoding's `capacity` is that of its ends */
    maske_encoding single;
} batch_scratch;

void maske_batch_encoding_free(maske_batch_encoding *encoding) {
    if (encoding == NULL) return;
    batch_scratch *s = encoding->scratch;
    if (s != NULL) {
        pipeline_free(&s->pipeline);
        maske_encoding_free(&s->single);
        free(s->list.items);
        free(s->ends);
    }
    free(s);
    free(encoding->ids);
    free(encoding->ends);
    *encoding = (maske_batch_encoding){0};
}

static maske_status check_texts(const char *const *texts, const size_t *lengths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        TRY(pipeline_check_length(lengths[i]));
        size_t valid = utf8_valid_prefix(texts[i], lengths[i]);
        if (valid < lengths[i]) return error_set(MASKE_BAD_ARGUMENT, "text %zu is not UTF-8 at byte %zu", i, valid);
    }
    return MASKE_OK;
}

/* Whether the frame names the text once. */
static bool names_once(const tokenizer_frame *frame) {
    size_t count = 0;
    for (size_t i = 0; i < frame->count; i++) count += frame->ids[i] < 0;
    return count == 1;
}

static maske_status encode_singly(const maske_tokenizer *t, batch_scratch *s, const char *const *texts,
                                  const size_t *lengths, size_t count, maske_encode_options how) {
    how.ids_only = true;
    for (size_t i = 0; i < count; i++) {
        TRY(maske_tokenizer_encode(t, texts[i], lengths[i], NULL, 0, &how, &s->single));
        for (size_t j = 0; j < s->single.count; j++) TRY(pipeline_add_id(&s->list, s->single.ids[j]));
        s->ends[i] = s->list.count;
    }
    return MASKE_OK;
}

static void hand_over(batch_scratch *s, maske_batch_encoding *out, size_t count) {
    int32_t *ids = out->ids;
    size_t id_capacity = s->id_capacity, *ends = out->ends, end_capacity = out->capacity;
    out->ids = s->list.items;
    out->ends = s->ends;
    out->capacity = s->end_capacity;
    out->count = count;
    s->id_capacity = s->list.capacity;
    s->list = (id_list){ids, 0, id_capacity};
    s->ends = ends;
    s->end_capacity = end_capacity;
}

maske_status maske_tokenizer_encode_batch(const maske_tokenizer *tokenizer, const char *const *texts,
                                          const size_t *lengths, size_t count, const maske_encode_options *options,
                                          maske_batch_encoding *out) {
    static const maske_encode_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (out->scratch == NULL) TRY(memory_new(&out->scratch, 1, sizeof(batch_scratch), "encoding"));
    batch_scratch *s = out->scratch;
    const tokenizer_frame *frame = &tokenizer->frames[options->no_special][0];
    bool singly = (tokenizer->truncation.set && !options->no_truncation) ||
                  (tokenizer->padding.set && !options->no_padding) || !names_once(frame);
    s->list.count = 0;
    TRY(memory_reserve(&s->list.items, &s->list.capacity, 1, sizeof *s->list.items, "encoding"));
    TRY(memory_reserve(&s->ends, &s->end_capacity, count + 1, sizeof *s->ends, "encoding"));
    TRY(check_texts(texts, lengths, count));
    if (singly) TRY(encode_singly(tokenizer, s, texts, lengths, count, *options));
    else
        TRY(pipeline_batch(tokenizer, &s->pipeline, texts, lengths, count, frame, &s->list, s->ends));
    hand_over(s, out, count);
    return MASKE_OK;
}
