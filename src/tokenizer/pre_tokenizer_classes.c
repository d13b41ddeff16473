/* tokenizer/pre_tokenizer_classes.c: pre-tokenizers that cut by what a character is: Whitespace, WhitespaceSplit, Bert,
 * Punctuation, Digits. */
#include "tokenizer/split_rule.h"

#include "tokenizer/unicode.h"

static inline unsigned scan_at(const char *text, size_t at, size_t *size) {
    unsigned char first = (unsigned char)text[at];
    if (first < 0x80) {
        *size = 1;
        return unicode_scan_pages[unicode_scan_index[0]][first];
    }
    return unicode_scan(utf8_next(text + at, size));
}

/* ---- Whitespace: runs of \w, runs of what is neither \w nor a space ---- */

static maske_status whitespace_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    enum { CLASSES = SCAN_WORD | SCAN_SPACE };
    size_t begin = 0, size;
    unsigned run = SCAN_SPACE;              /* class of the run that began at `begin` */
    for (size_t at = 0; at < length; at += size) {
        unsigned class = scan_at(text, at, &size) & CLASSES;
        if (class == run) continue;
        if (run != SCAN_SPACE) TRY(range_list_add(out, begin, at));
        begin = at;
        run = class;
    }
    return run != SCAN_SPACE ? range_list_add(out, begin, length) : MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_whitespace = {.name = "Whitespace", .cut = whitespace_cut};

/* ---- WhitespaceSplit: what lies between spaces ---- */

static maske_status whitespace_split_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    size_t begin = 0, size;
    for (size_t at = 0; at < length; at += size) {
        if (!(scan_at(text, at, &size) & SCAN_SPACE)) continue;
        if (at > begin) TRY(range_list_add(out, begin, at));
        begin = at + size;
    }
    return length > begin ? range_list_add(out, begin, length) : MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_whitespace_split = {.name = "WhitespaceSplit", .cut = whitespace_split_cut};

/* ---- BertPreTokenizer: as above, and each punctuation character alone ---- */

static maske_status bert_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    size_t begin = 0, size;
    for (size_t at = 0; at < length; at += size) {
        unsigned class = scan_at(text, at, &size) & (SCAN_SPACE | SCAN_PUNCT);
        if (class == 0) continue;
        if (at > begin) TRY(range_list_add(out, begin, at));
        if (class == SCAN_PUNCT) TRY(range_list_add(out, at, at + size));
        begin = at + size;
    }
    return length > begin ? range_list_add(out, begin, length) : MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_bert = {.name = "BertPreTokenizer", .cut = bert_cut};

/* ---- Punctuation and Digits: characters of a class are matches ---- */

static maske_status cut_by_class(unsigned class, split_behavior behavior, const char *text, size_t length, range_list *out) {
    split_rule rule = split_rule_start(out, behavior);
    size_t begin = 0, size;
    for (size_t at = 0; at < length; at += size) {
        if (!(scan_at(text, at, &size) & class)) continue;
        if (at > begin) TRY(split_rule_add(&rule, begin, at, false));
        TRY(split_rule_add(&rule, at, at + size, true));
        begin = at + size;
    }
    return length > begin ? split_rule_add(&rule, begin, length, false) : MASKE_OK;
}

static maske_status punctuation_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    return split_behavior_read(&self->punctuation.behavior, SPLIT_ISOLATED, json, name);
}

static void punctuation_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "behavior");
    json_text(w, split_behavior_name(self->punctuation.behavior));
}

static maske_status punctuation_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return cut_by_class(SCAN_PUNCT, self->punctuation.behavior, text, length, out);
}

const pre_tokenizer_type pre_tokenizer_punctuation = {
    .name = "Punctuation", .read = punctuation_read, .write = punctuation_write, .cut = punctuation_cut
};

static maske_status digits_read(pre_tokenizer *self, const json_t *json, const char *name, int depth) {
    (void)depth;
    return json_get_boolean(&self->digits.individual, json, "individual_digits", name);
}

static void digits_write(json_writer *w, const pre_tokenizer *self) {
    json_key(w, "individual_digits");
    json_bool(w, self->digits.individual);
}

static maske_status digits_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return cut_by_class(SCAN_NUMERIC, self->digits.individual ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS, text, length, out);
}

const pre_tokenizer_type pre_tokenizer_digits = {.name = "Digits", .read = digits_read, .write = digits_write, .cut = digits_cut};
