/* tokenizer/post_processor.c: applying. post_processor_json.c reads and writes.
 *
 * The library hands a list of encodings from processor to processor: one or two at first, each special token its own
 * after a template. Here they are parts of one array, so that the same rules ("the first part gets [CLS]") hold in a
 * Sequence. */
#include "tokenizer/post_processor.h"
#include "tokenizer/post_processor_types.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------- asking of it --- */

static const template_special *find_special(const post_processor *p, const template_piece *piece) {
    return &p->specials[piece->special];
}

size_t post_processor_added(const post_processor *p, bool pair) {
    if (p == NULL) return 0;
    size_t added = 0;
    switch (post_kind_of(p)) {
    case POST_BERT:       return pair ? 3 : 2;
    case POST_ROBERTA:    return pair ? 4 : 2;
    case POST_BYTE_LEVEL: return 0;
    case POST_TEMPLATE: {
        const template *t = pair ? &p->pair : &p->single;
        for (size_t i = 0; i < t->count; i++)
            if (t->pieces[i].is_special) added += find_special(p, &t->pieces[i])->count;
        return added;
    }
    case POST_SEQUENCE:
        for (size_t i = 0; i < p->base.count; i++) added += post_processor_added(post_processor_item(p, i), pair);
        return added;
    }
    return 0;
}

bool post_processor_trims(const post_processor *p) {
    if (p == NULL) return false;
    if (post_kind_of(p) == POST_BYTE_LEVEL || post_kind_of(p) == POST_ROBERTA) return p->trimming.trim_offsets;
    for (size_t i = 0; post_kind_of(p) == POST_SEQUENCE && i < p->base.count; i++)
        if (post_processor_trims(post_processor_item(p, i))) return true;
    return false;
}

maske_status post_processor_each_id(const post_processor *p,
                                    maske_status (*visit)(void *user, int32_t id, const char *token), void *user) {
    if (p == NULL) return MASKE_OK;
    if (post_kind_of(p) == POST_BERT || post_kind_of(p) == POST_ROBERTA) {
        TRY(visit(user, p->cls.ids[0], p->cls.name));
        TRY(visit(user, p->sep.ids[0], p->sep.name));
    }
    for (size_t i = 0; post_kind_of(p) == POST_TEMPLATE && i < p->special_count; i++)
        for (size_t j = 0; j < p->specials[i].count; j++)
            TRY(visit(user, p->specials[i].ids[j], p->specials[i].tokens[j]));
    for (size_t i = 0; post_kind_of(p) == POST_SEQUENCE && i < p->base.count; i++)
        TRY(post_processor_each_id(post_processor_item(p, i), visit, user));
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------------- parts --- */

maske_status output_tokens_reserve(output_tokens *tokens, size_t more) {
    size_t needed = 0;
    if (!size_add(&needed, tokens->count, more)) return error_memory(SIZE_MAX, "tokens");
    if (needed <= tokens->capacity) return MASKE_OK;
    return memory_reserve(&tokens->items, &tokens->capacity, needed, sizeof *tokens->items, "tokens");
}

void output_tokens_free(output_tokens *tokens) {
    free(tokens->items);
    *tokens = (output_tokens){0};
}

static maske_status add_tokens(post_process *s, const output_tokens *from, size_t begin, size_t end) {
    if (begin == end) return MASKE_OK;
    TRY(output_tokens_reserve(&s->next, end - begin));
    memcpy(s->next.items + s->next.count, from->items + begin, (end - begin) * sizeof *from->items);
    s->next.count += end - begin;
    return MASKE_OK;
}

static maske_status add_special_tokens(post_process *s, const template_special *special, int32_t type_id) {
    for (size_t i = 0; i < special->count; i++) {
        TRY(output_tokens_reserve(&s->next, 1));
        s->next.items[s->next.count++] = (output_token){.id = special->ids[i], .type_id = type_id, .special = true};
    }
    return MASKE_OK;
}

static maske_status end_part(post_process *s) {
    TRY(memory_reserve(&s->next_ends, &s->next_capacity, s->next_count + 1, sizeof *s->next_ends, "tokens"));
    s->next_ends[s->next_count++] = s->next.count;
    return MASKE_OK;
}

static void swap_parts(post_process *s) {
    output_tokens tokens = s->tokens;
    size_t *ends = s->ends, capacity = s->part_capacity;
    s->tokens = s->next;
    s->ends = s->next_ends;
    s->part_count = s->next_count;
    s->part_capacity = s->next_capacity;
    s->next = tokens;
    s->next_ends = ends;
    s->next_capacity = capacity;
    s->next.count = s->next_count = 0;
}

static size_t part_begin(const post_process *s, size_t part) { return part == 0 ? 0 : s->ends[part - 1]; }

void post_process_free(post_process *s) {
    output_tokens_free(&s->tokens);
    output_tokens_free(&s->next);
    free(s->ends);
    free(s->next_ends);
    *s = (post_process){0};
}

/* ----------------------------------------------------------------------------------------------------- applying --- */

/* Takes the white space at a token's ends out of its offsets. A single space at the very beginning of a part (or text)
 * may be one that add_prefix_space put there: it is not in the text and nothing is taken. */
static void trim_offsets(const post_processor *p, post_process *s) {
    for (size_t part = 0; part < s->part_count; part++) {
        for (size_t begin = part_begin(s, part), i = begin; i < s->ends[part]; i++) {
            output_token *t = &s->tokens.items[i];
            uint32_t leading = t->leading;
            if ((i == begin || t->char_begin == 0) && p->trimming.add_prefix_space && leading == 1) leading = 0;
            if (leading > 0)
                t->char_begin = t->char_end - t->char_begin > leading ? t->char_begin + leading : t->char_end;
            if (t->trailing > 0 && t->char_end >= t->trailing)
                t->char_end = t->char_end - t->trailing > t->char_begin ? t->char_end - t->trailing : t->char_begin;
        }
    }
}

/* Bert: [CLS] first [SEP], then each further part [SEP]. Roberta: </s> before each further part too, all types 0. What
 * stood in a part is no longer marked special. */
static maske_status wrap_parts(const post_processor *p, post_process *s) {
    bool roberta = post_kind_of(p) == POST_ROBERTA;
    for (size_t part = 0; part < s->part_count; part++) {
        size_t begin = part_begin(s, part), from = s->next.count;
        if (part == 0) TRY(add_special_tokens(s, &p->cls, 0));
        else if (roberta) TRY(add_special_tokens(s, &p->sep, 0));
        size_t inner = s->next.count;
        TRY(add_tokens(s, &s->tokens, begin, s->ends[part]));
        for (size_t i = inner; i < s->next.count; i++) s->next.items[i].special = false;
        TRY(add_special_tokens(s, &p->sep, part == 0 ? 0 : 1));
        for (size_t i = from; roberta && i < s->next.count; i++) s->next.items[i].type_id = 0;
        TRY(end_part(s));
    }
    swap_parts(s);
    return MASKE_OK;
}

static maske_status apply_template(const post_processor *p, post_process *s, bool add_special) {
    if (s->part_count > 2)
        return error_set(MASKE_UNSUPPORTED,
                         "a TemplateProcessing behind another post-processor that adds tokens is not supported");
    const template *t = s->part_count == 2 ? &p->pair : &p->single;
    for (size_t i = 0; i < t->count; i++) {
        const template_piece *piece = &t->pieces[i];
        if (piece->is_special) {
            if (!add_special) continue;
            TRY(add_special_tokens(s, find_special(p, piece), piece->type_id));
        } else {
            size_t part = piece->is_second ? 1 : 0, begin = part_begin(s, part), from = s->next.count;
            TRY(add_tokens(s, &s->tokens, begin, s->ends[part]));
            for (size_t j = from; j < s->next.count && !s->window[part]; j++)
                s->next.items[j].type_id = piece->type_id;
        }
        TRY(end_part(s));
    }
    swap_parts(s);
    return MASKE_OK;
}

static maske_status apply(const post_processor *p, post_process *s, bool add_special) {
    switch (post_kind_of(p)) {
    case POST_BYTE_LEVEL:
        if (p->trimming.trim_offsets) trim_offsets(p, s);
        return MASKE_OK;
    case POST_ROBERTA:
        if (p->trimming.trim_offsets) trim_offsets(p, s);
        for (size_t part = 0; part < s->part_count; part++)
            for (size_t i = part_begin(s, part); i < s->ends[part] && !(part < 2 && s->window[part]); i++)
                s->tokens.items[i].type_id = 0;
        return add_special ? wrap_parts(p, s) : MASKE_OK;
    case POST_BERT:
        return add_special ? wrap_parts(p, s) : MASKE_OK;
    case POST_TEMPLATE:
        return apply_template(p, s, add_special);
    case POST_SEQUENCE:
        for (size_t i = 0; i < p->base.count; i++) TRY(apply(post_processor_item(p, i), s, add_special));
        return MASKE_OK;
    }
    return MASKE_OK;
}

maske_status post_processor_apply(const post_processor *p, const output_tokens *first, const output_tokens *second,
    bool add_special, post_process *s) {
    s->tokens.count = s->next.count = s->part_count = s->next_count = 0;
    for (int part = 0; part < (second == NULL ? 1 : 2); part++) {
        const output_tokens *from = part == 0 ? first : second;
        size_t begin = s->next.count;
        TRY(add_tokens(s, from, 0, from->count));
        for (size_t i = begin; i < s->next.count; i++) s->next.items[i].type_id = part;
        TRY(end_part(s));
    }
    swap_parts(s);
    return p == NULL ? MASKE_OK : apply(p, s, add_special);
}
