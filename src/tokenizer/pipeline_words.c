/* tokenizer/pipeline_words.c: words to ids: every word is looked up as it stands in the text, and only one that was not
 * met before is brought into the model's form and given to the model.
 *
 * The tables of words are far larger than the processor's nearest cache. So words go in groups, and each group in steps:
 * hash all of it and ask for the entries; find them; learn those that were not there, side by side (bpe_lanes.h); copy
 * the ids of all. No step waits for memory that was not asked for long before. */
#include "tokenizer/bpe_lanes.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/pipeline.h"

/* IDS_LEFT: room that is kept free, so that an entry's ids can be copied whatever their number is. */
enum { GROUP = 256, IDS_LEFT = GROUP * WORD_IDS_INSIDE };
#define NOT_THERE UINT32_MAX

typedef struct word_group {
    short_key keys[GROUP];
    uint64_t hashes[GROUP];
    uint32_t entries[GROUP];        /* which of word_ids, or NOT_THERE */
    uint16_t unknown[GROUP];        /* the words that are not there, `unknown_count` of them */
    size_t unknown_count;
} word_group;
typedef struct word_run {
    const maske_tokenizer *t;
    pipeline *p;
    const char *text, *end;
    const text_range *ranges;
    size_t count;
    word_form form;
    id_list *out;
    bool moved;                     /* words_seen has become another table */
} word_run;

static inline maske_status reserve(id_list *out, size_t more) {
    if (out->count + more <= out->capacity) return MASKE_OK;
    return memory_reserve(&out->items, &out->capacity, out->count + more, sizeof *out->items, "ids");
}

void pipeline_use(pipeline *p, const maske_tokenizer *t) { known_words_take(t->known, &p->words_seen); }

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

static inline bool as_bytes(const word_run *r) {
    return r->form == WORD_BYTES && r->t->kind == MODEL_BPE && r->t->model.bpe.takes_bytes;
}

/* Into p->word. */
static maske_status encode_word(const word_run *r, const char *word, size_t length) {
    if (as_bytes(r)) return bpe_encode_bytes(&r->t->model.bpe, &r->p->word, word, length);
    TRY(bring_into_form(r->p, r->form, pre_tokenizer_replacement(r->t->pre_tokenizer), &word, &length));
    return pipeline_word(r->t, r->p, word, length);
}

static maske_status encode_new(const word_run *r, const char *word, size_t length) {
    TRY(encode_word(r, word, length));
    return add_many(r->out, r->p->word.ids, r->p->word.count);
}

/* A word to symbols that may go in a lane; false: it has too many, or its model knows no lanes. */
static maske_status start_lane(const word_run *r, word_text word, bpe_lane *lane, bool *started) {
    const bpe *model = &r->t->model.bpe;
    bpe_word *cut = &r->p->word;
    size_t symbol_bytes = as_bytes(r) ? 1 : 4; /* at most: a longer word need not be cut to know that it has too many */
    *started = false;
    if (r->t->kind != MODEL_BPE || !bpe_lanes_apply(model) || word.length > symbol_bytes * BPE_LANE_SYMBOLS) return MASKE_OK;
    if (as_bytes(r)) {
        TRY(bpe_cut_bytes(model, cut, word.bytes, word.length));
    } else {
        TRY(bring_into_form(r->p, r->form, pre_tokenizer_replacement(r->t->pre_tokenizer), &word.bytes, &word.length));
        TRY(bpe_cut(model, cut, word.bytes, word.length));
    }
    if (cut->count == 0 || cut->count > BPE_LANE_SYMBOLS) return MASKE_OK;
    bpe_lane_start(model, lane, cut->ids, cut->count);
    *started = true;
    return MASKE_OK;
}

static inline word_text word_at(const word_run *r, size_t i) {
    return (word_text){r->text + r->ranges[i].begin, r->ranges[i].end - r->ranges[i].begin};
}

/* Into the table, or into a larger one that takes its place: then the group's other words must be looked for there. */
static void remember(word_run *r, size_t first, const word_group *group, size_t i, const int32_t *ids, size_t count) {
    pipeline *p = r->p;
    word_text word = word_at(r, first + i);
    while (p->words_seen.table != NULL &&
           !word_ids_add(&p->words_seen, group->keys[i], group->hashes[i], word, ids, count)) {
        if (!known_words_grow(r->t->known, &p->words_seen)) return;
        r->moved = true;
    }
}

/* Encodes the group's unknown words, BPE_LANES at once where possible. Where memory is short some stay unknown. */
static __attribute__((noinline)) maske_status learn(word_run *r, size_t first, const word_group *group) {
    bpe_lane lanes[BPE_LANES];
    uint16_t words[BPE_LANES];
    size_t count = 0;
    for (size_t k = 0; k < group->unknown_count; k++) {
        size_t i = group->unknown[k];
        word_text word = word_at(r, first + i);
        bool started;
        TRY(start_lane(r, word, &lanes[count], &started));
        if (started) {
            words[count++] = (uint16_t)i;
        } else {
            TRY(encode_word(r, word.bytes, word.length));
            remember(r, first, group, i, r->p->word.ids, r->p->word.count);
        }
        if (count < BPE_LANES && k + 1 < group->unknown_count) continue;
        bpe_lanes_merge(&r->t->model.bpe, lanes, count);
        for (size_t lane = 0; lane < count; lane++) {
            int32_t ids[BPE_LANE_SYMBOLS];
            size_t id_count = bpe_lane_ids(&lanes[lane], ids);
            remember(r, first, group, words[lane], ids, id_count);
        }
        count = 0;
    }
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- groups --- */

/* Hashes the words of the group that begins with word `first`, and asks for their entries. */
static inline void prepare(const word_run *r, size_t first, size_t count, word_group *group) {
    for (size_t i = 0; i < count; i++) {
        word_text word = word_at(r, first + i);
        group->keys[i] = word.length <= SHORT_WORD ? short_key_load(word.bytes, word.length, r->text, r->end)
                                                   : word_ids_long_key(word.bytes, word.length);
        group->hashes[i] = short_key_hash(group->keys[i]);
        word_ids_ask(r->p->words_seen.table, group->hashes[i]);
    }
}

static inline void find_one(const word_run *r, size_t i, word_group *group) {
    const word_ids *seen = r->p->words_seen.table;
    const word_ids_entry *entry = word_ids_find(seen, group->keys[i], group->hashes[i]);
    group->entries[i] = entry != NULL ? (uint32_t)(entry - seen->entries) : NOT_THERE;
    if (entry != NULL && word_ids_is_long(group->keys[i])) __builtin_prefetch(word_ids_more(seen, entry));
}

/* Finds the entries of the group's words, and lists those that have none. */
static inline void find(const word_run *r, size_t count, word_group *group) {
    group->unknown_count = 0;
    for (size_t i = 0; i < count; i++) {
        find_one(r, i, group);
        if (group->entries[i] == NOT_THERE) group->unknown[group->unknown_count++] = (uint16_t)i;
    }
}

/* Ids of `count` words from `first` on, all of one group, whose first word is number `begin`. */
static inline maske_status emit(const word_run *r, size_t first, size_t count, size_t begin, const word_group *group) {
    id_list *out = r->out;
    const word_ids *seen = r->p->words_seen.table;
    TRY(reserve(out, IDS_LEFT));
    for (size_t i = first - begin; i < first - begin + count; i++) {
        word_text word = word_at(r, begin + i);
        const word_ids_entry *entry = group->entries[i] != NOT_THERE ? &seen->entries[group->entries[i]] : NULL;
        size_t id_count = entry != NULL ? word_ids_count(entry) : 0;
        const int32_t *ids = NULL;
        if (entry != NULL && word.length <= SHORT_WORD && id_count <= WORD_IDS_INSIDE) {
            memcpy(out->items + out->count, entry->ids, sizeof entry->ids);
            out->count += id_count;
            continue;
        }
        if (entry != NULL)
            ids = word.length <= SHORT_WORD ? word_ids_more(seen, entry) : word_ids_of_long(seen, entry, word);
        if (ids != NULL) TRY(add_many(out, ids, id_count));
        else TRY(encode_new(r, word.bytes, word.length));
    }
    return MASKE_OK;
}

/* Where there is no memory for a table. */
static void find_nothing(size_t count, word_group *group) {
    for (size_t i = 0; i < count; i++) group->entries[i] = NOT_THERE;
}

/* The next group, up to its ids. */
static inline maske_status start_group(word_run *r, size_t first, word_group *group) {
    size_t count = r->count - first < GROUP ? r->count - first : GROUP;
    pipeline_use(r->p, r->t);
    if (r->p->words_seen.table == NULL) {
        find_nothing(count, group);
        return MASKE_OK;
    }
    prepare(r, first, count, group);
    find(r, count, group);
    if (group->unknown_count == 0) return MASKE_OK;
    r->moved = false;
    TRY(learn(r, first, group));
    if (r->p->words_seen.table == NULL) find_nothing(count, group);
    else if (r->moved) find(r, count, group);
    else for (size_t k = 0; k < group->unknown_count; k++) find_one(r, group->unknown[k], group);
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
    word_group group;
    if (r.count > 0) r.end += r.ranges[r.count - 1].end;
    for (size_t text = 0, at = 0; text < texts->count; text++) {
        TRY(pipeline_add_frame(texts->frame, false, out));
        for (size_t end = texts->range_ends[text], stop; at < end; at = stop) {
            size_t begin = at / GROUP * GROUP;
            if (at == begin) TRY(start_group(&r, at, &group));
            stop = begin + GROUP < end ? begin + GROUP : end;
            TRY(emit(&r, at, stop - at, begin, &group));
        }
        TRY(pipeline_add_frame(texts->frame, true, out));
        if (texts->id_ends != NULL) texts->id_ends[text] = out->count;
    }
    return MASKE_OK;
}
