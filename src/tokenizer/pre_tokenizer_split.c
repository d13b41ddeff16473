/* tokenizer/pre_tokenizer_split.c: pre-tokenizers that cut where a pattern matches (Split, CharDelimiterSplit), at fixed
 * lengths (FixedLength), or where the script changes (UnicodeScripts). */
#include "tokenizer/split_rule.h"
#include "tokenizer/split_scan.h"

#include "tokenizer/unicode.h"

const char *const split_behavior_names[] = {
    "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous", NULL
};

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

static const component_member split_members[] = {
    MEMBER("pattern", PATTERN, pre_tokenizer, split.pattern),
    MEMBER_OF("behavior", split_behavior_names, pre_tokenizer, split.behavior, NULL),
    MEMBER("invert", BOOLEAN, pre_tokenizer, split.invert),
    {0}
};

static maske_status split_read(component *base, const json_t *json, const char *place) {
    (void)json, (void)place;
    pre_tokenizer *self = (pre_tokenizer *)base;
    self->split.suffixes = self->split.pattern.is_regex && strcmp(self->split.pattern.text, BYTE_LEVEL_SUFFIXES) == 0 &&
                           self->split.behavior == SPLIT_ISOLATED && !self->split.invert;
    /* Where matches cover the text, isolating them and removing what lies between are the same. */
    bool matches = self->split.behavior == SPLIT_ISOLATED || (self->split.behavior == SPLIT_REMOVED && self->split.invert);
    self->split.digits = self->split.pattern.is_regex && matches ? split_scan_digits(self->split.pattern.text) : 0;
    return MASKE_OK;
}

static maske_status split_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    if (self->split.suffixes) return byte_level_cut_suffixes(text, length, out);
    if (self->split.digits > 0) return split_scan_cut(self->split.digits, text, length, out);
    return cut_by_pattern(&self->split.pattern, self->split.behavior, self->split.invert, text, length, search, out);
}

const pre_tokenizer_type pre_tokenizer_pattern = {
    .base = {.name = "Split", .members = split_members, .read = split_read}, .cut = split_cut
};

/* ---- CharDelimiterSplit: the delimiter goes ---- */

static const component_member delimiter_members[] = {
    MEMBER("delimiter", CHARACTER, pre_tokenizer, delimiter.character),
    {0}
};

static maske_status delimiter_read(component *base, const json_t *json, const char *place) {
    (void)json, (void)place;
    pre_tokenizer *self = (pre_tokenizer *)base;
    return pattern_new_text(&self->delimiter.pattern, self->delimiter.character, strlen(self->delimiter.character));
}

static void delimiter_free(component *base) { pattern_free(&((pre_tokenizer *)base)->delimiter.pattern); }

static maske_status delimiter_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    return cut_by_pattern(&self->delimiter.pattern, SPLIT_REMOVED, false, text, length, search, out);
}

const pre_tokenizer_type pre_tokenizer_delimiter = {
    .base = {"CharDelimiterSplit", delimiter_members, delimiter_read, NULL, delimiter_free}, .cut = delimiter_cut
};

/* ---- FixedLength: so many characters each ---- */

static const component_member fixed_length_members[] = {
    MEMBER_OR("length", COUNT, pre_tokenizer, fixed_length.length, "5"),
    {0}
};

static maske_status fixed_length_read(component *base, const json_t *json, const char *place) {
    (void)json;
    if (((pre_tokenizer *)base)->fixed_length.length > 0) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: \"length\" is 0, expected at least 1", place);
}

static maske_status fixed_length_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    size_t begin = 0, at = 0;
    int64_t characters = 0;
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
    .base = {.name = "FixedLength", .members = fixed_length_members, .read = fixed_length_read},
    .cut = fixed_length_cut
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

const pre_tokenizer_type pre_tokenizer_scripts = {.base = {.name = "UnicodeScripts"}, .cut = scripts_cut};
