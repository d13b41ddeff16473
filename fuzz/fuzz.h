/* fuzz/fuzz.h: what the fuzz targets share.
 *
 * A target gets bytes that anybody may have written, hands them to a reader, and checks what must hold whatever they
 * are. A failed CHECK aborts: libFuzzer then keeps the bytes. */
#ifndef MASKE_FUZZ_H
#define MASKE_FUZZ_H

#include "base/file.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
static inline _Noreturn void fuzz_fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: does not hold: %s (last sentence: %s)\n", file, line, what, maske_error());
    abort();
}

/* A failure has a sentence, in valid UTF-8; and no input that fits into a fuzzer asks for more memory than there is. */
static inline bool fuzz_ok(maske_status status) {
    if (status == MASKE_OK) return true;
    const char *sentence = maske_error();
    CHECK(sentence[0] != '\0');
    CHECK(utf8_valid_prefix(sentence, strlen(sentence)) == strlen(sentence));
    CHECK(status != MASKE_OUT_OF_MEMORY);
    return false;
}
/* For what cannot fail but by the machine's fault. */
#define MUST(expression) CHECK((expression) == MASKE_OK)

/* ---- time ---- */
enum { FUZZ_SECONDS_EACH = 10 };        /* of processor, sanitizers included: on a busy machine as on an idle one */
static inline void fuzz_took_too_long(int number) {
    static const char sentence[] = "does not hold: one input takes less than 10 seconds of processor\n";
    (void)number;
    (void)!write(STDERR_FILENO, sentence, sizeof sentence - 1);
    abort();
}
static inline void fuzz_limit_time(void) {
    static bool heard;
    struct itimerval limit = {.it_value = {.tv_sec = FUZZ_SECONDS_EACH}};
    if (!heard) CHECK(signal(SIGPROF, fuzz_took_too_long) != SIG_ERR);
    heard = true;
    CHECK(setitimer(ITIMER_PROF, &limit, NULL) == 0);
}

/* ---- the bytes, taken from the front ---- */
typedef struct fuzz_input { const char *at; size_t left; } fuzz_input;
typedef struct fuzz_part { const char *at; size_t length; } fuzz_part;

/* Warnings hold what files hold, and go to terminals. */
static inline void fuzz_hear(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    (void)level;
    CHECK(sentence[0] != '\0' && utf8_valid_prefix(sentence, strlen(sentence)) == strlen(sentence));
    CHECK(strpbrk(sentence, "\x1B\x7F\n") == NULL);
}

/* Every target begins with it. */
static inline fuzz_input fuzz_start(const uint8_t *data, size_t size) {
    fuzz_limit_time();
    maske_set_log(fuzz_hear, NULL);
    return (fuzz_input){size > 0 ? (const char *)data : "", size};
}
/* 0 when nothing is left. */
static inline unsigned fuzz_byte(fuzz_input *in) {
    if (in->left == 0) return 0;
    in->left--;
    return (unsigned char)*in->at++;
}
/* Up to the next NUL byte, which is taken too. */
static inline fuzz_part fuzz_text(fuzz_input *in) {
    const char *end = memchr(in->at, '\0', in->left);
    fuzz_part part = {in->at, end == NULL ? in->left : (size_t)(end - in->at)};
    size_t used = part.length + (end != NULL);
    in->at += used;
    in->left -= used;
    return part;
}
static inline fuzz_part fuzz_rest(fuzz_input *in) {
    fuzz_part part = {in->at, in->left};
    in->at += in->left;
    in->left = 0;
    return part;
}
/* All of them, for a target that takes them as they are. */
static inline fuzz_part fuzz_all(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    return fuzz_rest(&in);
}
/* The same text with what is not UTF-8 replaced: for functions that are never given anything else. Yours: free(). */
static inline fuzz_part fuzz_valid(fuzz_part part) {
    buffer out = {0};
    MUST(buffer_reserve(&out, 0));
    MUST(utf8_repair(&out, part.at, part.length, NULL));
    fuzz_part valid = {out.data, out.length};
    return valid;
}

/* ---- files ---- */
static char fuzz_folder_name[256];
static inline void fuzz_folder_remove(void) {
    if (folder_remove(fuzz_folder_name) != MASKE_OK) fprintf(stderr, "%s\n", maske_error());
}
/* The program's own folder in $TMPDIR (or /tmp), removed when it ends. */
static inline const char *fuzz_folder(void) {
    if (fuzz_folder_name[0] != '\0') return fuzz_folder_name;
    const char *above = getenv("TMPDIR");
    snprintf(fuzz_folder_name, sizeof fuzz_folder_name, "%s/maske-fuzz-XXXXXX",
             above != NULL && above[0] != '\0' ? above : "/tmp");
    CHECK(mkdtemp(fuzz_folder_name) != NULL);
    atexit(fuzz_folder_remove);
    return fuzz_folder_name;
}
/* A name in that folder. One of 16 buffers used in turn. */
static inline const char *fuzz_path(const char *name) {
    static char paths[16][512];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return path;
}
/* Writes a file there, without the care that a reader's own writer takes, and returns its path. */
static inline const char *fuzz_write(const char *name, fuzz_part bytes) {
    const char *path = fuzz_path(name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(descriptor >= 0);
    for (size_t at = 0; at < bytes.length;) {
        ssize_t written = write(descriptor, bytes.at + at, bytes.length - at);
        CHECK(written > 0);
        at += (size_t)written;
    }
    close(descriptor);
    return path;
}
/* The file is what standard input gives from now on. */
static inline void fuzz_as_standard_input(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(descriptor >= 0 && dup2(descriptor, STDIN_FILENO) == STDIN_FILENO);
    if (descriptor != STDIN_FILENO) close(descriptor);
}

#endif
