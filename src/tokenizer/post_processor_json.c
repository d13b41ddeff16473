/* tokenizer/post_processor_json.c: the "post_processor" of a tokenizer.json, read and written as the library does. */
#include "tokenizer/post_processor_types.h"

#include <stdlib.h>

enum { PIECE_LIMIT = 1024 };

/* ------------------------------------------------------------------------------------------------------- making --- */

static void free_special(template_special *s) {
    free(s->name);
    free(s->id);
    free(s->ids);
    for (size_t i = 0; s->tokens != NULL && i < s->count; i++) free(s->tokens[i]);
    free(s->tokens);
}

static maske_status copy(char **out, const char *text) { return memory_copy_text(out, text, strlen(text)); }

/* A special of `count` tokens, to be filled in. */
static maske_status new_special(template_special *s, const char *name, const char *id, size_t count) {
    s->count = count;
    TRY(copy(&s->name, name));
    TRY(copy(&s->id, id));
    TRY(memory_new(&s->ids, count, sizeof *s->ids, "post-processor"));
    return memory_new(&s->tokens, count, sizeof *s->tokens, "post-processor");
}

static maske_status one_special(template_special *s, const char *token, int32_t id) {
    TRY(new_special(s, token, token, 1));
    s->ids[0] = id;
    return copy(&s->tokens[0], token);
}

static maske_status fill_standard(post_processor *p, const char *cls, int32_t cls_id, const char *sep, int32_t sep_id) {
    static const template_piece pieces[] = {
        {true, false, 0, 0}, {false, false, 0, 0}, {true, false, 1, 0}, {false, true, 0, 1}, {true, false, 1, 1}
    };
    TRY(memory_new(&p->specials, 2, sizeof *p->specials, "post-processor"));
    p->special_count = 2;
    size_t cls_at = strcmp(cls, sep) < 0 ? 0 : 1;                   /* by name */
    TRY(one_special(&p->specials[cls_at], cls, cls_id));
    TRY(one_special(&p->specials[1 - cls_at], sep, sep_id));
    TRY(memory_new(&p->single.pieces, 3, sizeof *pieces, "post-processor"));
    TRY(memory_new(&p->pair.pieces, 5, sizeof *pieces, "post-processor"));
    p->single.count = 3;
    p->pair.count = 5;
    memcpy(p->single.pieces, pieces, 3 * sizeof *pieces);
    memcpy(p->pair.pieces, pieces, 5 * sizeof *pieces);
    for (size_t i = 0; i < 5; i++) {
        size_t special = pieces[i].special == 0 ? cls_at : 1 - cls_at;
        p->pair.pieces[i].special = special;
        if (i < 3) p->single.pieces[i].special = special;
    }
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------ reading --- */

/* ["[SEP]", 102] */
static maske_status read_pair(template_special *out, const json_t *object, const char *key, const char *name) {
    const json_t *pair = json_object_get(object, key), *token = json_array_get(pair, 0), *id = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_string(token) || !json_is_integer(id) || json_integer_value(id) < 0 ||
        json_integer_value(id) > INT32_MAX)
        return error_set(MASKE_BAD_FILE, "%s: \"%s\": found %s, expected a token and its id: [\"[SEP]\", 102]", name,
                         key, json_kind(pair));
    return one_special(out, json_string_value(token), (int32_t)json_integer_value(id));
}

static maske_status wrapping_read(component *base, const json_t *json, const char *name) {
    post_processor *p = (post_processor *)base;
    TRY(read_pair(&p->sep, json, "sep", name));
    return read_pair(&p->cls, json, "cls", name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const template_special *)a)->name, ((const template_special *)b)->name);
}

static maske_status read_special(template_special *out, const char *key, const json_t *json, const char *name) {
    const char *id = NULL;
    const json_t *ids = json_object_get(json, "ids"), *tokens = json_object_get(json, "tokens");
    TRY(json_get_text(&id, json, "id", name));
    size_t count = json_array_size(ids);
    if (!json_is_array(ids) || !json_is_array(tokens) || json_array_size(tokens) != count)
        return error_set(MASKE_BAD_FILE, "%s: special token \"%s\": expected \"ids\" and \"tokens\" of the same length",
                         name, key);
    TRY(new_special(out, key, id, count));
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(ids, i), *token = json_array_get(tokens, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > INT32_MAX ||
            !json_is_string(token))
            return error_set(MASKE_BAD_FILE, "%s: special token \"%s\": found %s and %s, expected an id and a token",
                             name, key, json_kind(value), json_kind(token));
        out->ids[i] = (int32_t)json_integer_value(value);
        TRY(copy(&out->tokens[i], json_string_value(token)));
    }
    return MASKE_OK;
}

static maske_status read_specials(post_processor *p, const json_t *json, const char *name) {
    json_t *map = json_object_get(json, "special_tokens"), *value;
    const char *key;
    if (!json_is_object(map))
        return error_set(MASKE_BAD_FILE, "%s: \"special_tokens\": found %s, expected an object", name, json_kind(map));
    TRY(memory_new(&p->specials, json_object_size(map), sizeof *p->specials, "post-processor"));
    json_object_foreach(map, key, value) TRY(read_special(&p->specials[p->special_count++], key, value, name));
    qsort(p->specials, p->special_count, sizeof *p->specials, by_name);
    return MASKE_OK;
}

/* {"SpecialToken": {"id": "[CLS]", "type_id": 0}} or {"Sequence": {"id": "A", "type_id": 0}} */
static maske_status read_piece(const post_processor *p, template_piece *out, const json_t *json, const char *name) {
    const json_t *special = json_object_get(json, "SpecialToken"),
                 *inner = special != NULL ? special : json_object_get(json, "Sequence");
    const char *id = NULL;
    int64_t type_id = 0;
    if (!json_is_object(inner))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected {\"SpecialToken\": ...} or {\"Sequence\": ...}", name,
                         json_kind(json));
    TRY(json_get_text(&id, inner, "id", name));
    TRY(json_get_integer(&type_id, inner, "type_id", 0, INT32_MAX, name));
    out->type_id = (int32_t)type_id;
    out->is_special = special != NULL;
    if (out->is_special) {
        template_special wanted = {.name = (char *)id}, *found = NULL;
        if (p->special_count > 0) found = bsearch(&wanted, p->specials, p->special_count, sizeof *p->specials, by_name);
        if (found == NULL)
            return error_set(MASKE_BAD_FILE, "%s: the template names \"%s\", which is not among its special_tokens",
                             name, id);
        out->special = (size_t)(found - p->specials);
        return MASKE_OK;
    }
    out->is_second = strcmp(id, "B") == 0;
    if (!out->is_second && strcmp(id, "A") != 0)
        return error_set(MASKE_BAD_FILE, "%s: the sequence is \"%s\", expected \"A\" or \"B\"", name, id);
    return MASKE_OK;
}

static maske_status read_template(const post_processor *p, template *out, const json_t *json, const char *key,
                                  const char *name) {
    const json_t *list = json_object_get(json, key);
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > PIECE_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: \"%s\": found %s, expected an array of at most %d pieces", name, key,
                         json_kind(list), PIECE_LIMIT);
    TRY(memory_new(&out->pieces, count, sizeof *out->pieces, "post-processor"));
    for (; out->count < count; out->count++)
        TRY(read_piece(p, &out->pieces[out->count], json_array_get(list, out->count), name));
    for (size_t i = 0; i < count && out == &p->single; i++)
        if (!out->pieces[i].is_special && out->pieces[i].is_second)
            return error_set(MASKE_BAD_FILE, "%s: the template for a single text names the sequence B", name);
    return MASKE_OK;
}

static maske_status template_read(component *base, const json_t *json, const char *name) {
    post_processor *p = (post_processor *)base;
    TRY(read_specials(p, json, name));
    TRY(read_template(p, &p->single, json, "single", name));
    return read_template(p, &p->pair, json, "pair", name);
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static void write_pair(json_writer *w, const char *key, const template_special *s) {
    json_key(w, key);
    json_begin_array(w);
    json_text(w, s->name);
    json_int(w, s->ids[0]);
    json_end_array(w);
}

static void write_template(json_writer *w, const char *key, const post_processor *p, const template *t) {
    json_key(w, key);
    json_begin_array(w);
    for (size_t i = 0; i < t->count; i++) {
        const template_piece *piece = &t->pieces[i];
        json_begin_object(w);
        json_key(w, piece->is_special ? "SpecialToken" : "Sequence");
        json_begin_object(w);
        json_key(w, "id");
        json_text(w, piece->is_special ? p->specials[piece->special].name : piece->is_second ? "B" : "A");
        json_key(w, "type_id"); json_int(w, piece->type_id);
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_specials(json_writer *w, const post_processor *p) {
    json_key(w, "special_tokens");
    json_begin_object(w);
    for (size_t i = 0; i < p->special_count; i++) {
        const template_special *s = &p->specials[i];
        json_key(w, s->name);
        json_begin_object(w);
        json_key(w, "id"); json_text(w, s->id);
        json_key(w, "ids");
        json_begin_array(w);
        for (size_t j = 0; j < s->count; j++) json_int(w, s->ids[j]);
        json_end_array(w);
        json_key(w, "tokens");
        json_begin_array(w);
        for (size_t j = 0; j < s->count; j++) json_text(w, s->tokens[j]);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_object(w);
}

static void wrapping_write(json_writer *w, const component *base) {
    const post_processor *p = (const post_processor *)base;
    write_pair(w, "sep", &p->sep);
    write_pair(w, "cls", &p->cls);
}

static void template_write(json_writer *w, const component *base) {
    const post_processor *p = (const post_processor *)base;
    write_template(w, "single", p, &p->single);
    write_template(w, "pair", p, &p->pair);
    write_specials(w, p);
}

/* -------------------------------------------------------------------------------------------------------- types --- */

static void wrapping_free(component *base) {
    post_processor *p = (post_processor *)base;
    free_special(&p->cls);
    free_special(&p->sep);
}

static void template_free(component *base) {
    post_processor *p = (post_processor *)base;
    for (size_t i = 0; i < p->special_count; i++) free_special(&p->specials[i]);
    free(p->specials);
    free(p->single.pieces);
    free(p->pair.pieces);
}

static const component_member roberta_members[] = {
    MEMBER("trim_offsets", BOOLEAN, post_processor, trimming.trim_offsets),
    MEMBER("add_prefix_space", BOOLEAN, post_processor, trimming.add_prefix_space),
    {0}
};
static const component_member byte_level_members[] = {BYTE_LEVEL_MEMBERS(post_processor, trimming), {0}};

static const post_processor_type
    bert_type = {{"BertProcessing", NULL, wrapping_read, wrapping_write, wrapping_free}, POST_BERT},
    roberta_type = {{"RobertaProcessing", roberta_members, wrapping_read, wrapping_write, wrapping_free}, POST_ROBERTA},
    byte_level_type = {{"ByteLevel", byte_level_members, NULL, NULL, NULL}, POST_BYTE_LEVEL},
    template_type = {{"TemplateProcessing", NULL, template_read, template_write, template_free}, POST_TEMPLATE},
    sequence_type = {{"Sequence", NULL, NULL, NULL, NULL}, POST_SEQUENCE};

static const component_type *const types[] = {
    &bert_type.base, &roberta_type.base, &byte_level_type.base, &template_type.base, &sequence_type.base, NULL
};

/* What has a "cls" is Bert's or Roberta's, and which one shows in its members, as the library has it: "type" is not
 * looked at, and old files lack it. */
static const char *old_type(const json_t *json) {
    const char *name = json_string_value(json_object_get(json, "type"));
    bool named = name != NULL && strcmp(name, "BertProcessing") != 0 && strcmp(name, "RobertaProcessing") != 0;
    if (named || json_object_get(json, "cls") == NULL) return NULL;
    return json_is_boolean(json_object_get(json, "trim_offsets")) && json_is_boolean(json_object_get(json, "add_prefix_space"))
               ? "RobertaProcessing" : "BertProcessing";
}

static const component_family family = {"post-processor", "processors", sizeof(post_processor), types, old_type};

maske_status post_processor_read(post_processor **out, const json_t *json, const char *name) {
    component *made = NULL;
    TRY(component_read(&made, &family, json, name));
    *out = (post_processor *)made;
    return MASKE_OK;
}

void post_processor_write(json_writer *w, const post_processor *self) { component_write(w, (const component *)self); }

void post_processor_free(post_processor *self) { component_free((component *)self); }

maske_status post_processor_new_standard(post_processor **out, const char *cls, int32_t cls_id, const char *sep,
                                         int32_t sep_id) {
    post_processor *p = NULL;
    TRY(memory_new(&p, 1, sizeof *p, "post-processor"));
    p->base.type = &template_type.base;
    p->base.family = &family;
    maske_status status = fill_standard(p, cls, cls_id, sep, sep_id);
    if (status != MASKE_OK) post_processor_free(p);
    else *out = p;
    return status;
}
