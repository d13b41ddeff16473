/* base/cpu.h: what this CPU can do, and what it is allowed to.
 *
 * MASKE_CPU=plain|neon|avx2|avx512|avx512bf16|amx lowers what is used to that level, so that one machine tests every path.
 * Each level of x86 contains the ones before it; avxvnni stands beside avx2, avx512vnni beside avx512bf16. neon is 64-bit
 * ARM's. The level plainbf16 is plain C with products in bfloat16, which no CPU lacks and nobody wants but tests of what
 * trains in bfloat16. */
#ifndef MASKE_BASE_CPU_H
#define MASKE_BASE_CPU_H

#include "maske.h"

enum {
    CPU_AVX2       = 1 << 0,        /* with FMA, F16C, BMI2 */
    CPU_AVXVNNI    = 1 << 1,
    CPU_AVX512     = 1 << 2,        /* F, BW, VL, DQ */
    CPU_AVX512VNNI = 1 << 3,
    CPU_AVX512BF16 = 1 << 4,
    CPU_AMX        = 1 << 5,        /* tiles of bf16 and int8, allowed by the kernel */
    CPU_PLAINBF16  = 1 << 6,        /* in plain C; only where the level is asked for */
    CPU_NEON       = 1 << 7         /* every 64-bit ARM CPU */
};
/* Flags found and allowed. Cheap; the same for the life of the process, unless a test narrows it. */
unsigned cpu_flags(void);
/* For tests: use no more than these flags from now on (as MASKE_CPU does); ~0u undoes it (and MASKE_CPU). Not thread safe. */
void cpu_allow(unsigned flags);
/* The flags of a level's name ("avx2": CPU_AVX2 | CPU_AVXVNNI ...); false: no such level. */
bool cpu_level_flags(unsigned *out, const char *name);
/* The highest level in use: "plain", "avx2", ... Borrowed, for ever. */
const char *cpu_level_name(void);

/* Cores this process may use (affinity and control group counted). */
int cpu_cores(void);

#endif
