/* tests of corpus: files, folders, links, standard input, order, totals, warnings. */
#include "base/hash.h"

#include "reading.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void make_folder(const char *name) { assert_ok(folder_make(scratch_path(name))); }

static void files_come_in_the_order_given_with_a_blank_line_between(void **state) {
    (void)state;
    const char *paths[] = {scratch_text("b", "b1\nb2"), scratch_text("a", "a\n"), scratch_text("c", "\nc\n\n")};
    buffer out = {0};
    corpus_totals totals;
    assert_ok(try_reading(&out, &totals, paths, 3, NULL));
    assert_string_equal(out.data, "b1\nb2\n\na\n\n\nc\n\n");
    assert_int_equal(totals.files, 3);
    assert_int_equal(totals.lines, 2 + 1 + 3);
    assert_int_equal(totals.bytes, 6 + 2 + 4);
    assert_int_equal(totals.file_bytes, 5 + 2 + 4);
    assert_int_equal(totals.file_bytes_total, 5 + 2 + 4);
    hash_stream fingerprint = {0};
    hash_stream_add(&fingerprint, out.data, out.length);
    assert_int_equal(totals.fingerprint, hash_stream_end(&fingerprint));
    buffer_free(&out);
}

static void a_folder_is_walked_in_name_order(void **state) {
    (void)state;
    make_folder("walk/b/deep");
    make_folder("walk/.git");
    scratch_text("walk/c.txt", "c");
    scratch_text("walk/a.txt", "a");
    scratch_text("walk/b/2", "b2");
    scratch_text("walk/b/10", "b10");
    scratch_text("walk/b/deep/x.jsonl", "{\"text\": \"x\"}");
    scratch_text("walk/empty", "");
    scratch_write("walk/.git/index", "\0\1\2", 3);
    scratch_write("walk/.DS_Store", "\0\1\2", 3);
    scratch_write("walk/model.maske-part", "\0\1\2", 3);
    assert_string_equal(reading(scratch_path("walk")), "a\n\nb10\n\nb2\n\nx\n\n\nc\n");
    char slash[600];
    snprintf(slash, sizeof slash, "%s//", scratch_path("walk"));
    assert_string_equal(reading(slash), "a\n\nb10\n\nb2\n\nx\n\n\nc\n");
}

static void paths_are_kept_absolute(void **state) {
    (void)state;
    scratch_text("here.txt", "here");
    char before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch()), 0);
    const char *paths[] = {"here.txt", "./here.txt"};
    maske_text text = {paths, 2, NULL};
    corpus *c;
    assert_ok(corpus_open(&c, &text, NULL));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(corpus_file_count(c), 2);
    assert_string_equal(corpus_file_path(c, 0), scratch_path("here.txt"));
    const char *block;
    size_t length;
    assert_ok(corpus_next_block(c, &block, &length));       /* read after the folder was left */
    assert_int_equal(length, 5);
    assert_memory_equal(block, "here\n", 5);
    corpus_close(c);
    assert_int_equal(chdir(before), 0);
}

static void what_cannot_be_read_fails_at_once(void **state) {
    (void)state;
    assert_fails(fails_reading(scratch_path("none")), MASKE_IO, "none: cannot open: No such file");
    assert_fails(fails_reading(scratch_text("nothing", "")), MASKE_BAD_FILE, "nothing: the file is empty");
    assert_fails(fails_reading(""), MASKE_BAD_ARGUMENT, "empty path");
    assert_fails(fails_reading("/dev/zero"), MASKE_IO, "expected a regular file");
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    assert_fails(fails_reading(scratch_path("pipe")), MASKE_IO, "expected a regular file");
    make_folder("bare/inner");
    scratch_text("bare/inner/empty", "");
    assert_fails(fails_reading(scratch_path("bare")), MASKE_BAD_FILE, "bare: the folder holds no text file");
    assert_int_equal(mkfifo(scratch_path("bare/pipe"), 0600), 0);
    assert_fails(fails_reading(scratch_path("bare")), MASKE_IO, "bare/pipe: found a pipe");
    buffer out = {0};
    assert_fails(try_reading(&out, NULL, NULL, 0, NULL), MASKE_BAD_ARGUMENT, "no text is given");
    /* one bad file among good ones: before anything is read */
    const char *paths[] = {scratch_text("good", "good"), scratch_write("bad", "\0", 1)};
    maske_text text = {paths, 2, NULL};
    corpus *c = NULL;
    assert_fails(corpus_open(&c, &text, NULL), MASKE_BAD_FILE, "bad: found a binary file");
    assert_null(c);
    buffer_free(&out);
}

static void links_are_followed_but_not_in_circles(void **state) {
    (void)state;
    make_folder("links/a");
    make_folder("elsewhere");
    scratch_text("links/a/1", "one");
    scratch_text("elsewhere/2", "two");
    assert_int_equal(symlink("../elsewhere", scratch_path("links/b")), 0);
    assert_int_equal(symlink("a/1", scratch_path("links/c")), 0);
    assert_string_equal(reading(scratch_path("links")), "one\n\ntwo\n\none\n");
    assert_int_equal(symlink("..", scratch_path("links/a/up")), 0);
    assert_fails(fails_reading(scratch_path("links")), MASKE_BAD_FILE, "links/a/up: the link leads back to");
    assert_int_equal(unlink(scratch_path("links/a/up")), 0);
    assert_int_equal(symlink("self", scratch_path("links/self")), 0);
    assert_fails(fails_reading(scratch_path("links")), MASKE_IO, "links/self: cannot open");
    assert_int_equal(unlink(scratch_path("links/self")), 0);
    assert_int_equal(symlink("gone", scratch_path("links/gone")), 0);
    assert_fails(fails_reading(scratch_path("links")), MASKE_IO, "links/gone: cannot open");
}

static void folders_have_a_depth(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("d"));
    for (int depth = 1; depth <= 65; depth++) {
        if (depth > 1) strcat(path, "/d");
        if (depth < 64) continue;
        char file[600];
        assert_ok(folder_make(path));
        snprintf(file, sizeof file, "%s/text", path);
        assert_ok(file_write_atomic(file, "deep", 4, true));
        if (depth == 64) assert_string_equal(reading(scratch_path("d")), "deep\n");
        else assert_fails(fails_reading(scratch_path("d")), MASKE_BAD_FILE, "more than 64 folders");
    }
}

/* ------------------------------------------------------------------------------------------- standard input --- */

/* Runs reading with standard input fed by a child, `step` bytes at a time. */
static void feed(const char *bytes, size_t length, size_t step, void (*read)(const char *expected),
                 const char *expected) {
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < length; at += step)
            if (write(ends[1], bytes + at, length - at < step ? length - at : step) < 0) break;
        _exit(0);
    }
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    read(expected);
    if (kept >= 0) dup2(kept, STDIN_FILENO);
    close(kept);
    waitpid(child, NULL, 0);
}

static void read_stdin(const char *expected) {
    const char *path = "-";
    buffer out = {0};
    corpus_totals totals;
    assert_ok(try_reading(&out, &totals, &path, 1, NULL));
    assert_string_equal(out.data, expected);
    assert_int_equal(totals.file_bytes_total, 0);
    buffer_free(&out);
}
static void read_between(const char *expected) {
    const char *paths[] = {scratch_text("first", "first"), "-", scratch_text("last", "last")};
    buffer out = {0};
    assert_ok(try_reading(&out, NULL, paths, 3, NULL));
    assert_string_equal(out.data, expected);
    buffer_free(&out);
}
static void read_binary(const char *expected) { assert_fails(fails_reading("-"), MASKE_BAD_FILE, expected); }

static void standard_input_is_read(void **state) {
    (void)state;
    static const char text[] = "\xEF\xBB\xBF" "bir\r\n\xC3\xA7\xF0\x9F\x98\x80\n\xFFson";
    const size_t steps[] = {1, 7, 4096};
    for (size_t i = 0; i < 3; i++)
        feed(text, sizeof text - 1, steps[i], read_stdin, "bir\n\xC3\xA7\xF0\x9F\x98\x80\n\xEF\xBF\xBDson\n");
    feed("middle\n", 7, 2, read_between, "first\n\nmiddle\n\nlast\n");
    feed("", 0, 1, read_between, "first\n\nlast\n");
    feed("a\0b", 3, 1, read_binary, "standard input: found a binary file");
    const char *twice[] = {"-", "-"};
    buffer out = {0};
    assert_fails(try_reading(&out, NULL, twice, 2, NULL), MASKE_BAD_ARGUMENT, "standard input is given twice");
    buffer_free(&out);
}

/* A gzip member, "gz\n", through a pipe. */
static void standard_input_may_be_compressed(void **state) {
    (void)state;
    static const char member[] = "\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\xAF\xE2\x02\0\xD5\x7C\xDC\x87\x03\0\0\0";
    feed(member, sizeof member - 1, 1, read_stdin, "gz\n");
}

/* ------------------------------------------------------------------------------------------------- warnings --- */

static buffer said;
static void hear(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    assert_int_equal(level, MASKE_LOG_WARNING);
    assert_ok(buffer_add_text(&said, sentence));
    assert_ok(buffer_add_text(&said, "\n"));
}

static void wrong_bytes_are_warned_of_once_with_their_place(void **state) {
    (void)state;
    const char *paths[] = {scratch_text("fine", "fine\n"),
                           scratch_text("wrong", "one\ntwo\nthr\xFF"
                                                 "ee\n\xFF\n"),
                           scratch_text("also", "\xFF\n")};
    buffer out = {0};
    maske_set_log(hear, NULL);
    assert_ok(try_reading(&out, NULL, paths, 1, NULL));
    assert_int_equal(said.length, 0);
    assert_ok(try_reading(&out, NULL, paths, 3, NULL));
    maske_set_log(NULL, NULL);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s: line 3: bytes that are not UTF-8; 3 such places were replaced by U+FFFD in all\n", paths[1]);
    assert_string_equal(said.data, expected);
    buffer_free(&said);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_in_the_order_given_with_a_blank_line_between),
        cmocka_unit_test(a_folder_is_walked_in_name_order),
        cmocka_unit_test(paths_are_kept_absolute),
        cmocka_unit_test(what_cannot_be_read_fails_at_once),
        cmocka_unit_test(links_are_followed_but_not_in_circles),
        cmocka_unit_test(folders_have_a_depth),
        cmocka_unit_test(standard_input_is_read),
        cmocka_unit_test(standard_input_may_be_compressed),
        cmocka_unit_test(wrong_bytes_are_warned_of_once_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
