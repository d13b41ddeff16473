/* tests/faults/shim.h: for test programs that need the fault shim: it is loaded by starting the program anew with it.
 */
#ifndef MASKE_TESTS_SHIM_H
#define MASKE_TESTS_SHIM_H

#include "fault.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const fault_interface *shim;

/* First thing in main. FAULT_SHIM: the shim's file, from the build. */
static inline void shim_load(char **argv) {
    shim = (const fault_interface *)dlsym(RTLD_DEFAULT, "fault_shim");
    if (shim != NULL) {
        unsetenv("LD_PRELOAD"); /* programs started from here are not concerned */
        return;
    }
    if (getenv("FAULT_TRIED") == NULL) {
        setenv("FAULT_TRIED", "1", 1);
        setenv("LD_PRELOAD", FAULT_SHIM, 1);
        /* The sanitizer's own library wants to be first; the shim passes everything on to it. */
        const char *options = getenv("ASAN_OPTIONS");
        char with[512];
        snprintf(with, sizeof with, "%s:verify_asan_link_order=0:allocator_may_return_null=1",
                 options != NULL ? options : "");
        setenv("ASAN_OPTIONS", with, 1);
        execv("/proc/self/exe", argv);
    }
    fprintf(stderr, "%s could not be loaded\n", FAULT_SHIM);
    exit(1);
}

/* Whether allocations come by the shim: not where a sanitizer is built into the program itself. */
static inline bool shim_sees_allocations(void) {
    shim->plan(NULL);
    void *volatile block = malloc(64);
    free(block);
    return shim->calls("allocate") > 0;
}

#endif
