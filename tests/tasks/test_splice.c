/* tests of tasks/splice: the prompt stays byte for byte, typed spaces stay exactly once, words do not melt together. */
#include "tasks/splice.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 8 };

/* Gaps are written "_". pieces: [gaps], NULL: left open. */
static const char *spliced(const char *prompt, const char *const *pieces) {
    static buffer out;
    splice_gap gaps[MOST];
    splice_piece given[MOST];
    size_t count = 0;
    for (const char *c = prompt; *c; c++) {
        if (*c != '_') continue;
        gaps[count] = (splice_gap){(size_t)(c - prompt), (size_t)(c - prompt) + 1};
        given[count] = (splice_piece){pieces[count], pieces[count] != NULL ? strlen(pieces[count]) : 0};
        count++;
    }
    assert_int_equal(splice(&out, prompt, strlen(prompt), gaps, given, count), MASKE_OK);
    return out.data;
}

static void typed_spaces_stay_exactly_once(void **state) {
    (void)state;
    static const struct { const char *prompt, *first, *second, *expected; } cases[] = {
        /* a space was typed: the piece's own goes, a piece without one gets none more */
        {"Mert _ okur.", " kitap", NULL, "Mert kitap okur."},
        {"Mert _ okur.", "kitap", NULL, "Mert kitap okur."},
        {"Mert  _ okur.", " kitap", NULL, "Mert  kitap okur."},
        {"Mert\t_ okur.", " kitap", NULL, "Mert\tkitap okur."},
        {"Mert\u00A0_ okur.", " kitap", NULL, "Mert\u00A0kitap okur."},
        /* the beginning of the text */
        {"_ okur.", " Mert", NULL, "Mert okur."},
        {" _ okur.", " Mert", NULL, " Mert okur."},
        {"_", " Mert", NULL, "Mert"},
        /* none was typed: two words stay two, all else stays as it was typed */
        {"kitap_ okur.", "lar", NULL, "kitaplar okur."},
        {"kitap_ okur.", " gibi", NULL, "kitap gibi okur."},
        {"kitap_ okur.", ",", NULL, "kitap, okur."},
        {"(_)", " roman", NULL, "(roman)"},
        {"Ankara'_ okur.", " da", NULL, "Ankara'da okur."},
        {"su-_-toprak", " hava", NULL, "su-hava-toprak"},
        {"kitap_", " (", NULL, "kitap("},
        {"2_", " 3", NULL, "2 3"},
        {"şu_", " ğ", NULL, "şu ğ"},
        /* two gaps */
        {"_ _", " a", " b", "a b"},
        {"_ _", "a", "b", "a b"},
        {"__", " a", " b", "a b"},
        {"__", " a", "b", "ab"},
        {"__", ",", " b", ", b"},
        {"__", ",", "b", ",b"},
        {"x_ _.", " a", " b", "x a b."},
        {"_", NULL, NULL, "_"},
        {"a_ _", NULL, " b", "a_ b"},
        {"a __", NULL, " b", "a _ b"},
        /* a space at a piece's end */
        {"_ okur.", "Mert ", NULL, "Mert okur."},
        {"_okur.", "Mert ", NULL, "Mert okur."},
        {"okur _", " Mert ", NULL, "okur Mert"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const pieces[2] = {cases[i].first, cases[i].second};
        assert_string_equal(spliced(cases[i].prompt, pieces), cases[i].expected);
    }
}

/* Whether text is prompt with each gap holding its piece, whose edges' spaces may be there or not; but not where white
 * space was typed, or the text ends, on that side. */
static bool matches(const char *prompt, const char *text, const char *const *pieces, bool space_before) {
    for (; *prompt != '_'; prompt++, text++) {
        if (*prompt != *text) return false;
        if (*prompt == '\0') return true;
        space_before = *prompt == ' ' || *prompt == '\n' || (unsigned char)*prompt == 0x80;     /* 0x80 ends U+3000 */
    }
    const char *rest = prompt + 1, *core = pieces[0] + (pieces[0][0] == ' ');
    size_t length = strlen(core), tail = length > 0 && core[length - 1] == ' ';
    bool space_behind = *rest == '\0' || *rest == ' ' || *rest == '\n' || (unsigned char)*rest == 0xE3;
    if (pieces[0][0] == ' ' && !space_before && text[0] == ' ' && strncmp(text + 1, core, length - tail) == 0) text++;
    if (strncmp(text, core, length - tail) != 0) return false;
    text += length - tail;
    if (tail && !space_behind && *text++ != ' ') return false;
    return matches(rest, text, pieces + 1, tail && !space_behind);
}

static void all_but_the_gaps_is_untouched(void **state) {
    (void)state;
    static const char *const bits[] = {"a",  " ", "  ", "(", ".", "ş", "\n",    "'",
                                       "漢", "_", "_",  "_", "-", "1", "\u3000"};
    static const char *const words[] = {" kitap", "lar", " (", ".", " ş", "ğı", "a ", " b "};
    random_stream random = random_stream_start(7, RANDOM_TEST, 0, 0);
    for (int round = 0; round < 20000; round++) {
        char prompt[128] = "";
        const char *pieces[MOST];
        size_t count = 0, length = random_below(12, random_stream_next(&random));
        for (size_t i = 0; i < length; i++) {
            const char *bit = bits[random_below(sizeof bits / sizeof bits[0], random_stream_next(&random))];
            if (bit[0] == '_' && count == MOST) continue;
            if (bit[0] == '_')
                pieces[count++] = words[random_below(sizeof words / sizeof words[0], random_stream_next(&random))];
            strcat(prompt, bit);
        }
        assert_true(matches(prompt, spliced(prompt, pieces), pieces, true));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_spaces_stay_exactly_once),
        cmocka_unit_test(all_but_the_gaps_is_untouched),
    };
    return cmocka_run_group_tests_name("tasks/splice", tests, NULL, NULL);
}
