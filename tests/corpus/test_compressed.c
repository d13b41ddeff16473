/* tests of compressed text: every kind is read as the plain file is; damage, bombs and excess are sentences. */
#include "base/random.h"

#include "reading.h"

#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>

static const struct { const char *name; int (*add_filter)(struct archive *); } kinds[] = {
    {"gz", archive_write_add_filter_gzip}, {"bz2", archive_write_add_filter_bzip2},
    {"xz", archive_write_add_filter_xz}, {"zst", archive_write_add_filter_zstd},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Writes bytes compressed, without an archive around them. The file's name does not tell the kind. */
static const char *compressed(size_t kind, const char *bytes, size_t length) {
    const char *path = scratch_path("compressed.text");
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "data");
    assert_int_equal(kinds[kind].add_filter(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_in_last_block(a, 1), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, bytes, length), (la_ssize_t)length);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    archive_entry_free(entry);
    return path;
}

/* Text of lines, not too easy to compress. */
static buffer make_text(size_t length) {
    buffer b = {0};
    for (uint64_t i = 0; b.length < length; i++) {
        random_bits bits = random_philox(1, RANDOM_TEST, 5, i);
        assert_ok(
            buffer_add_format(&b, "%x g\xC3\xBCn %x%s", bits.word[0], bits.word[1], bits.word[2] % 5 ? " " : "\r\n"));
    }
    return b;
}

static void every_kind_is_read(void **state) {
    (void)state;
    const size_t lengths[] = {1, 1000, 64 << 10, (64 << 10) + 1, 3 << 20};
    buffer out = {0}, expected = {0};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        buffer text = make_text(lengths[i]);
        model_of_reading(&expected, text.data, text.length, text.length);
        for (size_t kind = 0; kind < KINDS; kind++) {
            const char *path = compressed(kind, text.data, text.length);
            corpus_totals totals;
            assert_ok(try_reading(&out, &totals, &path, 1, NULL));
            assert_int_equal(out.length, expected.length);
            assert_memory_equal(out.data, expected.data, out.length);
            assert_int_equal(totals.file_bytes, totals.file_bytes_total);
        }
        buffer_free(&text);
    }
    buffer_free(&out);
    buffer_free(&expected);
}

/* What `cat a.gz b.gz` makes is a file of both. */
static void joined_files_are_read_on(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        char *one;
        size_t length;
        assert_ok(file_read(&one, &length, compressed(kind, "bir\n", 4), 1 << 20));
        buffer both = {0};
        assert_ok(buffer_add(&both, one, length));
        assert_ok(buffer_add(&both, one, length));
        assert_string_equal(reading(scratch_write("joined", both.data, both.length)), "bir\nbir\n");
        buffer_free(&both);
        free(one);
    }
}

static void an_empty_one_is_empty(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++)
        assert_fails(fails_reading(compressed(kind, "", 0)), MASKE_BAD_FILE, "the file is empty");
}

/* As scratch_write, for thousands of files: not synced. */
static const char *written(const char *name, const char *bytes, size_t length) {
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Cut anywhere, and a short file at every byte: a sentence if what is left is still known as compressed. */
static void a_truncated_one_is_said(void **state) {
    (void)state;
    const size_t lengths[] = {300, 200000}, known[KINDS] = {3, 10, 6, 4};
    for (size_t i = 0; i < 2; i++) {
        buffer text = make_text(lengths[i]);
        for (size_t kind = 0; kind < KINDS; kind++) {
            char *bytes;
            size_t length;
            assert_ok(file_read(&bytes, &length, compressed(kind, text.data, text.length), 1 << 20));
            for (size_t cut = 1; cut < length; cut += length < 1000 || cut < 60 || cut > length - 30 ? 1 : 1777) {
                maske_status status = fails_reading(written("cut", bytes, cut));
                if (cut < known[kind]) continue;
                if (status != MASKE_BAD_FILE)
                    fail_msg("%s cut to %zu of %zu bytes was read without a word", kinds[kind].name, cut, length);
                assert_non_null(strstr(maske_error(), "cut: cannot decompress: "));
            }
            free(bytes);
        }
        buffer_free(&text);
    }
}

/* What zstd itself writes of "bir iki üç\n", with its check sum; libarchive writes none. */
static const char zstd_with_sum[] = "\x28\xB5\x2F\xFD\x24\x0D\x69\x00\x00" "bir iki \xC3\xBC\xC3\xA7\n" "\x18\x0A\x0E\x43";

/* Every bit of the file turned round in turn: a sentence, or the text all the same (a time, a name, a padding). */
static void flip_every_bit(const char *name, char *bytes, size_t length, const buffer *text) {
    buffer out = {0};
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        const char *path = written("damaged", bytes, length);
        if (try_reading(&out, NULL, &path, 1, NULL) != MASKE_OK) assert_non_null(strstr(maske_error(), "damaged: "));
        else if (out.length != text->length || memcmp(out.data, text->data, out.length) != 0)
            fail_msg("%s: with bit %zu of byte %zu turned round it is another text", name, bit % 8, bit / 8);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    buffer_free(&out);
}

static void no_flipped_bit_changes_the_text(void **state) {
    (void)state;
    const size_t lengths[] = {20, 250};
    buffer text = {0};
    for (size_t i = 0; i < 2; i++) {
        buffer source = make_text(lengths[i]);
        model_of_reading(&text, source.data, source.length, source.length);
        for (size_t kind = 0; kind < KINDS; kind++) {
            if (strcmp(kinds[kind].name, "zst") == 0) continue;
            char *bytes;
            size_t length;
            assert_ok(file_read(&bytes, &length, compressed(kind, source.data, source.length), 1 << 20));
            flip_every_bit(kinds[kind].name, bytes, length, &text);
            free(bytes);
        }
        buffer_free(&source);
    }
    char bytes[sizeof zstd_with_sum];
    memcpy(bytes, zstd_with_sum, sizeof bytes);
    const char *path = scratch_write("sum.zst", bytes, sizeof bytes - 1);
    assert_ok(try_reading(&text, NULL, &path, 1, NULL));
    assert_string_equal(text.data, "bir iki \xC3\xBC\xC3\xA7\n");
    flip_every_bit("zst", bytes, sizeof bytes - 1, &text);
    buffer_free(&text);
}

/* A member that went bad is not taken for the end, however its head looks. */
static void a_damaged_second_member_is_refused(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        char *one;
        size_t length;
        assert_ok(file_read(&one, &length, compressed(kind, "bir\n", 4), 1 << 20));
        buffer both = {0};
        assert_ok(buffer_add(&both, one, length));
        assert_ok(buffer_add(&both, one, length));
        for (size_t at = length; at < length + 3; at++) {
            both.data[at] ^= 0x10;
            const char *path = scratch_write("second", both.data, both.length);
            assert_fails(fails_reading(path), MASKE_BAD_FILE, "second: cannot decompress: ");
            both.data[at] ^= 0x10;
        }
        for (size_t cut = length + 1; cut < 2 * length; cut++)
            assert_fails(fails_reading(written("second", both.data, cut)), MASKE_BAD_FILE,
                         "second: cannot decompress: ");
        buffer_free(&both);
        free(one);
    }
}

/* Zeros (a tape's, a disk's) may follow, in any number but for xz's four; nothing else may, nor anything behind them. */
static void only_zeros_may_follow(void **state) {
    (void)state;
    static const char *const fillings[] = {"gz", "bz2", "xz"};
    for (size_t kind = 0; kind < 3; kind++) {
        assert_string_equal(kinds[kind].name, fillings[kind]);
        char *one;
        size_t length;
        assert_ok(file_read(&one, &length, compressed(kind, "bir\n", 4), 1 << 20));
        buffer b = {0};
        assert_ok(buffer_add(&b, one, length));
        for (size_t zeros = 0; zeros < 600000; zeros += 4) assert_ok(buffer_add(&b, "\0\0\0\0", 4));
        assert_string_equal(reading(scratch_write("zeros", b.data, length + 4)), "bir\n");
        assert_string_equal(reading(scratch_write("zeros", b.data, b.length)), "bir\n");
        b.data[b.length - 1] = 'x';
        assert_fails(fails_reading(scratch_write("garbage", b.data, b.length)), MASKE_BAD_FILE,
                     "garbage: cannot decompress: ");
        b.data[length] = 'x';
        assert_fails(fails_reading(scratch_write("garbage", b.data, length + 1)), MASKE_BAD_FILE,
                     "garbage: cannot decompress: ");
        buffer_free(&b);
        free(one);
    }
}

static void compressed_twice_is_refused(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        char *bytes;
        size_t length;
        assert_ok(file_read(&bytes, &length, compressed(kind, "bir\n", 4), 1 << 20));
        const char *path = compressed((kind + 1) % KINDS, bytes, length);
        assert_fails(fails_reading(path), MASKE_BAD_FILE, "compressed more than once");
        free(bytes);
    }
}

/* The first block of the xz file that begins at `file` asks for a dictionary by this code, with the right check sum. */
static void ask_for_dictionary(char *file, int code) {
    /* stream header 12 bytes; block header: size, flags, filter 0x21, one byte of properties: the dictionary */
    size_t size = ((size_t)file[12] + 1) * 4 - 4;
    assert_int_equal(file[14], 0x21);
    assert_int_equal(file[15], 1);
    file[16] = (char)code;
    uint32_t sum = lzma_crc32((const uint8_t *)file + 12, size, 0);
    for (int i = 0; i < 4; i++) file[12 + size + (size_t)i] = (char)(sum >> 8 * i);
}

static void a_dictionary_too_large_is_refused(void **state) {
    (void)state;
    char *bytes;
    size_t length;
    buffer both = {0};
    assert_ok(file_read(&bytes, &length, compressed(2, "bir\n", 4), 1 << 20));
    ask_for_dictionary(bytes, 34);      /* 2 << (17 + 11) = 512 MiB */
    assert_fails(fails_reading(scratch_write("greedy", bytes, length)), MASKE_BAD_FILE,
                 "xz dictionary is 512 MiB, at most 256");
    /* Behind a block that asks for little. */
    ask_for_dictionary(bytes, 0);
    assert_ok(buffer_add(&both, bytes, length));
    assert_ok(buffer_add(&both, bytes, length));
    assert_string_equal(reading(scratch_write("modest", both.data, both.length)), "bir\nbir\n");
    ask_for_dictionary(both.data + length, 39);
    assert_fails(fails_reading(scratch_write("late", both.data, both.length)), MASKE_BAD_FILE, "xz dictionary is 3072 MiB");
    ask_for_dictionary(bytes, 32);      /* 256 MiB is allowed */
    assert_string_equal(reading(scratch_write("large", bytes, length)), "bir\n");
    ask_for_dictionary(bytes, 63);      /* no such size */
    assert_fails(fails_reading(scratch_write("greedy", bytes, length)), MASKE_BAD_FILE, "cannot decompress");
    buffer_free(&both);
    free(bytes);
}

/* A zstd frame header that asks for a window of 256 MiB. */
static void a_window_too_large_gets_advice(void **state) {
    (void)state;
    static const char frame[] = "\x28\xB5\x2F\xFD\x00\x90\x01\x00\x00";         /* exponent 18: 2^(10 + 18) */
    assert_fails(fails_reading(scratch_write("window", frame, sizeof frame - 1)), MASKE_BAD_FILE, "--long=27");
}

static void other_compressions_are_not_text(void **state) {
    (void)state;
    assert_fails(fails_reading(scratch_write("zip", "PK\3\4\x14\0\0\0\x08\0", 10)), MASKE_BAD_FILE, "binary file");
    /* a text may begin like bzip2 */
    assert_string_equal(reading(scratch_text("bzh", "BZh9 is how bzip2 begins\n")), "BZh9 is how bzip2 begins\n");
    assert_string_equal(reading(scratch_text("named.gz", "plain all the same\n")), "plain all the same\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(joined_files_are_read_on),
        cmocka_unit_test(an_empty_one_is_empty),
        cmocka_unit_test(a_truncated_one_is_said),
        cmocka_unit_test(no_flipped_bit_changes_the_text),
        cmocka_unit_test(a_damaged_second_member_is_refused),
        cmocka_unit_test(only_zeros_may_follow),
        cmocka_unit_test(compressed_twice_is_refused),
        cmocka_unit_test(a_dictionary_too_large_is_refused),
        cmocka_unit_test(a_window_too_large_gets_advice),
        cmocka_unit_test(other_compressions_are_not_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
