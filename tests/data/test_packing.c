/* tests of data/packing: every token once and in order, no sequence over the room, none across documents. */
#include "base/random.h"
#include "data/packing.h"

#include "scratch.h"

enum { VOCABULARY = 1000, SPECIAL = 5 };       /* ids below SPECIAL are special */

static uint8_t special[VOCABULARY] = {1, 1, 1, 1, 1};
static const vocabulary small = {.size = VOCABULARY, .special = special};

static void add(packing *p, const char *line) {         /* a letter a token; digits are the special ids */
    int32_t ids[256];
    size_t count = strlen(line);
    for (size_t i = 0; i < count; i++) ids[i] = line[i] >= '0' && line[i] < '0' + SPECIAL ? line[i] - '0' : line[i];
    assert_ok(packing_add_line(p, ids, count));
}

/* The packed sequences as text: "abc de | fgh" is two documents, the first of two sequences. */
static const char *described(const packing *p) {
    static char text[4096];
    size_t at = 0, document = 0;
    for (size_t i = 0; i < p->sequence_count; i++) {
        int32_t ids[256];
        sequence s = p->sequences[i];
        token_store_read(&p->store, s.begin, s.length, ids);
        if (i > 0) text[at++] = ' ';
        if (i > 0 && p->document_ends[document] == i) {
            memcpy(text + at, "| ", 2);
            at += 2;
            document++;
        }
        for (size_t j = 0; j < s.length; j++) text[at++] = (char)(ids[j] < SPECIAL ? '0' + ids[j] : ids[j]);
    }
    text[at] = '\0';
    if (p->document_count > 0) assert_int_equal(p->document_ends[p->document_count - 1], p->sequence_count);
    return text;
}

/* Packs lines parted by '/', documents by '|', and compares. */
static void packs(const char *lines, size_t room, bool line_by_line, const char *expected) {
    packing p;
    assert_ok(packing_start(&p, &small, room, line_by_line, NULL));
    char copy[512];
    snprintf(copy, sizeof copy, "%s", lines);
    for (char *at = copy, *end; *at != '\0'; at = end) {
        end = at + strcspn(at, "/|");
        char mark = *end;
        if (mark != '\0') *end++ = '\0';
        add(&p, at);
        if (mark == '|') assert_ok(packing_end_document(&p));
    }
    assert_ok(packing_end(&p));
    assert_string_equal(described(&p), expected);
    packing_free(&p);
}

static void lines_of_a_document_follow_one_another(void **state) {
    (void)state;
    packs("abc/de/f", 8, false, "abcdef");
    packs("abc/de/fgh", 8, false, "abcdefgh");
    packs("aaaaaaa/bbbbbbbbb/cccc", 8, false, "aaaaaaab bbbbbbbb cccc");
    packs("abc", 1, false, "a b c");
}

static void documents_are_never_mixed(void **state) {
    (void)state;
    packs("abc/de|fgh", 8, false, "abcde | fgh");
    packs("abcdefgh|ijklmnop|q", 8, false, "abcdefgh | ijklmnop | q");
    packs("|||a||b|", 8, false, "a | b");
    packs("", 8, false, "");
}

static void line_by_line_trims(void **state) {
    (void)state;
    packs("aaaaaaa/bbbbbbbbb/cccc", 8, true, "aaaaaaa bbbbbbbb cccc");
    packs("a/b|c", 8, true, "a b | c");
    packing p;
    assert_ok(packing_start(&p, &small, 2, true, NULL));
    add(&p, "abc");
    add(&p, "ab");
    add(&p, "");
    add(&p, "abcd");
    assert_ok(packing_end(&p));
    assert_int_equal(p.lines, 4);
    assert_int_equal(p.truncated_lines, 2);
    packing_free(&p);
}

static void what_cannot_be_masked_is_left_out(void **state) {
    (void)state;
    packs("1/a2/3", 8, true, "a2");
    packs("1230|ab|0", 8, false, "ab");
    packs("00001a", 4, false, "1a");
    packs("0123", 4, false, "");
}

/* A model of the rule, written the slow way, over random documents. */
static void random_documents_keep_every_token(void **state) {
    (void)state;
    random_stream draw = random_stream_start(7, RANDOM_TEST, 0, 0);
    for (int round = 0; round < 200; round++) {
        size_t room = 1 + random_below(40, random_stream_next(&draw));
        packing p;
        assert_ok(packing_start(&p, &small, room, false, round % 2 ? scratch_path("tokens") : NULL));
        int32_t all[4000];
        size_t count = 0, ends[64], documents = 1 + random_below(20, random_stream_next(&draw));
        for (size_t d = 0; d < documents; d++) {
            for (uint32_t lines = random_below(6, random_stream_next(&draw)); lines > 0; lines--) {
                size_t begin = count, length = random_below(30, random_stream_next(&draw));
                for (size_t i = 0; i < length; i++)
                    all[count++] = (int32_t)(SPECIAL + random_below(VOCABULARY - SPECIAL, random_stream_next(&draw)));
                assert_ok(packing_add_line(&p, all + begin, length));
            }
            assert_ok(packing_end_document(&p));
            ends[d] = count;
        }
        assert_ok(packing_end(&p));
        size_t s = 0, kept_documents = 0;
        for (size_t d = 0, begin = 0; d < documents; begin = ends[d++]) {
            for (size_t at = begin; at < ends[d]; s++) {
                size_t length = ends[d] - at < room ? ends[d] - at : room;
                int32_t ids[64];
                assert_true(s < p.sequence_count);
                assert_int_equal(p.sequences[s].length, length);
                token_store_read(&p.store, p.sequences[s].begin, length, ids);
                assert_memory_equal(ids, all + at, length * sizeof *ids);
                at += length;
            }
            if (ends[d] > begin) assert_int_equal(p.document_ends[kept_documents++], s);
        }
        assert_int_equal(s, p.sequence_count);
        assert_int_equal(kept_documents, p.document_count);
        packing_free(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_document_follow_one_another), cmocka_unit_test(documents_are_never_mixed),
        cmocka_unit_test(line_by_line_trims), cmocka_unit_test(what_cannot_be_masked_is_left_out),
        cmocka_unit_test(random_documents_keep_every_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
