/* fuzz/utf8.c: any bytes: what counts as UTF-8 is what a slow reading of RFC 3629 says; repairing makes valid text of
 * them, once and for all. */
#include "fuzz.h"
#include "corpus/text_check.h"

/* Bytes of the well-formed character at the start, 0: there is none. */
static size_t well_formed(const unsigned char *s, size_t length) {
    if (s[0] < 0x80) return 1;
    size_t size = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC0 || s[0] > 0xF7 || size > length) return 0;
    uint32_t c = s[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return c < least[size] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    fuzz_part all = fuzz_rest(&in);
    size_t valid = 0, count = 0;
    while (valid < all.length) {
        size_t next = well_formed((const unsigned char *)all.at + valid, all.length - valid);
        if (next == 0) break;
        size_t same;
        char back[4];
        uint32_t c = utf8_next(all.at + valid, &same);
        CHECK(same == next && utf8_put(back, c) == next && memcmp(back, all.at + valid, next) == 0);
        valid += next;
        count++;
    }
    CHECK(utf8_valid_prefix(all.at, all.length) == valid);
    CHECK(utf8_count(all.at, valid) == count);
    if (valid < all.length) {
        size_t wrong = utf8_invalid_size(all.at + valid, all.length - valid);
        CHECK(wrong >= 1 && wrong <= 3 && wrong <= all.length - valid);
    }
    buffer once = {0}, twice = {0};
    int64_t replaced = 0, again = 0;
    MUST(utf8_repair(&once, all.at, all.length, &replaced));
    CHECK((replaced == 0) == (valid == all.length));
    CHECK(once.length <= 3 * all.length);
    CHECK(utf8_valid_prefix(once.data, once.length) == once.length);
    MUST(utf8_repair(&twice, once.data, once.length, &again));
    CHECK(again == 0 && twice.length == once.length);
    CHECK(once.length == 0 || memcmp(once.data, twice.data, once.length) == 0);
    for (int whole = 0; whole < 2; whole++) (void)fuzz_ok(text_check(all.at, all.length, whole, "input"));
    buffer_free(&once);
    buffer_free(&twice);
    return 0;
}
