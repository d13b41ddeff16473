/* tests/tokenizer/test_vocab.c: the table of entries. */
#include "tokenizer/vocab.h"
#include "scratch.h"

static void finds_what_was_added(void **state) {
    (void)state;
    vocab v = {0};
    assert_int_equal(vocab_find(&v, "a", 1), -1);
    for (int32_t id = 0; id < 5000; id++) {
        char text[16];
        int length = snprintf(text, sizeof text, "t%d", id * 7);
        assert_ok(vocab_add(&v, text, (size_t)length, id));
    }
    for (int32_t id = 0; id < 5000; id++) {
        char text[16];
        size_t found_length = 0;
        int length = snprintf(text, sizeof text, "t%d", id * 7);
        assert_int_equal(vocab_find(&v, text, (size_t)length), id);
        assert_string_equal(vocab_text(&v, id, &found_length), text);
        assert_int_equal(found_length, length);
        length = snprintf(text, sizeof text, "t%d", id * 7 + 1);
        assert_int_equal(vocab_find(&v, text, (size_t)length), -1);
    }
    assert_int_equal(v.count, 5000);
    assert_int_equal(v.limit, 5000);
    vocab_free(&v);
}

static void keeps_holes_and_the_empty_string(void **state) {
    (void)state;
    vocab v = {0}, copy = {0};
    size_t length = 1;
    int32_t id = -1;
    assert_ok(vocab_add(&v, "", 0, 9));
    assert_ok(vocab_add(&v, "\0x", 2, 3));
    assert_int_equal(v.count, 2);
    assert_int_equal(v.limit, 10);
    assert_null(vocab_text(&v, 4, &length));
    assert_null(vocab_text(&v, -1, &length));
    assert_null(vocab_text(&v, 10, &length));
    assert_non_null(vocab_text(&v, 9, &length));
    assert_int_equal(length, 0);
    assert_ok(vocab_append(&v, "next", 4, &id));
    assert_int_equal(id, 10);
    assert_ok(vocab_copy(&copy, &v));
    assert_int_equal(vocab_find(&copy, "\0x", 2), 3);
    assert_int_equal(vocab_find(&copy, "", 0), 9);
    assert_int_equal(copy.limit, v.limit);
    assert_int_equal(copy.count, v.count);
    vocab_free(&v);
    vocab_free(&copy);
}

static void refuses_what_cannot_be(void **state) {
    (void)state;
    vocab v = {0};
    assert_ok(vocab_add(&v, "a", 1, 1));
    assert_fails(vocab_add(&v, "a", 1, 2), MASKE_BAD_ARGUMENT, "\"a\" has two ids, 1 and 2");
    assert_fails(vocab_add(&v, "b", 1, 1), MASKE_BAD_ARGUMENT, "the id 1 belongs to two entries, \"a\" and \"b\"");
    assert_fails(vocab_add(&v, "b", 1, -1), MASKE_BAD_ARGUMENT, "id -1");
    assert_fails(vocab_add(&v, "b", 1, VOCAB_ID_LIMIT), MASKE_BAD_ARGUMENT, "expected 0 to");
    char *text = calloc(VOCAB_TOKEN_LIMIT + 1, 1);
    assert_fails(vocab_add(&v, text, VOCAB_TOKEN_LIMIT + 1, 5), MASKE_BAD_ARGUMENT, "65537 bytes");
    assert_ok(vocab_add(&v, text, VOCAB_TOKEN_LIMIT, 5));
    free(text);
    assert_int_equal(v.count, 2);
    vocab_free(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(keeps_holes_and_the_empty_string),
        cmocka_unit_test(refuses_what_cannot_be),
    };
    return cmocka_run_group_tests_name("tokenizer/vocab", tests, NULL, NULL);
}
