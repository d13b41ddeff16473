/* tests/faults/fault.h: what a test program asks of the fault shim (fault.c) that is loaded in front of the C library.
 *
 * A plan is one or more of CALL:N:WHAT[:once|:forever], parted by commas:
 *   CALL    allocate open read write fsync rename close mmap truncate unlink mkdir; file: all but allocate
 *   N       the first call of that kind that is met, from 1
 *   WHAT    an error (ENOSPC, EIO, ...), SHORT (half of the bytes are read or written), a signal (KILL, TERM, ...)
 * A program under test gets the plan from the environment:
 *   FAULT=PLAN      FAULT_ROOT=DIR      only calls on files below DIR count
 *   FAULT_FIRED=F   made when the plan strikes, so that a loop over N knows its end
 *   FAULT_HIDE=DIR  files below DIR cannot be opened
 *   FAULT_CLOCK=S   every clock goes back by S seconds each time it is read */
#ifndef MASKE_TESTS_FAULT_H
#define MASKE_TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* What was done to the files below the watched folder, after it was done. */
typedef enum fault_kind {
    FAULT_CREATE,
    FAULT_WRITE,
    FAULT_TRUNCATE,
    FAULT_SYNC,
    FAULT_RENAME,
    FAULT_UNLINK,
    FAULT_MKDIR
} fault_kind;
typedef struct fault_operation {
    fault_kind kind;
    const char *path, *second;      /* second: the new name */
    const void *bytes;
    size_t place, length;           /* of a write; length also the new length of a truncation */
} fault_operation;

typedef struct fault_interface {
    /* The plan from here on, counted from 1; NULL: nothing fails. */
    void (*plan)(const char *plan);
    /* Whether it has struck, and how often the call was made since. */
    bool (*fired)(void);
    size_t (*calls)(const char *call);
    /* Allocated now. */
    long (*blocks)(void);
    long (*bytes)(void);
    /* Tells `watch` of each operation below `root`; NULL ends it. */
    void (*watch)(const char *root, void (*watch)(void *user, const fault_operation *operation), void *user);
} fault_interface;

extern const fault_interface fault_shim;

#endif
