/* tests of train/plan and train/micro_batch: a run that is made to fit into little memory is the same run. */
#include "base/memory.h"
#include "train/micro_batch.h"
#include "train/plan.h"

#include "training.h"

#include <math.h>

static const char *fresh(const char *name) {
    const char *path = scratch_path(name);
    assert_ok(folder_remove(path));
    return path;
}

/* A run of these many steps; gives what the last one told. */
static maske_train_step trained(const char *out, const maske_train_options *o) {
    training t = {.tokenizer = training_tokenizer(), .threads = 2};
    assert_ok(training_start(&t, fresh(out), o));
    return t.last;
}

static void recomputing_gives_the_same_model(void **state) {
    (void)state;
    maske_train_options o = training_options();
    trained("kept", &o);
    o.recompute = true;
    trained("recomputed", &o);
    assert_same_file(scratch_path("kept"), scratch_path("recomputed"), "model.safetensors");
    assert_same_metrics(scratch_path("kept"), scratch_path("recomputed"));
}

/* The first step's loss is the whole batch's to the last bits; from then on weights differ by the rounding of sums. */
static void check_parts(maske_train_options o) {
    o.batch_size = 8;
    o.accumulate = 2;
    for (int64_t steps = 1; steps <= 12; steps += 11) {
        o.steps = steps;
        o.micro_batch = 0;
        maske_train_step whole = trained("whole", &o);
        for (o.micro_batch = 1; o.micro_batch < 8; o.micro_batch += 2) {
            maske_train_step parts = trained("parts", &o);
            double allowed = steps == 1 ? 1e-13 : 1e-3;
            if (!(fabs(parts.loss - whole.loss) <= allowed * whole.loss))
                fail_msg("%lld steps, %lld at once: loss %.17g, expected %.17g", (long long)steps,
                         (long long)o.micro_batch, parts.loss, whole.loss);
            assert_true(parts.tokens == whole.tokens);
        }
    }
}

static void parts_of_a_batch_are_the_batch(void **state) {
    (void)state;
    check_parts(training_options());
}

/* While sequences are short there are more of them in a batch, and a part ends where its tokens do. */
static void parts_of_short_sequences_are_the_batch(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.length_warmup_ratio = 0.9;
    check_parts(o);
}

static void parts_hold_every_prediction_once(void **state) {
    (void)state;
    const int32_t ids[] = {10, 11, 12, 20, 30, 31, 32, 33}, labels[] = {1, 2, 3, 4};
    const uint32_t start[] = {0, 3, 4, 8}, index[] = {0, 2, 4, 7};
    const batch whole = {.tokens = 8, .sequences = 3, .predictions = 4, .input_ids = ids, .sequence_start = start,
                         .prediction_index = index, .labels = labels};
    micro_batches m;
    assert_ok(micro_batches_new(&m, 2, 4));
    batch part = micro_batch(&m, &whole, 0, 0);
    assert_true(part.sequences == 2 && part.tokens == 4 && part.predictions == 2);
    assert_true(part.sequence_start[1] == 3 && part.sequence_start[2] == 4 && part.prediction_index[1] == 2);
    part = micro_batch(&m, &whole, 2, 2);
    assert_true(part.sequences == 1 && part.tokens == 4 && part.predictions == 2);
    assert_true(part.sequence_start[0] == 0 && part.sequence_start[1] == 4);
    assert_true(part.input_ids[0] == 30 && part.prediction_index[0] == 0 && part.prediction_index[1] == 3);
    assert_true(part.labels[0] == 3 && part.labels[1] == 4);
    micro_batches_free(&m);
    /* Three sequences, but no more tokens than there is room for. */
    assert_ok(micro_batches_new(&m, 3, 7));
    part = micro_batch(&m, &whole, 0, 0);
    assert_true(part.sequences == 2 && part.tokens == 4 && part.predictions == 2);
    part = micro_batch(&m, &whole, 1, 2);
    assert_true(part.sequences == 2 && part.tokens == 5 && part.predictions == 2 && part.prediction_index[0] == 1);
    micro_batches_free(&m);
}

/* ---- fitting ---- */

/* BERT base with sequences of 512. */
static plan_inputs base(bert_config *config, maske_train_options *o) {
    *config = bert_config_defaults();
    config->vocab_size = 16000;
    maske_train_options_defaults(o);
    o->max_length = 512;
    return (plan_inputs){
        .config = config, .precision = GEMM_F32, .threads = 2, .sequences = 1000, .tokens = 400000, .new_model = true};
}

static void the_fastest_way_that_fits_is_taken(void **state) {
    (void)state;
    bert_config config;
    maske_train_options o;
    plan_inputs in = base(&config, &o);
    int64_t parts = o.batch_size + 1;
    bool recomputed = false;
    run_plan plan;
    /* Ever less memory: first fewer sequences at once, then layers that are computed again. */
    for (int64_t memory = 16LL << 30; memory > 1700LL << 20; memory -= 64LL << 20) {
        (void)base(&config, &o);
        o.memory = memory;
        size_t held = memory_resident();
        assert_ok(plan_fit(&o, &in));
        assert_ok(plan_make(&plan, &o, &in));
        /* A plan counts what this process holds, and under the address sanitizer it holds more with every call. */
        assert_true(plan.memory <= (size_t)memory + larger(memory_resident(), held) - held);
        assert_true(o.recompute || !recomputed);
        if (o.recompute == recomputed) assert_true(o.micro_batch <= parts);
        recomputed = o.recompute, parts = o.micro_batch;
    }
    assert_true(recomputed);
    /* Not given: nothing is changed. */
    (void)base(&config, &o);
    assert_ok(plan_fit(&o, &in));
    assert_true(o.micro_batch == 0 && !o.recompute);
}

static void base_with_long_sequences_fits_into_four_gigabytes(void **state) {
    (void)state;
    bert_config config;
    maske_train_options o;
    plan_inputs in = base(&config, &o);
    o.memory = 4LL << 30;
    for (int precision = GEMM_F32; precision <= GEMM_BF16; precision++) {
        in.precision = (gemm_precision)precision;
        assert_ok(plan_fit(&o, &in));
    }
}

static void what_was_given_stays_and_what_cannot_be_is_told(void **state) {
    (void)state;
    bert_config config;
    maske_train_options o;
    plan_inputs in = base(&config, &o);
    o.memory = 1 << 30;
    listen();
    assert_fails(plan_fit(&o, &in), MASKE_OUT_OF_MEMORY, "memory: found 1.1 GB, but the least that this run needs is ");
    assert_non_null(strstr(maske_error(), "with 1 sequences at once"));
    assert_true(o.micro_batch == 0 && !o.recompute);
    o.memory = 5LL << 29;
    o.micro_batch = 7;
    assert_ok(plan_fit(&o, &in));
    assert_true(o.micro_batch == 7 && o.recompute);
    assert_non_null(strstr(said, "to fit into 2.7 GB: 7 of 16 sequences at once, layers computed again"));
}

static void memory_is_part_of_the_settings(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.memory = 1LL << 40;
    trained("much", &o);
    assert_true(has_file(scratch_path("much"), "train.json"));
    o.memory = 2 << 20;
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_fails(training_start(&t, fresh("little"), &o), MASKE_OUT_OF_MEMORY, "memory: found 2.1 MB, but the least");
    assert_false(path_exists(scratch_path("little")));
}

/* Two bytes a token, four where the vocabulary has more than 65536 entries. */
static void a_disk_too_small_for_the_tokens_is_refused(void **state) {
    (void)state;
    assert_ok(plan_check_store(1e9, 65536, 2000000000, "folder"));
    assert_ok(plan_check_store(1e9, 65537, 4000000000, "folder"));
    assert_ok(plan_check_store(1e12, 65537, UINT64_MAX, "folder"));         /* not known */
    assert_fails(plan_check_store(1e9, 65536, 1999999999, "folder"), MASKE_IO, "folder: the text's tokens need about 2.0 GB");
    assert_fails(plan_check_store(1e9, 65537, 3999999999, "folder"), MASKE_IO, "4.0 GB of disk, but 4.0 GB are free");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* These first: a plan counts what the process has already, and trainings leave some. */
        cmocka_unit_test(the_fastest_way_that_fits_is_taken),
        cmocka_unit_test(base_with_long_sequences_fits_into_four_gigabytes),
        cmocka_unit_test(what_was_given_stays_and_what_cannot_be_is_told),
        cmocka_unit_test(memory_is_part_of_the_settings),
        cmocka_unit_test(a_disk_too_small_for_the_tokens_is_refused),
        cmocka_unit_test(recomputing_gives_the_same_model),
        cmocka_unit_test(parts_of_a_batch_are_the_batch),
        cmocka_unit_test(parts_of_short_sequences_are_the_batch),
        cmocka_unit_test(parts_hold_every_prediction_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
