/* tokenizer/decoder_json.c: the "decoder" of a tokenizer.json, read and written as the library does. */
#include "tokenizer/decoder_kinds.h"

#include <stdlib.h>

enum { NESTING_LIMIT = 16 };

static const char *const kinds[] = {
    "ByteLevel", "WordPiece", "BPEDecoder", "Metaspace", "CTC", "ByteFallback", "Fuse", "Strip", "Replace", "Sequence"
};

void decoder_free(decoder *d) {
    if (d == NULL) return;
    free(d->text);
    free(d->delimiter);
    free(d->prepend_scheme);
    pattern_free(&d->pattern);
    for (size_t i = 0; i < d->count; i++) decoder_free(d->steps[i]);
    free(d->steps);
    free(d);
}

/* ------------------------------------------------------------------------------------------------------ reading --- */

static maske_status need_text(char **out, const json_t *json, const char *key, const char *name) {
    const char *text = NULL;
    TRY(json_get_text(&text, json, key, name));
    return memory_copy_text(out, text, strlen(text));
}

static maske_status need_character(char **out, const json_t *json, const char *key, const char *name) {
    TRY(need_text(out, json, key, name));
    if ((*out)[0] == '\0' || utf8_size((*out)[0]) != strlen(*out))
        return error_set(MASKE_BAD_FILE, "%s: \"%s\" is \"%s\", expected one character", name, key, *out);
    return MASKE_OK;
}

static maske_status need_boolean(bool *out, const json_t *json, const char *key, const char *name) {
    const json_t *value = json_object_get(json, key);
    if (!json_is_boolean(value))
        return error_set(MASKE_BAD_FILE, "%s: \"%s\": found %s, expected true or false", name, key, json_kind(value));
    *out = json_is_true(value);
    return MASKE_OK;
}

static maske_status read_metaspace(decoder *d, const json_t *json, const char *name) {
    const char *scheme = NULL;
    bool add_prefix_space = true;
    TRY(need_character(&d->text, json, "replacement", name));
    TRY(json_get_boolean_or(&add_prefix_space, true, json, "add_prefix_space", name));
    TRY(json_get_text_or(&scheme, "always", json, "prepend_scheme", name));
    if (strcmp(scheme, "always") != 0 && strcmp(scheme, "first") != 0 && strcmp(scheme, "never") != 0)
        return error_set(MASKE_BAD_FILE,
                         "%s: \"prepend_scheme\" is \"%s\", expected \"always\", \"first\" or \"never\"", name, scheme);
    /* The flag of old versions. Beside a scheme that says otherwise it is refused, there as here. */
    if (!add_prefix_space && json_object_get(json, "prepend_scheme") != NULL && strcmp(scheme, "never") != 0)
        return error_set(MASKE_BAD_FILE, "%s: \"add_prefix_space\" is false, but \"prepend_scheme\" is \"%s\"", name,
                         scheme);
    if (!add_prefix_space) scheme = "never";
    TRY(memory_copy_text(&d->prepend_scheme, scheme, strlen(scheme)));
    return json_get_boolean_or(&d->split, true, json, "split", name);
}

static maske_status read_any(decoder **out, const json_t *json, const char *name, int depth);

static maske_status read_sequence(decoder *d, const json_t *json, const char *name, int depth) {
    const json_t *list = json_object_get(json, "decoders");
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: \"decoders\": found %s, expected an array", name, json_kind(list));
    if (depth >= NESTING_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: Sequences nested deeper than %d", name, NESTING_LIMIT);
    TRY(memory_new(&d->steps, json_array_size(list), sizeof *d->steps, "decoder"));
    for (; d->count < json_array_size(list); d->count++)
        TRY(read_any(&d->steps[d->count], json_array_get(list, d->count), name, depth + 1));
    return MASKE_OK;
}

static maske_status fill(decoder *d, const json_t *json, const char *name, int depth) {
    switch (d->kind) {
    case DECODE_BYTE_LEVEL:
        TRY(need_boolean(&d->add_prefix_space, json, "add_prefix_space", name));
        TRY(need_boolean(&d->trim_offsets, json, "trim_offsets", name));
        return json_get_boolean_or(&d->use_regex, true, json, "use_regex", name);
    case DECODE_WORDPIECE:
        TRY(need_text(&d->text, json, "prefix", name));
        return need_boolean(&d->cleanup, json, "cleanup", name);
    case DECODE_BPE:
        return need_text(&d->text, json, "suffix", name);
    case DECODE_METASPACE:
        return read_metaspace(d, json, name);
    case DECODE_CTC:
        TRY(need_text(&d->text, json, "pad_token", name));
        TRY(need_text(&d->delimiter, json, "word_delimiter_token", name));
        return need_boolean(&d->cleanup, json, "cleanup", name);
    case DECODE_BYTE_FALLBACK:
    case DECODE_FUSE:
        return MASKE_OK;
    case DECODE_STRIP:
        TRY(need_character(&d->text, json, "content", name));
        TRY(json_get_integer(&d->start, json, "start", 0, INT64_MAX, name));
        return json_get_integer(&d->stop, json, "stop", 0, INT64_MAX, name);
    case DECODE_REPLACE:
        TRY(need_text(&d->text, json, "content", name));
        return pattern_read(&d->pattern, json_object_get(json, "pattern"), name);
    case DECODE_SEQUENCE:
        return read_sequence(d, json, name, depth);
    }
    return MASKE_OK;
}

static maske_status read_any(decoder **out, const json_t *json, const char *name, int depth) {
    if (!json_is_object(json))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object", name, json_kind(json));
    const char *type = NULL;
    TRY(json_get_text(&type, json, "type", name));
    size_t kind = 0;
    while (kind <= DECODE_SEQUENCE && strcmp(type, kinds[kind]) != 0) kind++;
    if (kind > DECODE_SEQUENCE)
        return error_set(MASKE_UNSUPPORTED,
                         "%s: the type \"%s\" is not supported; ByteLevel, WordPiece, BPEDecoder, Metaspace, CTC, "
                         "ByteFallback, Fuse, Strip, Replace and Sequence are",
                         name, type);
    decoder *d = NULL;
    TRY(memory_new(&d, 1, sizeof *d, "decoder"));
    d->kind = (decoder_kind)kind;
    maske_status status = fill(d, json, name, depth);
    if (status != MASKE_OK) decoder_free(d);
    else *out = d;
    return status;
}

maske_status decoder_read(decoder **out, const json_t *json, const char *name) {
    if (json == NULL || json_is_null(json)) { *out = NULL; return MASKE_OK; }
    return read_any(out, json, name, 0);
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static void write_text(json_writer *w, const char *key, const char *text) {
    json_key(w, key);
    json_text(w, text);
}
static void write_boolean(json_writer *w, const char *key, bool value) {
    json_key(w, key);
    json_bool(w, value);
}

void decoder_write(json_writer *w, const decoder *d) {
    if (d == NULL) { json_nothing(w); return; }
    json_begin_object(w);
    write_text(w, "type", kinds[d->kind]);
    switch (d->kind) {
    case DECODE_BYTE_LEVEL:
        write_boolean(w, "add_prefix_space", d->add_prefix_space);
        write_boolean(w, "trim_offsets", d->trim_offsets);
        write_boolean(w, "use_regex", d->use_regex);
        break;
    case DECODE_WORDPIECE:
        write_text(w, "prefix", d->text);
        write_boolean(w, "cleanup", d->cleanup);
        break;
    case DECODE_BPE:
        write_text(w, "suffix", d->text);
        break;
    case DECODE_METASPACE:
        write_text(w, "replacement", d->text);
        write_text(w, "prepend_scheme", d->prepend_scheme);
        write_boolean(w, "split", d->split);
        break;
    case DECODE_CTC:
        write_text(w, "pad_token", d->text);
        write_text(w, "word_delimiter_token", d->delimiter);
        write_boolean(w, "cleanup", d->cleanup);
        break;
    case DECODE_BYTE_FALLBACK:
    case DECODE_FUSE:
        break;
    case DECODE_STRIP:
        write_text(w, "content", d->text);
        json_key(w, "start"); json_int(w, d->start);
        json_key(w, "stop"); json_int(w, d->stop);
        break;
    case DECODE_REPLACE:
        json_key(w, "pattern");
        pattern_write(w, &d->pattern);
        write_text(w, "content", d->text);
        break;
    case DECODE_SEQUENCE:
        json_key(w, "decoders");
        json_begin_array(w);
        for (size_t i = 0; i < d->count; i++) decoder_write(w, d->steps[i]);
        json_end_array(w);
        break;
    }
    json_end_object(w);
}
