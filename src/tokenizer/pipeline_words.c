/* tokenizer/pipeline_words.c: words to ids: every word is looked up as it stands in the text, and only one that was not
 * met before is brought into the model's form and given to the model.
 *
 * The tables of words are far larger than the processor's nearest cache. So words go in groups: while the ids of one
 * group are copied, the entries of the next have been asked for. */
#include "tokenizer/byte_level.h"
#include "tokenizer/pipeline.h"

/* IDS_LEFT: room that is kept free, so that an entry's ids can be copied whatever their number is. */
enum { GROUP = 32, IDS_LEFT = GROUP * WORD_IDS_INSIDE };

typedef struct word_group {
    short_key keys[GROUP];
    uint64_t hashes[GROUP];
} word_group;
typedef struct word_run {
    const maske_tokenizer *t;
    pipeline *p;
    const char *text, *end;
    const text_range *ranges;
    size_t count;
    word_form form;
    id_list *out;
} word_run;

static inline maske_status reserve(id_list *out, size_t more) {
    if (out->count + more <= out->capacity) return MASKE_OK;
    return memory_reserve(&out->items, &out->capacity, out->count + more, sizeof *out->items, "ids");
}

void pipeline_use(pipeline *p, const maske_tokenizer *t) {
    word_cache_use(&p->words_seen, t->serial);
    word_ids_use(&p->short_words_seen, t->serial);
}

maske_status pipeline_add_id(id_list *out, int32_t id) {
    TRY(reserve(out, 1));
    out->items[out->count++] = id;
    return MASKE_OK;
}

static maske_status add_many(id_list *out, const void *ids, size_t count) {
    TRY(reserve(out, count + IDS_LEFT));
    if (count > 0) memcpy(out->items + out->count, ids, count * sizeof *out->items);
    out->count += count;
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- new words --- */

/* A word as it stands in the text to what the model knows. */
static maske_status bring_into_form(pipeline *p, word_form form, const char *replacement, const char **word,
                                    size_t *length) {
    if (form == WORD_AS_IS) return MASKE_OK;
    size_t most = form == WORD_BYTES ? 2 : strlen(replacement) > 1 ? strlen(replacement) : 1;
    buffer_clear(&p->form);
    TRY(buffer_reserve(&p->form, *length * most));
    char *out = p->form.data;
    for (size_t i = 0; i < *length; i++) {
        if (form == WORD_BYTES) out += utf8_put(out, byte_level_character((unsigned char)(*word)[i]));
        else if ((*word)[i] == ' ') out = (char *)memcpy(out, replacement, strlen(replacement)) + strlen(replacement);
        else *out++ = (*word)[i];
    }
    *word = p->form.data;
    *length = (size_t)(out - p->form.data);
    return MASKE_OK;
}

static maske_status encode_new(const word_run *r, const char *word, size_t length) {
    if (r->form == WORD_BYTES && r->t->kind == MODEL_BPE && r->t->model.bpe.takes_bytes) {
        TRY(bpe_encode_bytes(&r->t->model.bpe, &r->p->word, word, length));
    } else {
        TRY(bring_into_form(r->p, r->form, pre_tokenizer_replacement(r->t->pre_tokenizer), &word, &length));
        TRY(pipeline_word(r->t, r->p, word, length));
    }
    return add_many(r->out, r->p->word.ids, r->p->word.count);
}

static __attribute__((noinline)) maske_status add_new_short(const word_run *r, const char *word, size_t length,
                                                            short_key key, uint64_t hash) {
    TRY(encode_new(r, word, length));
    word_ids_add(&r->p->short_words_seen, key, hash, r->p->word.ids, r->p->word.count);
    return MASKE_OK;
}

static __attribute__((noinline)) maske_status add_long(const word_run *r, const char *word, size_t length,
                                                       uint64_t hash) {
    word_record record;
    if (word_cache_find(&r->p->words_seen, hash, word, length, &record))
        return add_many(r->out, record.ids, record.count);
    TRY(encode_new(r, word, length));
    bpe_word *made = &r->p->word;
    /* The lengths count in the model's form: of no use to who reads this record, and zero keeps them in range. */
    for (size_t i = 0; i < made->count; i++) made->lengths[i] = 0;
    word_cache_add(&r->p->words_seen, hash, word, length, made->ids, made->lengths, made->count);
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- groups --- */

/* Hashes the words of the group that begins with word `first`, and asks for their entries. */
static inline void prepare(const word_run *r, size_t first, word_group *group) {
    size_t count = r->count - first < GROUP ? r->count - first : GROUP;
    const text_range *ranges = r->ranges + first;
    for (size_t i = 0; i < count; i++) {
        const char *word = r->text + ranges[i].begin;
        size_t length = ranges[i].end - ranges[i].begin;
        if (length > SHORT_WORD) {
            group->hashes[i] = word_cache_hash(word, length);
            word_cache_ask_slot(&r->p->words_seen, group->hashes[i]);
            continue;
        }
        group->keys[i] = short_key_load(word, length, r->text, r->end);
        group->hashes[i] = short_key_hash(group->keys[i]);
        word_ids_ask(&r->p->short_words_seen, group->hashes[i]);
    }
}

/* Ids of words first .. last - 1, all of one group. */
static inline maske_status emit(const word_run *r, size_t first, size_t last, const word_group *group) {
    id_list *out = r->out;
    const word_ids *seen = &r->p->short_words_seen;
    TRY(reserve(out, IDS_LEFT));
    for (size_t i = first; i < last; i++) {
        const char *word = r->text + r->ranges[i].begin;
        size_t length = r->ranges[i].end - r->ranges[i].begin;
        uint64_t hash = group->hashes[i % GROUP];
        if (length > SHORT_WORD) {
            TRY(add_long(r, word, length, hash));
            continue;
        }
        const word_ids_entry *entry = word_ids_find(seen, group->keys[i % GROUP], hash);
        if (entry == NULL) {
            TRY(add_new_short(r, word, length, group->keys[i % GROUP], hash));
        } else if (entry->count <= WORD_IDS_INSIDE) {
            memcpy(out->items + out->count, entry->ids, sizeof entry->ids);
            out->count += entry->count;
        } else {
            TRY(add_many(out, word_ids_more(seen, entry), entry->count));
        }
    }
    return MASKE_OK;
}

maske_status pipeline_add_frame(const tokenizer_frame *frame, bool behind, id_list *out) {
    bool passed = false;
    for (size_t i = 0; frame != NULL && i < frame->count; i++) {
        if (frame->ids[i] < 0) passed = true;
        else if (passed == behind) TRY(pipeline_add_id(out, frame->ids[i]));
    }
    return MASKE_OK;
}

maske_status pipeline_add_words(const maske_tokenizer *t, pipeline *p, const pipeline_texts *texts, id_list *out) {
    word_run r = {.t = t, .p = p, .text = texts->bytes, .end = texts->bytes, .ranges = texts->ranges,
                  .count = texts->range_count, .form = pre_tokenizer_word_form(t->pre_tokenizer), .out = out};
    word_group groups[2];
    if (r.count > 0) {
        r.end += r.ranges[r.count - 1].end;
        prepare(&r, 0, &groups[0]);
    }
    for (size_t text = 0, at = 0; text < texts->count; text++) {
        TRY(pipeline_add_frame(texts->frame, false, out));
        for (size_t end = texts->range_ends[text], stop; at < end; at = stop) {
            size_t group = at / GROUP;
            if (at % GROUP == 0 && (group + 1) * GROUP < r.count)
                prepare(&r, (group + 1) * GROUP, &groups[(group + 1) % 2]);
            stop = (group + 1) * GROUP < end ? (group + 1) * GROUP : end;
            TRY(emit(&r, at, stop, &groups[group % 2]));
        }
        TRY(pipeline_add_frame(texts->frame, true, out));
        if (texts->id_ends != NULL) texts->id_ends[text] = out->count;
    }
    return MASKE_OK;
}
