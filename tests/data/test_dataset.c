/* tests of data/dataset: from a text to batches, the same for any number of threads, memory or file, order or batch
 * size. */
#include "base/random.h"
#include "data/dataset.h"

#include "fake_tokenizer.h"
#include "scratch.h"

static const dataset_masking masking = {.seed = 1, .mask_probability = 0.15};

static maske_text text_of(const char *const *path) { return (maske_text){.paths = path, .count = 1}; }

static dataset *build(const char *path, const dataset_options *options, int threads, dataset **held_out) {
    dataset *d = NULL;
    maske_text text = text_of(&path);
    maske_control control = {.threads = threads};
    assert_ok(dataset_build(&d, held_out, &fake, &text, options, &control));
    return d;
}

/* Sequences as text, before masking: "^" [CLS], "$" [SEP], other special tokens "0".."4"; a space between sequences. */
static const char *originals(const dataset *d) {
    static char text[4096];
    dataset_batch b = {0};
    uint32_t order[256];
    size_t count = (size_t)dataset_describe(d)->sequences, at = 0;
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    assert_ok(dataset_make_batch(d, order, count, 1, &masking, &b));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text[at++] = ' ';
        for (uint32_t j = b.batch.sequence_start[i]; j < b.batch.sequence_start[i + 1]; j++) {
            int32_t id = b.originals[j];
            text[at++] = (char)(id == 2 ? '^' : id == 3 ? '$' : id < 5 ? '0' + id : id - 5);
        }
    }
    text[at] = '\0';
    assert_int_equal(b.batch.tokens, dataset_describe(d)->tokens);
    dataset_batch_free(&b);
    return text;
}

static void text_becomes_sequences(void **state) {
    (void)state;
    const char *path = scratch_text("documents.txt", "abc\nde\r\n \t\nfghijklmnop\n\n\nq{4}{1}r\n\n{0}{1}\n");
    dataset *d = build(path, &(dataset_options){.max_length = 8}, 2, NULL);
    assert_string_equal(originals(d), "^abcde$ ^fghijk$ ^lmnop$ ^q41r$");
    const dataset_totals *t = dataset_describe(d);
    assert_int_equal(t->documents, 3);
    assert_int_equal(t->lines, 5);
    assert_int_equal(t->sequences, 4);
    assert_int_equal(t->tokens, 7 + 8 + 7 + 6);
    assert_int_equal(t->truncated_lines, 0);
    dataset_free(d);
    d = build(path, &(dataset_options){.max_length = 8, .line_by_line = true}, 2, NULL);
    assert_string_equal(originals(d), "^abc$ ^de$ ^fghijk$ ^q41r$");
    assert_int_equal(dataset_describe(d)->truncated_lines, 1);
    dataset_free(d);
}

static void a_tokenizer_may_lack_cls_and_sep(void **state) {
    (void)state;
    const maske_tokenizer bare = {{-1, -1, -1, -1, 4}, 270};
    const char *path = scratch_text("bare.txt", "abcdef");
    maske_text text = text_of(&path);
    dataset *d = NULL;
    assert_ok(dataset_build(&d, NULL, &bare, &text, &(dataset_options){.max_length = 4}, NULL));
    assert_string_equal(originals(d), "abcd ef");
    dataset_free(d);
}

/* About 9 MiB of documents: three blocks of the corpus, so that parts and blocks meet within documents. */
static const char *large_text(void) {
    const char *path = scratch_path("large.txt");
    if (path_exists(path)) return path;
    buffer b = {0};
    for (uint64_t i = 0; b.length < (9u << 20); i++) {
        random_bits bits = random_philox(3, RANDOM_TEST, 0, i);
        char line[256];
        size_t length = bits.word[0] % 200;
        for (size_t j = 0; j < length; j++) line[j] = (char)('a' + (bits.word[1] >> (j % 23)) % 26);
        line[length] = '\n';
        assert_ok(buffer_add(&b, line, length + 1));
        if (bits.word[2] % 10 == 0) assert_ok(buffer_add(&b, "\n", 1));
    }
    scratch_write("large.txt", b.data, b.length);
    buffer_free(&b);
    return path;
}

/* Two data sets give the same batch in the epoch. */
static void assert_same(const dataset *a, const dataset *b, uint64_t epoch) {
    size_t count = (size_t)dataset_describe(a)->sequences;
    assert_int_equal(dataset_describe(b)->sequences, count);
    assert_int_equal(dataset_describe(b)->documents, dataset_describe(a)->documents);
    assert_int_equal(dataset_describe(b)->fingerprint, dataset_describe(a)->fingerprint);
    uint32_t *order = malloc(count * sizeof *order);
    assert_non_null(order);
    random_order(order, count, 1, epoch);
    dataset_batch x = {0}, y = {0};
    assert_ok(dataset_make_batch(a, order, count, epoch, &masking, &x));
    assert_ok(dataset_make_batch(b, order, count, epoch, &masking, &y));
    assert_int_equal(x.batch.tokens, y.batch.tokens);
    assert_int_equal(x.batch.predictions, y.batch.predictions);
    assert_memory_equal(x.input_ids, y.input_ids, x.batch.tokens * sizeof *x.input_ids);
    assert_memory_equal(x.labels, y.labels, x.batch.predictions * sizeof *x.labels);
    assert_memory_equal(x.prediction_index, y.prediction_index, x.batch.predictions * sizeof *x.prediction_index);
    assert_memory_equal(x.sequence_start, y.sequence_start, (count + 1) * sizeof *x.sequence_start);
    dataset_batch_free(&x);
    dataset_batch_free(&y);
    free(order);
}

static void threads_and_store_change_nothing(void **state) {
    (void)state;
    dataset_options options = {.max_length = 64, .valid_fraction = 0.02, .seed = 5};
    dataset *held = NULL, *one = build(large_text(), &options, 1, &held);
    options.store = scratch_path("store");
    for (int threads = 2; threads <= 7; threads += 5) {
        dataset *other_held = NULL, *other = build(large_text(), &options, threads, &other_held);
        assert_same(one, other, 1);
        assert_same(held, other_held, 1);
        dataset_free(other);
        dataset_free(other_held);
    }
    assert_int_equal(dataset_describe(one)->text_bytes, dataset_describe(held)->text_bytes);
    dataset_free(held);
    dataset_free(one);
}

/* A sequence's masks are its own: not its place's, nor its neighbours'. */
static void batches_follow_the_order(void **state) {
    (void)state;
    dataset *d = build(large_text(), &(dataset_options){.max_length = 64}, 2, NULL);
    uint32_t order[] = {5, 1000, 3, 5, 77};
    dataset_batch all = {0}, one = {0};
    assert_ok(dataset_make_batch(d, order, 5, 4, &masking, &all));
    size_t prediction = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_ok(dataset_make_batch(d, order + i, 1, 4, &masking, &one));
        uint32_t start = all.batch.sequence_start[i];
        assert_int_equal(all.batch.sequence_start[i + 1] - start, one.batch.tokens);
        assert_memory_equal(all.input_ids + start, one.input_ids, one.batch.tokens * sizeof *one.input_ids);
        for (size_t j = 0; j < one.batch.predictions; j++, prediction++) {
            assert_int_equal(all.prediction_index[prediction], one.prediction_index[j] + start);
            assert_int_equal(all.labels[prediction], one.labels[j]);
            assert_int_equal(all.originals[all.prediction_index[prediction]], one.labels[j]);
        }
    }
    assert_int_equal(prediction, all.batch.predictions);
    assert_int_equal(all.input_ids[0], 2);
    assert_int_equal(all.input_ids[all.batch.tokens - 1], 3);
    dataset_batch again = {0};
    assert_ok(dataset_make_batch(d, order, 5, 5, &masking, &again));        /* the next epoch */
    assert_memory_equal(all.originals, again.originals, all.batch.tokens * sizeof *all.originals);
    assert_memory_not_equal(all.input_ids, again.input_ids, all.batch.tokens * sizeof *all.input_ids);
    dataset_batch_free(&again);
    dataset_batch_free(&all);
    dataset_batch_free(&one);
    dataset_free(d);
}

static int64_t count_of(const dataset *d, char letter) {
    int64_t counts[270], expected[270], all = dataset_unigram_expected(d, expected, 270);
    dataset_unigram_counts(d, counts, 270);
    for (size_t id = 0; id < 5; id++) assert_int_equal(counts[id], 0);
    for (size_t id = 0; id < 270; id++) {
        assert_int_equal(expected[id], counts[id] + 1);
        all -= expected[id];
    }
    assert_int_equal(all, 0);
    return counts[5 + letter];
}

static void held_out_documents_are_not_trained_on(void **state) {
    (void)state;
    /* Fifty documents, each of one letter: what is held out of one is whole. */
    char text[1024] = "";
    for (int i = 0; i < 50; i++)
        snprintf(text + strlen(text), 16, "%.*s\n\n", 1 + i % 5,
                 (char[]){(char)('A' + i), (char)('A' + i), (char)('A' + i), (char)('A' + i), (char)('A' + i), 0});
    const char *path = scratch_text("letters.txt", text);
    dataset *held = NULL,
            *d = build(path, &(dataset_options){.max_length = 16, .valid_fraction = 0.1, .seed = 3}, 1, &held);
    assert_int_equal(dataset_describe(d)->documents, 45);
    assert_int_equal(dataset_describe(held)->documents, 5);
    for (int i = 0; i < 50; i++) {
        int64_t kept = count_of(d, (char)('A' + i)), aside = count_of(held, (char)('A' + i));
        assert_int_equal(kept + aside, 1 + i % 5);
        assert_true(kept == 0 || aside == 0);
    }
    dataset_free(d);
    assert_int_equal(dataset_describe(held)->sequences, 5);
    assert_true(strlen(originals(held)) > 0);           /* lives on without the other */
    dataset_free(held);
    d = build(path, &(dataset_options){.max_length = 16}, 1, &held);
    assert_null(held);
    dataset_free(d);
}

static void what_cannot_work_is_said(void **state) {
    (void)state;
    const char *path = scratch_text("short.txt", "abc\n");
    maske_text text = text_of(&path);
    dataset *d = NULL;
    const maske_tokenizer no_mask = {{0, 1, 2, 3, -1}, 270}, only_special = {{0, 1, 2, 3, 4}, 5};
    dataset_options options = {.max_length = 8};
    assert_fails(dataset_build(&d, NULL, &no_mask, &text, &options, NULL), MASKE_BAD_ARGUMENT, "[MASK]");
    assert_fails(dataset_build(&d, NULL, &only_special, &text, &options, NULL), MASKE_BAD_ARGUMENT, "special tokens");
    options.max_length = 2;
    assert_fails(dataset_build(&d, NULL, &fake, &text, &options, NULL), MASKE_BAD_ARGUMENT,
                 "max_length is 2, expected 3 to");
    options = (dataset_options){.max_length = 8, .valid_fraction = 1.0};
    assert_fails(dataset_build(&d, NULL, &fake, &text, &options, NULL), MASKE_BAD_ARGUMENT, "valid_fraction");
    options.valid_fraction = 0;
    const char *blank = scratch_text("blank.txt", "\n \n{0}\n");
    maske_text blank_text = text_of(&blank);
    assert_fails(dataset_build(&d, NULL, &fake, &blank_text, &options, NULL), MASKE_BAD_FILE,
                 "blank.txt: the text gives no token");
    const char *failing = scratch_text("fail.txt", "abc\nwill fail\n");
    maske_text failing_text = text_of(&failing);
    assert_fails(dataset_build(&d, NULL, &fake, &failing_text, &options, NULL), MASKE_UNSUPPORTED,
                 "the line says fail");
    const char *missing = "/no/such/file";
    maske_text missing_text = text_of(&missing);
    assert_fails(dataset_build(&d, NULL, &fake, &missing_text, &options, NULL), MASKE_IO, missing);
    volatile sig_atomic_t stop = 1;
    assert_fails(dataset_build(&d, NULL, &fake, &text, &options, &(maske_control){.stop = &stop}), MASKE_STOPPED,
                 "stopped");
    assert_null(d);
    d = build(path, &options, 1, NULL);
    dataset_batch b = {0};
    assert_fails(dataset_make_batch(d, (uint32_t[]){1}, 1, 1, &masking, &b), MASKE_BAD_ARGUMENT, "sequence 1");
    assert_fails(dataset_make_batch(d, (uint32_t[]){0}, 1, 1, &(dataset_masking){1, 0.0, false}, &b), MASKE_BAD_ARGUMENT,
                 "mask_probability");
    assert_ok(dataset_make_batch(d, NULL, 0, 1, &masking, &b));
    assert_int_equal(b.batch.tokens, 0);
    dataset_batch_free(&b);
    dataset_free(d);
}

/* Errors come from threads other than the caller's too. */
/* Of a short text to the token; of a long one, whose lines are much the same everywhere, within a few in a hundred. */
static void tokens_are_estimated(void **state) {
    (void)state;
    const char *path = scratch_text("estimate.txt", "abc\nde\r\n \t\nfghijklmnop\n\n\nq{4}{1}r\n\n{0}{1}\n");
    double tokens = 0;
    maske_text text = text_of(&path);
    assert_ok(dataset_estimate_tokens(&tokens, &fake, &text, &(maske_control){.threads = 2}));
    assert_true(tokens == 3 + 2 + 11 + 4 + 2);
    buffer long_text = {0};
    for (int i = 0; long_text.length < 40000000; i++)
        assert_ok(buffer_add_text(&long_text, i % 3 == 0 ? "abcdefgh\n" : "ab\n"));
    size_t lines = 0;
    for (size_t i = 0; i < long_text.length; i++) lines += long_text.data[i] == '\n';
    path = scratch_write("long.txt", long_text.data, long_text.length);
    assert_ok(dataset_estimate_tokens(&tokens, &fake, &text, &(maske_control){.threads = 2}));
    double expected = (double)(long_text.length - lines);
    assert_true(tokens > 0.9 * expected && tokens < 1.1 * expected);
    buffer_free(&long_text);
    path = scratch_path("none.txt");
    assert_fails(dataset_estimate_tokens(&tokens, &fake, &text, NULL), MASKE_IO, "none.txt");
}

static void a_worker_thread_may_fail(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    assert_ok(file_read(&text, &length, large_text(), 1u << 30));
    memcpy(text + length - 300000, "\nfail\n", 6);
    const char *path = scratch_write("fails_late.txt", text, length);
    free(text);
    maske_text failing = text_of(&path);
    dataset *d = NULL;
    for (int threads = 1; threads <= 4; threads += 3)
        assert_fails(dataset_build(&d, NULL, &fake, &failing,
                                   &(dataset_options){.max_length = 64, .store = scratch_path("failed")},
                                   &(maske_control){.threads = threads}),
                     MASKE_UNSUPPORTED, "the line says fail");
    assert_false(path_exists(scratch_path("failed")));
    assert_false(path_exists(scratch_path("failed.maske-part")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_sequences), cmocka_unit_test(a_tokenizer_may_lack_cls_and_sep),
        cmocka_unit_test(threads_and_store_change_nothing), cmocka_unit_test(batches_follow_the_order),
        cmocka_unit_test(held_out_documents_are_not_trained_on), cmocka_unit_test(what_cannot_work_is_said),
        cmocka_unit_test(tokens_are_estimated),
        cmocka_unit_test(a_worker_thread_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
