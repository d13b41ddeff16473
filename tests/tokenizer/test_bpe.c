/* tests/tokenizer/test_bpe.c: the BPE model against the plainest one that can be written, and its bounds. */
#include "tokenizer/bpe.h"
#include "base/random.h"
#include "scratch.h"

#include <time.h>

/* A model of `letters` letters with random merges whose joined strings stay short: many ties, many dead ends. */
static void random_model(bpe *out, unsigned letters, size_t merges, uint64_t seed, bool twice) {
    random_stream r = random_stream_start(seed, RANDOM_TEST, 0, 0);
    vocab entries = {0};
    bpe_merge *list = calloc(merges, sizeof *list);
    for (unsigned i = 0; i < letters; i++) assert_ok(vocab_append(&entries, (char[]){(char)('a' + i)}, 1, NULL));
    for (size_t count = 0; count < merges;) {
        char text[40];
        size_t left_length, right_length;
        bpe_merge m = {(int32_t)random_below((uint32_t)entries.limit, random_stream_next(&r)),
                       (int32_t)random_below((uint32_t)entries.limit, random_stream_next(&r)), -1};
        const char *left = vocab_text(&entries, m.left, &left_length),
                   *right = vocab_text(&entries, m.right, &right_length);
        if (left_length + right_length > 12) continue;
        snprintf(text, sizeof text, "%s%s", left, right);
        m.id = vocab_find(&entries, text, strlen(text));
        if (m.id < 0) assert_ok(vocab_append(&entries, text, strlen(text), &m.id));
        list[count++] = m;
        if (!twice || count == merges || count % 3 != 0) continue;
        list[count] = list[random_below((uint32_t)count, random_stream_next(&r))];
        count++;
    }
    assert_ok(bpe_build(out, &entries, list, merges, &(bpe_options){.dropout = -1}, "test"));
    assert_null(entries.entries);
    free(list);
}

/* Lowest rank first, leftmost of equals, one merge a scan. Ranks are looked for from the end: the last one counts. */
static size_t naive_encode(const bpe *model, const char *text, size_t length, int32_t *ids) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) ids[count++] = vocab_find(&model->vocab, text + i, 1);
    for (;;) {
        size_t best = 0, best_rank = SIZE_MAX;
        for (size_t i = 0; i + 1 < count; i++)
            for (size_t rank = 0; rank < model->merge_count && rank < best_rank; rank++)
                if (model->merges[rank].left == ids[i] && model->merges[rank].right == ids[i + 1]) {
                    best = i;
                    best_rank = rank;
                }
        if (best_rank == SIZE_MAX) return count;
        ids[best] = model->merges[best_rank].id;
        memmove(ids + best + 1, ids + best + 2, (count - best - 2) * sizeof *ids);
        count--;
    }
}

static void equals_the_naive_merge_loop(void **state) {
    (void)state;
    bpe_word word = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
        bpe model;
        unsigned letters = 1 + (unsigned)seed % 4;
        random_model(&model, letters, 10 + (size_t)seed * 5, seed, seed % 2 == 1);
        random_stream r = random_stream_start(seed, RANDOM_TEST, 1, 0);
        for (int i = 0; i < 60; i++) {
            char text[200];
            int32_t expected[200];
            size_t length = random_below(i % 3 == 0 ? 200 : 60, random_stream_next(&r));
            for (size_t j = 0; j < length; j++) text[j] = (char)('a' + random_below(letters, random_stream_next(&r)));
            size_t count = naive_encode(&model, text, length, expected), cut = 0;
            assert_ok(bpe_encode(&model, &word, text, length));
            assert_int_equal(word.count, count);
            if (count > 0) assert_memory_equal(word.ids, expected, count * sizeof *expected);
            for (size_t j = 0; j < word.count; j++) cut += word.lengths[j];
            assert_int_equal(cut, length);
        }
        bpe_free(&model);
    }
    bpe_word_free(&word);
}

static void a_megabyte_of_one_letter_takes_a_moment(void **state) {
    (void)state;
    vocab entries = {0};
    bpe_merge merges[10];
    char text[1024];
    memset(text, 'a', sizeof text);
    assert_ok(vocab_append(&entries, "a", 1, NULL));
    for (int32_t i = 0; i < 10; i++) {
        assert_ok(vocab_append(&entries, text, (size_t)2 << i, NULL));
        merges[i] = (bpe_merge){i, i, i + 1};
    }
    bpe model;
    bpe_word word = {0};
    assert_ok(bpe_build(&model, &entries, merges, 10, &(bpe_options){.dropout = -1}, "test"));
    size_t length = 1 << 20;
    char *long_word = malloc(length);
    memset(long_word, 'a', length);
    clock_t before = clock();
    assert_ok(bpe_encode(&model, &word, long_word, length));
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 10.0);        /* n * n would take an hour */
    assert_int_equal(word.count, length / 1024);
    for (size_t i = 0; i < word.count; i++) assert_int_equal(word.ids[i], 10);
    free(long_word);
    bpe_word_free(&word);
    bpe_free(&model);
}

/* a b [UNK] <0x..>: unknown characters in every way. "ç" is C3 A7, "q" and "z" are unknown. */
static void expect(const bpe_options *options, bool bytes, const char *text, const char *expected) {
    static const char *const names[] = { "a", "b", "ab", "[UNK]", "</w>", "#b", "a</w>" };
    vocab entries = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ok(vocab_append(&entries, names[i], strlen(names[i]), NULL));
    for (unsigned byte = 0; bytes && byte < 256; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        assert_ok(vocab_append(&entries, name, 6, NULL));
    }
    bpe_merge merge = {0, 1, 2};
    bpe model;
    bpe_word word = {0};
    buffer found = {0};
    assert_ok(bpe_build(&model, &entries, &merge, 1, options, "test"));
    assert_ok(bpe_encode(&model, &word, text, strlen(text)));
    for (size_t i = 0; i < word.count; i++) {
        size_t length;
        assert_ok(buffer_add_format(&found, "%s%s/%u", i == 0 ? "" : " ",
                                    vocab_text(&model.vocab, word.ids[i], &length), (unsigned)word.lengths[i]));
    }
    assert_string_equal(found.data == NULL ? "" : found.data, expected);
    buffer_free(&found);
    bpe_word_free(&word);
    bpe_free(&model);
}

static void unknown_characters_follow_the_options(void **state) {
    (void)state;
    expect(&(bpe_options){.dropout = -1}, false, "aqb", "ab/2"); /* dropped: neighbours meet */
    expect(&(bpe_options){.unk_token = "[UNK]"}, false, "aqzb", "a/1 [UNK]/1 [UNK]/1 b/1");
    expect(&(bpe_options){.unk_token = "[UNK]", .fuse_unk = true}, false, "aqzçb", "a/1 [UNK]/4 b/1");
    expect(&(bpe_options){.unk_token = "[UNK]", .byte_fallback = true}, true, "açb", "a/1 <0xC3>/1 <0xA7>/1 b/1");
    expect(&(bpe_options){.unk_token = "[UNK]", .byte_fallback = true}, false, "açb", "a/1 [UNK]/2 b/1");
    expect(&(bpe_options){.end_of_word_suffix = "</w>"}, false, "aba", "ab/2 a</w>/1");
    expect(&(bpe_options){.continuing_subword_prefix = "#", .unk_token = "[UNK]"}, false, "aba", "a/1 #b/1 [UNK]/1");
    expect(&(bpe_options){.end_of_word_suffix = "</w>", .byte_fallback = true}, true, "q",
           "<0x71>/1 <0x3C>/1 <0x2F>/1 <0x77>/1 <0x3E>/1");
    expect(&(bpe_options){.ignore_merges = true}, false, "</w>", "</w>/4");
    expect(&(bpe_options){.dropout = -1}, false, "", "");
}

static void an_unk_that_is_no_entry_fails_only_where_it_is_needed(void **state) {
    (void)state;
    vocab entries = {0};
    bpe model;
    bpe_word word = {0};
    assert_ok(vocab_append(&entries, "a", 1, NULL));
    assert_ok(bpe_build(&model, &entries, NULL, 0, &(bpe_options){.unk_token = "<unk>"}, "test"));
    assert_ok(bpe_encode(&model, &word, "aa", 2));
    assert_int_equal(word.count, 2);
    assert_fails(bpe_encode(&model, &word, "aq", 2), MASKE_BAD_FILE, "\"q\"");
    bpe_word_free(&word);
    bpe_free(&model);
}

static void merges_that_point_nowhere_are_refused(void **state) {
    (void)state;
    vocab entries = {0};
    bpe model;
    assert_ok(vocab_append(&entries, "a", 1, NULL));
    assert_fails(bpe_build(&model, &entries, &(bpe_merge){0, 0, 1}, 1, &(bpe_options){.dropout = -1}, "x"),
                 MASKE_BAD_FILE, "x: merge 0");
    assert_null(entries.entries);
}

/* A trained model's merges come back from its entries alone. */
static void merges_are_rebuilt_from_the_entries(void **state) {
    (void)state;
    static const char *const names[] = {"[PAD]", "[UNK]", "a",   "b",  "c",   "d", "ab",
                                        "cd",    "abcd",  "aba", "dd", "cdd", "xy"};
    static const bpe_merge expected[] = { {2, 3, 6}, {4, 5, 7}, {6, 7, 8}, {6, 2, 9}, {5, 5, 10}, {7, 5, 11} };
    vocab entries = {0};
    bpe_merge *merges = NULL;
    size_t count = 0, unreached = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ok(vocab_append(&entries, names[i], strlen(names[i]), NULL));
    assert_ok(bpe_rebuild_merges(&entries, NULL, &merges, &count, &unreached));
    assert_int_equal(count, 6);
    assert_memory_equal(merges, expected, sizeof expected);
    assert_int_equal(unreached, 3); /* [PAD], [UNK], and "xy", whose letters are no entries */
    assert_int_equal(entries.count, 13);
    free(merges);
    vocab_free(&entries);
}

/* Merges in the order of their entries, every entry from the cut that the merges before it make: as training does. The
 * entries alone must then give back the very merges. */
static void rebuilding_undoes_training(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        random_stream r = random_stream_start(seed, RANDOM_TEST, 2, 0);
        vocab entries = {0};
        bpe model;
        bpe_word word = {0};
        bpe_merge *merges = NULL;
        size_t count = 0, unreached = 9;
        for (int i = 0; i < 3; i++) assert_ok(vocab_append(&entries, (char[]){(char)('a' + i)}, 1, NULL));
        assert_ok(bpe_build(&model, &entries, NULL, 0, &(bpe_options){.dropout = -1}, "test"));
        for (int i = 0; i < 400; i++) { /* two neighbours of a cut of random text are merged */
            char text[24];
            for (size_t j = 0; j < sizeof text; j++) text[j] = (char)('a' + random_below(3, random_stream_next(&r)));
            assert_ok(bpe_encode(&model, &word, text, sizeof text));
            size_t begin = 0, end = word.lengths[0] + (word.count > 1 ? word.lengths[1] : 0);
            if (word.count < 2 || vocab_find(&model.vocab, text + begin, end) >= 0) continue;
            bpe_merge merge = {word.ids[0], word.ids[1], -1};
            assert_ok(vocab_append(&model.vocab, text, end, &merge.id));
            assert_ok(bpe_add_merge(&model, merge));
        }
        assert_true(model.merge_count > 50);
        assert_ok(bpe_rebuild_merges(&model.vocab, NULL, &merges, &count, &unreached));
        assert_int_equal(count, model.merge_count);
        assert_memory_equal(merges, model.merges, count * sizeof *merges);
        assert_int_equal(unreached, 0);
        free(merges);
        bpe_word_free(&word);
        bpe_free(&model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_naive_merge_loop),
        cmocka_unit_test(a_megabyte_of_one_letter_takes_a_moment),
        cmocka_unit_test(unknown_characters_follow_the_options),
        cmocka_unit_test(an_unk_that_is_no_entry_fails_only_where_it_is_needed),
        cmocka_unit_test(merges_that_point_nowhere_are_refused),
        cmocka_unit_test(merges_are_rebuilt_from_the_entries),
        cmocka_unit_test(rebuilding_undoes_training),
    };
    return cmocka_run_group_tests_name("tokenizer/bpe", tests, NULL, NULL);
}
