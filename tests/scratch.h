/* tests/scratch.h: for tests: a folder that goes away again, files in it, and assertions on a maske_status.
 * Include it last: it includes cmocka with what that needs before it. */
#ifndef MASKE_TESTS_SCRATCH_H
#define MASKE_TESTS_SCRATCH_H

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Success, else the test fails with the library's sentence. */
#define assert_ok(expression)                                                                                     \
    do {                                                                                                          \
        maske_status got_ = (expression);                                                                         \
        if (got_ != MASKE_OK) fail_msg("%s: %s: %s", #expression, maske_status_name(got_), maske_error());        \
    } while (0)

/* This failure, with these words in the sentence. */
#define assert_fails(expression, expected, words)                                                                 \
    do {                                                                                                          \
        maske_status got_ = (expression);                                                                         \
        if (got_ != (expected) || strstr(maske_error(), (words)) == NULL)                                         \
            fail_msg("%s: found \"%s\", \"%s\"; expected \"%s\" with \"%s\"", #expression, maske_status_name(got_), \
                     maske_error(), maske_status_name(expected), (words));                                        \
    } while (0)

/* 1: built with a sanitizer, which stands in front of malloc and takes memory of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

static char scratch_folder[256];

static inline void scratch_remove(void) {
    if (folder_remove(scratch_folder) != MASKE_OK) fprintf(stderr, "%s\n", maske_error());
}

/* The test program's own folder, made when first asked for and removed at the program's end. */
static inline const char *scratch(void) {
    if (scratch_folder[0] != '\0') return scratch_folder;
    const char *above = getenv("TMPDIR");
    snprintf(scratch_folder, sizeof scratch_folder, "%s/maske-test-XXXXXX",
             above != NULL && above[0] != '\0' ? above : "/tmp");
    if (mkdtemp(scratch_folder) == NULL) fail_msg("cannot make the folder %s", scratch_folder);
    atexit(scratch_remove);
    return scratch_folder;
}

/* A name in that folder. One of 64 buffers used in turn. */
static inline const char *scratch_path(const char *name) {
    static char paths[64][512];
    static unsigned next;
    char *path = paths[next++ % 64];
    snprintf(path, sizeof paths[0], "%s/%s", scratch(), name);
    return path;
}

/* Writes a file in that folder and returns its path. */
static inline const char *scratch_write(const char *name, const void *bytes, size_t length) {
    const char *path = scratch_path(name);
    assert_ok(file_write_atomic(path, bytes, length, true));
    return path;
}
static inline const char *scratch_text(const char *name, const char *text) {
    return scratch_write(name, text, strlen(text));
}

/* The file is this text, no byte more. */
static inline void assert_file_holds(const char *path, const char *expected) {
    char *text;
    size_t length;
    assert_ok(file_read(&text, &length, path, 1 << 20));
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

#endif
