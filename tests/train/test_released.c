/* tests/train/test_released.c: a checkpoint of every format that was ever released still loads (P19). tests/data/train
 * has them, one folder a release, written by `maske train`; they are never written again. */
#include "train/checkpoint.h"

#include "training.h"

static const struct {
    const char *release;
    int64_t step, updates, vocab_size;
} released[] = {
    {"released-0.1.0", 3, 3, 20},
};

static void every_released_checkpoint_still_loads(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof released / sizeof *released; i++) {
        char folder[512], step[600];
        snprintf(folder, sizeof folder, "%s/train/%s", TEST_DATA, released[i].release);
        snprintf(step, sizeof step, "%s/step-%lld", folder, (long long)released[i].step);
        checkpoint c = {0};
        listen();
        assert_ok(checkpoint_newest(&c, folder));
        if (c.path == NULL) fail_msg("%s: not taken: %s", released[i].release, said);
        assert_string_equal(said, "");
        assert_int_equal(c.state.step, released[i].step);
        assert_int_equal(c.state.updates, released[i].updates);
        masked_lm *model = NULL;
        optimizer o = {0};
        assert_ok(checkpoint_load(&c, &model, &o, 0));
        assert_int_equal(model->config.vocab_size, released[i].vocab_size);
        double moved = 0;
        for (size_t at = 0; at < o.total; at++) moved += o.second_moment[at];
        assert_true(moved > 0);
        optimizer_free(&o);
        masked_lm_free(model);
        checkpoint_free(&c);
        /* And it is a model like any other. */
        maske_model *m = NULL;
        assert_ok(maske_model_open(&m, step, NULL));
        maske_model_close(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_released_checkpoint_still_loads)};
    return cmocka_run_group_tests_name("train/released", tests, NULL, NULL);
}
