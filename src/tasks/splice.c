/* tasks/splice.c: pieces into the gaps of a prompt. */
#include "tasks/splice.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

/* The last character of valid text that is not empty. */
static uint32_t last_character(const char *text, size_t length) {
    size_t at = length - 1, size;
    while (at > 0 && utf8_is_continuation(text[at])) at--;
    return utf8_next(text + at, &size);
}

static uint32_t first_character(const char *text) {
    size_t size;
    return utf8_next(text, &size);
}

/* Whether the space that the piece begins with is kept behind what stands in `out`. */
static bool keeps_space(const buffer *out, const splice_piece *piece, bool behind_gap) {
    if (out->length == 0) return false;
    uint32_t before = last_character(out->data, out->length);
    if (unicode_is_space(before)) return false;
    return behind_gap ||
           (piece->length > 1 && unicode_in_word(before) && unicode_in_word(first_character(piece->text + 1)));
}

static maske_status add_piece(buffer *out, splice_piece piece, bool behind_gap, const char *rest, size_t rest_length) {
    if (piece.length > 0 && piece.text[0] == ' ' && !keeps_space(out, &piece, behind_gap)) {
        piece.text++;
        piece.length--;
    }
    bool before_space = rest_length == 0 || unicode_is_space(first_character(rest));
    if (piece.length > 0 && piece.text[piece.length - 1] == ' ' && before_space) piece.length--;
    return buffer_add(out, piece.text, piece.length);
}

maske_status splice(buffer *out, const char *prompt, size_t length, const splice_gap *gaps, const splice_piece *pieces,
                    size_t count) {
    size_t at = 0;
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        bool behind_gap = i > 0 && gaps[i].begin == gaps[i - 1].end;
        TRY(buffer_add(out, prompt + at, gaps[i].begin - at));
        at = gaps[i].end;
        if (pieces[i].text == NULL) TRY(buffer_add(out, prompt + gaps[i].begin, at - gaps[i].begin));
        else TRY(add_piece(out, pieces[i], behind_gap, prompt + at, length - at));
    }
    return buffer_add(out, prompt + at, length - at);
}
