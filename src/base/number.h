/* base/number.h: numbers written and read the same in every locale. */
#ifndef MASKE_BASE_NUMBER_H
#define MASKE_BASE_NUMBER_H

#include "base/status.h"

#include <stdarg.h>

/* The whole text must be the number: no spaces, nothing behind. false: it is not one, or out of the type's range. */
MASKE_MUST_USE bool number_parse_integer(int64_t *out, const char *text);
MASKE_MUST_USE bool number_parse_double(double *out, const char *text);     /* finite only */
/* "512", "64K", "1.5G": bytes, by 1024. */
MASKE_MUST_USE bool number_parse_memory(int64_t *out, const char *text);

bool number_all_finite(const float *values, size_t count);

/* Bytes as people are told them: "11.5 MB", "612 MB", "1.4 GB". */
typedef struct size_text { char text[24]; } size_text;
size_text number_size(double bytes);

/* As snprintf in the C locale. */
int number_print(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int number_print_list(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
/* The shortest decimal text that reads back as the same double, or the same float ("0.1", "1e-06", "3.0"): as JSON,
 * always with a point or an exponent. */
void number_shortest(char out[32], double value);
void number_shortest_float(char out[32], float value);

#endif
