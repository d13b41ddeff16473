/* tests/tokenizer/test_added_tokens.c: which tokens are found where, and the ids they get. */
#include "tokenizer/added_tokens.h"
#include "tokenizer/added_matcher.h"
#include "base/random.h"
#include "scratch.h"

#include <time.h>

/* -------------------------------------------------------------------------------------------------- the matcher --- */

/* Leftmost, then longest, by trying everything. */
static bool naive_next(char words[][8], size_t count, const char *text, size_t length, size_t from, added_match *out) {
    for (size_t begin = from; begin < length; begin++) {
        size_t longest = 0;
        for (size_t i = 0; i < count; i++) {
            size_t size = strlen(words[i]);
            if (size <= longest || size > length - begin || memcmp(text + begin, words[i], size) != 0) continue;
            longest = size;
            *out = (added_match){begin, begin + size, (int32_t)i};
        }
        if (longest > 0) return true;
    }
    return false;
}

static void matcher_equals_the_naive_search(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        random_stream r = random_stream_start(seed, RANDOM_TEST, 0, 0);
        char words[12][8], text[60];
        size_t count = 0, wanted = 1 + random_below(12, random_stream_next(&r)),
               length = random_below(60, random_stream_next(&r));
        uint32_t letters = 1 + random_below(3, random_stream_next(&r));
        added_matcher *matcher = NULL;
        assert_ok(added_matcher_new(&matcher));
        for (size_t i = 0; i < wanted; i++) {
            size_t size = 1 + random_below(6, random_stream_next(&r));
            memset(words[count], 0, sizeof words[count]);
            for (size_t j = 0; j < size; j++)
                words[count][j] = (char)('a' + random_below(letters, random_stream_next(&r)));
            int32_t known = -1;
            assert_ok(added_matcher_add(matcher, words[count], size, (int32_t)count, &known));
            if (known >= 0) assert_string_equal(words[known], words[count]);
            else count++;
        }
        assert_ok(added_matcher_finish(matcher));
        for (size_t j = 0; j < length; j++) text[j] = (char)('a' + random_below(letters + 1, random_stream_next(&r)));
        added_match expected = {0}, found = {0};
        for (size_t from = 0;; from = expected.end) {
            bool there = naive_next(words, count, text, length, from, &expected);
            assert_int_equal(added_matcher_next(matcher, text, length, from, &found), there);
            if (!there) break;
            assert_int_equal(found.begin, expected.begin);
            assert_int_equal(found.end, expected.end);
            assert_int_equal(found.number, expected.number);
        }
        added_matcher_free(matcher);
    }
}

/* A token that nearly matches at every place costs nothing extra. */
static void matching_is_linear(void **state) {
    (void)state;
    size_t length = 1 << 22, size = 60000;
    char *text = malloc(length);
    int32_t known;
    added_match match;
    added_matcher *matcher = NULL;
    memset(text, 'a', length);
    text[size - 1] = 'b';
    assert_ok(added_matcher_new(&matcher));
    assert_ok(added_matcher_add(matcher, text, size, 0, &known));
    assert_ok(added_matcher_finish(matcher));
    text[size - 1] = 'a';
    clock_t before = clock();
    assert_false(added_matcher_next(matcher, text, length, 0, &match));
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 10.0);        /* trying each place would take minutes */
    added_matcher_free(matcher);
    free(text);
}

/* ----------------------------------------------------------------------------------------------------- the list --- */

static void add(added_tokens *added, const char *content, const char *flags, const vocab *model, int32_t expected) {
    added_token token = {.content = (char *)content,
                         .length = strlen(content),
                         .single_word = strchr(flags, 'w') != NULL,
                         .lstrip = strchr(flags, 'l') != NULL,
                         .rstrip = strchr(flags, 'r') != NULL,
                         .special = strchr(flags, 's') != NULL};
    int32_t id = -2;
    assert_ok(added_tokens_add(added, &token, model, NULL, &id));
    assert_int_equal(id, expected);
}

static void ids_are_the_librarys(void **state) {
    (void)state;
    vocab model = {0};
    added_tokens added = {0};
    assert_ok(vocab_add(&model, "x", 1, 0));
    assert_ok(vocab_add(&model, "b", 1, 5));
    assert_ok(vocab_add(&model, "u", 1, 9));
    add(&added, "new", "", &model, 3);          /* from the count of entries on, holes or not */
    add(&added, "b", "", &model, 5);            /* the entry's own id */
    add(&added, "u", "s", &model, 9);
    add(&added, "n2", "", &model, 4);
    add(&added, "new", "l", &model, 3);         /* again: other flags, the same id */
    add(&added, "", "", &model, -1);
    assert_ok(added_tokens_finish(&added));
    assert_int_equal(added.limit, 10);
    assert_true(added_tokens_get(&added, 3)->lstrip);
    assert_string_equal(added_tokens_get(&added, 9)->content, "u");
    assert_null(added_tokens_get(&added, 0));
    assert_null(added_tokens_get(&added, 100));
    added_tokens_free(&added);
    vocab_free(&model);
}

static void expect_split(const char *tokens, const char *text, const char *expected) {
    vocab model = {0};
    added_tokens added = {0};
    added_splits splits = {0};
    buffer found = {0};
    char content[32], flags[8];
    int32_t next = 0;
    for (int used; sscanf(tokens, " %31[^:]:%7s%n", content, flags, &used) == 2; tokens += used)
        add(&added, content, flags, &model, next++);
    assert_ok(added_tokens_finish(&added));
    assert_ok(added_tokens_split(&added, false, text, strlen(text), &splits));
    for (size_t i = 0; i < splits.count; i++)
        assert_ok(buffer_add_format(&found, "%s%.*s%s", splits.items[i].id >= 0 ? "{" : "(",
                                    (int)(splits.items[i].end - splits.items[i].begin), text + splits.items[i].begin,
                                    splits.items[i].id >= 0 ? "}" : ")"));
    assert_string_equal(found.data == NULL ? "" : found.data, expected);
    buffer_free(&found);
    added_splits_free(&splits);
    added_tokens_free(&added);
}

static void flags_shape_the_cuts(void **state) {
    (void)state;
    expect_split("[M]:-", "a [M] b[M][M]", "(a ){[M]}( b){[M]}{[M]}");
    expect_split("[M]:l", "a \t[M] b  [M] ", "(a){ \t[M]}( b){  [M]}( )");
    expect_split("[M]:r", "a [M]  b[M] ", "(a ){[M]  }(b){[M] }");
    expect_split("[M]:lr", "[M] [M] x", "{[M] }{[M] }(x)");
    expect_split("ab:w", "ab abc ab. xab ab_ ab", "{ab}( abc ){ab}(. xab ab_ ){ab}");
    expect_split("a:- ab:- abc:-", "abcabxa", "{abc}{ab}(x){a}");           /* the longest */
    expect_split("abcd:- bc:-", "abcx abcd", "(a){bc}(x ){abcd}");          /* the leftmost */
    expect_split("\xC3\xA9:w", "\xC3\xA9 x\xC3\xA9", "{\xC3\xA9}( x\xC3\xA9)");
    expect_split("a:-", "", "");
}

static void runs_of_white_space_are_walked_once(void **state) {
    (void)state;
    vocab model = {0};
    added_tokens added = {0};
    added_splits splits = {0};
    size_t length = 1 << 20;
    char *text = malloc(length);
    memset(text, ' ', length);
    add(&added, " ", "lr", &model, 0);
    assert_ok(added_tokens_finish(&added));
    clock_t before = clock();
    assert_ok(added_tokens_split(&added, false, text, length, &splits));
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 10.0);
    assert_true(splits.count > 0);
    added_splits_free(&splits);
    added_tokens_free(&added);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matcher_equals_the_naive_search),
        cmocka_unit_test(matching_is_linear),
        cmocka_unit_test(ids_are_the_librarys),
        cmocka_unit_test(flags_shape_the_cuts),
        cmocka_unit_test(runs_of_white_space_are_walked_once),
    };
    return cmocka_run_group_tests_name("tokenizer/added_tokens", tests, NULL, NULL);
}
