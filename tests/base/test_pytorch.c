/* pytorch_model.bin as torch.save wrote it (tests/reference/make_weight_files.py): read, refused, cut and spoiled. */
#include "base/half.h"
#include "base/pytorch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FILES TEST_DATA "/weight_files"
#define OK(expression)                                                                \
    do {                                                                              \
        if ((expression) != MASKE_OK) fail_msg("%s: %s", #expression, maske_error()); \
    } while (0)

static void tensors_are_those_that_were_saved(void **state) {
    (void)state;
    safetensors file = {0}, expected = {0};
    OK(pytorch_open(&file, FILES "/bin/pytorch_model.bin"));
    OK(safetensors_open(&expected, TEST_DATA "/bert/one_layer/model.safetensors", false));
    assert_int_equal(file.count, expected.count + 2);
    for (size_t i = 0; i < expected.count; i++) {
        const safetensors_tensor *t = safetensors_find(&file, expected.tensors[i].name), *like = &expected.tensors[i];
        assert_non_null(t);
        assert_int_equal(t->type, like->type);
        assert_int_equal(t->rank, like->rank);
        assert_memory_equal(t->shape, like->shape, t->rank * sizeof *t->shape);
        assert_memory_equal(t->data, like->data, like->bytes);
    }
    /* one storage, two tensors */
    assert_ptr_equal(safetensors_find(&file, "cls.predictions.decoder.weight")->data,
                     safetensors_find(&file, "bert.embeddings.word_embeddings.weight")->data);
    int64_t places[9];
    OK(safetensors_copy_integers(places, &file, safetensors_find(&file, "bert.embeddings.position_ids"), 0, 8));
    for (int i = 0; i < 9; i++) assert_int_equal(places[i], i);
    safetensors_close(&file);
    safetensors_close(&expected);
}

static void parameters_and_half_precision_are_read(void **state) {
    (void)state;
    safetensors file = {0};
    OK(pytorch_open(&file, FILES "/bin_old/pytorch_model.bin"));
    assert_non_null(safetensors_find(&file, "embeddings.LayerNorm.gamma"));
    safetensors_close(&file);
    OK(pytorch_open(&file, FILES "/bin_half/pytorch_model.bin"));
    assert_int_equal(safetensors_find(&file, "bert.pooler.dense.weight")->type, SAFETENSORS_F16);
    assert_int_equal(safetensors_find(&file, "bert.pooler.dense.bias")->type, SAFETENSORS_BF16);
    safetensors_close(&file);
}

static void other_files_are_refused(void **state) {
    (void)state;
    static const struct { const char *path; maske_status status; const char *sentence; } cases[] = {
        {FILES "/refused/legacy.bin", MASKE_UNSUPPORTED, "not the zip form that torch.save writes since PyTorch 1.6"},
        {FILES "/refused/view.bin", MASKE_BAD_FILE, "tensor \"a\": its elements do not lie row by row"},
        {FILES "/refused/code.bin", MASKE_UNSUPPORTED, "asks for posix.getcwd: only what tensors need is read"},
        {FILES "/refused/nested.bin", MASKE_BAD_FILE, "tensor \"model\": found something else than a tensor"},
        {FILES "/bin/config.json", MASKE_UNSUPPORTED, "not the zip form"},
        {FILES "/no such file", MASKE_IO, "cannot open"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        safetensors file = {0};
        if (pytorch_open(&file, cases[i].path) != cases[i].status || strstr(maske_error(), cases[i].sentence) == NULL)
            fail_msg("%s: found \"%s\", expected \"%s\"", cases[i].path, maske_error(), cases[i].sentence);
    }
}

/* The bytes in memory of just that length, so that a sanitizer sees any step beyond. */
static maske_status parse_copy(const char *bytes, size_t length) {
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    safetensors file = {0};
    maske_status status = pytorch_parse(&file, copy, length, "x.bin");
    double sum = 0;         /* whatever is accepted can be read */
    for (size_t i = 0; status == MASKE_OK && i < file.count; i++)
        for (size_t j = 0; j < file.tensors[i].bytes; j++) sum += file.tensors[i].data[j];
    assert_true(sum == sum);
    safetensors_close(&file);
    free(copy);
    return status;
}

/* The count stands in a zip64 end; nothing is taken for so many. */
static void too_many_members_are_refused(void **state) {
    (void)state;
    char bytes[4 + 56 + 20 + 22] = "PK\3\4PK\6\6";
    const uint64_t count = 200001, end = 4;
    memcpy(bytes + 4 + 32, &count, sizeof count);
    memcpy(bytes + 60, "PK\6\7", 4);
    memcpy(bytes + 60 + 8, &end, sizeof end);
    memcpy(bytes + 80, "PK\5\6", 4);
    assert_int_equal(parse_copy(bytes, sizeof bytes), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "200001 members, at most 200000 are read"));
}

static void every_cut_is_refused(void **state) {
    (void)state;
    char *bytes;
    size_t length;
    OK(file_read(&bytes, &length, FILES "/bin/pytorch_model.bin", SIZE_MAX - 1));
    for (size_t n = 0; n < length; n += 13) assert_int_not_equal(parse_copy(bytes, n), MASKE_OK);
    OK(parse_copy(bytes, length));
    free(bytes);
}

/* One byte changed at a time where the file says something: pickle, directory and end. */
static void spoiled_bytes_do_no_harm(void **state) {
    (void)state;
    char *bytes;
    size_t length, refused = 0;
    OK(file_read(&bytes, &length, FILES "/bin/pytorch_model.bin", SIZE_MAX - 1));
    for (size_t i = 0; i < length; i += i < 6000 || i + 4000 > length ? 1 : 101) {
        char was = bytes[i];
        static const char masks[] = {1, (char)0xFF};
        for (int k = 0; k < 2; k++) {
            bytes[i] = (char)(was ^ masks[k]);
            refused += parse_copy(bytes, length) != MASKE_OK;
        }
        bytes[i] = was;
    }
    assert_true(refused > 600);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_those_that_were_saved),
        cmocka_unit_test(parameters_and_half_precision_are_read),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(too_many_members_are_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(spoiled_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
