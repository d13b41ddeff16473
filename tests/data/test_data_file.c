/* tests of maske_data_write: padded tensors that agree with the batches training would make. */
#include "base/random.h"
#include "base/safetensors.h"
#include "data/dataset.h"

#include "fake_tokenizer.h"
#include "scratch.h"

typedef struct tensors { size_t rows, columns; int64_t *ids, *attention, *types, *labels; } tensors;

static int64_t *column(const safetensors *file, const char *name, size_t *rows, size_t *columns) {
    const safetensors_tensor *t = safetensors_find(file, name);
    assert_non_null(t);
    assert_int_equal(t->type, SAFETENSORS_I64);
    assert_int_equal(t->rank, 2);
    *rows = t->shape[0];
    *columns = t->shape[1];
    int64_t *values = malloc(t->bytes);
    assert_non_null(values);
    memcpy(values, t->data, t->bytes);
    return values;
}

static tensors read_tensors(const char *path) {
    safetensors file;
    tensors t;
    assert_ok(safetensors_open(&file, path, false));
    assert_int_equal(file.count, 4);
    t.ids = column(&file, "input_ids", &t.rows, &t.columns);
    t.attention = column(&file, "attention_mask", &t.rows, &t.columns);
    t.types = column(&file, "token_type_ids", &t.rows, &t.columns);
    t.labels = column(&file, "labels", &t.rows, &t.columns);
    safetensors_close(&file);
    return t;
}

static void free_tensors(tensors *t) {
    free(t->ids);
    free(t->attention);
    free(t->types);
    free(t->labels);
}

/* Some 600 sequences: three batches of the writer. */
static const char *some_text(void) {
    buffer b = {0};
    for (int i = 0; i < 600; i++)
        assert_ok(buffer_add_format(&b, "%.*s\n%s", 3 + i % 40, "the quick brown fox jumps over a lazy dog!!",
                                    i % 3 ? "" : "\n"));
    const char *path = scratch_write("text.txt", b.data, b.length);
    buffer_free(&b);
    return path;
}

static void agrees_with_training(void **state) {
    (void)state;
    const char *path = some_text(), *out = scratch_path("data.safetensors");
    maske_text text = {&path, 1, NULL};
    maske_data_options options;
    maske_data_options_defaults(&options);
    assert_int_equal(options.epoch, 1);
    assert_int_equal(options.max_length, 128);
    options =
        (maske_data_options){.epoch = 3, .seed = 11, .max_length = 24, .mask_probability = 0.2, .line_by_line = true};
    maske_data_report report;
    assert_ok(maske_data_write(&fake, &text, &options, out, false, NULL, &report));
    tensors t = read_tensors(out);

    dataset *d = NULL;
    dataset_options build = {.max_length = 24, .line_by_line = true};
    assert_ok(dataset_build(&d, NULL, &fake, &text, &build, NULL));
    uint32_t order[1000];
    size_t count = (size_t)dataset_describe(d)->sequences, prediction = 0;
    assert_int_equal(t.rows, count);
    assert_int_equal(t.columns, 24);
    random_order(order, count, 11, 3);
    dataset_batch b = {0};
    assert_ok(dataset_make_batch(d, order, count, 3, &(dataset_masking){11, 0.2, false}, &b));
    for (size_t i = 0; i < count; i++) {
        uint32_t start = b.batch.sequence_start[i], length = b.batch.sequence_start[i + 1] - start;
        for (size_t j = 0; j < 24; j++) {
            size_t at = i * 24 + j;
            bool predicted =
                prediction < b.batch.predictions && b.prediction_index[prediction] == start + j && j < length;
            assert_int_equal(t.ids[at], j < length ? b.input_ids[start + j] : 0);
            assert_int_equal(t.attention[at], j < length);
            assert_int_equal(t.types[at], 0);
            assert_int_equal(t.labels[at], predicted ? b.labels[prediction] : -100);
            prediction += predicted;
        }
    }
    assert_int_equal(prediction, b.batch.predictions);
    assert_int_equal(report.predicted, prediction);
    assert_int_equal(report.sequences, count);
    assert_int_equal(report.lines, 600);
    assert_int_equal(report.tokens, b.batch.tokens);
    assert_true(report.truncated_lines > 0);
    dataset_batch_free(&b);
    dataset_free(d);
    free_tensors(&t);
}

static bool same_file(const char *a, const char *b) {
    char *x, *y;
    size_t x_length, y_length;
    assert_ok(file_read(&x, &x_length, a, 1u << 30));
    assert_ok(file_read(&y, &y_length, b, 1u << 30));
    bool same = x_length == y_length && memcmp(x, y, x_length) == 0;
    free(x);
    free(y);
    return same;
}

static void same_seed_same_bytes_other_epoch_other_masks(void **state) {
    (void)state;
    const char *path = some_text(), *first = scratch_path("first"), *again = scratch_path("again"),
               *other = scratch_path("other");
    maske_text text = {&path, 1, NULL};
    maske_data_options options;
    maske_data_options_defaults(&options);
    assert_ok(maske_data_write(&fake, &text, NULL, first, false, &(maske_control){.threads = 1}, NULL));
    assert_ok(maske_data_write(&fake, &text, &options, again, false, &(maske_control){.threads = 3}, NULL));
    assert_true(same_file(first, again));
    options.epoch = 2;
    assert_ok(maske_data_write(&fake, &text, &options, other, false, NULL, NULL));
    assert_false(same_file(first, other));
    options.epoch = 1;
    options.seed = 2;
    assert_ok(maske_data_write(&fake, &text, &options, other, true, NULL, NULL));
    assert_false(same_file(first, other));
}

static void nothing_is_overwritten_or_left_half(void **state) {
    (void)state;
    const char *path = some_text(), *out = scratch_text("kept", "kept"), *missing = "/no/such/text";
    maske_text text = {&path, 1, NULL}, no_text = {&missing, 1, NULL};
    assert_fails(maske_data_write(&fake, &text, NULL, out, false, NULL, NULL), MASKE_EXISTS, "kept");
    assert_fails(maske_data_write(&fake, &no_text, NULL, out, true, NULL, NULL), MASKE_IO, missing);
    volatile sig_atomic_t stop = 1;
    assert_fails(maske_data_write(&fake, &text, NULL, out, true, &(maske_control){.stop = &stop}, NULL), MASKE_STOPPED,
                 "stopped");
    char *kept;
    assert_ok(file_read(&kept, NULL, out, 100));
    assert_string_equal(kept, "kept");
    free(kept);
    assert_false(path_exists(scratch_path("kept.maske-part")));
    assert_fails(maske_data_write(&fake, &text,
                                  &(maske_data_options){.epoch = 0, .max_length = 8, .mask_probability = 0.1}, out,
                                  true, NULL, NULL),
                 MASKE_BAD_ARGUMENT, "epoch is 0");
    assert_fails(maske_data_write(&fake, &text,
                                  &(maske_data_options){.epoch = 1, .max_length = -1, .mask_probability = 0.1}, out,
                                  true, NULL, NULL),
                 MASKE_BAD_ARGUMENT, "max_length is -1");
    assert_fails(maske_data_write(&fake, &text,
                                  &(maske_data_options){.epoch = 1, .max_length = 8, .mask_probability = 1.5}, out,
                                  true, NULL, NULL),
                 MASKE_BAD_ARGUMENT, "mask_probability");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_training), cmocka_unit_test(same_seed_same_bytes_other_epoch_other_masks),
        cmocka_unit_test(nothing_is_overwritten_or_left_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
