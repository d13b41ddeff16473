/* tests of base/utf8: against a slow reading of RFC 3629, over every short sequence and at every place in a block. */
#include "base/cpu.h"
#include "base/random.h"
#include "base/utf8.h"

#include "scratch.h"

/* The character at text by the definition: decode, then ask whether it is the shortest form of a scalar value. */
static size_t character_size(const unsigned char *s, size_t length) {
    static const struct { unsigned char mask, lead; size_t size; uint32_t least; } forms[] = {
        {0x80, 0x00, 1, 0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};
    for (size_t f = 0; f < 4; f++) {
        if ((s[0] & forms[f].mask) != forms[f].lead) continue;
        if (length < forms[f].size) return 0;
        uint32_t c = s[0] & (unsigned char)~forms[f].mask;
        for (size_t i = 1; i < forms[f].size; i++) {
            if ((s[i] & 0xC0) != 0x80) return 0;
            c = c << 6 | (s[i] & 0x3F);
        }
        return c < forms[f].least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : forms[f].size;
    }
    return 0;
}

static size_t slow_valid_prefix(const unsigned char *s, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = character_size(s + at, length - at);
        if (size == 0) break;
        at += size;
    }
    return at;
}

/* Whether the bytes can begin a character (of any rest). */
static bool can_begin(const unsigned char *s, size_t length) {
    unsigned char whole[4];
    if (length > 4) return false;
    memcpy(whole, s, length);
    static const unsigned char rests[] = {0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF};
    for (size_t r = 0; r < 6; r++) {
        memset(whole + length, rests[r], 4 - length);
        for (size_t size = length; size <= 4; size++)
            if (character_size(whole, size) == size) return true;
    }
    return false;
}

static void every_short_sequence(void **state) {
    (void)state;
    /* all of two bytes; of three and four those at the edges of the ranges */
    static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                          0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                          0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFC, 0xFF};
    enum { EDGES = sizeof edges };
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            unsigned char s[2] = {(unsigned char)a, (unsigned char)b};
            assert_int_equal(utf8_valid_prefix((char *)s, 1), slow_valid_prefix(s, 1));
            assert_int_equal(utf8_valid_prefix((char *)s, 2), slow_valid_prefix(s, 2));
        }
    for (size_t n = 0; n < (size_t)EDGES * EDGES * EDGES * EDGES; n++) {
        unsigned char s[4] = {edges[n % EDGES], edges[n / EDGES % EDGES], edges[n / EDGES / EDGES % EDGES],
                              edges[n / EDGES / EDGES / EDGES]};
        size_t valid = slow_valid_prefix(s, 4);
        assert_int_equal(utf8_valid_prefix((char *)s, 4), valid);
        if (valid > 0) continue;
        /* the maximal subpart: the longest piece that can begin a character, or one byte */
        size_t subpart = 1;
        while (subpart < 4 && can_begin(s, subpart + 1)) subpart++;
        if (!can_begin(s, 1)) subpart = 1;
        assert_int_equal(utf8_invalid_size((char *)s, 4), subpart);
    }
}

static void every_scalar_value(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c == 0xD800) c = 0xE000;
        char text[4];
        size_t size = utf8_put(text, c), read;
        assert_int_equal(utf8_valid_prefix(text, size), size);
        assert_int_equal(utf8_next(text, &read), c);
        assert_int_equal(read, size);
        assert_int_equal(utf8_size(text[0]), size);
        assert_int_equal(utf8_count(text, size), 1);
        assert_int_equal(utf8_valid_prefix(text, size - 1), 0);
    }
}

/* The fast path works in blocks of 64: faults and cut characters at every place of three blocks. */
static void every_place_in_a_block(void **state) {
    (void)state;
    static const char *const fillings[] = {"a", "\xC3\xA7", "\xE2\x96\x81", "\xF0\x9F\x98\x80",
                                           "a\xC3\xA7\xE2\x96\x81\xF0\x9F\x98\x80 "};
    static const char *const faults[] = {
        "", "\x80", "\xFF", "\xC3", "\xE2\x96", "\xED\xA0\x80", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xC0\xAF"};
    for (size_t f = 0; f < sizeof fillings / sizeof fillings[0]; f++)
        for (size_t e = 0; e < sizeof faults / sizeof faults[0]; e++)
            for (size_t before = 0; before < 200; before++) {
                unsigned char text[512];
                size_t size = strlen(fillings[f]), length = 0;
                while (length < before) {
                    memcpy(text + length, fillings[f], size);
                    length += size;
                }
                memcpy(text + length, faults[e], strlen(faults[e]));
                length += strlen(faults[e]);
                for (size_t i = 0; i < 20 * size; i++) text[length++] = (unsigned char)fillings[f][i % size];
                for (size_t cut = 0; cut < 5; cut++)
                    assert_int_equal(utf8_valid_prefix((char *)text, length - cut),
                                     slow_valid_prefix(text, length - cut));
            }
}

static void random_bytes_agree_and_are_repaired(void **state) {
    (void)state;
    random_stream draw = random_stream_start(1, RANDOM_TEST, 1, 0);
    static const unsigned char likely[] = {0x61, 0x0A, 0xC3, 0xA7, 0xE0, 0xA0, 0xED, 0x9F, 0xF0,
                                           0x90, 0x80, 0xF4, 0x8F, 0xBF, 0xE2, 0x96, 0x81};
    buffer out = {0};
    for (int round = 0; round < 20000; round++) {
        unsigned char text[300];
        size_t length = random_below(300, random_stream_next(&draw));
        for (size_t i = 0; i < length; i++) {
            uint32_t word = random_stream_next(&draw);
            text[i] = word & 1 ? likely[(word >> 8) % sizeof likely] : (unsigned char)(word >> 16);
            if (word % 5 != 0) text[i] &= 0x7F;
        }
        size_t valid = slow_valid_prefix(text, length);
        assert_int_equal(utf8_valid_prefix((char *)text, length), valid);
        int64_t replaced = 0;
        buffer_clear(&out);
        assert_ok(utf8_repair(&out, (char *)text, length, &replaced));
        assert_int_equal(utf8_valid_prefix(out.data, out.length), out.length);
        assert_true((replaced == 0) == (valid == length));
        if (replaced == 0) assert_int_equal(out.length, length);
        assert_true(valid == 0 || memcmp(out.data, text, valid) == 0);
    }
    buffer_free(&out);
}

/* The table "Use of U+FFFD" of the Unicode standard, section 3.9. */
static void repair_is_the_standards(void **state) {
    (void)state;
#define R "\xEF\xBF\xBD"
    static const struct { const char *bytes, *repaired; int64_t pieces; } cases[] = {
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", R R R R R R R R "A", 8},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", R R R R R R R R "A", 8},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", R R R R R "A" R R "B", 7},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A", 4},
        {"plain", "plain", 0}, {"", "", 0}, {"\xC3", R, 1}, {"\xF0\x9F\x98", R, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer out = {0};
        int64_t pieces = 0;
        assert_ok(buffer_add(&out, "", 0));
        assert_ok(utf8_repair(&out, cases[i].bytes, strlen(cases[i].bytes), &pieces));
        assert_string_equal(out.data, cases[i].repaired);
        assert_int_equal(pieces, cases[i].pieces);
        buffer_free(&out);
    }
#undef R
}

/* The same on a CPU without wider instructions. */
static void plainly(void **state) {
    cpu_allow(0);
    every_short_sequence(state);
    every_scalar_value(state);
    every_place_in_a_block(state);
    random_bytes_agree_and_are_repaired(state);
    cpu_allow(~0u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_sequence),    cmocka_unit_test(every_scalar_value),
        cmocka_unit_test(every_place_in_a_block),  cmocka_unit_test(random_bytes_agree_and_are_repaired),
        cmocka_unit_test(repair_is_the_standards), cmocka_unit_test(plainly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
