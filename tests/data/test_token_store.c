/* tests of data/token_store: what is added is read, in two or four bytes, from memory or from a file. */
#include "data/token_store.h"

#include "scratch.h"

static void holds(size_t vocab_size, size_t width, const char *path) {
    token_store s;
    assert_ok(token_store_open(&s, vocab_size, path));
    assert_int_equal(s.width, width);
    enum { COUNT = 10007 };
    static int32_t ids[COUNT], back[COUNT];
    for (size_t i = 0; i < COUNT; i++) ids[i] = (int32_t)(i * 7919 % vocab_size);
    ids[5] = (int32_t)vocab_size - 1;
    const size_t parts[] = {3000, 0, 1, 4097, 2048, COUNT - 3000 - 1 - 4097 - 2048};
    for (size_t i = 0, at = 0; i < sizeof parts / sizeof parts[0]; at += parts[i++])
        assert_ok(token_store_add(&s, ids + at, parts[i]));
    assert_ok(token_store_seal(&s));
    assert_int_equal(s.count, COUNT);
    token_store_read(&s, 0, COUNT, back);
    assert_memory_equal(ids, back, sizeof ids);
    token_store_read(&s, 4321, 17, back);
    assert_memory_equal(ids + 4321, back, 17 * sizeof *ids);
    token_store_free(&s);
}

static void both_widths_in_memory_and_in_a_file(void **state) {
    (void)state;
    const char *path = scratch_path("tokens");
    holds(65536, 2, NULL);
    holds(65537, 4, NULL);
    holds(300, 2, path);
    holds(65537, 4, path);
}

static void an_empty_store_is_no_failure(void **state) {
    (void)state;
    const char *paths[] = {NULL, scratch_path("none")};
    for (size_t i = 0; i < 2; i++) {
        token_store s;
        assert_ok(token_store_open(&s, 10, paths[i]));
        assert_ok(token_store_seal(&s));
        token_store_read(&s, 0, 0, NULL);
        token_store_free(&s);
    }
}

/* The file appears when it is whole: given up, the old one stays and no part is left. */
static void an_unsealed_file_is_removed(void **state) {
    (void)state;
    const char *path = scratch_text("kept", "old");
    token_store s;
    assert_ok(token_store_open(&s, 10, path));
    assert_ok(token_store_add(&s, (int32_t[]){1, 2, 3}, 3));
    token_store_free(&s);
    char *text;
    assert_ok(file_read(&text, NULL, path, 100));
    assert_string_equal(text, "old");
    free(text);
    assert_false(path_exists(scratch_path("kept.maske-part")));
    assert_fails(token_store_open(&s, 10, scratch_path("no/folder")), MASKE_IO, "no/folder");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_widths_in_memory_and_in_a_file), cmocka_unit_test(an_empty_store_is_no_failure),
        cmocka_unit_test(an_unsealed_file_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
