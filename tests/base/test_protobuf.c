/* The wire format: the bytes of protobuf's own documentation. */
#include "base/protobuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define EXPECT(call, ...)                                                        \
    do {                                                                         \
        static const unsigned char expected[] = {__VA_ARGS__};                   \
        buffer out = {0};                                                        \
        assert_int_equal(call, MASKE_OK);                                        \
        assert_int_equal(out.length, sizeof expected);                           \
        assert_memory_equal(out.data, expected, sizeof expected);                \
        buffer_free(&out);                                                       \
    } while (0)

static void fields_are_as_documented(void **state) {
    (void)state;
    EXPECT(protobuf_add_integer(&out, 1, 150), 0x08, 0x96, 0x01);
    EXPECT(protobuf_add_integer(&out, 1, 0), 0x08, 0x00);
    EXPECT(protobuf_add_integer(&out, 1, 127), 0x08, 0x7F);
    EXPECT(protobuf_add_integer(&out, 20, 128), 0xA0, 0x01, 0x80, 0x01);
    EXPECT(protobuf_add_integer(&out, 3, -2), 0x18, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01);
    EXPECT(protobuf_add_text(&out, 2, "testing"), 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g');
    EXPECT(protobuf_add_text(&out, 2, ""), 0x12, 0x00);
    EXPECT(protobuf_add_head(&out, 5, 300), 0x2A, 0xAC, 0x02);
    EXPECT(protobuf_add_float(&out, 2, 1.0f), 0x15, 0, 0, 0x80, 0x3F);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
