/* tests of base/hash: a fingerprint does not know how the bytes were cut, never changes, and sees every bit. */
#include "base/hash.h"
#include "base/random.h"

#include "scratch.h"

enum { LENGTH = 500 };
static unsigned char bytes[LENGTH];

static int set_up(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH; i++) bytes[i] = (unsigned char)random_philox(1, RANDOM_TEST, 2, i).word[0];
    return 0;
}

static uint64_t fingerprint(const void *data, size_t length) {
    hash_stream s = {0};
    hash_stream_add(&s, data, length);
    return hash_stream_end(&s);
}

static void any_cutting_gives_the_same(void **state) {
    (void)state;
    for (size_t length = 0; length <= 100; length++)
        for (size_t first = 0; first <= length; first++)
            for (size_t second = first; second <= length; second += 7) {
                hash_stream s = {0};
                hash_stream_add(&s, bytes, first);
                (void)hash_stream_end(&s);      /* may be asked for at any time */
                hash_stream_add(&s, bytes + first, second - first);
                hash_stream_add(&s, bytes + second, length - second);
                assert_int_equal(hash_stream_end(&s), fingerprint(bytes, length));
            }
    hash_stream s = {0};
    for (size_t i = 0; i < LENGTH; i++) hash_stream_add(&s, bytes + i, 1);
    hash_stream_add(&s, NULL, 0);
    assert_int_equal(hash_stream_end(&s), fingerprint(bytes, LENGTH));
}

static void every_bit_counts(void **state) {
    (void)state;
    for (size_t length = 1; length <= 130; length += 3) {
        uint64_t stream = fingerprint(bytes, length), table = hash_bytes(bytes, length);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            assert_int_not_equal(fingerprint(bytes, length), stream);
            assert_int_not_equal(hash_bytes(bytes, length), table);
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
}

/* Zeros of different number are different bytes. */
static void length_counts(void **state) {
    (void)state;
    static const unsigned char zeros[200];
    for (size_t length = 0; length < 200; length++) {
        assert_int_not_equal(fingerprint(zeros, length), fingerprint(zeros, length + 1));
        assert_int_not_equal(hash_bytes(zeros, length), hash_bytes(zeros, length + 1));
    }
}

/* Fingerprints are saved with runs. (These values also come from the rule written anew in another language.) */
static void a_fingerprint_never_changes(void **state) {
    (void)state;
    assert_int_equal(fingerprint("", 0), 0x4CB47B49451F012Bu);
    assert_int_equal(fingerprint("Mert", 4), 0x9EB317F70A0D85A1u);
    assert_int_equal(fingerprint("a fingerprint of bytes that come in pieces; the same for any cutting", 68),
                     0x4FFA365BCC772B05u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cutting_gives_the_same),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(length_counts),
        cmocka_unit_test(a_fingerprint_never_changes),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
