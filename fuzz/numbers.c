/* fuzz/numbers.c: a text as a number, in every kind that is read, and back. */
#include "fuzz.h"
#include "base/number.h"

#include <math.h>

static void check_shortest(double value) {
    char text[32];
    double back = 0;
    number_shortest(text, value);
    CHECK(strlen(text) < sizeof text);
    CHECK(number_parse_double(&back, text) && back == value);
    CHECK(strpbrk(text, ".e") != NULL);
    if (!isfinite((float)value)) return;
    number_shortest_float(text, (float)value);
    CHECK(number_parse_double(&back, text) && (float)back == (float)value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = NULL;
    int64_t integer = 0, memory = -1;
    double number = 0, bits;
    fuzz_part bytes = fuzz_all(data, size);
    MUST(memory_copy_text(&text, bytes.at, bytes.length));
    if (number_parse_integer(&integer, text)) {
        char back[32];
        int64_t same = 0;
        number_print(back, sizeof back, "%lld", (long long)integer);
        CHECK(number_parse_integer(&same, back) && same == integer);
        CHECK(strspn(text, "-0123456789") == strlen(text));
        CHECK(number_parse_double(&number, text) && number == (double)integer);
    }
    if (number_parse_double(&number, text)) {
        CHECK(isfinite(number) && strspn(text, "+-.0123456789eE") == strlen(text));
        check_shortest(number);
    }
    if (number_parse_memory(&memory, text)) CHECK(memory >= 0);
    if (size >= sizeof bits) {
        memcpy(&bits, data, sizeof bits);
        if (isfinite(bits)) check_shortest(bits);
    }
    free(text);
    return 0;
}
