/* base/json_parse.h: JSON text into jansson's values. json.h is for files; this is for those who say themselves what is
 * wrong where. */
#ifndef MASKE_BASE_JSON_PARSE_H
#define MASKE_BASE_JSON_PARSE_H

#include "base/buffer.h"

#include <jansson.h>

typedef struct json_fault {
    bool out_of_memory, duplicate_key;      /* neither: no JSON */
    int line, column;                       /* from 1, in characters */
    size_t position;                        /* up to and with the byte at fault, or a duplicate key */
    char text[96];
} json_fault;

/* flags: jansson's JSON_REJECT_DUPLICATES, JSON_ALLOW_NUL, JSON_DECODE_ANY, JSON_DECODE_INT_AS_REAL. NULL: see *fault.
 * Strings are valid UTF-8 without NUL (but for JSON_ALLOW_NUL, and never in a key); integers are int64; at most 2048
 * arrays and objects lie inside one another. */
MASKE_MUST_USE json_t *json_parse(const char *text, size_t length, unsigned flags, json_fault *fault);

/* A large member that is kept without a value for each element: an object of integers, an array of strings, or an array
 * of pairs of strings, which are two items each. A text has a NUL behind it. A key that stands twice is kept twice:
 * whoever reads them must find out. Free by json_plain_free. */
typedef enum json_plain_kind { JSON_PLAIN_NONE, JSON_PLAIN_INTEGERS, JSON_PLAIN_STRINGS, JSON_PLAIN_PAIRS } json_plain_kind;
typedef struct json_plain_item { uint32_t offset, length; int64_t integer; } json_plain_item;
typedef struct json_plain {
    const char *key;                        /* set before: which member */
    json_plain_kind kind;                   /* NONE: is not there, or is among the values as usual */
    buffer texts;
    json_plain_item *items;
    size_t count, capacity;
} json_plain;
/* json_parse, where in the object's member `in` the members named by plain[].key are kept so, if they are of one of
 * these kinds throughout; in their place stands an empty object or array. in "": the whole text is kept in plain[0].
 * All else, faults too, is as by json_parse. On a failure they are yours to free as well. */
MASKE_MUST_USE json_t *json_parse_plain(const char *text, size_t length, unsigned flags, json_fault *fault,
                                        const char *in, json_plain *plain, size_t plain_count);
void json_plain_free(json_plain *plain);

#endif
