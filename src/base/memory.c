/* base/memory.c: checked allocation, and what memory there is. */
#include "base/memory.h"

#ifdef __linux__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

maske_status memory_new(void *out, size_t count, size_t size, const char *what) {
    size_t bytes, rounded;
    if (!size_multiply(&bytes, count, size) || !size_add(&rounded, bytes, 64)) return error_memory(SIZE_MAX, what);
    rounded &= ~(size_t)63;
    if (rounded == 0) rounded = 64;
    void *block = aligned_alloc(64, rounded);
    if (block == NULL) return error_memory(bytes, what);
    memset(block, 0, rounded);
    *(void **)out = block;
    return MASKE_OK;
}

maske_status memory_resize(void *block, size_t count, size_t size, const char *what) {
    size_t bytes;
    if (!size_multiply(&bytes, count, size)) return error_memory(SIZE_MAX, what);
    void *moved = realloc(*(void **)block, bytes ? bytes : 1);
    if (moved == NULL) return error_memory(bytes, what);
    *(void **)block = moved;
    return MASKE_OK;
}

maske_status memory_reserve(void *block, size_t *capacity, size_t needed, size_t size, const char *what) {
    if (needed <= *capacity && *(void **)block != NULL) return MASKE_OK;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < needed) wanted = needed;
    if (wanted < 16) wanted = 16;
    TRY(memory_resize(block, wanted, size, what));
    *capacity = wanted;
    return MASKE_OK;
}

maske_status memory_copy_text(char **out, const char *text, size_t length) {
    char *copy = NULL;
    size_t bytes;
    if (!size_add(&bytes, length, 1)) return error_memory(SIZE_MAX, "text");
    TRY(memory_resize(&copy, bytes, 1, "text"));
    if (length > 0) memcpy(copy, text, length);
    copy[length] = '\0';
    *out = copy;
    return MASKE_OK;
}

maske_status memory_pages_new(void *out, size_t bytes, const char *what) {
    void *block = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return error_memory(bytes, what);
#ifdef MADV_HUGEPAGE
    if (bytes >= (2u << 20)) (void)madvise(block, bytes, MADV_HUGEPAGE);     /* a wish: failing changes nothing */
#endif
    *(void **)out = block;
    return MASKE_OK;
}

maske_status memory_sparse_new(void *out, size_t bytes, const char *what) {
    void *block = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) return error_memory(bytes, what);
#ifdef MADV_NOHUGEPAGE
    (void)madvise(block, bytes ? bytes : 1, MADV_NOHUGEPAGE);
#endif
    *(void **)out = block;
    return MASKE_OK;
}

void memory_give_back(const void *begin, size_t bytes) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)begin;
    uintptr_t first = (at + page - 1) / page * page, end = (at + bytes) / page * page;
    if (first < end) (void)madvise((void *)first, end - first, MADV_DONTNEED);
}

void memory_trim(void) {
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void memory_small_pages(const void *begin, size_t bytes) {
#ifdef MADV_NOHUGEPAGE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)begin;
    uintptr_t first = at / page * page, end = (at + bytes + page - 1) / page * page;
    if (first < end) (void)madvise((void *)first, end - first, MADV_NOHUGEPAGE);        /* a wish */
#else
    (void)begin, (void)bytes;
#endif
}

void memory_pages_free(void *block, size_t bytes) {
    if (block != NULL) munmap(block, bytes ? bytes : 1);
}

/* The number behind `key` in a small text file, or SIZE_MAX ("max" in a control group, or no such file). */
static size_t number_in_file(const char *path, const char *key) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return SIZE_MAX;
    char line[256];
    size_t value = SIZE_MAX, key_length = strlen(key);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long long found;
        if (strncmp(line, key, key_length) == 0 && sscanf(line + key_length, " %llu", &found) == 1) {
            value = (size_t)found;
            break;
        }
    }
    fclose(file);
    return value;
}

/* The files of a control group, by the version of the interface. */
typedef struct group_files { const char *limit, *used, *cache; } group_files;
static const group_files versions[] = {{"memory.max", "memory.current", "inactive_file"},
                                       {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}};

static size_t number_in_group(const char *folder, const char *name, const char *key) {
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return number_in_file(path, key);
}

/* What one group has left. Its files in the cache count as taken, but give way. */
static size_t group_left(const char *folder, const group_files *files) {
    size_t limit = number_in_group(folder, files->limit, ""), used = number_in_group(folder, files->used, "");
    if (limit == SIZE_MAX || used == SIZE_MAX) return SIZE_MAX;
    size_t cache = number_in_group(folder, "memory.stat", files->cache);
    if (cache != SIZE_MAX) used = used > cache ? used - cache : 0;
    return limit > used ? limit - used : 0;
}

size_t memory_group_available(const char *mount, const char *group) {
    char folder[1024];
    int length = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (length < 0 || (size_t)length >= sizeof folder) return SIZE_MAX;
    size_t least = SIZE_MAX, root = strlen(mount);
    for (;;) {
        for (size_t i = 0; i < 2; i++) {
            size_t left = group_left(folder, &versions[i]);
            if (left < least) least = left;
        }
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < root) return least;
        *slash = '\0';
    }
}

/* This process's group: what stands behind `mark` in a line of /proc/self/cgroup; "" where there is none. */
static void own_group(char out[512], const char *mark) {
    out[0] = '\0';
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) return;
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(colon, mark, strlen(mark)) != 0) continue;
        const char *name = colon + strlen(mark);
        snprintf(out, 512, "%.*s", (int)strcspn(name, "\n"), name);
    }
    fclose(file);
    if (strcmp(out, "/") == 0) out[0] = '\0';
}

size_t memory_available(void) {
    size_t available = number_in_file("/proc/meminfo", "MemAvailable:");
    if (available != SIZE_MAX) available *= 1024;
    static const char *const hierarchies[][2] = {{"::", "/sys/fs/cgroup"}, {":memory:", "/sys/fs/cgroup/memory"}};
    for (size_t i = 0; i < 2; i++) {
        char group[512];
        own_group(group, hierarchies[i][0]);
        size_t left = memory_group_available(hierarchies[i][1], group);
        if (left < available) available = left;
    }
    struct rlimit address_space;
    if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY) {
        size_t pages = number_in_file("/proc/self/statm", ""), page = (size_t)sysconf(_SC_PAGESIZE);
        size_t taken = pages == SIZE_MAX ? 0 : pages * page;
        size_t left = address_space.rlim_cur > taken ? address_space.rlim_cur - taken : 0;
        if (left < available) available = left;
    }
    return available;
}

/* The kernel's own figure first: the other one may be that of the program which started this one. */
size_t memory_peak(void) {
    size_t peak = number_in_file("/proc/self/status", "VmHWM:");
    if (peak != SIZE_MAX) return peak * 1024;
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (size_t)usage.ru_maxrss * 1024;
}

size_t memory_resident(void) {
    unsigned long long all, resident;
    FILE *file = fopen("/proc/self/statm", "re");
    bool found = file != NULL && fscanf(file, "%llu %llu", &all, &resident) == 2;
    if (file != NULL) fclose(file);
    return found ? (size_t)resident * (size_t)sysconf(_SC_PAGESIZE) : memory_peak();
}
