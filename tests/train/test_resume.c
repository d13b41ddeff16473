/* tests of resuming: a run that was stopped or killed anywhere gives, byte for byte, what the unbroken run gives; what
 * is damaged or has changed is named. */
#include "train/checkpoint.h"
#include "train/run_folder.h"

#include "training.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { STEPS = 24 };

static const char *fresh(const char *name) {
    const char *path = scratch_path(name);
    assert_ok(folder_remove(path));
    return path;
}

/* The unbroken run, made once: 24 steps, more than one epoch, evaluations after 9, 18 and 24. */
static const char *unbroken(void) {
    const char *out = scratch_path("unbroken");
    if (path_exists(out)) return out;
    maske_train_options o = training_options();
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, out, &o));
    assert_true(t.last.epochs >= 2);
    return out;
}

/* Starts the same run and stops it after `step`. */
static maske_status stopped_run(const char *out, int64_t step, const maske_train_options *o) {
    training t = {.tokenizer = training_tokenizer(), .threads = 1, .stop_at = step};
    return training_start(&t, out, o);
}

/* Checkpoints come while the steps go on: until this one is there. NULL: at once. */
static void wait_for(const char *path) {
    for (int i = 0; i < 10000 && path != NULL && !path_exists(path); i++) usleep(1000);
}

/* Starts the same run in a child that ends without a word once `step` is done, as if it was killed. */
typedef struct murder {
    int64_t step;
    const char *after;          /* not before this is there */
} murder;
static void end_at(void *user, const maske_train_step *step) {
    const murder *m = user;
    if (step->step != m->step) return;
    wait_for(m->after);
    _exit(9);
}
static void killed_after(const char *out, int64_t step, const char *after, const maske_train_options *o,
                         const char *model) {
    const char *tokenizer = training_tokenizer();
    pid_t child = fork();
    if (child == 0) {
        murder m = {step, after};
        maske_train_watch watch = {end_at, NULL, &m};
        maske_control control = {.threads = 1};
        const char *path = TOWN;
        (void)!maske_train(out, model, model == NULL ? tokenizer : NULL, &(maske_text){&path, 1, NULL}, o, &control,
                           &watch);
        _exit(1);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 9);
}

static void killed_run(const char *out, int64_t step, const maske_train_options *o, const char *model) {
    killed_after(out, step, NULL, o, model);
}

static maske_status resume(const char *out, int threads) {
    training t = {.threads = threads};
    bool finished = true;
    maske_status status = training_resume(&t, out, &finished);
    if (status == MASKE_OK) assert_false(finished);
    return status;
}

static void stopped_after_any_step(void **state) {
    (void)state;
    maske_train_options o = training_options();
    for (int64_t step = 1; step <= STEPS; step++) {
        const char *out = fresh("stopped");
        maske_status status = stopped_run(out, step, &o);
        if (status != MASKE_STOPPED) fail_msg("step %lld: %s", (long long)step, maske_error());
        char words[64];
        snprintf(words, sizeof words, "stopped after step %lld; checkpoint written", (long long)step);
        assert_non_null(strstr(maske_error(), words));
        /* Until then the folder is a model that can be opened, and the tokens wait for the rest of the run. */
        assert_true(has_file(out, "model.safetensors") && has_file(out, RUN_TOKENS));
        assert_ok(resume(out, 1));
        assert_same_run(unbroken(), out, STEPS);
        assert_false(has_file(out, RUN_TOKENS));
    }
}

static void stopped_again_and_again(void **state) {
    (void)state;
    const char *out = fresh("stuttering");
    maske_train_options o = training_options();
    assert_fails(stopped_run(out, 1, &o), MASKE_STOPPED, "stopped after step 1");
    for (int64_t step = 3; step <= STEPS; step += 2) {
        training t = {.threads = 1, .stop_at = step};
        assert_fails(training_resume(&t, out, NULL), MASKE_STOPPED, "stopped after step");
        assert_int_equal(t.steps, 2);
    }
    assert_ok(resume(out, 1));
    assert_same_run(unbroken(), out, STEPS);
}

/* A stop that comes before anything was done changes nothing. */
static void stopped_at_once(void **state) {
    (void)state;
    const char *out = fresh("at-once");
    maske_train_options o = training_options();
    assert_fails(stopped_run(out, 5, &o), MASKE_STOPPED, "stopped after step 5");
    const volatile sig_atomic_t stop = 1;
    maske_control control = {.threads = 1, .stop = &stop};
    assert_int_equal(maske_train_resume(out, NULL, &control, NULL, NULL), MASKE_STOPPED);
    assert_ok(resume(out, 1));
    assert_same_run(unbroken(), out, STEPS);
}

static void the_number_of_threads_may_change(void **state) {
    (void)state;
    const char *out = fresh("threads");
    maske_train_options o = training_options();
    assert_fails(stopped_run(out, 7, &o), MASKE_STOPPED, "stopped after step 7");
    assert_ok(resume(out, 3));
    assert_same_run(unbroken(), out, STEPS);
}

/* Its momentum and its products are as much part of the run: whoever steps which matrix. */
static void muon_goes_on_as_well(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.optimizer = "muon";
    o.accumulate = 2;
    const char *whole = fresh("muon-unbroken"), *out = fresh("muon-stopped");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, whole, &o));
    assert_fails(stopped_run(out, 11, &o), MASKE_STOPPED, "stopped after step 11");
    assert_ok(resume(out, 3));
    assert_same_run(whole, out, STEPS);
}

/* Ended by epochs instead of steps: within the first, at its end, within the second. */
static void epochs_go_on_as_well(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.steps = 0;
    o.epochs = 2;
    const char *whole = fresh("epochs-unbroken"), *out = fresh("epochs-stopped");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, whole, &o));
    int64_t steps = t.last.step;
    assert_true(steps >= 4 && t.last.epochs == 2);
    const int64_t stops[] = {1, steps / 2, steps / 2 + 1, steps - 1};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(folder_remove(out));
        assert_int_equal(stopped_run(out, stops[i], &o), MASKE_STOPPED);
        assert_ok(resume(out, 1));
        assert_same_run(whole, out, steps);
    }
}

/* Averaged weights, changing masks, growing batches and sequences: stopped anywhere, also inside the average. */
static void what_changes_over_the_run_goes_on_as_well(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.average = 0.4;
    o.mask_probability = 0.3;
    o.mask_probability_end = 0.15;
    o.batch_warmup_ratio = 0.5;
    o.length_warmup_ratio = 0.5;
    o.label_smoothing = 0.1;
    o.unigram_bias = true;
    o.accumulate = 2;
    const char *whole = fresh("changing-unbroken");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, whole, &o));
    assert_true(t.evaluation.averaged && t.evaluation.average_valid_loss > 0);
    for (int64_t step = 2; step <= STEPS; step += 3) {
        const char *out = fresh("changing-stopped");
        assert_fails(stopped_run(out, step, &o), MASKE_STOPPED, "stopped after step");
        assert_ok(resume(out, 3));
        assert_same_run(whole, out, STEPS);
    }
}

/* The mean over the last steps, by hand; without held-out text it is the model. */
static void the_average_is_that_of_the_last_steps(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.average = 0.25;           /* the last 6 of 24 */
    o.valid_fraction = 0;
    o.save_steps = 1;
    o.keep = STEPS;
    const char *out = fresh("averaged");
    training t = {.tokenizer = training_tokenizer(), .threads = 2};
    assert_ok(training_start(&t, out, &o));
    masked_lm *got = NULL, *one = NULL;
    assert_ok(masked_lm_open(&got, out));
    double *mean = calloc(got->table.total, sizeof *mean);
    for (int step = 19; step <= STEPS; step++) {
        char name[64];
        snprintf(name, sizeof name, "averaged/checkpoints/step-%d", step);
        assert_ok(masked_lm_open(&one, scratch_path(name)));
        for (size_t i = 0; i < one->table.total; i++) mean[i] += one->weights[i] / 6.0;
        masked_lm_free(one);
    }
    for (size_t i = 0; i < got->table.total; i++)
        if (!(fabs(got->weights[i] - mean[i]) < 1e-6)) fail_msg("%zu: %g, expected %g", i, got->weights[i], mean[i]);
    free(mean);
    masked_lm_free(got);
}

/* Old text mixed in: in its own order and epochs; and it may not change either. */
static void mixed_text_goes_on_as_well(void **state) {
    (void)state;
    maske_train_options o = training_options();
    size_t length;
    char *text = read_whole(TEST_DATA "/train", "kasaba.txt", &length);
    const char *old = scratch_write("old.txt", text, length / 3);
    o.mix = old;
    o.mix_share = 0.4;
    o.average = 0.3;
    o.accumulate = 2;
    const char *whole = fresh("mixed-unbroken"), *out = fresh("mixed-stopped");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, whole, &o));
    assert_false(has_file(whole, RUN_MIX_TOKENS));
    assert_true(t.evaluation.old && t.evaluation.valid_old_loss > 0 && t.evaluation.average_valid_old_loss > 0);
    for (int64_t step = 1; step <= STEPS; step += 5) {
        out = fresh("mixed-stopped");
        assert_fails(stopped_run(out, step, &o), MASKE_STOPPED, "stopped after step");
        assert_ok(resume(out, 3));
        assert_same_run(whole, out, STEPS);
    }
    out = fresh("mixed-stopped");
    assert_fails(stopped_run(out, 5, &o), MASKE_STOPPED, "stopped after step 5");
    scratch_write("old.txt", text, length / 2);
    assert_fails(resume(out, 1), MASKE_BAD_ARGUMENT, "old.txt");
    free(text);
}

/* Where the old text is the new one, what is held out of it is the same, and so are the figures. */
static void mixed_text_is_evaluated(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.mix = TEST_DATA "/train/kasaba.txt";
    o.average = 0.3;
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, fresh("mixed-same"), &o));
    const maske_train_evaluation *e = &t.evaluation;
    assert_true(e->old && e->averaged && e->valid_loss > 0);
    assert_true(e->valid_old_loss == e->valid_loss && e->valid_old_accuracy == e->valid_accuracy);
    assert_true(e->average_valid_old_loss == e->average_valid_loss);
    assert_true(e->average_valid_old_accuracy == e->average_valid_accuracy);
}

static void killed_before_the_first_checkpoint(void **state) {
    (void)state;
    const char *out = fresh("killed-early");
    maske_train_options o = training_options();
    killed_run(out, 11, &o, NULL);
    assert_false(has_file(out, "checkpoints/step-11"));
    listen();
    assert_ok(resume(out, 1));
    assert_non_null(strstr(said, "no checkpoint was written yet: starts from the beginning"));
    assert_same_run(unbroken(), out, STEPS);
}

static void killed_between_checkpoints(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.save_steps = 4;
    const char *whole = fresh("whole");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, whole, &o));
    /* Saving changes nothing. */
    assert_same_file(unbroken(), whole, "model.safetensors");
    assert_same_metrics(unbroken(), whole);
    /* 10: after an evaluation that the last checkpoint knows nothing of. */
    for (int64_t step = 6; step <= STEPS; step += 4) {
        const char *out = fresh("killed");
        killed_run(out, step, &o, NULL);
        assert_ok(resume(out, 1));
        assert_same_run(whole, out, STEPS);
    }
}

/* One is written while the next steps go on: it is what a run that stops there writes. */
static void every_checkpoint_is_of_its_own_step(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.save_steps = 1;
    o.keep = STEPS;
    const char *out = fresh("every-step");
    training t = {.tokenizer = training_tokenizer(), .threads = 2};
    assert_ok(training_start(&t, out, &o));
    for (int64_t step = 1; step < STEPS; step += 4) {
        const char *other = fresh("one-step"), *names[] = {"model.safetensors", "optimizer.safetensors"};
        assert_int_equal(stopped_run(other, step, &o), MASKE_STOPPED);
        for (size_t i = 0; i < 2; i++) {
            char name[64];
            snprintf(name, sizeof name, "checkpoints/step-%lld/%s", (long long)step, names[i]);
            assert_same_file(other, out, name);
        }
    }
}

/* A model's folder may go away once the run has begun. */
static void killed_on_from_a_model(void **state) {
    (void)state;
    const char *model = fresh("model"), *whole = fresh("whole-from-model"), *out = fresh("killed-from-model");
    maske_train_options o = training_options();
    o.steps = 3;
    assert_ok(training_start(&(training){.tokenizer = training_tokenizer(), .threads = 1}, model, &o));
    o.steps = 10;
    assert_ok(training_start(&(training){.model = model, .threads = 1}, whole, &o));
    killed_run(out, 4, &o, model);
    assert_ok(folder_remove(model));
    assert_ok(resume(out, 1));
    assert_same_run(whole, out, 10);
    /* Without its first weights it cannot begin again. */
    killed_run(fresh("killed-from-model"), 4, &o, whole);
    assert_ok(folder_remove(scratch_path("killed-from-model/checkpoints/step-0")));
    assert_fails(resume(out, 1), MASKE_BAD_FILE, "no whole checkpoint is left; the run went on from");
}

static void a_finished_run_says_so(void **state) {
    (void)state;
    bool finished = false;
    training t = {.threads = 1};
    assert_ok(training_resume(&t, unbroken(), &finished));
    assert_true(finished);
    assert_int_equal(t.steps, 0);
}

/* Settings that were changed behind its end have no effect, and that is said. */
static void a_finished_run_is_not_prolonged(void **state) {
    (void)state;
    bool finished = false;
    maske_train_options o = training_options();
    const char *out = fresh("prolonged");
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, out, &o));
    listen();
    assert_ok(training_resume(&t, out, &finished));
    assert_true(finished && strstr(said, "warning") == NULL);
    replace_in(out, "train.json", "\"steps\": 24", "\"steps\": 48");
    listen();
    assert_ok(training_resume(&t, out, &finished));
    assert_true(finished);
    assert_non_null(strstr(said, "steps is 48, but 24 in "));
    assert_non_null(strstr(said, "the run is over: maske train --model "));
    assert_same_file(unbroken(), out, "model.safetensors");
}

static void take_model_away(const char *out) {
    char *path;
    assert_ok(path_join(&path, out, "model.safetensors"));
    assert_ok(folder_remove(path));
    free(path);
}

static void a_model_that_is_missing_comes_back(void **state) {
    (void)state;
    bool finished = false;
    const char *out = fresh("without-model");
    maske_train_options o = training_options();
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, out, &o));
    take_model_away(out);
    assert_ok(folder_remove(scratch_path("without-model/config.json")));
    assert_ok(training_resume(&t, out, &finished));
    assert_true(finished);
    assert_same_file(unbroken(), out, "model.safetensors");
    assert_same_file(unbroken(), out, "config.json");
    /* Before the end the next evaluation stands in for one whose weights are nowhere. */
    out = fresh("without-best");
    assert_fails(stopped_run(out, 12, &o), MASKE_STOPPED, "stopped after step 12");
    take_model_away(out);
    assert_ok(resume(out, 1));
    assert_same_file(unbroken(), out, "model.safetensors");
    /* An average of weights is in no checkpoint. */
    o.average = 0.5;
    o.valid_fraction = 0;
    out = fresh("without-average");
    assert_ok(training_start(&t, out, &o));
    take_model_away(out);
    assert_fails(training_resume(&t, out, &finished), MASKE_IO,
                 "its model is missing, and no checkpoint that is left holds");
    assert_false(has_file(out, "model.safetensors"));
}

/* ---- damage ---- */

static void change_byte(const char *path, long place) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, place, place < 0 ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, place, place < 0 ? SEEK_END : SEEK_SET), 0);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void cut_short(const char *path) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    assert_int_equal(ftruncate(fileno(file), ftell(file) - 1), 0);
    fclose(file);
}

static void a_torn_checkpoint_is_passed_over(void **state) {
    (void)state;
    static const char *const files[] = {"model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json",
                                        "trainer_state.json"};
    maske_train_options o = training_options();
    o.save_steps = 4;
    for (size_t i = 0; i < 5; i++)
        for (int damage = 0; damage < 3; damage++) {
            const char *out = fresh("torn");
            killed_after(out, 14, scratch_path("torn/checkpoints/step-12"), &o, NULL);
            char name[128];
            snprintf(name, sizeof name, "torn/checkpoints/step-12/%s", files[i]);
            const char *path = scratch_path(name);
            if (damage == 0) cut_short(path);
            if (damage == 1) change_byte(path, i == 4 ? 60 + 7 * (long)i : -3);
            if (damage == 2) assert_int_equal(unlink(path), 0);
            if (i == 4 && damage == 0) cut_short(path);     /* the line's end, then the brace */
            listen();
            assert_ok(resume(out, 1));
            assert_non_null(strstr(said, "warning: the checkpoint of step 12 is damaged and not used: "));
            assert_non_null(strstr(said, files[i]));
            assert_non_null(strstr(said, "checkpoints/step-8"));
            assert_same_file(unbroken(), out, "model.safetensors");
            assert_same_metrics(unbroken(), out);
        }
}

/* What a run has made is not given up for a new beginning. */
static void without_a_whole_checkpoint_nothing_is_replaced(void **state) {
    (void)state;
    maske_train_options o = training_options();
    const char *out = fresh("all-torn"), *checkpoints = scratch_path("all-torn/checkpoints");
    assert_fails(stopped_run(out, 12, &o), MASKE_STOPPED, "stopped after step 12");
    size_t length;
    char *before = read_whole(out, "metrics.jsonl", &length), *after;
    change_byte(scratch_path("all-torn/checkpoints/step-12/trainer_state.json"), 60);
    assert_fails(resume(out, 1), MASKE_BAD_FILE, "of 1 checkpoints none is whole; remove them to begin the run anew");
    assert_ok(folder_remove(checkpoints));
    assert_fails(resume(out, 1), MASKE_IO, "checkpoints: is missing; make it, empty, to begin the run anew");
    /* A link to a disk that is not there. */
    assert_int_equal(symlink("/does/not/exist", checkpoints), 0);
    assert_fails(resume(out, 1), MASKE_IO, "checkpoints: cannot open the folder");
    after = read_whole(out, "metrics.jsonl", &length);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(unlink(checkpoints), 0);
    assert_ok(folder_make(checkpoints));
    assert_ok(resume(out, 1));
    assert_same_run(unbroken(), out, STEPS);
    /* A run that is over says so without its checkpoints, too. */
    bool finished = false;
    assert_ok(folder_remove(checkpoints));
    training t = {.threads = 1};
    assert_ok(training_resume(&t, out, &finished));
    assert_true(finished);
    assert_same_file(unbroken(), out, "model.safetensors");
}

/* A disk or a permission that fails is no damage: the older checkpoint must not take the newer one's place. */
static void a_checkpoint_that_cannot_be_read_is_not_passed_over(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.save_steps = 4;
    const char *out = fresh("unreadable");
    killed_after(out, 14, scratch_path("unreadable/checkpoints/step-12"), &o, NULL);
    const char *file = scratch_path("unreadable/checkpoints/step-12/trainer_state.json"), *kept = scratch_path("kept.json");
    assert_int_equal(rename(file, kept), 0);
    assert_int_equal(symlink("trainer_state.json", file), 0);      /* to itself: opening it fails, for root too */
    assert_fails(resume(out, 1), MASKE_IO, "step-12/trainer_state.json: cannot open");
    assert_int_equal(rename(kept, file), 0);
    assert_ok(resume(out, 1));
    assert_same_file(unbroken(), out, "model.safetensors");
}

/* What a kill left of a checkpoint that was being written, and one that was to go, go when the run goes on. */
static void halves_of_checkpoints_are_removed(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.save_steps = 4;
    o.keep = 1;
    const char *out = fresh("halves"), *part = scratch_path("halves/checkpoints/step-16.maske-part");
    killed_after(out, 14, scratch_path("halves/checkpoints/step-12"), &o, NULL);
    for (int finished = 0; finished < 2; finished++) {
        assert_ok(folder_make(part));
        assert_ok(folder_make(scratch_path("halves/checkpoints/step-3")));
        bool over = false;
        training t = {.threads = 1};
        assert_ok(training_resume(&t, out, &over));
        assert_int_equal(over, finished);
        assert_false(has_file(out, "checkpoints/step-16.maske-part"));
        assert_false(has_file(out, "checkpoints/step-3"));
    }
    assert_same_file(unbroken(), out, "model.safetensors");
}

/* A checkpoint that a newer maske wrote is no damage: going on from an older one would undo what it did. */
static void a_newer_format_is_refused(void **state) {
    (void)state;
    const char *out = fresh("newer");
    maske_train_options o = training_options();
    assert_fails(stopped_run(out, 3, &o), MASKE_STOPPED, "");
    replace_in(scratch_path("newer/checkpoints/step-3"), "trainer_state.json", "\"format\": 1", "\"format\": 2");
    assert_fails(resume(out, 1), MASKE_UNSUPPORTED, "format 2, this maske (" MASKE_VERSION ") reads up to 1");
}

/* ---- what must be the same ---- */

static void a_changed_text_is_refused(void **state) {
    (void)state;
    const char *out = fresh("changed-text");
    maske_train_options o = training_options();
    size_t length;
    char *text = read_whole(TEST_DATA "/train", "kasaba.txt", &length);
    const char *path = scratch_write("text.txt", text, length);
    training t = {.text = path, .tokenizer = training_tokenizer(), .threads = 1, .stop_at = 5};
    assert_int_equal(training_start(&t, out, &o), MASKE_STOPPED);
    change_byte(path, 100);
    assert_fails(resume(out, 1), MASKE_BAD_ARGUMENT, "text.txt: its fingerprint is ");
    cut_short(path);
    assert_fails(resume(out, 1), MASKE_BAD_ARGUMENT, "the text has changed");
    assert_int_equal(unlink(path), 0);
    assert_fails(resume(out, 1), MASKE_IO, "text.txt: cannot open");
    /* As it was: the refusals have changed nothing. */
    scratch_write("text.txt", text, length);
    assert_ok(resume(out, 1));
    assert_same_run(unbroken(), out, STEPS);
    free(text);
}

static void changed_settings_are_refused(void **state) {
    (void)state;
    const char *out = fresh("changed-settings");
    maske_train_options o = training_options();
    assert_fails(stopped_run(out, 5, &o), MASKE_STOPPED, "");
    replace_in(out, "train.json", "\"beta1\": 0.9", "\"beta1\": 0.8");
    assert_fails(resume(out, 1), MASKE_BAD_ARGUMENT, "train.json: beta1 is 0.8, but 0.9 in ");
    replace_in(out, "train.json", "\"beta1\": 0.8", "\"beta1\": \"x\"");
    assert_fails(resume(out, 1), MASKE_BAD_FILE, "train.json: \"beta1\"");
    replace_in(out, "train.json", "\"beta1\": \"x\"", "\"beta1\": 0.9");
    replace_in(out, "tokenizer.json", "\"version\"", " \"version\"");
    assert_fails(resume(out, 1), MASKE_BAD_ARGUMENT, "tokenizer.json: its fingerprint is ");
    replace_in(out, "tokenizer.json", " \"version\"", "\"version\"");
    assert_ok(resume(out, 1));
    assert_same_run(unbroken(), out, STEPS);
}

/* Resumes with this allowed, and expects these words in a warning. */
static void resume_allowing(const char *out, const char *allow, const char *words) {
    training t = {.threads = 1, .allow_change = allow};
    listen();
    assert_ok(training_resume(&t, out, NULL));
    if (strstr(said, "warning: goes on all the same: ") == NULL || strstr(said, words) == NULL)
        fail_msg("said \"%s\", expected \"%s\"", said, words);
}

static void expect_refused(const char *out, const char *allow, const char *words) {
    training t = {.threads = 1, .allow_change = allow};
    assert_fails(training_resume(&t, out, NULL), MASKE_BAD_ARGUMENT, words);
}

/* Another text, of another length, from here on; what corpus.json names is the new one then. */
static void a_changed_text_may_be_allowed(void **state) {
    (void)state;
    const char *out = fresh("allowed-text");
    maske_train_options o = training_options();
    size_t length;
    char *text = read_whole(TEST_DATA "/train", "kasaba.txt", &length);
    const char *path = scratch_write("allowed.txt", text, length);
    training t = {.text = path, .tokenizer = training_tokenizer(), .threads = 1, .stop_at = 5};
    assert_int_equal(training_start(&t, out, &o), MASKE_STOPPED);
    scratch_write("allowed.txt", text, length * 3 / 4);
    free(text);
    expect_refused(out, NULL, "the text has changed (--allow-change corpus goes on all the same)");
    expect_refused(out, "tokenizer,settings,version,cpu,precision,threads", "--allow-change corpus goes on");
    training on = {.threads = 1, .stop_at = 8, .allow_change = "threads,corpus"};
    listen();
    assert_int_equal(training_resume(&on, out, NULL), MASKE_STOPPED);
    assert_non_null(strstr(said, "warning: goes on all the same: "));
    /* It has been said once; from now on this is the text. */
    assert_ok(resume(out, 1));
}

static void a_changed_tokenizer_may_be_allowed(void **state) {
    (void)state;
    const char *out = fresh("allowed-tokenizer");
    maske_train_options o = training_options();
    assert_int_equal(stopped_run(out, 5, &o), MASKE_STOPPED);
    replace_in(out, "tokenizer.json", "\"version\"", " \"version\"");
    expect_refused(out, "corpus", "the tokenizer has changed (--allow-change tokenizer goes on all the same)");
    resume_allowing(out, "tokenizer", "the tokenizer has changed");
}

static void changed_settings_may_be_allowed(void **state) {
    (void)state;
    const char *out = fresh("allowed-settings");
    maske_train_options o = training_options();
    assert_int_equal(stopped_run(out, 5, &o), MASKE_STOPPED);
    replace_in(out, "train.json", "\"learning-rate\": 0.001", "\"learning-rate\": 0.002");
    expect_refused(out, "corpus", "(--allow-change settings goes on all the same)");
    resume_allowing(out, "settings", "learning-rate is 0.002, but 0.001 in ");
    /* The shape is the weights' and cannot be another. */
    assert_int_equal(stopped_run(fresh("allowed-settings"), 5, &o), MASKE_STOPPED);
    replace_in(out, "train.json", "\"hidden-size\": 32", "\"hidden-size\": 64");
    training t = {.threads = 1, .allow_change = "settings"};
    assert_fails(training_resume(&t, out, NULL), MASKE_BAD_SHAPE, "not the model that train.json");
}

/* The newest checkpoint as another program, or one on another CPU, would have written it. */
static void change_identity(const char *out, const char *cpu, const char *precision, const char *version) {
    char folder[600];
    snprintf(folder, sizeof folder, "%s/checkpoints", out);
    checkpoint c = {0};
    assert_ok(checkpoint_newest(&c, folder));
    if (cpu != NULL) snprintf(c.identity.cpu, sizeof c.identity.cpu, "%s", cpu);
    if (precision != NULL) snprintf(c.identity.precision, sizeof c.identity.precision, "%s", precision);
    if (version != NULL) snprintf(c.identity.version, sizeof c.identity.version, "%s", version);
    /* The checkpoint is there, so its state alone is written. */
    assert_ok(checkpoint_save(folder, &(checkpoint_parts){.state = &c.state, .settings = &c.settings,
                                                          .identity = &c.identity}));
    checkpoint_free(&c);
}

static void another_machine_or_program_may_be_allowed(void **state) {
    (void)state;
    static const struct { const char *allow, *cpu, *precision, *version, *words; } cases[] = {
        {"cpu", "sse", NULL, NULL, "written with the kernels of sse, this is "},
        {"precision", NULL, "fp8", NULL, "written with the precision fp8, this is f32"},
        {"version", NULL, NULL, "0.0.1 (tcc; CPU level sse)", "written by maske 0.0.1 (tcc; CPU level sse), this is "}};
    maske_train_options o = training_options();
    for (size_t i = 0; i < 3; i++) {
        const char *out = fresh("allowed-machine");
        assert_int_equal(stopped_run(out, 5, &o), MASKE_STOPPED);
        change_identity(out, cases[i].cpu, cases[i].precision, cases[i].version);
        expect_refused(out, NULL, cases[i].words);
        expect_refused(out, cases[(i + 1) % 3].allow, cases[i].words);
        resume_allowing(out, cases[i].allow, cases[i].words);
        assert_same_run(unbroken(), out, STEPS);
    }
    /* The level is no part of the version that is compared. */
    const char *out = fresh("allowed-machine");
    assert_int_equal(stopped_run(out, 5, &o), MASKE_STOPPED);
    char version[256];
    snprintf(version, sizeof version, "%s", maske_version());
    char *level = strstr(version, "; CPU level");
    assert_non_null(level);
    snprintf(level, 64, "; CPU level sse)");
    change_identity(out, "sse", NULL, version);
    resume_allowing(out, "cpu", "written with the kernels of sse");
}

static void names_of_changes_are_checked(void **state) {
    (void)state;
    expect_refused(unbroken(), "corpora", "allow-change: found \"corpora\", expected some of corpus, tokenizer, ");
    expect_refused(unbroken(), "corpus,,cpu", "allow-change: found \"\"");
    training t = {.threads = 1, .allow_change = "corpus,tokenizer,settings,version,cpu,precision,threads"};
    assert_ok(training_resume(&t, unbroken(), NULL));
}

static void what_is_no_run_is_refused(void **state) {
    (void)state;
    assert_fails(resume("/nowhere", 1), MASKE_IO, "found no train.json, expected the folder of a run");
    assert_fails(resume(scratch(), 1), MASKE_IO, "found no train.json");
    assert_fails(maske_train_resume(NULL, NULL, NULL, NULL, NULL), MASKE_BAD_ARGUMENT, "no folder of a run");
}

/* ---- a disk that is full for a while ---- */

typedef struct narrow_disk {
    struct rlimit room;
    int64_t from, to;
    const char *after;          /* not before this is there */
} narrow_disk;

static void narrow(void *user, const maske_train_step *step) {
    narrow_disk *disk = user;
    if (step->step == disk->from) wait_for(disk->after);
    struct rlimit limit = disk->room;
    if (step->step >= disk->from && step->step < disk->to) limit.rlim_cur = 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_costs_a_checkpoint_only(void **state) {
    (void)state;
    const char *out = fresh("full-disk"), *tokenizer = training_tokenizer(), *path = TOWN;
    maske_train_options o = training_options();
    o.save_steps = 4;
    o.eval_steps = 24;
    signal(SIGXFSZ, SIG_IGN);
    narrow_disk disk = {.from = 8, .to = 9, .after = scratch_path("full-disk/checkpoints/step-4")};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &disk.room), 0);
    maske_train_watch watch = {narrow, NULL, &disk};
    maske_control control = {.threads = 1};
    listen();
    assert_ok(maske_train(out, NULL, tokenizer, &(maske_text){&path, 1, NULL}, &o, &control, &watch));
    assert_non_null(strstr(said, "warning: step 8: the checkpoint was not written: "));
    assert_same_metrics(out, out);
    assert_true(has_file(out, "checkpoints/step-24"));
    assert_false(has_file(out, "checkpoints/step-8.maske-part"));
    /* Full to the end: exit with a failure, and the checkpoint before it stays. */
    out = fresh("full-disk");
    disk.from = 22, disk.to = 100, disk.after = scratch_path("full-disk/checkpoints/step-20");
    maske_status status = maske_train(out, NULL, tokenizer, &(maske_text){&path, 1, NULL}, &o, &control, &watch);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &disk.room), 0);
    assert_int_equal(status, MASKE_IO);
    assert_non_null(strstr(maske_error(), "was not written: "));
    assert_true(has_file(out, "checkpoints/step-20"));
    assert_ok(resume(out, 1));
}

static void as_many_checkpoints_as_asked_for(void **state) {
    (void)state;
    const char *out = fresh("keep");
    maske_train_options o = training_options();
    o.save_steps = 5;
    o.keep = 3;
    training t = {.tokenizer = training_tokenizer(), .threads = 1};
    assert_ok(training_start(&t, out, &o));
    assert_true(has_file(out, "checkpoints/step-24") && has_file(out, "checkpoints/step-20") &&
                has_file(out, "checkpoints/step-15"));
    assert_false(has_file(out, "checkpoints/step-10") || has_file(out, "checkpoints/step-5"));
}

/* A run by the clock goes on with the time that is left, and with what the clock decided. */
static void a_run_by_the_clock_goes_on(void **state) {
    (void)state;
    const char *out = fresh("clock");
    maske_train_options o = training_options();
    o.steps = 0;
    o.eval_steps = 0;
    o.minutes = 0.05;
    training t = {.tokenizer = training_tokenizer(), .threads = 1, .stop_at = 12};
    assert_int_equal(training_start(&t, out, &o), MASKE_STOPPED);
    checkpoint before = {0}, after = {0};
    assert_ok(checkpoint_newest(&before, scratch_path("clock/checkpoints")));
    assert_int_equal(before.state.step, 12);
    assert_true(before.state.seconds > 0 && before.state.time_budget > 0 && before.state.time_budget <= 3);
    assert_ok(resume(out, 1));
    assert_ok(checkpoint_newest(&after, scratch_path("clock/checkpoints")));
    assert_true(after.state.finished && after.state.step > 12);
    assert_true(after.state.time_budget == before.state.time_budget);
    assert_true(after.state.seconds > before.state.seconds);
    checkpoint_free(&before);
    checkpoint_free(&after);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_after_any_step),
        cmocka_unit_test(stopped_again_and_again),
        cmocka_unit_test(stopped_at_once),
        cmocka_unit_test(the_number_of_threads_may_change),
        cmocka_unit_test(muon_goes_on_as_well),
        cmocka_unit_test(epochs_go_on_as_well),
        cmocka_unit_test(what_changes_over_the_run_goes_on_as_well),
        cmocka_unit_test(the_average_is_that_of_the_last_steps),
        cmocka_unit_test(mixed_text_goes_on_as_well),
        cmocka_unit_test(mixed_text_is_evaluated),
        cmocka_unit_test(killed_before_the_first_checkpoint),
        cmocka_unit_test(killed_between_checkpoints),
        cmocka_unit_test(every_checkpoint_is_of_its_own_step),
        cmocka_unit_test(killed_on_from_a_model),
        cmocka_unit_test(a_finished_run_says_so),
        cmocka_unit_test(a_finished_run_is_not_prolonged),
        cmocka_unit_test(a_model_that_is_missing_comes_back),
        cmocka_unit_test(a_torn_checkpoint_is_passed_over),
        cmocka_unit_test(without_a_whole_checkpoint_nothing_is_replaced),
        cmocka_unit_test(a_checkpoint_that_cannot_be_read_is_not_passed_over),
        cmocka_unit_test(halves_of_checkpoints_are_removed),
        cmocka_unit_test(a_newer_format_is_refused),
        cmocka_unit_test(a_changed_text_is_refused),
        cmocka_unit_test(changed_settings_are_refused),
        cmocka_unit_test(a_changed_text_may_be_allowed),
        cmocka_unit_test(a_changed_tokenizer_may_be_allowed),
        cmocka_unit_test(changed_settings_may_be_allowed),
        cmocka_unit_test(another_machine_or_program_may_be_allowed),
        cmocka_unit_test(names_of_changes_are_checked),
        cmocka_unit_test(what_is_no_run_is_refused),
        cmocka_unit_test(a_full_disk_costs_a_checkpoint_only),
        cmocka_unit_test(as_many_checkpoints_as_asked_for),
        cmocka_unit_test(a_run_by_the_clock_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
