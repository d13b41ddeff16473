/* tests of corpus/lines through the corpus: line ends, wrong bytes, long lines, wherever they fall in what is read. */
#include "base/random.h"
#include "corpus/lines.h"

#include "reading.h"

enum { PIECE = 256 << 10 };             /* what the reader reads at a time */

#define MARK "\xEF\xBB\xBF"          /* a byte order mark */

static void line_ends(void **state) {
    (void)state;
    static const struct { const char *bytes, *lines; } cases[] = {
        {"a", "a\n"}, {"a\n", "a\n"}, {"a\nb", "a\nb\n"}, {"a\r\nb\r\n", "a\nb\n"}, {"\n\n", "\n\n"}, {"\r\n", "\n"},
        {"a\rb\n", "a\rb\n"}, {"a\r\r\n", "a\r\n"}, {"\r\r\n\r", "\r\n\n"}, {"a\r", "a\n"},
        {MARK "x\n", "x\n"}, {"x\n" MARK "y", "x\n" MARK "y\n"}, {MARK MARK "x", MARK "x\n"},      /* only the first */
        {"\xC3\xA7\xE2\x96\x81\xF0\x9F\x98\x80", "\xC3\xA7\xE2\x96\x81\xF0\x9F\x98\x80\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(reading(scratch_text("line_ends", cases[i].bytes)), cases[i].lines);
}

static void wrong_bytes_are_replaced_and_counted(void **state) {
    (void)state;
    const char *path =
        scratch_text("wrong", "fine\nand g\xC3\xBCn here \xFF\xFE there\nthen a cut one \xE2\x96\nend\xF0\x9F");
    buffer out = {0};
    corpus_totals totals;
    assert_ok(try_reading(&out, &totals, &path, 1, NULL));
    assert_string_equal(
        out.data,
        "fine\nand g\xC3\xBCn here \xEF\xBF\xBD\xEF\xBF\xBD there\nthen a cut one \xEF\xBF\xBD\nend\xEF\xBF\xBD\n");
    assert_int_equal(totals.replaced, 4);
    assert_int_equal(totals.lines, 4);
    assert_int_equal(totals.bytes, out.length);
    buffer_free(&out);
}

static void nul_bytes_far_in_are_kept(void **state) {
    (void)state;
    buffer b = {0}, out = {0};
    while (b.length < 70000) assert_ok(buffer_add_text(&b, "some text that is long enough\n"));
    assert_ok(buffer_add(&b, "a\0b\n", 4));
    const char *path = scratch_write("nul", b.data, b.length);
    assert_ok(try_reading(&out, NULL, &path, 1, NULL));
    assert_int_equal(out.length, b.length);
    assert_memory_equal(out.data, b.data, b.length);
    buffer_free(&b);
    buffer_free(&out);
}

/* The same tricky text behind fillings of every length that puts it across the end of a piece or of the head. */
static void what_falls_on_an_edge_is_whole(void **state) {
    (void)state;
    static const char tricky[] =
        "x\r\n\xC3\xA7\xE2\x96\x81\xF0\x9F\x98\x80\xE2\x96z\xF0\x9F\x98\r\r\n\xED\xA0\x80\n\xFF\n";
    const size_t edges[] = {64 << 10, PIECE, 4 << 20};
    buffer b = {0}, out = {0}, expected = {0};
    for (size_t e = 0; e < 3; e++)
        for (size_t back = 0; back <= sizeof tricky + 1; back++) {
            buffer_clear(&b);
            while (b.length < edges[e] - back) assert_ok(buffer_add(&b, b.length % 100 == 99 ? "\n" : "a", 1));
            assert_ok(buffer_add(&b, tricky, sizeof tricky - 1));
            const char *path = scratch_write("edge", b.data, b.length);
            assert_ok(try_reading(&out, NULL, &path, 1, NULL));
            model_of_reading(&expected, b.data, b.length, LINES_LONGEST);
            assert_int_equal(out.length, expected.length);
            assert_memory_equal(out.data, expected.data, out.length);
        }
    buffer_free(&b);
    buffer_free(&out);
    buffer_free(&expected);
}

/* Random bytes, weighted to what is hard; few enough wrong ones that the file counts as text. */
static void random_bytes_follow_the_model(void **state) {
    (void)state;
    static const char *const pieces[] = {"\n", "\r\n", "\r",   "\xC3\xA7",    "\xE2\x96\x81", "\xF0\x9F\x98\x80",
                                         " ",  "word", "\n\n", "\xEF\xBB\xBF"};
    static const char *const faults[] = {"\xC3", "\xE2\x96", "\x80", "\xFF", "\xF0\x9F\x98", "\xED\xA0\x80"};
    buffer b = {0}, out = {0}, expected = {0};
    for (uint64_t round = 0; round < 60; round++) {
        random_stream draw = random_stream_start(round, RANDOM_TEST, 11, 0);
        size_t length = random_below(round % 3 ? 3000 : 600000, random_stream_next(&draw));
        buffer_clear(&b);
        assert_ok(buffer_add_text(&b, round % 2 ? "\xEF\xBB\xBF" "begins" : "begins"));
        while (b.length < length) {
            uint32_t word = random_stream_next(&draw);
            assert_ok(buffer_add_text(&b, word % 50 ? pieces[(word >> 8) % 10] : faults[(word >> 8) % 6]));
        }
        const char *path = scratch_write("random", b.data, b.length);
        corpus_totals totals;
        assert_ok(try_reading(&out, &totals, &path, 1, NULL));
        model_of_reading(&expected, b.data, b.length, LINES_LONGEST);
        assert_int_equal(out.length, expected.length);
        assert_memory_equal(out.data, expected.data, out.length);
        assert_int_equal(totals.lines, count_line_ends(out.data, out.length));
        assert_int_equal(totals.bytes, out.length);
        assert_int_equal(totals.file_bytes, b.length);
    }
    buffer_free(&b);
    buffer_free(&out);
    buffer_free(&expected);
}

/* Lines around 16 MiB, in two-byte characters so that the limit falls inside one, or with \r\n behind. */
static void long_lines_are_cut_between_characters(void **state) {
    (void)state;
    buffer b = {0}, out = {0}, expected = {0};
    const struct { size_t length; const char *end; int64_t cuts; } cases[] = {
        {LINES_LONGEST, "\n", 0},
        {LINES_LONGEST, "\r\n", 0},
        {LINES_LONGEST, "", 0},
        {LINES_LONGEST + 1, "\n", 1},
        {LINES_LONGEST + 1, "\r\nshort\n", 1},
        {2 * LINES_LONGEST + 5, "\n", 2},
        {3 * LINES_LONGEST / 2, "\nmore\n\nlines", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_clear(&b);
        assert_ok(buffer_reserve(&b, cases[i].length + 3));
        assert_ok(buffer_add_text(&b, "first\n"));
        size_t begin = b.length;
        if (i % 2) assert_ok(buffer_add(&b, "x", 1));
        while (b.length + 1 < begin + cases[i].length) assert_ok(buffer_add(&b, "\xC3\xA7", 2));
        if (b.length < begin + cases[i].length) assert_ok(buffer_add(&b, "y", 1));
        assert_ok(buffer_add_text(&b, cases[i].end));
        const char *path = scratch_write("long", b.data, b.length);
        corpus_totals totals;
        assert_ok(try_reading(&out, &totals, &path, 1, NULL));
        assert_int_equal(totals.cut_lines, cases[i].cuts);
        model_of_reading(&expected, b.data, b.length, LINES_LONGEST);
        assert_int_equal(out.length, expected.length);
        assert_true(memcmp(out.data, expected.data, out.length) == 0);
        assert_int_equal(totals.lines, count_line_ends(out.data, out.length));
    }
    buffer_free(&b);
    buffer_free(&out);
    buffer_free(&expected);
}

static void line_ends_are_counted(void **state) {
    (void)state;
    static char text[60000];
    memset(text, 'a', sizeof text);
    int64_t expected = 0;
    for (size_t i = 0; i < sizeof text; i++)
        if (i % 7 == 3 || (i > 20000 && i < 50000)) text[i] = '\n';
    for (size_t length = 0; length < sizeof text; length += length < 300 ? 1 : 977) {
        expected = 0;
        for (size_t i = 0; i < length; i++) expected += text[i] == '\n';
        assert_int_equal(count_line_ends(text, length), expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends),
        cmocka_unit_test(wrong_bytes_are_replaced_and_counted),
        cmocka_unit_test(nul_bytes_far_in_are_kept),
        cmocka_unit_test(what_falls_on_an_edge_is_whole),
        cmocka_unit_test(random_bytes_follow_the_model),
        cmocka_unit_test(long_lines_are_cut_between_characters),
        cmocka_unit_test(line_ends_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
