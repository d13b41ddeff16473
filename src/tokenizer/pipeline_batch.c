/* tokenizer/pipeline_batch.c: many texts to ids.
 *
 * Texts are short beside the time that memory takes, so their words are gathered in a block and go through
 * pipeline_add_words together. A text that an added token cuts, and one that is large by itself, goes alone. */
#include "tokenizer/pipeline.h"

enum { BLOCK_BYTES = 16 << 10 };

/* What stands in the block: `texts` texts, the first of them number `first`. */
typedef struct batch {
    const maske_tokenizer *t;
    pipeline *p;
    const tokenizer_frame *frame;
    id_list *out;
    size_t *id_ends;
    size_t first, texts;
} batch;

/* The words of a text into p->words; *alone: it must go another way. */
static maske_status cut_text(const batch *b, const char *text, size_t length, bool *alone) {
    const maske_tokenizer *t = b->t;
    pipeline *p = b->p;
    const char *normal = NULL;
    size_t normal_length = 0, start = 0;
    *alone = length > BLOCK_BYTES;
    if (*alone) return MASKE_OK;
    if (added_tokens_has(&t->added, false)) {
        TRY(added_tokens_split(&t->added, false, text, length, &p->raw_splits));
        *alone = added_splits_any(&p->raw_splits);
        if (*alone) return MASKE_OK;
    }
    TRY(normalizer_apply_plain(t->normalizer, text, length, &p->text, &normal, &normal_length, &start));
    if (added_tokens_has(&t->added, true)) {
        TRY(added_tokens_split(&t->added, true, normal, normal_length, &p->normalized_splits));
        *alone = added_splits_any(&p->normalized_splits);
        if (*alone) return MASKE_OK;
    }
    return pre_tokenizer_words(t->pre_tokenizer, normal, normal_length, start, &p->words);
}

/* Puts p->words behind the words of the block. */
static maske_status gather(batch *b) {
    pipeline *p = b->p;
    const range_list *words = &p->words.ranges;
    range_list *all = &p->block_ranges;
    uint32_t base = (uint32_t)p->block.length;
    size_t length = words->count > 0 ? words->items[words->count - 1].end : 0;
    TRY(buffer_add(&p->block, p->words.text, length));
    TRY(memory_reserve(&all->items, &all->capacity, all->count + words->count, sizeof *all->items, "words"));
    for (size_t i = 0; i < words->count; i++)
        all->items[all->count + i] = (text_range){base + words->items[i].begin, base + words->items[i].end};
    all->count += words->count;
    TRY(memory_reserve(&p->block_ends, &p->block_end_capacity, b->texts + 1, sizeof *p->block_ends, "texts"));
    p->block_ends[b->texts++] = all->count;
    return MASKE_OK;
}

static maske_status flush(batch *b) {
    pipeline *p = b->p;
    pipeline_texts texts = {.bytes = p->block.data,
                            .ranges = p->block_ranges.items,
                            .range_count = p->block_ranges.count,
                            .range_ends = p->block_ends,
                            .count = b->texts,
                            .frame = b->frame,
                            .id_ends = b->id_ends + b->first};
    if (b->texts > 0) TRY(pipeline_add_words(b->t, p, &texts, b->out));
    b->first += b->texts;
    b->texts = p->block_ranges.count = 0;
    buffer_clear(&p->block);
    return MASKE_OK;
}

static maske_status add_alone(batch *b, const char *text, size_t length) {
    TRY(flush(b));
    TRY(pipeline_add_frame(b->frame, false, b->out));
    TRY(pipeline_ids(b->t, b->p, text, length, b->out));
    TRY(pipeline_add_frame(b->frame, true, b->out));
    b->id_ends[b->first++] = b->out->count;
    return MASKE_OK;
}

maske_status pipeline_batch(const maske_tokenizer *t, pipeline *p, const char *const *texts, const size_t *lengths,
                            size_t count, const tokenizer_frame *frame, id_list *out, size_t *id_ends) {
    batch b = {t, p, frame, out, id_ends, 0, 0};
    pipeline_use(p, t);
    p->block_ranges.count = 0;
    buffer_clear(&p->block);
    for (size_t i = 0; i < count; i++) {
        bool alone = false;
        pipeline_start_text(p);
        TRY(cut_text(&b, texts[i], lengths[i], &alone));
        if (alone) TRY(add_alone(&b, texts[i], lengths[i]));
        else TRY(gather(&b));
        if (p->block.length >= BLOCK_BYTES) TRY(flush(&b));
    }
    return flush(&b);
}
