/* base/number.c: numbers in the C locale, whatever the host program has set. */
#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }
static locale_t plain(void) {
    pthread_once(&once, make_locale);
    return c_locale;
}

/* A sum of 0s; a value that is not finite makes it a NaN. */
bool number_all_finite(const float *values, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i] - values[i];
    return sum == 0.0f;
}

bool number_parse_integer(int64_t *out, const char *text) {
    if (!(text[0] == '-' ? text[1] >= '0' && text[1] <= '9' : text[0] >= '0' && text[0] <= '9')) return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0') return false;
    *out = value;
    return true;
}

static bool parse_double_prefix(double *out, const char *text, char **end) {
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    /* strtod also takes "inf", "nan", "0x1p3" and leading spaces: none of them is a number of ours. */
    if (!((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.') || digits[1] == 'x' || digits[1] == 'X') return false;
    double value = strtod_l(text, end, plain());
    if (*end == text || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool number_parse_double(double *out, const char *text) {
    char *end;
    double value;
    if (!parse_double_prefix(&value, text, &end) || *end != '\0') return false;
    *out = value;
    return true;
}

bool number_parse_memory(int64_t *out, const char *text) {
    char *end;
    double value;
    if (!parse_double_prefix(&value, text, &end) || value < 0) return false;
    const char *units = "KMGT", *unit = *end ? strchr(units, *end & ~0x20) : NULL;
    if (*end != '\0') {
        if (unit == NULL || *unit == '\0') return false;
        value *= (double)(1ull << (10 * (unit - units + 1)));
        end++;
        if (*end == 'i') end++;
        if (*end == 'B') end++;
    }
    if (*end != '\0' || value >= 9.2e18) return false;
    *out = (int64_t)value;
    return true;
}

int number_print_list(char *out, size_t size, const char *format, va_list arguments) {
    locale_t before = uselocale(plain());       /* of this thread alone */
    int length = vsnprintf(out, size, format, arguments);
    uselocale(before);
    return length;
}

int number_print(char *out, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = number_print_list(out, size, format, arguments);
    va_end(arguments);
    return length;
}

/* As Python's repr, whose users read these files: fixed notation from 1e-4 to below 1e16, always with a point, else an
 * exponent of two digits or more. `digits` significant ones, of which no fewer would read back as the value. */
static void print_digits(char out[32], double value, int digits) {
    number_print(out, 32, "%.*e", digits - 1, value);
    const char *e = strchr(out, 'e');
    if (e == NULL || strpbrk(out, "nN") != NULL) return;        /* not a number at all */
    int64_t exponent = 0;
    if (!number_parse_integer(&exponent, e[1] == '+' ? e + 2 : e + 1) || exponent < -4 || exponent >= 16) return;
    int decimals = digits - 1 - (int)exponent;
    number_print(out, 32, "%.*f", decimals > 1 ? decimals : 1, value);
}

void number_shortest(char out[32], double value) {
    double back;
    int digits = 1;
    for (; digits < 17; digits++) {
        number_print(out, 32, "%.*e", digits - 1, value);
        if (number_parse_double(&back, out) && back == value) break;
    }
    print_digits(out, value, digits);
}

void number_shortest_float(char out[32], float value) {
    double back;
    int digits = 1;
    for (; digits < 9; digits++) {
        number_print(out, 32, "%.*e", digits - 1, (double)value);
        if (number_parse_double(&back, out) && (float)back == value) break;
    }
    print_digits(out, (double)value, digits);
}

size_text number_size(double bytes) {
    size_text t;
    /* A whole megabyte would be a tenth of what little things take. */
    if (bytes < 99.95e6) number_print(t.text, sizeof t.text, "%.1f MB", bytes / 1e6);
    else if (bytes < 1e9) number_print(t.text, sizeof t.text, "%.0f MB", bytes / 1e6);
    else number_print(t.text, sizeof t.text, "%.1f GB", bytes / 1e9);
    return t;
}
