/* base/pickle.h: the few instructions of Python's pickle (protocol 2) that a file of tensors needs, read strictly.
 *
 * A pickle is a program that builds objects, and in Python it may call anything. Nothing is called here: what a program
 * would call is written down as a value (name, arguments), only names on the caller's list are taken, and any other
 * instruction is refused. The reader gives a tree of values; what they mean is the caller's business (base/pytorch.c).
 * Time and memory grow with the program's length alone.
 * Source: Python's pickletools, protocol 2. */
#ifndef MASKE_BASE_PICKLE_H
#define MASKE_BASE_PICKLE_H

#include "base/buffer.h"

#define PICKLE_LENGTH ((size_t)16 << 20)    /* the longest that is read */
#define PICKLE_VALUES ((size_t)1 << 21)     /* the most values: one may take a byte of the file, and takes 56 here */

typedef enum pickle_kind {
    PICKLE_NOTHING, PICKLE_BOOLEAN, PICKLE_INTEGER, PICKLE_NUMBER, PICKLE_TEXT,
    PICKLE_NAME,        /* of a function or class: text is "module name" */
    PICKLE_TUPLE, PICKLE_LIST,
    PICKLE_DICT,
    PICKLE_CALL,        /* function(arguments): both are values; may have entries, as an OrderedDict has */
    PICKLE_REFERENCE    /* to something outside the pickle: `arguments` tells what */
} pickle_kind;

typedef struct pickle_value {
    pickle_kind kind;
    int64_t integer;            /* BOOLEAN, INTEGER */
    const char *text;           /* TEXT, NAME: borrowed from the program, no NUL behind */
    size_t length;
    uint32_t first, count;      /* TUPLE: items[first .. first + count - 1] are its values */
    uint32_t function, arguments;   /* CALL; REFERENCE: arguments */
    uint32_t first_entry, last_entry;   /* DICT, CALL, LIST: entries, PICKLE_NONE: none */
} pickle_value;
typedef struct pickle_entry { uint32_t key, value, next; } pickle_entry;     /* of a list: value alone */
#define PICKLE_NONE UINT32_MAX

/* Zeroed: nothing. Values are known by their numbers. */
typedef struct pickle {
    pickle_value *values;
    pickle_entry *entries;
    uint32_t *items;
    size_t value_count, entry_count, item_count, value_capacity, entry_capacity, item_capacity;
    uint32_t root;
} pickle;

/* bytes: borrowed until pickle_close. names: [name_count] "module name" of all that may be mentioned. `name` stands for
 * the file in sentences. */
MASKE_MUST_USE maske_status pickle_read(pickle *out, const char *bytes, size_t length, const char *const *names,
                                        size_t name_count, const char *name);
void pickle_close(pickle *p);
/* Whether the value is this name. */
bool pickle_is(const pickle *p, uint32_t value, const char *name);

#endif
