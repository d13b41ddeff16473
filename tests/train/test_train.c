/* tests of maske_train: from text, from a tokenizer, on from a model; what it leaves, what it refuses; the same for any
 * number of threads and any division into batches. */
#include "base/cpu.h"
#include "bert/masked_lm.h"
#include "nn/gemm.h"
#include "train/checkpoint.h"
#include "train/run_folder.h"

#include "training.h"

#include <fcntl.h>
#include <pthread.h>
#include <math.h>

static const char *fresh(const char *name) {
    const char *path = scratch_path(name);
    assert_ok(folder_remove(path));
    return path;
}

static training with_tokenizer(void) { return (training){.tokenizer = training_tokenizer(), .threads = 1}; }

/* The numbers behind a key in metrics.jsonl, in the lines that have it; how many. */
static size_t series(double *out, size_t most, const char *folder, const char *key) {
    size_t length, count = 0;
    char *text = read_whole(folder, "metrics.jsonl", &length);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        json_t *object = NULL;
        assert_ok(json_parse_object(&object, line, strlen(line), "a line of metrics.jsonl"));
        const json_t *value = json_object_get(object, key);
        if (json_is_number(value) && count < most) out[count++] = json_number_value(value);
        json_decref(object);
    }
    free(text);
    return count;
}

static void expect_in(const char *folder, const char *name, const char *words) {
    size_t length;
    char *text = read_whole(folder, name, &length);
    if (strstr(text, words) == NULL) fail_msg("%s/%s: found %s, expected %s in it", folder, name, text, words);
    free(text);
}

static void text_becomes_a_model(void **state) {
    (void)state;
    const char *out = fresh("from-text");
    maske_train_options o = training_options();
    o.save_steps = 8;
    training t = {.threads = 2};
    listen();
    assert_ok(training_start(&t, out, &o));
    assert_int_equal(t.steps, 24);
    assert_int_equal(t.evaluations, 3);
    assert_int_equal(t.last.step, 24);
    assert_int_equal(t.last.steps, 24);
    assert_true(t.last.epoch > 1 && t.last.epoch == t.last.epochs && t.last.tokens > 0 && t.last.seconds_left == 0);
    const char *const kept[] = {"config.json", "model.safetensors", "tokenizer.json", "train.json", "corpus.json",
                                "metrics.jsonl", "checkpoints/step-24", "checkpoints/step-16"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) assert_true(has_file(out, kept[i]));
    const char *const gone[] = {"checkpoints/step-8", RUN_TOKENS, "preparing.maske-part"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) assert_false(has_file(out, gone[i]));
    double values[64];
    assert_int_equal(series(values, 64, out, "loss"), 24);
    assert_int_equal(series(values, 64, out, "valid_loss"), 3);
    assert_int_equal(series(values, 64, out, "step"), 27);
    expect_in(out, "tokenizer_config.json", "\"model_max_length\": 64,");
    expect_in(out, "checkpoints/step-24/tokenizer_config.json", "\"model_max_length\": 64,");
    /* The memory and disk that are needed are said, and the model is one that others open. */
    assert_non_null(strstr(said, "needs "));
    maske_model *model = NULL;
    assert_ok(maske_model_open(&model, out, NULL));
    maske_model_info info;
    maske_model_describe(model, &info);
    assert_int_equal(info.hidden_size, 32);
    assert_int_equal(info.vocab_size, maske_tokenizer_vocab_size(maske_model_tokenizer(model)));
    assert_int_equal(info.vocab_size, 400);
    maske_model_close(model);
}

static void the_same_run_again_is_the_same(void **state) {
    (void)state;
    const char *const names[] = {"one-thread", "three-threads", "other-seed"};
    maske_train_options o = training_options();
    for (size_t i = 0; i < 3; i++) {
        training t = with_tokenizer();
        t.threads = i == 1 ? 3 : 1;
        if (i == 2) o.seed = 2;
        assert_ok(training_start(&t, fresh(names[i]), &o));
    }
    assert_same_run(scratch_path(names[0]), scratch_path(names[1]), 24);
    char *first = metrics_without_clock(scratch_path(names[0])), *other = metrics_without_clock(scratch_path(names[2]));
    assert_string_not_equal(first, other);
    free(first);
    free(other);
}

/* The gradients of a step are those of the mean over all its predicted tokens, however it is divided. */
static void accumulated_batches_are_one_batch(void **state) {
    (void)state;
    const char *whole = fresh("whole-batches"), *parts = fresh("accumulated");
    maske_train_options o = training_options();
    o.dropout = o.attention_dropout = 0;
    o.batch_size = 16;
    training t = with_tokenizer();
    assert_ok(training_start(&t, whole, &o));
    int64_t batches = t.last.batches;
    o.batch_size = 4;
    o.accumulate = 4;
    assert_ok(training_start(&t, parts, &o));
    assert_true(t.last.batches > 3 * batches);
    double a[64], b[64];
    const char *const keys[] = {"loss", "accuracy", "average_loss", "valid_loss", "learning_rate", "tokens"};
    for (size_t k = 0; k < 6; k++) {
        size_t count = series(a, 64, whole, keys[k]);
        assert_int_equal(series(b, 64, parts, keys[k]), count);
        for (size_t i = 0; i < count; i++)
            if (fabs(a[i] - b[i]) > 1e-4 * (1 + fabs(a[i]))) fail_msg("%s %zu: %.9g and %.9g", keys[k], i, a[i], b[i]);
    }
}

/* Each line counts on from a number that its words show: nothing a unigram could know, all that a neighbour tells. */
static const char *counting_text(void) {
    static const char *const words[] = {"bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on"};
    buffer text = {0};
    for (int line = 0; line < 400; line++) {
        for (int word = 0; word < 8; word++) {
            assert_ok(buffer_add_text(&text, words[(line * 7 + word) % 10]));
            assert_ok(buffer_add_text(&text, word < 7 ? " " : "\n\n"));
        }
    }
    const char *path = scratch_write("counting.txt", text.data, text.length);
    buffer_free(&text);
    return path;
}

static void a_learnable_text_is_learned(void **state) {
    (void)state;
    const char *out = fresh("counting");
    maske_train_options o = training_options();
    o.vocab_size = 300;
    o.hidden_size = 64;
    o.num_attention_heads = 4;
    o.dropout = o.attention_dropout = 0;
    o.steps = 300;
    o.eval_steps = 0;
    o.batch_size = 16;
    o.learning_rate = 3e-3;
    o.log_steps = 100;
    training t = {.text = counting_text(), .threads = 1};
    assert_ok(training_start(&t, out, &o));
    assert_int_equal(t.evaluations, 10);
    const maske_train_evaluation *e = &t.evaluation;
    assert_true(e->unigram_loss > 2.0 && e->unigram_accuracy < 0.3);
    if (e->valid_loss > 0.5 * e->unigram_loss || e->valid_accuracy < 0.7)
        fail_msg("held out: loss %.4f (unigram %.4f), accuracy %.4f", e->valid_loss, e->unigram_loss,
                 e->valid_accuracy);
    double losses[16];
    assert_int_equal(series(losses, 16, out, "loss"), 3);
    assert_int_equal(series(losses, 16, out, "valid_loss"), 10);
    assert_true(losses[9] < losses[0]);
}

/* Weights of 0 that no step moves: what is guessed is the decoder's bias alone. */
static void a_model_may_begin_at_the_unigram(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.initializer_range = o.learning_rate = 0;
    o.steps = 1;
    for (int i = 0; i < 2; i++) {
        training t = with_tokenizer();
        o.unigram_bias = i == 1;
        assert_ok(training_start(&t, fresh(i == 1 ? "unigram" : "all-alike"), &o));
        assert_true(t.evaluation.unigram_loss < 5.5);
        double expected = i == 1 ? t.evaluation.unigram_loss : log(400);
        if (fabs(t.evaluation.valid_loss - expected) > 1e-4) fail_msg("%g, expected %g", t.evaluation.valid_loss, expected);
        if (i == 1) assert_true(t.evaluation.valid_accuracy == t.evaluation.unigram_accuracy);
    }
}

static void without_held_out_text_the_last_model_stays(void **state) {
    (void)state;
    const char *out = fresh("no-validation");
    maske_train_options o = training_options();
    o.valid_fraction = 0;
    training t = with_tokenizer();
    assert_ok(training_start(&t, out, &o));
    assert_int_equal(t.evaluations, 0);
    assert_same_file(out, scratch_path("no-validation/checkpoints/step-24"), "model.safetensors");
}

static void a_file_may_be_held_out(void **state) {
    (void)state;
    const char *out = fresh("valid-file");
    maske_train_options o = training_options();
    o.valid = scratch_text("valid.txt", "Fırıncı ekmeklerini dizer.\nKahveci çayını demler.\n");
    training t = with_tokenizer();
    assert_ok(training_start(&t, out, &o));
    assert_int_equal(t.evaluations, 3);
    assert_false(has_file(out, RUN_VALID_TOKENS));
}

static int64_t evaluated_by(const char *out) {
    char *checkpoints;
    checkpoint c;
    assert_ok(path_join(&checkpoints, out, RUN_CHECKPOINTS));
    assert_ok(checkpoint_newest(&c, checkpoints));
    int64_t evaluated = c.state.evaluated_sequences;
    assert_true(c.state.evaluating_seconds <= c.state.seconds);
    checkpoint_free(&c);
    free(checkpoints);
    return evaluated;
}

/* Of a file that would take all of the time, a part is evaluated, the same before and after a stop. */
static void the_clock_limits_evaluations(void **state) {
    (void)state;
    const char *out = fresh("valid-by-the-clock");
    char *town, *text;
    size_t length, copies = 200;
    assert_ok(file_read(&town, &length, TOWN, 1 << 20));
    assert_ok(memory_new(&text, copies * length + 1, 1, "a text"));
    for (size_t i = 0; i < copies; i++) memcpy(text + i * length, town, length);
    maske_train_options o = training_options();
    o.steps = o.eval_steps = 0;
    o.minutes = 0.03;
    o.recipe = false;
    o.valid = scratch_text("long-valid.txt", text);
    free(town);
    free(text);
    training t = with_tokenizer();
    t.stop_at = 3;
    assert_int_equal(training_start(&t, out, &o), MASKE_STOPPED);
    int64_t evaluated = evaluated_by(out), evaluations = t.evaluations;
    assert_true(evaluated > 0 && evaluated < 5000);
    t.stop_at = 0;
    bool finished;
    assert_ok(training_resume(&t, out, &finished));
    assert_int_equal(evaluated_by(out), evaluated);
    evaluations += t.evaluations;
    assert_true(evaluations > 0 && evaluations <= 11);
    /* By steps all of it is evaluated. */
    o.minutes = 0;
    o.steps = 2;
    assert_ok(training_start(&t, fresh("valid-by-steps"), &o));
    assert_int_equal(evaluated_by(scratch_path("valid-by-steps")), 0);
}

static void epochs_and_minutes_end(void **state) {
    (void)state;
    const char *out = fresh("epochs");
    maske_train_options o = training_options();
    o.steps = 0;
    o.epochs = 1.5;
    training t = with_tokenizer();
    assert_ok(training_start(&t, out, &o));
    int64_t in_epoch = t.last.batches;
    assert_int_equal(t.last.steps, (3 * in_epoch + 1) / 2);
    assert_int_equal(t.last.epochs, 2);
    o.epochs = 0;
    o.minutes = 0.02;
    out = fresh("minutes");
    assert_ok(training_start(&t, out, &o));
    assert_true(t.steps > 0 && t.last.steps == 0 && t.last.epochs == 0 && t.evaluations > 0);
    bool finished = false;
    assert_ok(training_resume(&t, out, &finished));
    assert_true(finished);
}

/* A share of the minutes goes to runs that choose among the rates; what they chose is kept. */
static void trials_settle_the_learning_rate(void **state) {
    (void)state;
    maske_train_options o = training_options();
    o.steps = 0;
    o.minutes = 0.03;
    o.trials = 0.3;
    o.learning_rate = 1e-5;     /* far too low, and counted as given: trials leave it alone */
    o.given = "muon-learning-rate,optimizer";
    training t = with_tokenizer();
    listen();
    assert_ok(training_start(&t, fresh("no-trials"), &o));
    assert_non_null(strstr(said, "warning: no trials: the learning rate is given"));
    o.learning_rate = 1e-3;
    o.given = "optimizer,mask-probability";
    listen();
    assert_ok(training_start(&t, fresh("trials"), &o));
    /* which of the two depends on the machine */
    assert_true(strstr(said, "trials: the learning rate is ") != NULL || strstr(said, "no more trials: ") != NULL);
    o.minutes = 0, o.steps = 5;
    assert_fails(training_start(&t, fresh("steps"), &o), MASKE_BAD_ARGUMENT, "trials is 0.3, expected minutes beside it");
}

/* With minutes, what is not given is chosen; a run that goes on keeps it. */
static void the_recipe_is_kept(void **state) {
    (void)state;
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.minutes = 5;              /* neither run comes to its end, however slow the machine is */
    o.size = "tiny";
    o.precision = "f32";
    o.given = "size";
    const char *out = fresh("recipe");
    training t = {.threads = 2, .stop_at = 1};
    listen();
    assert_int_equal(training_start(&t, out, &o), MASKE_STOPPED);
    assert_non_null(strstr(said, "recipe for "));
    assert_non_null(strstr(said, "optimizer"));
    size_t length;
    char *before = read_whole(out, "train.json", &length), *after;
    assert_non_null(strstr(before, "\"optimizer\": \"muon\""));
    t.stop_at = 2;
    assert_int_equal(training_resume(&t, out, NULL), MASKE_STOPPED);
    after = read_whole(out, "train.json", &length);
    assert_string_equal(before, after);
    free(before);
    free(after);
    o.dry_run = true;
    listen();
    assert_ok(training_start(&t, fresh("dry"), &o));
    assert_non_null(strstr(said, "the same by steps: --steps "));
    assert_false(path_exists(scratch_path("dry")));
}

/* ---- on from a model ---- */

static void training_goes_on_from_a_model(void **state) {
    (void)state;
    const char *first = fresh("first"), *second = fresh("second");
    maske_train_options o = training_options();
    training t = with_tokenizer();
    assert_ok(training_start(&t, first, &o));
    /* With nothing to learn, the weights come out as they went in. */
    o.learning_rate = 0;
    o.hidden_size = 0;
    t = (training){.model = first, .threads = 1};
    assert_ok(training_start(&t, second, &o));
    assert_same_file(first, second, "model.safetensors");
    assert_same_file(first, second, "tokenizer.json");
    assert_same_file(first, second, "tokenizer_config.json");
    /* What the model's tokenizer says of its texts' length stays. */
    o.force = true;
    replace_in(first, "tokenizer_config.json", "\"model_max_length\": 64", "\"model_max_length\": 48");
    assert_ok(training_start(&t, second, &o));
    assert_same_file(first, second, "tokenizer_config.json");
    o.force = false;
    o.hidden_size = 64;
    assert_fails(training_start(&t, fresh("third"), &o), MASKE_BAD_ARGUMENT, "hidden-size is 64, but 32 in the model");
    /* Nothing that was asked for is passed over in silence. */
    o.hidden_size = 0;
    o.hidden_act = "relu";
    assert_fails(training_start(&t, fresh("third"), &o), MASKE_BAD_ARGUMENT, "hidden-act is relu, but gelu in the model");
    o.hidden_act = "gelu";
    o.max_position_embeddings = 128;
    assert_fails(training_start(&t, fresh("third"), &o), MASKE_BAD_ARGUMENT, "max-position-embeddings is 128, but 64 in the model");
    o.max_position_embeddings = 64;
    o.given = "size";
    assert_fails(training_start(&t, fresh("third"), &o), MASKE_BAD_ARGUMENT, ", but 32 in the model");
    o.given = NULL;
    o.vocab_size = 5000;
    o.normalizer = "nfkc";
    o.word_vectors = 0.07;
    o.steps = 1;
    for (int from = 0; from < 2; from++) {
        t = from == 0 ? (training){.model = first, .threads = 1} : with_tokenizer();
        if (from == 1) o.hidden_size = 32;
        listen();
        assert_ok(training_start(&t, fresh("third"), &o));
        assert_non_null(strstr(said, "warning: vocab-size 5000 is not used: the tokenizer of "));
        assert_non_null(strstr(said, "warning: normalizer is not used: "));
        assert_int_equal(strstr(said, "warning: word-vectors is not used: the first weights are those of ") != NULL, from == 0);
    }
    o = training_options();
    t = (training){.model = first, .threads = 1};
    o.hidden_size = 0;
    o.force = true;
    assert_fails(training_start(&t, first, &o), MASKE_BAD_ARGUMENT, "lies in the output folder, which --force replaces");
    assert_true(has_file(first, "model.safetensors"));
    o.max_length = 65;
    o.force = false;
    assert_fails(training_start(&t, fresh("third"), &o), MASKE_BAD_ARGUMENT, "max-length is 65, expected no more than");
}

/* A model folder whose weights were multiplied. */
static const char *spoiled_model(float factor) {
    const char *folder = fresh("spoiled");
    masked_lm *model = NULL;
    maske_train_options o = training_options();
    training t = with_tokenizer();
    o.steps = 1;
    assert_ok(training_start(&t, folder, &o));
    assert_ok(masked_lm_open(&model, folder));
    for (size_t i = 0; i < model->table.total; i++) model->weights[i] *= factor;
    assert_ok(masked_lm_save(model, folder, SAFETENSORS_F32));
    masked_lm_free(model);
    return folder;
}

static void what_diverges_ends(void **state) {
    (void)state;
    const char *out = fresh("diverged");
    maske_train_options o = training_options();
    training t = {.model = spoiled_model(1e30f), .threads = 1};
    listen();
    assert_fails(training_start(&t, out, &o), MASKE_DIVERGED,
                 "10 steps in a row up to step 10 had no finite loss or gradients");
    assert_non_null(strstr(said, "warning: step 1 was skipped: its "));
    assert_non_null(strstr(said, "warning: step 10 was skipped: its "));
    /* The weights it went on from are what is left. */
    assert_same_file(t.model, scratch_path("diverged/checkpoints/step-0"), "model.safetensors");
    listen();
    t.model = spoiled_model(NAN);
    assert_fails(training_start(&t, fresh("nan"), &o), MASKE_BAD_FILE, "the weights are not all finite numbers");
    assert_false(path_exists(scratch_path("nan")));
}

/* Three times what is right costs quality, not the run: for both optimizers, to the end, with no step skipped. */
static void a_learning_rate_too_high_costs_quality_alone(void **state) {
    (void)state;
    for (int muon = 0; muon < 2; muon++) {
        maske_train_options o = training_options();
        o.steps = 200;
        o.eval_steps = 50;
        o.optimizer = muon ? "muon" : "adamw";
        o.learning_rate = 3e-3 * (muon ? 1 : 3);
        o.muon_learning_rate = 3 * 6e-3;
        training t = with_tokenizer();
        assert_ok(training_start(&t, fresh("too-high"), &o));
        assert_int_equal(t.last.skipped, 0);
        assert_true(t.evaluation.valid_loss < log(400));
    }
}

/* Weights that are spoiled, but finite: every step explodes. */
static void what_explodes_ends(void **state) {
    (void)state;
    maske_train_options o = training_options();
    training t = {.model = spoiled_model(1e4f), .threads = 1};
    listen();
    assert_fails(training_start(&t, fresh("exploded"), &o), MASKE_DIVERGED, "no finite loss or gradients, or exploded");
    assert_non_null(strstr(said, "warning: step 1 was skipped: it exploded: loss"));
    assert_int_equal(t.last.skipped, 9);
}

/* Whatever a learning rate does, nothing that is not finite is ever saved. */
static void no_infinity_is_saved(void **state) {
    (void)state;
    const char *out = fresh("absurd");
    maske_train_options o = training_options();
    o.learning_rate = 1000;
    o.max_grad_norm = 0;
    o.steps = 60;
    o.save_steps = 5;
    training t = with_tokenizer();
    maske_status status = training_start(&t, out, &o);
    /* Steps explode before the first one is due. */
    if (status == MASKE_DIVERGED) assert_non_null(strstr(maske_error(), "there is no checkpoint yet"));
    else assert_ok(status);
    masked_lm *model = NULL;
    assert_ok(masked_lm_open(&model, out));
    assert_true(model->finite);
    masked_lm_free(model);
}

/* ---- refusals ---- */

static void what_cannot_be_trained_is_refused(void **state) {
    (void)state;
    const char *out = fresh("refused");
    maske_train_options o = training_options();
    training t = with_tokenizer();
    t.text = "/nowhere/text.txt";
    assert_fails(training_start(&t, out, &o), MASKE_IO, "/nowhere/text.txt");
    t.text = scratch_text("blank.txt", "\n\n\n");
    assert_fails(training_start(&t, out, &o), MASKE_BAD_FILE, "blank.txt");
    t.text = scratch_write("binary.txt", "\0\1\2\3\0\1\2\3", 8);
    assert_fails(training_start(&t, out, &o), MASKE_BAD_FILE, "binary.txt");
    t = with_tokenizer();
    o.valid = "/nowhere/valid.txt";
    assert_fails(training_start(&t, out, &o), MASKE_IO, "/nowhere/valid.txt");
    o.valid = "-";
    assert_fails(training_start(&t, out, &o), MASKE_BAD_ARGUMENT, "valid: found \"-\"");
    o = training_options();
    o.batch_size = 0;
    assert_fails(training_start(&t, out, &o), MASKE_BAD_ARGUMENT, "batch-size");
    o = training_options();
    t.model = "/nowhere";
    assert_fails(training_start(&t, out, &o), MASKE_BAD_ARGUMENT, "expected one of them");
    t.tokenizer = NULL;
    assert_fails(training_start(&t, out, &o), MASKE_IO, "/nowhere");
    t = (training){.tokenizer = "/nowhere", .threads = 1};
    assert_fails(training_start(&t, out, &o), MASKE_IO, "/nowhere");
    assert_fails(training_start(&t, "", &o), MASKE_BAD_ARGUMENT, "no output folder is given");
    cpu_allow(CPU_AVX2);
    o.precision = "bf16";
    t = with_tokenizer();
    assert_fails(training_start(&t, out, &o), MASKE_UNSUPPORTED, "precision is bf16, but this CPU");
    o.precision = "auto";
    o.steps = 1;
    assert_ok(training_start(&t, out, &o));
    cpu_allow(~0u);
    assert_ok(folder_remove(out));
    /* Activations for 65536 sequences of a large model: terabytes. */
    o = training_options();
    o.hidden_size = 4096;
    o.num_attention_heads = 64;
    o.intermediate_size = 16384;
    o.max_length = 512;
    o.max_position_embeddings = 512;
    o.batch_size = 65536;
    assert_fails(training_start(&t, out, &o), MASKE_OUT_OF_MEMORY, "the run needs ");
    assert_false(path_exists(out));
}

static void a_folder_that_holds_something_is_refused(void **state) {
    (void)state;
    const char *out = fresh("held");
    maske_train_options o = training_options();
    training t = with_tokenizer();
    o.steps = 2;
    assert_ok(training_start(&t, out, &o));
    char *before = metrics_without_clock(out);
    assert_fails(training_start(&t, out, &o), MASKE_EXISTS, "holds ");
    char *after = metrics_without_clock(out);
    assert_string_equal(before, after);
    o.force = true;
    o.steps = 3;
    assert_ok(training_start(&t, out, &o));
    assert_true(has_file(out, "checkpoints/step-3"));
    assert_false(has_file(out, "checkpoints/step-2"));
    free(before);
    free(after);
}

static void a_stop_before_the_first_step_leaves_nothing(void **state) {
    (void)state;
    const char *out = fresh("stopped-early");
    const volatile sig_atomic_t stop = 1;
    const char *path = TOWN;
    maske_train_options o = training_options();
    maske_control control = {.threads = 1, .stop = &stop};
    maske_status status = maske_train(out, NULL, NULL, &(maske_text){&path, 1, NULL}, &o, &control, NULL);
    assert_int_equal(status, MASKE_STOPPED);
    assert_false(path_exists(out));
}

typedef struct one_of_two { const char *out; maske_train_options options; training training; maske_status status; } one_of_two;

static void *train_one(void *user) {
    one_of_two *one = user;
    one->status = training_start(&one->training, one->out, &one->options);
    return NULL;
}

/* Two threads of a process train at the same time, each in its own folder. */
static void two_at_once_are_as_one_by_one(void **state) {
    (void)state;
    const char *const alone[] = {fresh("alone-1"), fresh("alone-2")};
    one_of_two pair[] = {{fresh("at-once-1"), training_options(), with_tokenizer(), MASKE_OK},
                         {fresh("at-once-2"), training_options(), with_tokenizer(), MASKE_OK}};
    pair[1].options.seed = 9;
    pair[1].options.hidden_size *= 2;
    for (size_t i = 0; i < 2; i++) {
        training t = pair[i].training;
        pair[i].training.threads = t.threads = 2;
        assert_ok(training_start(&t, alone[i], &pair[i].options));
    }
    pthread_t thread;
    maske_set_log(NULL, NULL);          /* what tests listen with is for one thread */
    assert_int_equal(pthread_create(&thread, NULL, train_one, &pair[0]), 0);
    train_one(&pair[1]);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pair[i].status, MASKE_OK);
        assert_same_file(alone[i], pair[i].out, "model.safetensors");
        assert_same_metrics(alone[i], pair[i].out);
    }
}

/* Standard input is read once, and gives what the file gives. */
static void standard_input_is_a_text(void **state) {
    (void)state;
    const char *from_file = fresh("from-file"), *from_input = fresh("from-input");
    maske_train_options o = training_options();
    training t = {.threads = 1};
    assert_ok(training_start(&t, from_file, &o));
    int kept = dup(STDIN_FILENO), file = open(TOWN, O_RDONLY);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
    t.text = "-";
    maske_status status = training_start(&t, from_input, &o);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(file);
    assert_ok(status);
    assert_same_run(from_file, from_input, 24);
    assert_false(has_file(from_input, RUN_STANDARD_INPUT));
}

/* Held-out masks are 15 % however few are trained on: there is room for them, and runs can be compared. */
static void evaluations_have_masks_of_their_own(void **state) {
    (void)state;
    maske_train_evaluation first = {0};
    const double probabilities[] = {0.01, 0.5};
    for (int i = 0; i < 2; i++) {
        maske_train_options o = training_options();
        o.mask_probability = probabilities[i];
        o.batch_size = 16;
        o.steps = 1;
        o.learning_rate = 0;
        const char *out = scratch_path(i == 0 ? "few-masks" : "many-masks");
        training t = {.tokenizer = training_tokenizer(), .threads = 1};
        assert_ok(training_start(&t, out, &o));
        if (i == 0) first = t.evaluation;
        /* The weights are those of the seed, so the same masks give the same loss. */
        assert_true(t.evaluation.valid_loss == first.valid_loss);
        assert_true(t.evaluation.valid_loss > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_may_begin_at_the_unigram),
        cmocka_unit_test(evaluations_have_masks_of_their_own),
        cmocka_unit_test(text_becomes_a_model),
        cmocka_unit_test(the_same_run_again_is_the_same),
        cmocka_unit_test(accumulated_batches_are_one_batch),
        cmocka_unit_test(a_learnable_text_is_learned),
        cmocka_unit_test(without_held_out_text_the_last_model_stays),
        cmocka_unit_test(a_file_may_be_held_out),
        cmocka_unit_test(the_clock_limits_evaluations),
        cmocka_unit_test(epochs_and_minutes_end),
        cmocka_unit_test(trials_settle_the_learning_rate),
        cmocka_unit_test(the_recipe_is_kept),
        cmocka_unit_test(training_goes_on_from_a_model),
        cmocka_unit_test(what_diverges_ends),
        cmocka_unit_test(a_learning_rate_too_high_costs_quality_alone),
        cmocka_unit_test(what_explodes_ends),
        cmocka_unit_test(no_infinity_is_saved),
        cmocka_unit_test(what_cannot_be_trained_is_refused),
        cmocka_unit_test(a_folder_that_holds_something_is_refused),
        cmocka_unit_test(a_stop_before_the_first_step_leaves_nothing),
        cmocka_unit_test(two_at_once_are_as_one_by_one),
        cmocka_unit_test(standard_input_is_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
