/* tokenizer/pre_tokenizer_split.c: pre-tokenizers that cut where a pattern matches (Split, CharDelimiterSplit), at fixed
 * lengths (FixedLength), or where the script changes (UnicodeScripts). */
#include "tokenizer/split_rule.h"

#include "tokenizer/unicode.h"

static const char *const behavior_names[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"};

const char *split_behavior_name(split_behavior behavior) { return behavior_names[behavior]; }

maske_status split_behavior_read(split_behavior *out, int fallback, const json_t *json, const char *name) {
    if (json_object_get(json, "behavior") == NULL && fallback >= 0) {
        *out = (split_behavior)fallback;
        return MASKE_OK;
    }
    const char *found;
    TRY(json_get_text(&found, json, "behavior", name));
    for (size_t i = 0; i < sizeof behavior_names / sizeof *behavior_names; i++) {
        if (strcmp(found, behavior_names[i]) != 0) continue;
        *out = (split_behavior)i;
        return MASKE_OK;
    }
    return error_set(MASKE_BAD_FILE, "%s: \"behavior\" is \"%.100s\", expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
                     name, found);
}

static maske_status cut_by_pattern(const pattern *wanted, split_behavior behavior, bool invert, const char *text, size_t length,
                                   void **scratch, range_list *out) {
    split_rule rule = split_rule_start(out, behavior);
    pattern_search search = pattern_search_start(wanted, text, length, *scratch);
    size_t last = 0;
    for (;;) {
        bool found;
        size_t begin, end;
        maske_status status = pattern_next(&search, &found, &begin, &end);
        *scratch = search.scratch;
        TRY(status);
        if (!found) break;
        if (begin > last) TRY(split_rule_add(&rule, last, begin, invert));
        TRY(split_rule_add(&rule, begin, end, !invert));
        last = end;
    }
    return length > last ? split_rule_add(&rule, last, length, invert) : MASKE_OK;
}

/* ---- Split ---- */

static maske_status split_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    TRY(split_behavior_read(&self->split.behavior, -1, json, name));
    TRY(json_get_boolean(&self->split.invert, json, "invert", name));
    return pattern_read(&self->split.pattern, json_object_get(json, "pattern"), name);
}

static void split_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "pattern");
    pattern_write(w, &self->split.pattern);
    json_key(w, "behavior");
    json_text(w, split_behavior_name(self->split.behavior));
    json_key(w, "invert");
    json_bool(w, self->split.invert);
}

static void split_free(pre_tokenizer *self) { pattern_free(&self->split.pattern); }

static maske_status split_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    return cut_by_pattern(&self->split.pattern, self->split.behavior, self->split.invert, text, length, search, out);
}

const pre_tokenizer_type pre_tokenizer_pattern = {.name = "Split", .read = split_read, .write = split_write, .free = split_free, .cut = split_cut};

/* ---- CharDelimiterSplit: the delimiter goes ---- */

static maske_status delimiter_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    const char *delimiter;
    TRY(json_get_text(&delimiter, json, "delimiter", name));
    size_t length = strlen(delimiter);
    if (length == 0 || utf8_size(delimiter[0]) != length)
        return error_set(MASKE_BAD_FILE, "%s: \"delimiter\" is \"%.100s\", expected one character", name, delimiter);
    return pattern_new_text(&self->delimiter.pattern, delimiter, length);
}

static void delimiter_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "delimiter");
    json_text_bytes(w, self->delimiter.pattern.text, self->delimiter.pattern.length);
}

static void delimiter_free(pre_tokenizer *self) { pattern_free(&self->delimiter.pattern); }

static maske_status delimiter_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    return cut_by_pattern(&self->delimiter.pattern, SPLIT_REMOVED, false, text, length, search, out);
}

const pre_tokenizer_type pre_tokenizer_delimiter = {
    .name = "CharDelimiterSplit", .read = delimiter_read, .write = delimiter_write, .free = delimiter_free, .cut = delimiter_cut
};

/* ---- FixedLength: so many characters each ---- */

static maske_status fixed_length_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    int64_t length = 5;
    if (json_object_get(json, "length") != NULL) TRY(json_get_integer(&length, json, "length", 1, INT64_MAX, name));
    self->fixed_length.length = (size_t)length;
    return MASKE_OK;
}

static void fixed_length_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "length");
    json_int(w, (int64_t)self->fixed_length.length);
}

static maske_status fixed_length_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    size_t begin = 0, at = 0, characters = 0;
    while (at < length) {
        at += utf8_size(text[at]);
        if (++characters < self->fixed_length.length) continue;
        TRY(range_list_add(out, begin, at));
        begin = at;
        characters = 0;
    }
    return length > begin ? range_list_add(out, begin, length) : MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_fixed_length = {
    .name = "FixedLength", .read = fixed_length_read, .write = fixed_length_write, .cut = fixed_length_cut
};

/* ---- UnicodeScripts: a word is of one script; spaces go with what stands before them, and vanish at the start ---- */

static maske_status scripts_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    size_t begin = SIZE_MAX, size;
    unsigned last = 0;
    for (size_t at = 0; at < length; at += size) {
        unsigned script = unicode_script(utf8_next(text + at, &size));
        if (script == 0 || script == last) continue;
        if (begin != SIZE_MAX) TRY(range_list_add(out, begin, at));
        begin = at;
        last = script;
    }
    return begin != SIZE_MAX ? range_list_add(out, begin, length) : MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_scripts = {.name = "UnicodeScripts", .cut = scripts_cut};
