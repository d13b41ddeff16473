/* base/json.h: reading JSON files with sentences that name file, key, found and expected (over jansson), and writing
 * JSON as serde_json does, so that what Hugging Face's libraries save and what maske saves are the same bytes. */
#ifndef MASKE_BASE_JSON_H
#define MASKE_BASE_JSON_H

#include "base/file.h"
#include "base/json_parse.h"

#include <jansson.h>

/* ---- reading ---- */
/* The file's top-level object; duplicate keys are refused. Yours: json_decref. */
MASKE_MUST_USE maske_status json_read_object(json_t **out, const char *path, size_t limit);
/* The same from text; `name` stands for the file in errors. */
MASKE_MUST_USE maske_status json_parse_object(json_t **out, const char *text, size_t length, const char *name);
/* The same, with members of the member `in` kept apart, see json_parse_plain; they are yours to free in any case. */
MASKE_MUST_USE maske_status json_parse_object_plain(json_t **out, const char *text, size_t length, const char *name,
                                                    const char *in, json_plain *plain, size_t plain_count);
/* What a value is, for sentences: "a string", "nothing" (NULL). */
const char *json_kind(const json_t *value);

/* Members of `object`. `name` is the file and place for errors ("x/config.json", "x/tokenizer.json: model").
 * *_or: a missing or null member gives the fallback; a member of another type fails. */
MASKE_MUST_USE maske_status json_get_integer(int64_t *out, const json_t *object, const char *key, int64_t minimum, int64_t maximum, const char *name);
MASKE_MUST_USE maske_status json_get_integer_or(int64_t *out, int64_t fallback, const json_t *object, const char *key, int64_t minimum, int64_t maximum, const char *name);
/* Integers are taken as well. */
MASKE_MUST_USE maske_status json_get_number_or(double *out, double fallback, const json_t *object, const char *key, double minimum, double maximum, const char *name);
MASKE_MUST_USE maske_status json_get_boolean(bool *out, const json_t *object, const char *key, const char *name);
MASKE_MUST_USE maske_status json_get_boolean_or(bool *out, bool fallback, const json_t *object, const char *key, const char *name);
/* Borrowed from the object. */
MASKE_MUST_USE maske_status json_get_text(const char **out, const json_t *object, const char *key, const char *name);
MASKE_MUST_USE maske_status json_get_text_or(const char **out, const char *fallback, const json_t *object, const char *key, const char *name);

/* ---- writing ---- */
/* A writer adds to a buffer. Pretty: two spaces, one element a line, "key": value, [] and {} when empty. Compact: no
 * spaces at all. Commas and line ends are its business. Any failure (memory) is kept and given by json_writer_end. */
typedef struct json_writer { buffer *out; bool pretty; int depth; bool first, after_key; maske_status status; } json_writer;
json_writer json_writer_start(buffer *out, bool pretty);
void json_begin_object(json_writer *w);
void json_end_object(json_writer *w);
void json_begin_array(json_writer *w);
void json_end_array(json_writer *w);
void json_key(json_writer *w, const char *key);
void json_key_bytes(json_writer *w, const char *key, size_t length);
void json_text(json_writer *w, const char *text);               /* NULL: null */
void json_text_bytes(json_writer *w, const char *text, size_t length);
void json_int(json_writer *w, int64_t value);
void json_double(json_writer *w, double value);                 /* shortest form; not finite: null */
void json_bool(json_writer *w, bool value);
void json_nothing(json_writer *w);                              /* null */
/* A whole value. Reals without a fraction are written as integers: the file may have been read with
 * JSON_DECODE_INT_AS_REAL. */
void json_value(json_writer *w, json_t *value);
MASKE_MUST_USE maske_status json_writer_end(json_writer *w);

#endif
