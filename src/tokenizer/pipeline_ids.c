/* tokenizer/pipeline_ids.c: one text to ids alone. Text is not rewritten where that can be avoided. */
#include "tokenizer/pipeline.h"

static maske_status add_pieces(const maske_tokenizer *t, pipeline *p, id_list *out) {
    for (size_t i = 0; i < p->pieces.count; i++) {
        const piece *item = &p->pieces.items[i];
        if (item->token != PIECE_IS_TEXT) { TRY(pipeline_add_id(out, item->token)); continue; }
        TRY(pipeline_word(t, p, p->pieces.text.bytes + item->begin, item->end - item->begin));
        for (size_t j = 0; j < p->word.count; j++) TRY(pipeline_add_id(out, p->word.ids[j]));
    }
    return MASKE_OK;
}

/* A stretch without added tokens in the raw text. *cut: a normalised token lies in it, and so where its first word came
 * from is not known this way. */
static maske_status add_stretch_ids(const maske_tokenizer *t, pipeline *p, const char *text, size_t length, bool first,
    id_list *out, bool *cut) {
    const char *normal = NULL;
    size_t normal_length = 0;
    size_t start = 0;
    TRY(normalizer_apply_plain(t->normalizer, text, length, &p->text, &normal, &normal_length, &start));
    if (added_tokens_has(&t->added, true)) {
        TRY(added_tokens_split(&t->added, true, normal, normal_length, &p->normalized_splits));
        *cut = added_splits_any(&p->normalized_splits);
        if (*cut) return MASKE_OK;
    }
    TRY(pre_tokenizer_words(t->pre_tokenizer, normal, normal_length, first ? start : 0, &p->words));
    const range_list *words = &p->words.ranges;
    pipeline_texts one = {.bytes = p->words.text, .ranges = words->items, .range_count = words->count,
                          .range_ends = &words->count, .count = 1};
    return pipeline_add_words(t, p, &one, out);
}

maske_status pipeline_ids(const maske_tokenizer *t, pipeline *p, const char *text, size_t length, id_list *out) {
    TRY(pipeline_check_length(length));
    pipeline_start_text(p);
    pipeline_use(p, t);
    size_t before = out->count;
    bool cut = false;
    if (!added_tokens_has(&t->added, false)) {
        TRY(add_stretch_ids(t, p, text, length, true, out, &cut));
    } else {
        TRY(added_tokens_split(&t->added, false, text, length, &p->raw_splits));
        for (size_t i = 0; i < p->raw_splits.count && !cut; i++) {
            added_split split = p->raw_splits.items[i];
            if (split.id >= 0) TRY(pipeline_add_id(out, split.id));
            else TRY(add_stretch_ids(t, p, text + split.begin, split.end - split.begin, split.begin == 0, out, &cut));
        }
    }
    if (!cut) return MASKE_OK;
    out->count = before;
    TRY(pipeline_pieces(t, p, text, length, false));
    return add_pieces(t, p, out);
}
