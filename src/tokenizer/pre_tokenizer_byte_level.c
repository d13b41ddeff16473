/* tokenizer/pre_tokenizer_byte_level.c: GPT-2's pre-tokenizer: its pattern, scanned by hand, then bytes as characters.
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * Every character is a letter, a number, a space or something else, so the pattern covers any text: a word is a run of
 * one class with at most one U+0020 in front; a run of spaces leaves its last one to the word behind it.
 *
 * Beside it the same pattern without English contractions, for languages that join suffixes to names by an apostrophe:
 * "Ankara'da" is "Ankara" and "'da", where GPT-2's makes "'d" and "a" of the suffix. In files it is a Split
 * (BYTE_LEVEL_SUFFIXES), which any reader of them knows. */
#include "tokenizer/pre_tokenizer_types.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/scan_block.h"

static const component_member members[] = {BYTE_LEVEL_MEMBERS(pre_tokenizer, byte_level), {0}};

static bool byte_level_needs_prepare(const pre_tokenizer *self, const char *text, size_t length, uint32_t origin_begin) {
    (void)origin_begin;
    return self->byte_level.add_prefix_space && (length == 0 || text[0] != ' ');
}

/* The space in front has the origin of the character it stands before. */
static void byte_level_prepare(const pre_tokenizer *self, text_edit *edit) {
    (void)self;
    if (text_edit_room(edit, 1)) text_edit_write(edit, " ", 1, 0, false);
    text_edit_keep(edit, edit->length);
}

/* Bytes of the English contraction at an apostrophe, 0 if there is none. */
static inline size_t contraction(const char *text, size_t left) {
    if (left < 2) return 0;
    char first = text[1], second = left > 2 ? text[2] : '\0';
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
    return 0;
}

/* What one block leaves to the next: the classes of its last byte, and a contraction that reaches beyond its end. */
typedef struct gpt2_state {
    scan_carry carry;
    uint64_t letter, number, space, other, blank;   /* bit 0: the byte before the block is one */
    uint64_t no_begin, begin_if_letter;             /* bits of the block that a contraction before it has settled */
    bool suffixes;                                  /* no contractions, suffixes */
} gpt2_state;

/* An apostrophe that begins a word may begin a contraction: then no word begins at the letter behind it, but one does
 * behind the contraction, also within a run of letters. */
static uint64_t mark_contractions(gpt2_state *state, const char *text, size_t base, size_t length, uint64_t begins,
                                  uint64_t apostrophes, uint64_t letter) {
    for (uint64_t left = begins & apostrophes; left != 0; left &= left - 1) {
        int at = __builtin_ctzll(left);
        size_t size = contraction(text + base + at, length - base - (size_t)at);
        if (size == 0) continue;
        uint64_t none = (uint64_t)1 << 1 << at, next = (uint64_t)1 << size;
        begins = (begins & ~none) | (next << at & letter);
        if (at == 63) state->no_begin = 1;
        state->begin_if_letter |= next >> 1 >> (63 - at);
    }
    return begins;
}

/* Bytes of the apostrophe, ' or U+2019, that a letter follows; 0 if it is none. */
static inline size_t suffix_apostrophe(const char *text, size_t left) {
    size_t size = text[0] == '\'' ? 1 : left > 3 && memcmp(text, "\xE2\x80\x99", 3) == 0 ? 3 : left, next;
    return size < left && (unicode_scan(utf8_next(text + size, &next)) & SCAN_LETTER) ? size : 0;
}

/* An apostrophe between a letter or number and a letter begins a word that goes on with the letters. */
static uint64_t mark_suffixes(gpt2_state *state, const char *text, size_t base, size_t length, uint64_t begins,
                              uint64_t apostrophes) {
    for (uint64_t left = begins & apostrophes; left != 0; left &= left - 1) {
        int at = __builtin_ctzll(left);
        size_t size = suffix_apostrophe(text + base + at, length - base - (size_t)at);
        if (size == 0) continue;
        uint64_t none = (uint64_t)1 << size;
        begins &= ~(none << at);
        state->no_begin |= none >> 1 >> (63 - at);
    }
    return begins;
}

/* The last character of a run of spaces begins a word if something follows the run; `runs` are the bits where other
 * runs begin. A space of several bytes may begin in the block before: *before are bits of that block. */
static uint64_t last_spaces(const char *text, size_t base, uint64_t runs, uint64_t space, uint64_t space_before,
                            const scan_masks *masks, uint64_t *before) {
    uint64_t behind_space = runs & space_before;
    *before = (behind_space & 1) << 63;
    if ((masks->high & space) == 0 && (base == 0 || !(*before && utf8_is_continuation(text[base - 1])))) return behind_space >> 1;
    uint64_t found = 0;
    *before = 0;
    for (; behind_space != 0; behind_space &= behind_space - 1) {
        size_t at = base + (size_t)__builtin_ctzll(behind_space) - 1;
        while (utf8_is_continuation(text[at])) at--;
        if (at >= base) found |= (uint64_t)1 << (at - base);
        else *before |= (uint64_t)1 << (at + SCAN_BLOCK - base);
    }
    return found;
}

/* The words that begin in the block at `base`; *before: bits of the block before, found only now. */
static uint64_t gpt2_begins(gpt2_state *state, const char *text, size_t base, size_t length, uint64_t *before) {
    scan_masks masks;
    char copy[SCAN_BLOCK];
    scan_block(text, base, length, SCAN_LETTER | SCAN_NUMBER | SCAN_SPACE, &state->carry, &masks);
    const char *bytes = scan_bytes(text, base, length, copy);
    uint64_t letter = masks.classes[MASK_LETTER], number = masks.classes[MASK_NUMBER], space = masks.classes[MASK_SPACE];
    uint64_t other = ~(letter | number | space);
    uint64_t space_before = scan_before(space, &state->space);
    uint64_t letter_before = scan_before(letter, &state->letter), number_before = scan_before(number, &state->number);
    uint64_t changes = (letter ^ letter_before) | (number ^ number_before) | (space ^ space_before) |
                       (other ^ scan_before(other, &state->other));
    changes &= scan_valid(base, length);
    uint64_t blank_before = scan_before(scan_byte(bytes, ' '), &state->blank), runs = changes & ~space;
    uint64_t begins = (changes & space) | (runs & ~blank_before) | last_spaces(text, base, runs, space, space_before, &masks, before);
    begins = (begins & ~state->no_begin) | (state->begin_if_letter & letter);
    state->no_begin = state->begin_if_letter = 0;
    if (state->suffixes)
        return mark_suffixes(state, text, base, length, begins,
                             (scan_byte(bytes, '\'') | scan_byte(bytes, '\xE2')) & (letter_before | number_before));
    return mark_contractions(state, text, base, length, begins, scan_byte(bytes, '\''), letter);
}

static maske_status cut(bool suffixes, const char *text, size_t length, range_list *out) {
    gpt2_state state = {.suffixes = suffixes};
    size_t first = out->count;
    uint64_t begins = 0, before;                    /* of the block before the one at `base` */
    for (size_t base = 0; base < length; base += SCAN_BLOCK) {
        uint64_t next = gpt2_begins(&state, text, base, length, &before);
        TRY(scan_reserve(out));
        if (base > 0) scan_add_begins(out, base - SCAN_BLOCK, begins | before);
        begins = next;
    }
    if (length > 0) {
        TRY(scan_reserve(out));
        scan_add_begins(out, (length - 1) / SCAN_BLOCK * SCAN_BLOCK, begins);
    }
    scan_close(out, first, length);
    return MASKE_OK;
}

static maske_status byte_level_cut(const pre_tokenizer *self, const char *text, size_t length, void **search, range_list *out) {
    (void)search;
    return self->byte_level.use_regex ? cut(false, text, length, out) : range_list_add(out, 0, length);
}

maske_status byte_level_cut_suffixes(const char *text, size_t length, range_list *out) {
    return cut(true, text, length, out);
}

const pre_tokenizer_type pre_tokenizer_byte_level = {
    .base = {.name = "ByteLevel", .members = members}, .needs_prepare = byte_level_needs_prepare,
    .prepare = byte_level_prepare, .cut = byte_level_cut, .finish = text_edit_byte_level
};
