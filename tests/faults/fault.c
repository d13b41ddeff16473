/* tests/faults/fault.c: the fault shim, loaded by LD_PRELOAD in front of the C library: the n-th call of a kind fails,
 * once or from then on (fault.h has the plan's form). It counts, decides and passes on; it also tells a test what was
 * done to files, so that a power cut can be played after the fact.
 *
 * The C library's own insides (standard output among them) do not come by here: /dev/full and closed pipes serve there.
 * Nothing here allocates: it stands below malloc. */
#include "fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Without a call: the sanitizer stands before that call too, and is not ready when it first comes here. */
#define THREAD_OWN _Thread_local __attribute__((tls_model("initial-exec")))

#define NEXT(function)                                                               \
    static __typeof__(&function) next;                                               \
    if (next == NULL) next = (__typeof__(&function))(uintptr_t)dlsym(RTLD_NEXT, #function)

/* -------------------------------------------------------------------------------------------------------- plans --- */

typedef enum call {
    ALLOCATE, OPEN, READ, WRITE, FSYNC, RENAME, CLOSE, MMAP, TRUNCATE, UNLINK, MKDIR, FILES, CALLS
} call;
static const char *const call_names[CALLS] = {"allocate", "open", "read", "write", "fsync", "rename",
                                              "close", "mmap", "truncate", "unlink", "mkdir", "file"};
static const struct { const char *name; int error, signal; } outcomes[] = {
    {"ENOSPC", ENOSPC, 0}, {"EIO", EIO, 0},       {"EINTR", EINTR, 0},    {"ENOMEM", ENOMEM, 0}, {"EFBIG", EFBIG, 0},
    {"EACCES", EACCES, 0}, {"EROFS", EROFS, 0},   {"EMFILE", EMFILE, 0},  {"EDQUOT", EDQUOT, 0}, {"SHORT", 0, 0},
    {"KILL", 0, SIGKILL},  {"TERM", 0, SIGTERM},  {"INT", 0, SIGINT},     {"HUP", 0, SIGHUP},    {"STOP", 0, SIGSTOP},
};
enum { MOST_RULES = 4 };
typedef struct rule { call call; size_t first; int error, signal; bool forever, half; } rule;

static rule rules[MOST_RULES];
static int rule_count;
static atomic_size_t counts[CALLS];
static atomic_bool struck;
static char root[512];                  /* "": everywhere */

static size_t word_length(const char *text) { return strcspn(text, ":,"); }
static bool word_is(const char *text, size_t length, const char *word) {
    return strlen(word) == length && memcmp(text, word, length) == 0;
}
static const char *next_word(const char *text, size_t length) {
    return text[length] == ':' ? text + length + 1 : text + length;
}

/* Writes past the C library: nothing of the program's own is used. */
static void complain(const char *plan) {
    syscall(SYS_write, 2, "fault: no such plan: ", 21);
    syscall(SYS_write, 2, plan, strlen(plan));
    syscall(SYS_write, 2, "\n", 1);
    syscall(SYS_exit_group, 99);
}

static rule parse_rule(const char **plan) {
    const char *whole = *plan, *text = whole;
    rule r = {.call = CALLS};
    size_t length = word_length(text);
    for (int c = 0; c < CALLS; c++)
        if (word_is(text, length, call_names[c])) r.call = (call)c;
    text = next_word(text, length);
    for (length = word_length(text); length > 0; length--, text++) r.first = 10 * r.first + (size_t)(*text - '0');
    text = next_word(text, 0);
    length = word_length(text);
    bool found = false;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes && !found; i++)
        if ((found = word_is(text, length, outcomes[i].name))) {
            r.error = outcomes[i].error;
            r.signal = outcomes[i].signal;
            r.half = r.error == 0 && r.signal == 0;
        }
    text = next_word(text, length);
    length = word_length(text);
    r.forever = word_is(text, length, "forever");
    if (r.call == CALLS || r.first == 0 || !found || (length > 0 && !r.forever && !word_is(text, length, "once")))
        complain(whole);
    text += length;
    *plan = *text == ',' ? text + 1 : text;
    return r;
}

static void plan(const char *text) {
    rule_count = 0;
    for (int c = 0; c < CALLS; c++) atomic_store(&counts[c], 0);
    atomic_store(&struck, false);
    rule parsed[MOST_RULES];
    int count = 0;
    while (text != NULL && *text != '\0' && count < MOST_RULES) parsed[count++] = parse_rule(&text);
    memcpy(rules, parsed, sizeof(rule) * (size_t)count);
    rule_count = count;
}

static void strike(void) {
    const char *path = getenv("FAULT_FIRED");
    if (atomic_exchange(&struck, true) || path == NULL) return;
    long made = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0666);
    if (made >= 0) syscall(SYS_close, made);
}

/* What becomes of this call: 0 goes on, -1 fails with errno set, 1 does half. */
static int decide(call kind) {
    size_t n = atomic_fetch_add(&counts[kind], 1) + 1;
    size_t file_n = kind == ALLOCATE ? 0 : atomic_fetch_add(&counts[FILES], 1) + 1;
    for (int i = 0; i < rule_count; i++) {
        const rule *r = &rules[i];
        if (r->call != kind && (r->call != FILES || kind == ALLOCATE)) continue;
        size_t mine = r->call == FILES ? file_n : n;
        if (r->forever ? mine < r->first : mine != r->first) continue;
        strike();
        if (r->signal != 0) {
            syscall(SYS_kill, getpid(), r->signal);
            continue;
        }
        if (r->half) return 1;
        errno = r->error;
        return -1;
    }
    return 0;
}

/* -------------------------------------------------------------------------------------------------- allocations --- */

static atomic_long live_blocks, live_bytes;

/* Bytes of a block; 0 where a sanitizer keeps the blocks, which may not be asked this early. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
static long size_of(void *block) {
    return block == NULL || __asan_init != NULL || __tsan_init != NULL ? 0 : (long)malloc_usable_size(block);
}

static void *counted(void *block) {
    if (block != NULL) {
        atomic_fetch_add(&live_blocks, 1);
        atomic_fetch_add(&live_bytes, size_of(block));
    }
    return block;
}

/* Found all at once, at the first call: looking for free() frees. */
static struct {
    void *(*malloc)(size_t), *(*calloc)(size_t, size_t), *(*realloc)(void *, size_t), *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void (*free)(void *);
} next_one;
#define FIND(function) next_one.function = (__typeof__(next_one.function))(uintptr_t)dlsym(RTLD_NEXT, #function)
static THREAD_OWN bool exempt;
static bool allocation_fails(void) {
    if (next_one.malloc == NULL) {
        FIND(calloc);
        FIND(realloc);
        FIND(aligned_alloc);
        FIND(posix_memalign);
        FIND(free);
        FIND(malloc);
    }
    /* The address sanitizer cannot start a thread without memory. */
    if (__asan_init != NULL && syscall(SYS_gettid) != getpid()) return false;
    return !exempt && decide(ALLOCATE) < 0;
}

/* Oniguruma's compiler does not survive a failing allocation (a double free); src/tokenizer/pattern.c makes sure of the
 * room beforehand. */
int onig_new(void *regex, const void *text, const void *end, unsigned options, void *encoding, void *syntax, void *e);
int onig_new(void *regex, const void *text, const void *end, unsigned options, void *encoding, void *syntax, void *e) {
    NEXT(onig_new);
    exempt = true;
    int result = next(regex, text, end, options, encoding, syntax, e);
    exempt = false;
    return result;
}

void *malloc(size_t size) { return allocation_fails() ? NULL : counted(next_one.malloc(size)); }
void *calloc(size_t count, size_t size) { return allocation_fails() ? NULL : counted(next_one.calloc(count, size)); }
void *aligned_alloc(size_t alignment, size_t size) {
    return allocation_fails() ? NULL : counted(next_one.aligned_alloc(alignment, size));
}
int posix_memalign(void **out, size_t alignment, size_t size) {
    if (allocation_fails()) return ENOMEM;
    int error = next_one.posix_memalign(out, alignment, size);
    if (error == 0) counted(*out);
    return error;
}
void *realloc(void *block, size_t size) {
    if (allocation_fails()) return NULL;
    long before = size_of(block);
    void *moved = next_one.realloc(block, size);
    if (moved != NULL && block == NULL) return counted(moved);
    if (moved != NULL) atomic_fetch_add(&live_bytes, size_of(moved) - before);
    return moved;
}
void free(void *block) {
    if (block == NULL) return;
    atomic_fetch_sub(&live_blocks, 1);
    atomic_fetch_sub(&live_bytes, size_of(block));
    next_one.free(block);
}

/* -------------------------------------------------------------------------------------------------------- files --- */

enum { MOST_FILES = 1024 };
static char names[MOST_FILES][256];     /* of the open files below the root */
static void (*watcher)(void *user, const fault_operation *operation);
static void *watcher_user;
static THREAD_OWN bool watching;     /* inside the watcher: its own calls are not looked at */

static bool below(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}
static bool concerns(const char *path) { return !watching && (root[0] == '\0' || below(path, root)); }
static bool concerns_file(int file) {
    return !watching && (root[0] == '\0' || (file >= 0 && file < MOST_FILES && names[file][0] != '\0'));
}
static bool hidden(const char *path) {
    const char *folder = getenv("FAULT_HIDE");
    return folder != NULL && below(path, folder);
}

static void tell(fault_operation operation) {
    if (watcher == NULL || watching || operation.path == NULL || operation.path[0] == '\0') return;
    int error = errno;
    watching = true;
    watcher(watcher_user, &operation);
    watching = false;
    errno = error;
}
static const char *name_of(int file) { return file >= 0 && file < MOST_FILES ? names[file] : ""; }

static int opened(int file, const char *path, int flags, bool was_there) {
    if (file < 0 || file >= MOST_FILES || watching) return file;
    names[file][0] = '\0';
    if (root[0] != '\0' && below(path, root)) snprintf(names[file], sizeof names[file], "%s", path);
    if ((flags & O_CREAT) && !was_there) tell((fault_operation){.kind = FAULT_CREATE, .path = name_of(file)});
    else if (flags & O_TRUNC) tell((fault_operation){.kind = FAULT_TRUNCATE, .path = name_of(file)});
    return file;
}

static int open_file(int folder, const char *path, int flags, mode_t mode) {
    NEXT(openat);
    if (hidden(path)) return errno = ENOENT, -1;
    if (concerns(path) && decide(OPEN) < 0) return -1;
    struct stat info;
    bool was_there = (flags & O_CREAT) && fstatat(folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0;
    return opened(next(folder, path, flags, mode), path, flags, was_there);
}
#define MODE_OF(flags)                       \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | O_TMPFILE)) {   \
        va_list arguments;                   \
        va_start(arguments, flags);          \
        mode = va_arg(arguments, mode_t);    \
        va_end(arguments);                   \
    }
int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_file(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_file(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_file(folder, path, flags, mode);
}
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }

FILE *fopen(const char *path, const char *mode) {
    NEXT(fopen);
    if (hidden(path)) return errno = ENOENT, NULL;
    return concerns(path) && decide(OPEN) < 0 ? NULL : next(path, mode);
}
DIR *opendir(const char *path) {
    NEXT(opendir);
    if (hidden(path)) return errno = ENOENT, NULL;
    return concerns(path) && decide(OPEN) < 0 ? NULL : next(path);
}

int close(int file) {
    NEXT(close);
    bool counts_here = concerns_file(file);
    if (file >= 0 && file < MOST_FILES && !watching) names[file][0] = '\0';
    int failed = next(file);
    /* The file is closed all the same: so does Linux. */
    return counts_here && decide(CLOSE) < 0 ? -1 : failed;
}

ssize_t read(int file, void *out, size_t length) {
    NEXT(read);
    int outcome = concerns_file(file) ? decide(READ) : 0;
    if (outcome < 0) return -1;
    return next(file, out, outcome > 0 && length > 1 ? length / 2 : length);
}
ssize_t __read_chk(int file, void *out, size_t length, size_t room);
ssize_t __read_chk(int file, void *out, size_t length, size_t room) {
    (void)room;
    return read(file, out, length);
}

ssize_t write(int file, const void *bytes, size_t length) {
    NEXT(write);
    int outcome = concerns_file(file) ? decide(WRITE) : 0;
    if (outcome < 0) return -1;
    off_t place = watcher != NULL ? lseek(file, 0, SEEK_CUR) : 0;
    ssize_t done = next(file, bytes, outcome > 0 && length > 1 ? length / 2 : length);
    if (done > 0) tell((fault_operation){FAULT_WRITE, name_of(file), NULL, bytes, (size_t)place, (size_t)done});
    return done;
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t place) {
    NEXT(pwrite);
    int outcome = concerns_file(file) ? decide(WRITE) : 0;
    if (outcome < 0) return -1;
    ssize_t done = next(file, bytes, outcome > 0 && length > 1 ? length / 2 : length, place);
    if (done > 0) tell((fault_operation){FAULT_WRITE, name_of(file), NULL, bytes, (size_t)place, (size_t)done});
    return done;
}
int ftruncate(int file, off_t length) {
    NEXT(ftruncate);
    if (concerns_file(file) && decide(TRUNCATE) < 0) return -1;
    int failed = next(file, length);
    if (!failed) tell((fault_operation){.kind = FAULT_TRUNCATE, .path = name_of(file), .length = (size_t)length});
    return failed;
}
int fsync(int file) {
    NEXT(fsync);
    if (concerns_file(file) && decide(FSYNC) < 0) return -1;
    int failed = next(file);
    if (!failed) tell((fault_operation){.kind = FAULT_SYNC, .path = name_of(file)});
    return failed;
}
int rename(const char *from, const char *to) {
    NEXT(rename);
    if (concerns(to) && decide(RENAME) < 0) return -1;
    int failed = next(from, to);
    if (!failed && concerns(to)) tell((fault_operation){.kind = FAULT_RENAME, .path = from, .second = to});
    return failed;
}
int unlink(const char *path) {
    NEXT(unlink);
    if (concerns(path) && decide(UNLINK) < 0) return -1;
    int failed = next(path);
    if (!failed && concerns(path)) tell((fault_operation){.kind = FAULT_UNLINK, .path = path});
    return failed;
}
int rmdir(const char *path) {
    NEXT(rmdir);
    if (concerns(path) && decide(UNLINK) < 0) return -1;
    int failed = next(path);
    if (!failed && concerns(path)) tell((fault_operation){.kind = FAULT_UNLINK, .path = path});
    return failed;
}
int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    if (concerns(path) && decide(MKDIR) < 0) return -1;
    int failed = next(path, mode);
    if (!failed && concerns(path)) tell((fault_operation){.kind = FAULT_MKDIR, .path = path});
    return failed;
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t place) {
    NEXT(mmap);
    bool anonymous = (flags & MAP_ANONYMOUS) != 0;
    if (anonymous ? allocation_fails() : concerns_file(file) && decide(MMAP) < 0) return MAP_FAILED;
    return next(address, length, protection, flags, file, place);
}

/* -------------------------------------------------------------------------------------------------------- clock --- */

int clock_gettime(clockid_t clock, struct timespec *out) {
    static atomic_long reads;
    NEXT(clock_gettime);
    int failed = next(clock, out);
    const char *step = getenv("FAULT_CLOCK");
    if (!failed && step != NULL) out->tv_sec -= atol(step) * (atomic_fetch_add(&reads, 1) + 1);
    return failed;
}

/* ---------------------------------------------------------------------------------------------------- interface --- */

static bool fired(void) { return atomic_load(&struck); }
static size_t calls(const char *name) {
    for (int c = 0; c < CALLS; c++)
        if (strcmp(name, call_names[c]) == 0) return atomic_load(&counts[c]);
    return 0;
}
static long blocks(void) { return atomic_load(&live_blocks); }
static long bytes(void) { return atomic_load(&live_bytes); }
static void watch(const char *folder, void (*function)(void *user, const fault_operation *operation), void *user) {
    snprintf(root, sizeof root, "%s", folder != NULL ? folder : "");
    watcher_user = user;
    watcher = function;
}

const fault_interface fault_shim = {plan, fired, calls, blocks, bytes, watch};

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FAULT_ROOT");
    if (folder != NULL) snprintf(root, sizeof root, "%s", folder);
    plan(getenv("FAULT"));
}
