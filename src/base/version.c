/* base/version.c: what this build is and runs on. */
#include "base/cpu.h"

#include <pthread.h>
#include <stdio.h>

static char text[160];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "a C compiler"
#endif

static void make_text(void) {
    snprintf(text, sizeof text, "%s (%s; CPU level %s)", MASKE_VERSION, COMPILER, cpu_level_name());
}

const char *maske_version(void) {
    pthread_once(&once, make_text);
    return text;
}
