/* tests/faults/test_growth.c: a run takes no more memory the longer it goes, evaluations and checkpoints included: of
 * the second hundred steps and of the last, the ones with the least are compared, since a checkpoint may be on its way
 * at any moment. A line buffer may still find its size: that is less than a byte a step. tests/soak/growth.sh looks for
 * hours at what the system says. */
#include "small_world.h"

enum { WINDOW = 100, STEPS = 4 * WINDOW };

typedef struct least {
    long blocks, bytes;
} least;

static void look(void *user, const maske_train_step *step) {
    least *of = (least *)user + (step->step - 1) / WINDOW;
    long blocks = shim->blocks(), bytes = shim->bytes();
    if (of->blocks == 0 || blocks < of->blocks) of->blocks = blocks;
    if (of->bytes == 0 || bytes < of->bytes) of->bytes = bytes;
}

static void a_run_does_not_grow(void **state) {
    (void)state;
    if (!shim_sees_allocations()) skip();
    least of[STEPS / WINDOW] = {{0}};
    maske_train_options o = world_options();
    o.steps = STEPS;
    o.eval_steps = 30;
    o.save_steps = 40;
    maske_control control = {.threads = 1};
    maske_train_watch watch = {look, NULL, of};
    maske_text text = world_source();
    assert_ok(maske_train(scratch_path("long"), NULL, world_tokenizer, &text, &o, &control, &watch));
    least early = of[1], late = of[STEPS / WINDOW - 1];
    assert_true(early.blocks > 0);
    if (late.blocks > early.blocks || late.bytes - early.bytes >= STEPS - 2 * WINDOW)
        fail_msg("%ld blocks and %ld bytes after %ld and %ld", late.blocks, late.bytes, early.blocks, early.bytes);
}

static int make_world(void **state) {
    (void)state;
    world_make();
    return 0;
}

int main(int argc, char **argv) {
    (void)argc;
    shim_load(argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_run_does_not_grow)};
    return cmocka_run_group_tests_name("faults/growth", tests, make_world, NULL);
}
