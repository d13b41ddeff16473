/* base/json_parse.h: JSON text into jansson's values. json.h is for files; this is for those who say themselves what is
 * wrong where. */
#ifndef MASKE_BASE_JSON_PARSE_H
#define MASKE_BASE_JSON_PARSE_H

#include "base/status.h"

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

#endif
