/* tests/faults/test_allocation.c: each allocation in turn fails, once and from then on, while every part of the library
 * is used: a status and a sentence come back, nothing is lost, what was opened can be closed, and nothing half-made is
 * left in the place of the output (P10, P3). */
#include "base/output_folder.h"
#include "train/checkpoint.h"

#include "small_world.h"

/* ---- everything once; each gives back the first failure, and has freed whatever it got ---- */

static maske_status use_tokenizer_training(const char *out) {
    maske_tokenizer *t = NULL;
    maske_tokenizer_train_options o = world_tokenizer_options();
    maske_text text = world_source();
    maske_status status = maske_tokenizer_train(&t, &text, &o, &(maske_control){.threads = 1}, NULL);
    if (status == MASKE_OK) status = folder_make(out);
    if (status == MASKE_OK) status = maske_tokenizer_save(t, out);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_tokenizer(const char *out) {
    (void)out;
    static const char line[] = "ela bal xyz lale [MASK] al";
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    char *back = NULL;
    maske_tokenizer_report report;
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&t, world_tokenizer);
    if (status == MASKE_OK)
        status = maske_tokenizer_encode(t, line, sizeof line - 1, line, 5, &(maske_encode_options){0}, &e);
    if (status == MASKE_OK) status = maske_tokenizer_decode(t, e.ids, e.count, true, &back, NULL);
    if (status == MASKE_OK) status = maske_tokenizer_inspect(t, &text, &(maske_control){.threads = 1}, &report);
    free(back);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_model(const char *out) {
    (void)out;
    static const char *const texts[] = {"ela bal", "lale"};
    static const size_t lengths[] = {7, 4};
    maske_model *m = NULL;
    maske_fill_result filled = {0};
    maske_fill_options fill;
    maske_evaluate_options evaluate;
    maske_evaluation evaluation;
    maske_score_result scores[2];
    float vectors[2 * 8];
    maske_text text = world_source();
    maske_fill_options_defaults(&fill);
    maske_evaluate_options_defaults(&evaluate);
    maske_status status = maske_model_open(&m, world_model, &(maske_model_options){.threads = 1});
    if (status == MASKE_OK) status = maske_fill(m, "ela [MASK] lale", &fill, &filled);
    if (status == MASKE_OK) status = maske_evaluate(m, &text, &evaluate, &(maske_control){.threads = 1}, &evaluation);
    if (status == MASKE_OK) status = maske_score(m, texts, lengths, 2, NULL, scores);
    if (status == MASKE_OK)
        status = maske_embed(m, texts, lengths, 2, &(maske_embed_options){MASKE_POOLING_MEAN, true}, vectors, NULL);
    maske_fill_result_free(&filled);
    maske_model_close(m);
    return status;
}

static maske_status use_data(const char *out) {
    maske_tokenizer *t = NULL;
    maske_data_options options;
    maske_data_options_defaults(&options);
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&t, world_tokenizer);
    if (status == MASKE_OK)
        status = maske_data_write(t, &text, &options, out, true, &(maske_control){.threads = 1}, NULL);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_run(const char *out) {
    maske_run_options options = {.hidden_states = true, .attentions = true, .grad = true, .force = true, .threads = 1};
    return maske_run(world_model, world_tensors, out, &options);
}

static maske_status use_export(const char *out) {
    return maske_export(world_model, out, &(maske_export_options){.dtype = "f16"});
}

static maske_status use_extend(const char *out) {
    maske_tokenizer *base = NULL, *longer = NULL;
    maske_tokenizer_train_options o = world_tokenizer_options();
    o.vocab_size += 4;
    o.min_frequency = 1;
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&base, world_model);
    if (status == MASKE_OK)
        status = maske_tokenizer_extend(&longer, base, &text, &o, &(maske_control){.threads = 1}, NULL);
    if (status == MASKE_OK) status = maske_model_extend(world_model, longer, out, false);
    maske_tokenizer_free(longer);
    maske_tokenizer_free(base);
    return status;
}

static maske_status use_checkpoint(const char *out) {
    (void)out;
    char folder[600];
    snprintf(folder, sizeof folder, "%s/checkpoints", world_model);
    checkpoint c = {0};
    masked_lm *model = NULL;
    optimizer o = {0};
    maske_status status = checkpoint_newest(&c, folder);
    if (status == MASKE_OK && c.path != NULL) status = checkpoint_load(&c, &model, &o, 0);
    masked_lm_free(model);
    optimizer_free(&o);
    checkpoint_free(&c);
    return status;
}

/* Text, set-up, two steps, an evaluation, two checkpoints. */
static maske_status use_training(const char *out) {
    maske_train_options options = world_options();
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    return training_start(&t, out, &options);
}

/* ---- */

static long blocks_lost(long before) { return shim->blocks() - before; }

static void fail_each(maske_status (*use)(const char *out), const char *what, const char *mode, bool output) {
    const char *out = scratch_path("out");
    assert_ok(use(out)); /* what is made once for the whole process is made now */
    assert_ok(folder_remove(out));
    size_t failed = 0, n = 1;
    for (bool fired = true; fired; n++) {
        char plan[64];
        snprintf(plan, sizeof plan, "allocate:%zu:ENOMEM:%s", n, mode);
        long before = shim->blocks();
        (void)error_set(MASKE_IO, "nothing");
        shim->plan(plan);
        maske_status status = use(out);
        fired = shim->fired();
        shim->plan(NULL);
        if (blocks_lost(before) != 0)
            fail_msg("%s: allocation %zu fails %s: %ld blocks are lost", what, n, mode, blocks_lost(before));
        if (status == MASKE_OK && output) assert_true(path_exists(out));
        if (status != MASKE_OK) {
            failed++;
            if (!fired) fail_msg("%s: fails by itself: %s", what, maske_error());
            if (maske_error()[0] == '\0' || strcmp(maske_error(), "nothing") == 0)
                fail_msg("%s: allocation %zu fails %s: no sentence", what, n, mode);
        }
        assert_ok(folder_remove(out));
    }
    if (failed < 10) fail_msg("%s: only %zu failures in %zu allocations: is the shim there?", what, failed, n);
}

#define EACH_ALLOCATION(part, output)                                                                                  \
    static void part##_may_lack_memory(void **state) {                                                                 \
        (void)state;                                                                                                   \
        if (!shim_sees_allocations()) skip();                                                                          \
        fail_each(use_##part, #part, "once", output);                                                                  \
        fail_each(use_##part, #part, "forever", output);                                                               \
    }
EACH_ALLOCATION(tokenizer_training, true)
EACH_ALLOCATION(tokenizer, false)
EACH_ALLOCATION(model, false)
EACH_ALLOCATION(data, true)
EACH_ALLOCATION(run, true)
EACH_ALLOCATION(export, true)
EACH_ALLOCATION(extend, true)
EACH_ALLOCATION(checkpoint, false)
EACH_ALLOCATION(training, true)

static int make_world(void **state) {
    (void)state;
    world_make();
    return 0;
}

int main(int argc, char **argv) {
    shim_load(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokenizer_training_may_lack_memory),
        cmocka_unit_test(tokenizer_may_lack_memory),
        cmocka_unit_test(model_may_lack_memory),
        cmocka_unit_test(data_may_lack_memory),
        cmocka_unit_test(run_may_lack_memory),
        cmocka_unit_test(export_may_lack_memory),
        cmocka_unit_test(extend_may_lack_memory),
        cmocka_unit_test(checkpoint_may_lack_memory),
        cmocka_unit_test(training_may_lack_memory),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("faults/allocation", tests, make_world, NULL);
}
