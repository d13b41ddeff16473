/* The safetensors reader refuses what breaks a rule, one rule at a time, and says which; what is written reads back. */
#include "base/half.h"
#include "base/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A file's bytes: the length, this header, and `data` zero bytes behind it. Yours. */
static char *make_file(const char *header, size_t data, size_t *length) {
    uint64_t n = strlen(header);
    *length = 8 + (size_t)n + data;
    char *bytes = calloc(1, *length);
    memcpy(bytes, &n, 8);
    memcpy(bytes + 8, header, (size_t)n);
    return bytes;
}

static maske_status parse(safetensors *file, const char *header, size_t data) {
    size_t length;
    char *bytes = make_file(header, data, &length);
    maske_status status = safetensors_parse(file, bytes, length, "x.safetensors");
    if (status == MASKE_OK) file->bytes = bytes;        /* closed with the file */
    else free(bytes);
    return status;
}

static void refused(const char *header, size_t data, const char *sentence) {
    safetensors file = {0};
    if (parse(&file, header, data) != MASKE_BAD_FILE) fail_msg("accepted: %.200s", header);
    if (strstr(maske_error(), sentence) == NULL || strstr(maske_error(), "x.safetensors: ") == NULL)
        fail_msg("found \"%s\", expected \"%s\"", maske_error(), sentence);
    assert_null(file.tensors);
}

static void accepted(const char *header, size_t data, size_t count) {
    safetensors file = {0};
    if (parse(&file, header, data) != MASKE_OK) fail_msg("%s", maske_error());
    assert_int_equal(file.count, count);
    safetensors_close(&file);
}

static void the_length_of_the_header_is_checked(void **state) {
    (void)state;
    safetensors file = {0};
    assert_int_equal(safetensors_parse(&file, "", 0, "x"), MASKE_BAD_FILE);
    assert_int_equal(safetensors_parse(&file, "\2\0\0\0\0\0\0", 7, "x"), MASKE_BAD_FILE);
    assert_int_equal(safetensors_parse(&file, "\3\0\0\0\0\0\0\0{}", 10, "x"), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "should be 3 bytes, the file ends after 2"));
    assert_int_equal(safetensors_parse(&file, "\377\377\377\377\377\377\377\377{}", 10, "x"), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "at most 16777216 are read"));
    assert_int_equal(safetensors_parse(&file, "\0\0\0\0\0\0\0\0{}", 10, "x"), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "does not start with"));
}

static void headers_that_are_not_what_they_should_be(void **state) {
    (void)state;
    refused("[]", 0, "does not start with");
    refused(" {}", 0, "does not start with");
    refused("{", 0, "not JSON");
    refused("{}x", 0, "not JSON");
    refused("{\"\xFF\":1}", 0, "not JSON");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],"
            "\"data_offsets\":[0,0]}}",
            0, "the key \"a\" stands there twice");
    refused("{\"one \\\"quoted\\\" name\":{},\"one \\\"quoted\\\" name\":{}}", 0,
            "the key \"one \\\"quoted\\\" name\" stands there twice");
    refused("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
            "the key \"dtype\" stands there twice");
    refused("{\"__metadata__\":7}", 0, "\"__metadata__\": found an integer");
    refused("{\"__metadata__\":{\"k\":1}}", 0, "\"k\": found an integer, expected a string");
    refused("{\"a\":7}", 0, "tensor \"a\": found an integer, expected an object");
    refused("{\"a\":{}}", 0, "\"dtype\": found nothing");
    refused("{\"a\":{\"dtype\":4,\"shape\":[],\"data_offsets\":[0,4]}}", 4, "\"dtype\": found an integer");
    refused("{\"a\":{\"dtype\":\"f32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "unknown dtype \"f32\"");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":3,\"data_offsets\":[0,4]}}", 4, "\"shape\": found an integer");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
            "\"shape\": found a number with a point");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "\"shape\": found -1");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
            "9 dimensions, at most 8");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
            "too large to count");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
            "too large to count");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,8,0],\"data_offsets\":[0,0]}}", 0,
            "too large to count");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}", 0, "not JSON");
    refused("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, "do not end on a byte");
}

static void data_that_is_not_where_it_should_be(void **state) {
    (void)state;
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "\"data_offsets\": found nothing");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "\"data_offsets\"");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,\"1\"]}}", 1, "found a string");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]}}", 1, "found -1");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1, "from byte 1 to 0");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1, "from byte 0 to 2, the file has 1");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]}}", 20,
            "F32 [2, 3] takes 24 bytes, \"data_offsets\" give it 20");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "starts at byte 1, expected 0");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],"
            "\"data_offsets\":[2,3]}}",
            3, "tensor \"b\": its data starts at byte 2, expected 1");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
            "\"data_offsets\":[1,3]}}",
            3, "tensor \"b\": its data starts at byte 1, expected 2");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 3,
            "3 bytes of data, the tensors take 2");
    refused("{}", 1, "1 bytes of data, the tensors take 0");
}

static void what_the_reference_accepts_is_accepted(void **state) {
    (void)state;
    accepted("{}", 0, 0);
    accepted("{}      ", 0, 0);
    accepted("{\"__metadata__\":null}", 0, 0);
    accepted("{\"__metadata__\":{\"format\":\"pt\"}}", 0, 0);
    accepted("{\"scalar\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8, 1);
    accepted("{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]},\"a\":{\"dtype\":\"U8\",\"shape\":[3],"
             "\"data_offsets\":[0,3],\"new key\":1}}",
             5, 2);
    accepted("{\"full\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"empty\":{\"dtype\":\"U8\",\"shape\":["
             "0],\"data_offsets\":[0,0]},"
             "\"last\":{\"dtype\":\"I64\",\"shape\":[0,7],\"data_offsets\":[2,2]}}",
             2, 3);
    accepted("{\"odd\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"unaligned\":{\"dtype\":\"F32\","
             "\"shape\":[1],\"data_offsets\":[1,5]}}",
             5, 2);
}

static void every_prefix_of_a_file_is_refused(void **state) {
    (void)state;
    size_t length;
    char *bytes = make_file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24, &length);
    for (size_t n = 0; n < length; n++) {
        char *prefix = malloc(n ? n : 1);       /* of exactly this size, so that a sanitizer sees a step too far */
        memcpy(prefix, bytes, n);
        safetensors file = {0};
        assert_int_equal(safetensors_parse(&file, prefix, n, "x"), MASKE_BAD_FILE);
        free(prefix);
    }
    free(bytes);
}

static void too_many_tensors_are_refused(void **state) {
    (void)state;
    buffer header = {0};
    for (int i = 0; i <= SAFETENSORS_COUNT; i++)
        assert_int_equal(buffer_add_format(&header, "%c\"%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                                           i ? ',' : '{', i),
                         MASKE_OK);
    assert_int_equal(buffer_add_text(&header, "}"), MASKE_OK);
    refused(header.data, 0, "100001 tensors, at most 100000 are read");
    buffer_free(&header);
}

static void temporary_path(char out[64]) {
    strcpy(out, "/tmp/maske-test-safetensors-XXXXXX");
    int descriptor = mkstemp(out);
    assert_true(descriptor >= 0);
    close(descriptor);
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    char path[64];
    temporary_path(path);
    const int64_t ids[3] = {-100, 0, 1000000007};
    const float values[6] = {0.0f, -1.5f, 3.0e38f, 1.0e-40f, 65504.0f, 0.1f};
    safetensors_writer w = {0};
    assert_int_equal(safetensors_writer_open(&w, path, false), MASKE_EXISTS);
    assert_int_equal(safetensors_writer_open(&w, path, true), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "ids", SAFETENSORS_I64, (size_t[]){1, 3}, 2), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "empty", SAFETENSORS_F32, (size_t[]){0}, 1), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "values", SAFETENSORS_F32, (size_t[]){2, 3}, 2), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "loss", SAFETENSORS_F32, NULL, 0), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "half", SAFETENSORS_F16, (size_t[]){6}, 1), MASKE_OK);
    assert_int_equal(safetensors_writer_declare(&w, "brain", SAFETENSORS_BF16, (size_t[]){6}, 1), MASKE_OK);
    assert_int_equal(safetensors_writer_begin(&w), MASKE_OK);
    assert_int_equal(safetensors_writer_add(&w, ids, sizeof ids), MASKE_OK);
    assert_int_equal(safetensors_writer_add_floats(&w, values, 2), MASKE_OK);
    assert_int_equal(safetensors_writer_add_floats(&w, values + 2, 4), MASKE_OK);
    assert_int_equal(safetensors_writer_add_floats(&w, &values[5], 1), MASKE_OK);
    assert_int_equal(safetensors_writer_add_floats(&w, values, 6), MASKE_OK);
    assert_int_equal(safetensors_writer_add_floats(&w, values, 6), MASKE_OK);
    assert_int_equal(safetensors_writer_commit(&w), MASKE_OK);

    for (int mapped = 0; mapped < 2; mapped++) {
        safetensors file = {0};
        assert_int_equal(safetensors_open(&file, path, mapped), MASKE_OK);
        assert_int_equal(file.count, 6);
        assert_string_equal(safetensors_metadata(&file, "format"), "pt");
        assert_null(safetensors_metadata(&file, "missing"));
        assert_null(safetensors_find(&file, "value"));
        assert_int_equal(
            ((uintptr_t)safetensors_find(&file, "ids")->data - (uintptr_t)(mapped ? file.map.data : file.bytes)) % 8,
            0);
        int64_t got_ids[3];
        assert_int_equal(safetensors_copy_integers(got_ids, &file, safetensors_find(&file, "ids"), -100, 1000000007),
                         MASKE_OK);
        assert_memory_equal(got_ids, ids, sizeof ids);
        assert_int_equal(safetensors_copy_integers(got_ids, &file, safetensors_find(&file, "ids"), 0, 10),
                         MASKE_BAD_FILE);
        assert_non_null(strstr(maske_error(), "tensor \"ids\": element 0 is -100, expected 0 to 10"));
        assert_int_equal(safetensors_copy_integers(got_ids, &file, safetensors_find(&file, "loss"), 0, 10),
                         MASKE_BAD_FILE);
        float got[6];
        assert_int_equal(safetensors_copy_floats(got, &file, safetensors_find(&file, "values")), MASKE_OK);
        assert_memory_equal(got, values, sizeof values);
        assert_int_equal(safetensors_copy_floats(got, &file, safetensors_find(&file, "ids")), MASKE_BAD_FILE);
        assert_int_equal(safetensors_copy_floats(got, &file, safetensors_find(&file, "half")), MASKE_OK);
        assert_true(got[1] == -1.5f && got[4] == 65504.0f && got[5] == 0.0999755859375f && got[2] > 3.4e38f);
        assert_int_equal(safetensors_copy_floats(got, &file, safetensors_find(&file, "brain")), MASKE_OK);
        assert_true(got[1] == -1.5f && got[5] == 0.10009765625f);
        const safetensors_tensor *loss = safetensors_find(&file, "loss");
        assert_int_equal(loss->rank, 0);
        assert_int_equal(loss->elements, 1);
        assert_int_equal(safetensors_expect_shape(&file, safetensors_find(&file, "values"), (size_t[]){2, 3}, 2),
                         MASKE_OK);
        assert_int_equal(safetensors_expect_shape(&file, safetensors_find(&file, "values"), (size_t[]){3, 2}, 2),
                         MASKE_BAD_SHAPE);
        assert_non_null(strstr(maske_error(), "tensor \"values\" is [2, 3], expected [3, 2]"));
        safetensors_close(&file);
    }
    unlink(path);
}

static void a_writer_that_is_given_too_much_or_too_little_says_so(void **state) {
    (void)state;
    char path[64];
    temporary_path(path);
    for (int bytes = 3; bytes <= 5; bytes += 2) {
        safetensors_writer w = {0};
        assert_int_equal(safetensors_writer_open(&w, path, true), MASKE_OK);
        assert_int_equal(safetensors_writer_declare(&w, "a", SAFETENSORS_U8, (size_t[]){4}, 1), MASKE_OK);
        assert_int_equal(safetensors_writer_begin(&w), MASKE_OK);
        assert_int_equal(safetensors_writer_declare(&w, "b", SAFETENSORS_U8, (size_t[]){4}, 1), MASKE_BAD_ARGUMENT);
        assert_int_equal(safetensors_writer_add(&w, "12345", (size_t)bytes), bytes > 4 ? MASKE_BAD_ARGUMENT : MASKE_OK);
        if (bytes > 4) safetensors_writer_abandon(&w);
        else assert_int_equal(safetensors_writer_commit(&w), MASKE_BAD_ARGUMENT);
        safetensors_writer_abandon(&w);         /* harmless again */
        size_t length;
        char *left;
        assert_int_equal(file_read(&left, &length, path, 100), MASKE_OK);
        assert_int_equal(length, 0);            /* the old, empty file stayed */
        free(left);
    }
    unlink(path);
}

/* Every half and every bfloat16 keeps its bits through float; between two neighbours the nearer one is taken. */
static void sixteen_bits_round_trip(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        if ((bits & 0x7FFF) <= 0x7C00) assert_int_equal(float_to_half(half_to_float((uint16_t)bits)), bits);
        if ((bits & 0x7FFF) <= 0x7F80) assert_int_equal(float_to_bfloat16(bfloat16_to_float((uint16_t)bits)), bits);
    }
    for (uint32_t bits = 0; bits < 0x7BFF; bits++) {
        float low = half_to_float((uint16_t)bits), high = half_to_float((uint16_t)(bits + 1)),
              middle = (low + high) / 2;
        assert_int_equal(float_to_half(middle), bits + (bits & 1));
        assert_int_equal(float_to_half(float_from_bits(float_bits(middle) + 1)), bits + 1);
        assert_int_equal(float_to_half(float_from_bits(float_bits(middle) - 1)), bits);
    }
    assert_int_equal(float_to_half(65519.99f), 0x7BFF);
    assert_int_equal(float_to_half(65520.0f), 0x7C00);
    assert_true((float_to_half(float_from_bits(0x7FC00000)) & 0x7FFF) > 0x7C00);
    assert_true((float_to_bfloat16(float_from_bits(0x7F800001)) & 0x7FFF) > 0x7F80);
    assert_int_equal(float_to_bfloat16(1.00390625f), 0x3F80);
    assert_int_equal(float_to_bfloat16(1.01171875f), 0x3F82);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_of_the_header_is_checked),
        cmocka_unit_test(headers_that_are_not_what_they_should_be),
        cmocka_unit_test(data_that_is_not_where_it_should_be),
        cmocka_unit_test(what_the_reference_accepts_is_accepted),
        cmocka_unit_test(every_prefix_of_a_file_is_refused),
        cmocka_unit_test(too_many_tensors_are_refused),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_writer_that_is_given_too_much_or_too_little_says_so),
        cmocka_unit_test(sixteen_bits_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
