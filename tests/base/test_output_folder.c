/* tests of base/output_folder: a folder is whole or as it was, and what others put there is not taken away. */
#include "base/output_folder.h"

#include "scratch.h"

/* What a writing does: two files, and before it ends perhaps something of somebody else's. */
typedef struct writing {
    const char *text;
    void (*meanwhile)(void);
    bool fails;
} writing;

static maske_status write_files(void *user, const char *folder) {
    const writing *w = user;
    for (int i = 0; i < 2; i++) {
        char *path;
        TRY(path_join(&path, folder, i == 0 ? "first" : "second"));
        maske_status status = file_write_atomic(path, w->text, strlen(w->text), true);
        free(path);
        TRY(status);
    }
    if (w->meanwhile != NULL) w->meanwhile();
    return w->fails ? error_set(MASKE_BAD_FILE, "no more") : MASKE_OK;
}

static maske_status write_to(const char *name, bool force, writing w) {
    static const char *const owned[] = {"first", "second", "third", NULL};
    return output_folder_write(scratch_path(name), force, write_files, &w, owned);
}

static void a_new_folder_is_whole_or_not_there(void **state) {
    (void)state;
    assert_fails(write_to("new", false, (writing){.text = "a", .fails = true}), MASKE_BAD_FILE, "no more");
    assert_false(path_exists(scratch_path("new")) || path_exists(scratch_path("new.maske-part")));
    assert_ok(write_to("new", false, (writing){.text = "a"}));
    assert_file_holds(scratch_path("new/first"), "a");
    assert_file_holds(scratch_path("new/second"), "a");
    assert_false(path_exists(scratch_path("new.maske-part")));
}

static void what_is_there_is_replaced_only_when_asked(void **state) {
    (void)state;
    assert_ok(write_to("old", false, (writing){.text = "a"}));
    scratch_text("old/third", "of the first one");
    scratch_text("old/note", "a user's");
    assert_fails(write_to("old", false, (writing){.text = "b"}), MASKE_EXISTS, "holds something already; --force");
    assert_fails(write_to("old", true, (writing){.text = "b", .fails = true}), MASKE_BAD_FILE, "no more");
    assert_file_holds(scratch_path("old/first"), "a");
    assert_file_holds(scratch_path("old/third"), "of the first one");
    assert_ok(write_to("old", true, (writing){.text = "b"}));
    assert_file_holds(scratch_path("old/first"), "b");
    assert_file_holds(scratch_path("old/note"), "a user's");
    assert_false(path_exists(scratch_path("old/third")));
}

static void somebody_comes(void) {
    assert_ok(folder_make(scratch_path("shared")));
    scratch_text("shared/first", "somebody else's");
}

/* As another maske does that finished between this one's look at the place and its lock. */
static void what_comes_meanwhile_stays(void **state) {
    (void)state;
    for (int force = 0; force < 2; force++)
        for (int there = 0; there < 2; there++) {
            if (there) assert_ok(folder_make(scratch_path("shared")));
            maske_status status = write_to("shared", force, (writing){.text = "ours", .meanwhile = somebody_comes});
            if (force && there) assert_int_equal(status, MASKE_OK);      /* to replace what is in that folder was asked for */
            else assert_fails(status, MASKE_EXISTS, "shared: holds something already");
            assert_file_holds(scratch_path("shared/first"), force && there ? "ours" : "somebody else's");
            assert_false(path_exists(scratch_path("shared.maske-part")));
            assert_ok(folder_remove(scratch_path("shared")));
        }
}

static void a_second_one_begins(void) {
    assert_fails(write_to("twice", false, (writing){.text = "second"}), MASKE_EXISTS, "another maske is writing it");
}

static void two_do_not_write_at_once(void **state) {
    (void)state;
    for (int there = 0; there < 2; there++) {
        if (there) assert_ok(folder_make(scratch_path("twice")));
        assert_ok(write_to("twice", false, (writing){.text = "first", .meanwhile = a_second_one_begins}));
        assert_file_holds(scratch_path("twice/second"), "first");
        assert_ok(folder_remove(scratch_path("twice")));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_folder_is_whole_or_not_there),
        cmocka_unit_test(what_is_there_is_replaced_only_when_asked),
        cmocka_unit_test(what_comes_meanwhile_stays),
        cmocka_unit_test(two_do_not_write_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
