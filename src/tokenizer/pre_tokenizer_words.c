/* tokenizer/pre_tokenizer_words.c: words without origins, and where possible without rewriting the text. */
#include "tokenizer/pre_tokenizer_types.h"

#include <stdlib.h>

/* How words of a pre-tokenizer can be had. */
typedef enum word_way {
    WAY_CUT,            /* cuts alone, one after the other: the text stays as it is */
    WAY_BYTES,          /* the same, the last of them ByteLevel, whose mapping is left to the reader */
    WAY_SPACES,         /* Metaspace alone */
    WAY_PIECES          /* anything else goes through pieces */
} word_way;

static word_way way_of(const pre_tokenizer *self, bool first) {
    if (self == NULL) return WAY_CUT;
    if (pre_tokenizer_is(self, &pre_tokenizer_metaspace)) return first ? WAY_SPACES : WAY_PIECES;
    /* A space in front of each piece can be had only where there is one piece. */
    if (pre_tokenizer_is(self, &pre_tokenizer_byte_level)) return first || !self->byte_level.add_prefix_space ? WAY_BYTES : WAY_PIECES;
    if (!pre_tokenizer_is(self, &pre_tokenizer_sequence)) return WAY_CUT;
    word_way way = WAY_CUT;
    for (size_t i = 0; i < self->base.count; i++) {
        if (way != WAY_CUT) return WAY_PIECES;      /* something follows a rewriting one */
        way = way_of(pre_tokenizer_item(self, i), first && i == 0);
    }
    return way;
}

word_form pre_tokenizer_word_form(const pre_tokenizer *self) {
    switch (way_of(self, true)) {
    case WAY_BYTES:  return WORD_BYTES;
    case WAY_SPACES: return WORD_SPACES;
    case WAY_CUT: case WAY_PIECES: break;
    }
    return WORD_AS_IS;
}

/* The Metaspace or ByteLevel that has to prepare the text (the first and only one), or NULL. */
static const pre_tokenizer *first_of(const pre_tokenizer *self) {
    while (self != NULL && pre_tokenizer_is(self, &pre_tokenizer_sequence)) self = self->base.count > 0 ? pre_tokenizer_item(self, 0) : NULL;
    return self;
}

const char *pre_tokenizer_replacement(const pre_tokenizer *self) {
    return way_of(self, true) == WAY_SPACES ? first_of(self)->metaspace.settings.replacement : "";
}

static maske_status prefix_with_space(word_list *out, size_t *length) {
    buffer_clear(&out->prefixed);
    TRY(buffer_add(&out->prefixed, " ", 1));
    TRY(buffer_add(&out->prefixed, out->text, *length));
    out->text = out->prefixed.data;
    *length = out->prefixed.length;
    return MASKE_OK;
}

/* ---- Metaspace: U+0020 stands for the replacement ---- */

static maske_status words_by_spaces(const pre_tokenizer *self, size_t length, bool at_start, word_list *out) {
    const char *replacement = self->metaspace.settings.replacement;
    size_t size = self->metaspace.size;
    bool prefix = self->metaspace.settings.scheme == PREPEND_ALWAYS || (self->metaspace.settings.scheme == PREPEND_FIRST && at_start);
    if (prefix && out->text[0] != ' ' && (length < size || memcmp(out->text, replacement, size) != 0)) TRY(prefix_with_space(out, &length));
    return metaspace_cut_spaces(self, out->text, length, &out->ranges);
}

/* ---- cuts ---- */

static maske_status cut_words(const pre_tokenizer *self, word_list *out) {
    if (pre_tokenizer_is(self, &pre_tokenizer_sequence)) {
        for (size_t i = 0; i < self->base.count; i++) TRY(cut_words(pre_tokenizer_item(self, i), out));
        return MASKE_OK;
    }
    if (pre_tokenizer_is(self, &pre_tokenizer_byte_level) && !self->byte_level.use_regex) return MASKE_OK;
    range_list whole = out->ranges;
    out->ranges = out->next;
    out->next = whole;
    out->ranges.count = 0;
    for (size_t i = 0; i < whole.count; i++) {
        text_range word = whole.items[i];
        size_t first = out->ranges.count, kept = first;
        TRY(pre_tokenizer_type_of(self)->cut(self, out->text + word.begin, word.end - word.begin, &out->pieces.search, &out->ranges));
        for (size_t r = first; r < out->ranges.count; r++) {
            text_range cut = out->ranges.items[r];
            if (cut.begin < cut.end) out->ranges.items[kept++] = (text_range){word.begin + cut.begin, word.begin + cut.end};
        }
        out->ranges.count = kept;
    }
    return MASKE_OK;
}

static maske_status words_by_cuts(const pre_tokenizer *self, size_t length, word_list *out) {
    const pre_tokenizer *first = first_of(self);
    if (first != NULL && pre_tokenizer_type_of(first)->needs_prepare != NULL &&
        pre_tokenizer_type_of(first)->needs_prepare(first, out->text, length, 0))
        TRY(prefix_with_space(out, &length));
    TRY(range_list_add(&out->ranges, 0, length));
    return self == NULL ? MASKE_OK : cut_words(self, out);
}

static maske_status words_by_pieces(const pre_tokenizer *self, size_t length, size_t start, word_list *out) {
    pieces_start(&out->pieces, false);
    TRY(pieces_add_plain(&out->pieces, out->text, length, start));
    TRY(pre_tokenizer_split(self, &out->pieces));
    for (size_t i = 0; i < out->pieces.count; i++)
        TRY(range_list_add(&out->ranges, out->pieces.items[i].begin, out->pieces.items[i].end));
    out->text = out->pieces.text.bytes;
    return MASKE_OK;
}

maske_status pre_tokenizer_words(const pre_tokenizer *self, const char *text, size_t length, size_t start, word_list *out) {
    out->text = text;
    out->ranges.count = 0;
    if (length == 0) return MASKE_OK;
    if (length >= UINT32_MAX)
        return error_set(MASKE_BAD_ARGUMENT, "the text has %zu bytes, a single text may have at most 4294967294", length);
    switch (way_of(self, true)) {
    case WAY_CUT: case WAY_BYTES: return words_by_cuts(self, length, out);
    case WAY_SPACES:              return words_by_spaces(first_of(self), length, start > 0, out);
    case WAY_PIECES:              break;
    }
    return words_by_pieces(self, length, start, out);
}

void word_list_free(word_list *words) {
    if (words == NULL) return;
    free(words->ranges.items);
    free(words->next.items);
    buffer_free(&words->prefixed);
    pieces_free(&words->pieces);
    *words = (word_list){0};
}
