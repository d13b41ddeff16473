/* tests of base/file: names, reading with limits, and writing that is whole or leaves what was there. */
#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scratch.h"

/* The names in a folder, joined by spaces. */
static maske_status add_name(void *user, const char *name) {
    buffer *names = user;
    TRY(buffer_add_text(names, name));
    return buffer_add(names, " ", 1);
}
static void lists(const char *folder, const char *expected) {
    buffer names = {0};
    assert_ok(buffer_add(&names, "", 0));
    assert_ok(folder_list(folder, add_name, &names));
    assert_string_equal(names.data, expected);
    buffer_free(&names);
}

/* ------------------------------------------------------------------------------------------------------ names --- */

static void paths_are_joined_by_one_slash(void **state) {
    (void)state;
    static const struct { const char *folder, *name, *joined; } cases[] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a///", "b", "a/b"}, {"/", "b", "/b"}, {".", "b", "./b"},
        {"a/b", "c/d", "a/b/c/d"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path;
        assert_ok(path_join(&path, cases[i].folder, cases[i].name));
        assert_string_equal(path, cases[i].joined);
        free(path);
    }
}

static void folders_are_made_listed_and_removed(void **state) {
    (void)state;
    char deep[512], link[512], outside[512];
    snprintf(deep, sizeof deep, "%s/one/two/three/", scratch());
    assert_ok(folder_make(deep));
    assert_ok(folder_make(deep));                       /* is there already: fine */
    assert_true(path_is_folder(deep));
    assert_false(folder_has_content(deep));
    scratch_text("one/b", "b");
    scratch_text("one/a", "a");
    scratch_text("one/B", "B");
    lists(scratch_path("one"), "B a b two ");
    assert_true(folder_has_content(scratch_path("one")));
    assert_fails(folder_make(scratch_path("one/a/x")), MASKE_IO, "one/a");
    /* removing follows no link */
    snprintf(outside, sizeof outside, "%s", scratch_path("outside"));
    assert_ok(folder_make(outside));
    scratch_text("outside/kept", "kept");
    snprintf(link, sizeof link, "%s/one/link", scratch());
    assert_int_equal(symlink(outside, link), 0);
    assert_ok(folder_remove(scratch_path("one")));
    assert_false(path_exists(scratch_path("one")));
    assert_file_holds(scratch_path("outside/kept"), "kept");
    assert_ok(folder_remove(scratch_path("one")));      /* not there: no failure */
    assert_fails(folder_list(scratch_path("one"), add_name, NULL), MASKE_IO, "cannot open the folder");
    assert_false(folder_has_content(scratch_path("one")));
}

static maske_status refuse(void *user, const char *name) {
    ++*(int *)user;
    return error_set(MASKE_BAD_FILE, "%s is refused", name);
}

static void a_listing_ends_at_a_failure(void **state) {
    (void)state;
    assert_ok(folder_make(scratch_path("listed")));
    scratch_text("listed/x", "");
    scratch_text("listed/y", "");
    int calls = 0;
    assert_fails(folder_list(scratch_path("listed"), refuse, &calls), MASKE_BAD_FILE, "x is refused");
    assert_int_equal(calls, 1);
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

static void reading_has_limits(void **state) {
    (void)state;
    const char *path = scratch_text("seven", "1234567");
    char *text = NULL;
    size_t length = 0;
    assert_ok(file_read(&text, &length, path, 7));
    assert_int_equal(length, 7);
    assert_int_equal(text[7], '\0');
    free(text);
    assert_fails(file_read(&text, NULL, path, 6), MASKE_BAD_FILE, "7 bytes, at most 6");
    assert_fails(file_read(&text, NULL, scratch_path("none"), 6), MASKE_IO, "none: cannot open: No such file");
    assert_fails(file_read(&text, NULL, scratch(), 6), MASKE_IO, "found a folder");
    assert_fails(file_read(&text, NULL, "/dev/zero", 6), MASKE_IO, "not a regular file");
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    assert_fails(file_read(&text, NULL, scratch_path("pipe"), 6), MASKE_IO,
                 "not a regular file"); /* and does not wait */
    path = scratch_text("empty", "");
    assert_ok(file_read(&text, &length, path, 0));
    assert_int_equal(length, 0);
    free(text);
}

static void a_map_is_the_file(void **state) {
    (void)state;
    file_map map;
    assert_ok(file_map_open(&map, scratch_text("mapped", "some bytes")));
    assert_int_equal(map.length, 10);
    assert_memory_equal(map.data, "some bytes", 10);
    /* For the handler of SIGBUS: which file an address belongs to. */
    const char *data = map.data;
    assert_string_equal(file_map_name(data), scratch_path("mapped"));
    assert_string_equal(file_map_name(data + 9), scratch_path("mapped"));
    assert_null(file_map_name(data + 10));
    assert_null(file_map_name(NULL));
    file_map_close(&map);
    assert_null(map.data);
    assert_null(file_map_name(data));
    assert_ok(file_map_open(&map, scratch_text("mapped", "")));
    assert_int_equal(map.length, 0);
    file_map_close(&map);
    assert_fails(file_map_open(&map, scratch()), MASKE_IO, "found a folder");
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

static void nothing_shows_before_commit(void **state) {
    (void)state;
    const char *path = scratch_text("old", "old");
    file_writer w;
    assert_ok(file_writer_open(&w, path, true));
    assert_ok(file_writer_add(&w, "new ", 4));
    char *large = calloc(3, 1 << 20);
    assert_non_null(large);
    memset(large, 'x', 3 << 20);
    assert_ok(file_writer_add(&w, large, 3 << 20));     /* more than is held back */
    assert_ok(file_writer_add(&w, " end", 4));
    assert_int_equal(w.written, (3 << 20) + 8);
    assert_file_holds(path, "old");
    assert_ok(file_writer_commit(&w));
    char *text;
    size_t length;
    assert_ok(file_read(&text, &length, path, 1u << 30));
    assert_int_equal(length, (3 << 20) + 8);
    assert_memory_equal(text, "new xxx", 7);
    assert_memory_equal(text + 4, large, 3 << 20);
    assert_string_equal(text + length - 5, "x end");
    assert_false(path_exists(scratch_path("old.maske-part")));
    free(text);
    free(large);
}

static void giving_up_leaves_the_old_file(void **state) {
    (void)state;
    const char *path = scratch_text("kept", "kept");
    file_writer w;
    assert_ok(file_writer_open(&w, path, true));
    assert_ok(file_writer_add(&w, "half", 4));
    file_writer_abandon(&w);
    file_writer_abandon(&w);                            /* harmless */
    assert_file_holds(path, "kept");
    assert_false(path_exists(scratch_path("kept.maske-part")));
    w = (file_writer){0};
    file_writer_abandon(&w);
}

static void nothing_is_overwritten_unasked(void **state) {
    (void)state;
    const char *path = scratch_text("there", "mine");
    file_writer w;
    assert_fails(file_writer_open(&w, path, false), MASKE_EXISTS, "there: exists already");
    assert_fails(file_writer_open(&w, scratch(), true), MASKE_EXISTS, "is a folder");
    assert_fails(file_writer_open(&w, scratch_path("no/such/folder"), true), MASKE_IO, "no/such/folder");
    /* one that appears while the new one is written stays too */
    path = scratch_path("late");
    assert_ok(file_writer_open(&w, path, false));
    assert_ok(file_writer_add(&w, "new", 3));
    scratch_text("late.other", "theirs");
    assert_int_equal(rename(scratch_path("late.other"), path), 0);
    assert_fails(file_writer_commit(&w), MASKE_EXISTS, "late: exists already");
    assert_file_holds(path, "theirs");
    assert_false(path_exists(scratch_path("late.maske-part")));
}

/* A part that a killed run left is taken over; a link in its place is not followed. */
static void an_old_part_is_replaced(void **state) {
    (void)state;
    scratch_text("again.maske-part", "the rest of a killed run, longer than what comes now");
    assert_ok(file_write_atomic(scratch_path("again"), "new", 3, false));
    assert_file_holds(scratch_path("again"), "new");
    const char *victim = scratch_text("victim", "untouched");
    assert_int_equal(symlink(victim, scratch_path("linked.maske-part")), 0);
    assert_int_not_equal(file_write_atomic(scratch_path("linked"), "new", 3, true), MASKE_OK);
    assert_file_holds(victim, "untouched");
}

/* A full disk, played by a limit on the size of files, at every size around what is held back: the write fails, the old
 * file stays, no part is left. In a process of its own, as a limit once lowered stays. */
static int write_under_limit(const char *path, rlim_t limit) {
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit}) != 0) return 2;
    static char bytes[2 << 20];
    file_writer w;
    if (file_writer_open(&w, path, true) != MASKE_OK) return 3;
    maske_status status = file_writer_add(&w, bytes, 100);
    if (status == MASKE_OK) status = file_writer_add(&w, bytes, sizeof bytes);
    if (status == MASKE_OK) status = file_writer_commit(&w);
    else file_writer_abandon(&w);
    bool said = strstr(maske_error(), "full: cannot write: File too large") != NULL;
    return status == MASKE_IO && said ? 0 : 4;
}

static void a_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    const char *path = scratch_text("full", "old");
    const rlim_t limits[] = {0, 1, 99, 100, 101, 1 << 20, (2 << 20) + 99};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(write_under_limit(path, limits[i]));
        int result = 0;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), 0);
        assert_file_holds(path, "old");
        assert_false(path_exists(scratch_path("full.maske-part")));
    }
}

static void a_folder_appears_whole(void **state) {
    (void)state;
    const char *path = scratch_path("model");
    scratch_text("x", "");
    assert_ok(folder_make(scratch_path("model.maske-part")));
    scratch_text("model.maske-part/left", "from a killed run");
    char *part, *other;
    int lock = -1;
    assert_ok(folder_stage(&part, &lock, path));
    assert_false(folder_has_content(part));             /* what was left is gone */
    assert_fails(folder_stage(&other, &(int){-1}, path), MASKE_EXISTS, "another maske is writing it");
    assert_ok(folder_make(scratch_path("model.maske-part/inner")));
    scratch_text("model.maske-part/inner/weights", "w");
    scratch_text("model.maske-part/config", "c");
    assert_false(path_exists(path));
    assert_ok(folder_commit(part, path));
    assert_false(path_exists(part));
    assert_file_holds(scratch_path("model/inner/weights"), "w");
    assert_file_holds(scratch_path("model/config"), "c");
    free(part);
    /* a folder with something in it is not replaced */
    file_unlock(lock);
    assert_ok(folder_stage(&part, NULL, path));
    scratch_text("model.maske-part/config", "other");
    assert_fails(folder_commit(part, path), MASKE_IO, "cannot rename");
    assert_file_holds(scratch_path("model/config"), "c");
    free(part);
}

/* A second writer of the same name does not cut what the first one has written. */
static void a_file_has_one_writer(void **state) {
    (void)state;
    const char *path = scratch_path("one-writer");
    file_writer first = {0}, second = {0};
    assert_ok(file_writer_open(&first, path, true));
    assert_ok(file_writer_add(&first, "first", 5));
    assert_ok(file_writer_flush(&first));
    assert_fails(file_writer_open(&second, path, true), MASKE_EXISTS, "another maske is writing it");
    assert_ok(file_writer_commit(&first));
    assert_file_holds(path, "first");
    assert_ok(file_writer_open(&second, path, true));       /* a part that a kill left is cut */
    assert_ok(file_writer_add(&second, "2", 1));
    assert_ok(file_writer_commit(&second));
    assert_file_holds(path, "2");
    assert_fails(file_writer_open(&first, "/dev/null", true), MASKE_EXISTS, "is a device or a pipe");
}

static void what_lies_in_a_folder_is_found(void **state) {
    (void)state;
    scratch_text("whose", "");
    assert_ok(folder_make(scratch_path("in/deep")));
    const char *file = scratch_text("in/deep/file", "");
    assert_true(path_is_inside(file, scratch_path("in")) && path_is_inside(file, scratch_path("in/deep/../deep/")));
    assert_true(path_is_inside(scratch_path("in"), scratch_path("in")) && path_is_inside(file, "/"));
    assert_false(path_is_inside(scratch_path("in"), scratch_path("in/deep")));
    assert_ok(folder_make(scratch_path("inn")));
    assert_false(path_is_inside(scratch_path("inn"), scratch_path("in")));
    assert_false(path_is_inside(scratch_path("none"), scratch()));
}

/* ------------------------------------------------------------------------------------------------ locks, disk --- */

static void a_lock_is_held_by_one_process(void **state) {
    (void)state;
    char folder[512];
    snprintf(folder, sizeof folder, "%s", scratch_path("locked"));
    assert_ok(folder_make(folder));
    int lock = -1;
    assert_ok(file_lock(&lock, folder));
    int second = -1;
    assert_fails(file_lock(&second, folder), MASKE_EXISTS, "another maske is at work");
    file_unlock(lock);
    assert_ok(file_lock(&lock, folder));
    file_unlock(lock);
    file_unlock(-1);
    /* a killed process holds nothing */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (file_lock(&lock, folder) != MASKE_OK) _exit(1);
        raise(SIGKILL);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
    assert_ok(file_lock(&lock, folder));
    file_unlock(lock);
    assert_fails(file_lock(&lock, scratch_path("nowhere")), MASKE_IO, "nowhere");
}

static void disk_space_of_a_path_that_is_not_there_yet(void **state) {
    (void)state;
    uint64_t here = disk_available(scratch()), below = disk_available(scratch_path("not/made/yet"));
    assert_true(here > 0 && here < UINT64_MAX);
    assert_true(below < UINT64_MAX && (below > here ? below - here : here - below) < (1u << 30));
    assert_true(disk_available("name") < UINT64_MAX);
    assert_true(disk_available("/name") < UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_joined_by_one_slash),
        cmocka_unit_test(folders_are_made_listed_and_removed),
        cmocka_unit_test(a_listing_ends_at_a_failure),
        cmocka_unit_test(reading_has_limits),
        cmocka_unit_test(a_map_is_the_file),
        cmocka_unit_test(nothing_shows_before_commit),
        cmocka_unit_test(giving_up_leaves_the_old_file),
        cmocka_unit_test(nothing_is_overwritten_unasked),
        cmocka_unit_test(an_old_part_is_replaced),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(a_folder_appears_whole),
        cmocka_unit_test(a_file_has_one_writer),
        cmocka_unit_test(what_lies_in_a_folder_is_found),
        cmocka_unit_test(a_lock_is_held_by_one_process),
        cmocka_unit_test(disk_space_of_a_path_that_is_not_there_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
