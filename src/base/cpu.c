/* base/cpu.c: CPU features found once. */
#include "base/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; unsigned flags; } levels[] = {
    {"plain",      0},
    {"plainbf16",  CPU_PLAINBF16},
    {"neon",       CPU_NEON},
    {"avx2",       CPU_AVX2 | CPU_AVXVNNI},
    {"avx512",     CPU_AVX2 | CPU_AVXVNNI | CPU_AVX512 | CPU_AVX512VNNI},
    {"avx512bf16", CPU_AVX2 | CPU_AVXVNNI | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16},
    {"amx",        CPU_AVX2 | CPU_AVXVNNI | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16 | CPU_AMX},
};
enum { LEVELS = sizeof levels / sizeof levels[0] };

static const unsigned ALL = ~(unsigned)CPU_PLAINBF16;
static unsigned found, allowed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#ifdef MASKE_X86
#include <cpuid.h>

/* Which registers the operating system saves: bits of XCR0. */
static uint64_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Linux gives a process the tiles' state only when it asks (arch_prctl ARCH_REQ_XCOMP_PERM, feature 18). */
static bool ask_for_tiles(void) {
#ifdef __linux__
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
    return false;
#endif
}

static unsigned find_flags(void) {
    unsigned a, b, c, d, flags = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    bool fma = c & bit_FMA, osxsave = c & bit_OSXSAVE, f16c = c & bit_F16C;
    if (!osxsave) return 0;
    uint64_t saved = saved_registers();
    if ((saved & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    bool tiles = (d >> 22 & 1) && (d >> 24 & 1) && (d >> 25 & 1) && (saved >> 17 & 3) == 3;
    bool avx512 = (saved & 0xE0) == 0xE0 && (b & bit_AVX512F) && (b & bit_AVX512BW) && (b & bit_AVX512VL) && (b & bit_AVX512DQ);
    if (!fma || !f16c || !(b & bit_AVX2) || !(b & bit_BMI2)) return 0;
    flags |= CPU_AVX2;
    if (avx512) flags |= CPU_AVX512;
    if (avx512 && (c & bit_AVX512VNNI)) flags |= CPU_AVX512VNNI;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
        if (a >> 4 & 1) flags |= CPU_AVXVNNI;
        if (avx512 && (a >> 5 & 1)) flags |= CPU_AVX512BF16;
    }
    if ((flags & CPU_AVX512BF16) && tiles && ask_for_tiles()) flags |= CPU_AMX;
    return flags;
}
#elif defined(MASKE_ARM64)
static unsigned find_flags(void) { return CPU_NEON; }
#else
static unsigned find_flags(void) { return 0; }
#endif

static void find_once(void) {
    found = find_flags() | CPU_PLAINBF16;
    allowed = ALL;
    const char *level = getenv("MASKE_CPU");
    unsigned flags;
    if (level != NULL && cpu_level_flags(&flags, level)) allowed = flags;
}

unsigned cpu_flags(void) {
    pthread_once(&once, find_once);
    return found & allowed;
}

void cpu_allow(unsigned flags) {
    pthread_once(&once, find_once);
    allowed = flags == ~0u ? ALL : flags;
}

bool cpu_level_flags(unsigned *out, const char *name) {
    for (int i = 0; i < LEVELS; i++)
        if (strcmp(levels[i].name, name) == 0) {
            *out = levels[i].flags;
            return true;
        }
    return false;
}

const char *cpu_level_name(void) {
    unsigned flags = cpu_flags();
    if (flags & CPU_AMX) return "amx";
    if (flags & CPU_AVX512BF16) return "avx512bf16";
    if (flags & CPU_AVX512) return "avx512";
    if (flags & CPU_AVX2) return "avx2";
    if (flags & CPU_NEON) return "neon";
    return flags & CPU_PLAINBF16 ? "plainbf16" : "plain";
}

/* Cores' worth of time that the control group grants, rounded up; a large number where there is no limit. */
static int control_group_cores(void) {
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file == NULL) return 1 << 20;
    long long quota, period;
    int cores = 1 << 20;
    if (fscanf(file, "%lld %lld", &quota, &period) == 2 && period > 0 && quota > 0) cores = (int)((quota + period - 1) / period);
    fclose(file);
    return cores;
}

int cpu_cores(void) {
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
    int granted = control_group_cores();
    if (granted < cores) cores = granted;
    return cores > 0 ? cores : 1;
}
