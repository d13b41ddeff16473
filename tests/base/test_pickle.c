/* Pickles: what a dictionary of tensors needs is read, everything else is refused by its place, and nothing is run. */
#include "base/pickle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const names[] = {"collections OrderedDict", "torch FloatStorage"};

static maske_status parse(pickle *out, const char *bytes, size_t length) {
    return pickle_read(out, bytes, length, names, 2, "x.bin");
}
#define PARSE(out, text) parse(out, "\x80\2" text, sizeof text + 1)

static void entries_are_in_order(void **state) {
    (void)state;
    pickle p = {0};
    assert_int_equal(PARSE(&p, "}q\0(X\1\0\0\0aK\7X\1\0\0\0bJ\xFF\xFF\xFF\xFFu."), MASKE_OK);
    const pickle_value *root = &p.values[p.root];
    assert_int_equal(root->kind, PICKLE_DICT);
    const pickle_entry *e = &p.entries[root->first_entry];
    assert_int_equal(p.values[e->key].text[0], 'a');
    assert_int_equal(p.values[e->value].integer, 7);
    e = &p.entries[e->next];
    assert_int_equal(p.values[e->value].integer, -1);
    assert_int_equal(e->next, PICKLE_NONE);
    pickle_close(&p);
}

static void calls_are_written_down(void **state) {
    (void)state;
    pickle p = {0};
    assert_int_equal(PARSE(&p, "ccollections\nOrderedDict\nq\0)Rq\1X\1\0\0\0aK\1s}b."), MASKE_OK);
    const pickle_value *root = &p.values[p.root];
    assert_int_equal(root->kind, PICKLE_CALL);
    assert_true(pickle_is(&p, root->function, "collections OrderedDict"));
    assert_false(pickle_is(&p, root->function, "collections OrderedDic"));
    assert_int_equal(p.values[root->arguments].count, 0);
    assert_int_not_equal(root->first_entry, PICKLE_NONE);
    pickle_close(&p);
    assert_int_equal(PARSE(&p, "(X\7\0\0\0storagectorch\nFloatStorage\ntQ."), MASKE_OK);
    assert_int_equal(p.values[p.root].kind, PICKLE_REFERENCE);
    assert_int_equal(p.values[p.values[p.root].arguments].count, 2);
    pickle_close(&p);
}

static void too_much_is_refused(void **state) {
    (void)state;
    pickle p = {0};
    size_t length = PICKLE_VALUES + 4;
    char *bytes = malloc(length);
    assert_non_null(bytes);
    memset(bytes, 'N', length);
    memcpy(bytes, "\x80\2", 2);
    bytes[length - 1] = '.';
    assert_int_equal(parse(&p, bytes, length), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "more than 2097152 values"));
    free(bytes);
    length = PICKLE_LENGTH + 1;
    bytes = calloc(length, 1);
    assert_non_null(bytes);
    assert_int_equal(parse(&p, bytes, length), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "16777217 bytes, at most 16777216 are read"));
    free(bytes);
}

static void integers_have_their_sign(void **state) {
    (void)state;
    static const struct { const char *bytes; size_t length; int64_t value; } cases[] = {
        {"\x80\2K\xFF.", 5, 255}, {"\x80\2M\xFF\xFF.", 6, 65535}, {"\x80\2J\0\0\0\x80.", 8, INT32_MIN},
        {"\x80\2\x8A\0.", 5, 0}, {"\x80\2\x8A\1\x80.", 6, -128}, {"\x80\2\x8A\5\0\0\0\0\1.", 10, (int64_t)1 << 32},
        {"\x80\2\x8A\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F.", 13, INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pickle p = {0};
        assert_int_equal(parse(&p, cases[i].bytes, cases[i].length), MASKE_OK);
        assert_int_equal(p.values[p.root].integer, cases[i].value);
        pickle_close(&p);
    }
}

static void refused(const char *bytes, size_t length, maske_status status, const char *sentence) {
    pickle p = {0};
    assert_int_equal(parse(&p, bytes, length), status);
    if (strstr(maske_error(), sentence) == NULL) fail_msg("found \"%s\", expected \"%s\"", maske_error(), sentence);
    assert_null(p.values);
}
#define REFUSED(text, status, sentence) refused("\x80\2" text, sizeof text + 1, status, sentence)

static void everything_else_is_refused(void **state) {
    (void)state;
    REFUSED("cos\nsystem\n(X\2\0\0\0lstR.", MASKE_UNSUPPORTED, "byte 3, asks for os.system: only what tensors need");
    REFUSED("ccollections\nOrderedDicts\n.", MASKE_UNSUPPORTED, "collections.OrderedDicts");
    REFUSED("X\2\0\0\0osX\6\0\0\0system\x93.", MASKE_UNSUPPORTED, "the instruction 0x93");
    REFUSED("(lp0\n.", MASKE_UNSUPPORTED, "the instruction 0x6C");
    REFUSED("}", MASKE_BAD_FILE, "it ends without its last instruction");
    REFUSED("}.N", MASKE_BAD_FILE, "there is more behind its last instruction");
    REFUSED("}N.", MASKE_BAD_FILE, "it leaves more or less than one value");
    REFUSED("(.", MASKE_BAD_FILE, "it leaves more or less than one value");
    REFUSED(".", MASKE_BAD_FILE, "it leaves more or less than one value");
    REFUSED("X\5\0\0\0abc.", MASKE_BAD_FILE, "it ends within an instruction");
    REFUSED("ccollections\nOrdered", MASKE_BAD_FILE, "it ends within an instruction");
    REFUSED("\x8A\x09\0\0\0\0\0\0\0\0\0.", MASKE_BAD_FILE, "an integer of more than 64 bits");
    REFUSED("}q\1.", MASKE_BAD_FILE, "the memo is not filled in order");
    REFUSED("}q\0h\1.", MASKE_BAD_FILE, "nothing is at that place of the memo");
    REFUSED("q\0.", MASKE_BAD_FILE, "a value is missing");
    REFUSED("t.", MASKE_BAD_FILE, "a mark is missing");
    REFUSED("(\x86.", MASKE_BAD_FILE, "a value is missing");
    REFUSED("(K\1\x86.", MASKE_BAD_FILE, "a value is missing");
    REFUSED("}(K\1u.", MASKE_BAD_FILE, "a key without a value");
    REFUSED("K\1(K\1K\2u.", MASKE_BAD_FILE, "entries for what is no dictionary");
    REFUSED("(K\1K\2s.", MASKE_BAD_FILE, "entries for what is no dictionary");
    REFUSED("}K\1a.", MASKE_BAD_FILE, "items for what is no list");
    REFUSED("K\1)R.", MASKE_BAD_FILE, "a call of what is no function");
    REFUSED("ctorch\nFloatStorage\nK\1R.", MASKE_BAD_FILE, "a call of what is no function");
    REFUSED("K\1}b.", MASKE_BAD_FILE, "a state for what is no object");
    REFUSED("Q.", MASKE_BAD_FILE, "a value is missing");
    pickle p = {0};
    assert_int_equal(parse(&p, "\x80\4N.", 4), MASKE_BAD_FILE);
    assert_string_equal(maske_error(), "x.bin: its pickle, byte 2: found another start than that of protocol 2");
    assert_int_equal(parse(&p, "\x80", 1), MASKE_BAD_FILE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_in_order),
        cmocka_unit_test(calls_are_written_down),
        cmocka_unit_test(too_much_is_refused), cmocka_unit_test(integers_have_their_sign),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
