/* tokenizer/pre_tokenizer_classes.c: pre-tokenizers that cut by what a character is: Whitespace, WhitespaceSplit, Bert,
 * Punctuation, Digits. */
#include "tokenizer/split_rule.h"

#include "tokenizer/scan_block.h"

/* ---- Whitespace: runs of \w, runs of what is neither \w nor a space ---- */

static maske_status whitespace_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    scan_carry carry = {{0}};
    uint64_t last_word = 0, last_space = 1;         /* the text begins as if behind a space */
    size_t ended = out->count;
    for (size_t base = 0; base < length; base += SCAN_BLOCK) {
        scan_masks masks;
        scan_block(text, base, length, SCAN_WORD | SCAN_SPACE, &carry, &masks);
        TRY(scan_reserve(out));
        uint64_t word = masks.classes[MASK_WORD], space = masks.classes[MASK_SPACE];
        uint64_t word_before = scan_before(word, &last_word), space_before = scan_before(space, &last_space);
        uint64_t boundaries = ((word ^ word_before) | (space ^ space_before)) & scan_valid(base, length);
        scan_add_begins(out, base, boundaries & ~space);
        scan_add_ends(out, &ended, base, boundaries & ~space_before);
    }
    if (out->count > ended) out->items[ended].end = (uint32_t)length;
    return MASKE_OK;
}

const pre_tokenizer_type pre_tokenizer_whitespace = {.base = {.name = "Whitespace"}, .cut = whitespace_cut};

/* ---- WhitespaceSplit: what lies between spaces. BertPreTokenizer: each punctuation character alone, too ---- */

static inline maske_status cut_at_spaces(const char *text, size_t length, bool at_punctuation, range_list *out) {
    scan_carry carry = {{0}};
    uint64_t last_space = 1, last_punct = 0;
    size_t ended = out->count;
    for (size_t base = 0; base < length; base += SCAN_BLOCK) {
        scan_masks masks;
        scan_block(text, base, length, SCAN_SPACE | (at_punctuation ? SCAN_PUNCT : 0), &carry, &masks);
        TRY(scan_reserve(out));
        uint64_t space = masks.classes[MASK_SPACE], space_before = scan_before(space, &last_space);
        uint64_t boundaries = space ^ space_before;
        if (at_punctuation) {
            uint64_t punct = masks.classes[MASK_PUNCT];
            boundaries |= (punct | scan_before(punct, &last_punct)) & ~masks.continuation;
        }
        boundaries &= scan_valid(base, length);
        scan_add_begins(out, base, boundaries & ~space);
        scan_add_ends(out, &ended, base, boundaries & ~space_before);
    }
    if (out->count > ended) out->items[ended].end = (uint32_t)length;
    return MASKE_OK;
}

static maske_status whitespace_split_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    return cut_at_spaces(text, length, false, out);
}

const pre_tokenizer_type pre_tokenizer_whitespace_split = {.base = {.name = "WhitespaceSplit"}, .cut = whitespace_split_cut};

static maske_status bert_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)self, (void)search;
    return cut_at_spaces(text, length, true, out);
}

const pre_tokenizer_type pre_tokenizer_bert = {.base = {.name = "BertPreTokenizer"}, .cut = bert_cut};

/* ---- Punctuation and Digits: characters of a class are matches ---- */

static maske_status cut_by_class(unsigned class, split_behavior behavior, const char *text, size_t length, range_list *out) {
    split_rule rule = split_rule_start(out, behavior);
    size_t begin = 0, size;
    for (size_t at = 0; at < length; at += size) {
        if (!(unicode_scan(utf8_next(text + at, &size)) & class)) continue;
        if (at > begin) TRY(split_rule_add(&rule, begin, at, false));
        TRY(split_rule_add(&rule, at, at + size, true));
        begin = at + size;
    }
    return length > begin ? split_rule_add(&rule, begin, length, false) : MASKE_OK;
}

static const component_member punctuation_members[] = {
    MEMBER_OF("behavior", split_behavior_names, pre_tokenizer, punctuation.behavior, "Isolated"),
    {0}
};

static maske_status punctuation_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return cut_by_class(SCAN_PUNCT, self->punctuation.behavior, text, length, out);
}

const pre_tokenizer_type pre_tokenizer_punctuation = {
    .base = {.name = "Punctuation", .members = punctuation_members}, .cut = punctuation_cut
};

static const component_member digits_members[] = {
    MEMBER("individual_digits", BOOLEAN, pre_tokenizer, digits.individual),
    {0}
};

static maske_status digits_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return cut_by_class(SCAN_NUMERIC, self->digits.individual ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS, text, length, out);
}

const pre_tokenizer_type pre_tokenizer_digits = {.base = {.name = "Digits", .members = digits_members}, .cut = digits_cut};
