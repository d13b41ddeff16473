/* tests of train/settings and train/sizes: defaults as documented, refusals, train.json and back. */
#include "train/settings.h"
#include "train/sizes.h"

#include "scratch.h"

static maske_train_options defaults(void) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    return o;
}

static void defaults_are_the_documented_ones(void **state) {
    (void)state;
    maske_train_options o = defaults();
    assert_ok(settings_check(&o));
    assert_string_equal(o.size, "mini");
    assert_string_equal(o.hidden_act, "gelu");
    assert_string_equal(o.schedule, "linear");
    assert_string_equal(o.precision, "auto");
    assert_string_equal(o.pre_tokenizer, "metaspace");
    assert_true(o.learning_rate == 1e-3 && o.beta1 == 0.9 && o.beta2 == 0.98 && o.epsilon == 1e-6);
    assert_true(o.weight_decay == 0.01 && o.max_grad_norm == 1 && o.warmup_ratio == 0.06);
    assert_true(o.dropout == 0.1 && o.attention_dropout == 0.1 && o.initializer_range == 0.02);
    assert_true(o.mask_probability == 0.15 && o.valid_fraction == 0.02 && o.save_minutes == 5);
    assert_int_equal(o.batch_size, 16);
    assert_int_equal(o.accumulate, 1);
    assert_int_equal(o.max_length, 128);
    assert_int_equal(o.max_position_embeddings, 512);
    assert_int_equal(o.keep, 2);
    assert_int_equal(o.log_steps, 10);
    assert_int_equal(o.seed, 1);
    /* not given */
    assert_true(o.minutes == 0 && o.epochs == 0 && o.steps == 0 && o.vocab_size == 0 && o.hidden_size == 0);
    assert_true(o.eval_steps == 0 && o.save_steps == 0 && o.valid == NULL && !o.force && !o.line_by_line);
}

static void shape_comes_from_the_size(void **state) {
    (void)state;
    static const struct { const char *size; int64_t hidden, layers, heads; } sizes[] = {
        {"tiny", 128, 2, 2}, {"mini", 256, 4, 4}, {"small", 512, 4, 8}, {"medium", 512, 8, 8}, {"base", 768, 12, 12}};
    for (size_t i = 0; i < 5; i++) {
        maske_train_options o = defaults();
        o.size = sizes[i].size;
        assert_ok(settings_complete(&o));
        assert_int_equal(o.hidden_size, sizes[i].hidden);
        assert_int_equal(o.num_hidden_layers, sizes[i].layers);
        assert_int_equal(o.num_attention_heads, sizes[i].heads);
        assert_int_equal(o.intermediate_size, 4 * sizes[i].hidden);
        assert_true(o.epochs == 3);
    }
    /* What is given is kept, and the rest is built around it. */
    maske_train_options o = defaults();
    o.hidden_size = 192;
    o.num_hidden_layers = 1;
    o.steps = 7;
    assert_ok(settings_complete(&o));
    assert_int_equal(o.num_attention_heads, 3);
    assert_int_equal(o.intermediate_size, 768);
    assert_int_equal(o.num_hidden_layers, 1);
    assert_true(o.epochs == 0);
    o = defaults();
    o.hidden_size = 24;
    assert_ok(settings_complete(&o));
    assert_int_equal(o.num_attention_heads, 1);
    o.num_attention_heads = 5;
    assert_fails(settings_complete(&o), MASKE_BAD_ARGUMENT,
                 "num-attention-heads is 5, expected a divisor of the hidden size, 24");
    o = defaults();
    o.hidden_size = 100;
    assert_fails(settings_complete(&o), MASKE_BAD_ARGUMENT, "hidden-size is 100, expected a multiple of 64");
}

static void vocabulary_follows_the_text(void **state) {
    (void)state;
    assert_int_equal(sizes_vocabulary(0), 1000);
    assert_int_equal(sizes_vocabulary(256 * 1000), 1000);
    assert_int_equal(sizes_vocabulary(256 * 1001), 1008);
    assert_int_equal(sizes_vocabulary(1968236), 7688);
    assert_int_equal(sizes_vocabulary(sizes_vocabulary_bytes()), 16000);
    assert_int_equal(sizes_vocabulary(INT64_MAX), 16000);
    assert_true(sizes_vocabulary(sizes_vocabulary_bytes() - 8 * 256) < 16000);
}

#define refuses(change, words)                                              \
    do {                                                                    \
        maske_train_options o = defaults();                                 \
        change;                                                             \
        assert_fails(settings_check(&o), MASKE_BAD_ARGUMENT, words);        \
    } while (0)

static void what_is_out_of_range_is_refused(void **state) {
    (void)state;
    refuses(o.learning_rate = -1, "learning-rate: found \"-1.0\", expected a number from 0 to 1000");
    refuses(o.learning_rate = 0.0 / 0.0, "learning-rate");
    refuses(o.dropout = 1, "dropout: found \"1.0\"");
    refuses(o.batch_size = 0, "batch-size: found \"0\", expected an integer from 1 to 65536");
    refuses(o.batch_size = -4, "batch-size");
    refuses(o.accumulate = 0, "accumulate");
    refuses(o.steps = -1, "steps");
    refuses(o.epochs = -0.5, "epochs");
    refuses(o.minutes = 1e300, "minutes");
    refuses(o.mask_probability = 0, "mask-probability");
    refuses(o.max_length = 3, "max-length");
    refuses(o.valid_fraction = 0.6, "valid-fraction");
    refuses(o.seed = -1, "seed");
    refuses(o.size = "huge", "size: found \"huge\", expected one of tiny, mini, small, medium, base");
    refuses(o.schedule = NULL, "schedule: found nothing, expected one of linear, cosine, wsd, constant");
    refuses(o.precision = "int8", "precision");
    refuses(o.steps = 10; o.epochs = 1, "found epochs and steps, expected one of minutes, epochs and steps");
    refuses(o.minutes = 1; o.epochs = 1, "found minutes and epochs");
    refuses(o.minutes = 1; o.steps = 1, "found minutes and steps");
    maske_train_options o = defaults();
    o.max_length = 600;
    assert_fails(settings_complete(&o), MASKE_BAD_ARGUMENT,
                 "max-length is 600, expected no more than max-position-embeddings, 512");
}

/* ---- train.json ---- */

static json_t *to_json(const maske_train_options *o) {
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    settings_write(&w, o);
    assert_ok(json_writer_end(&w));
    json_t *object = NULL;
    assert_ok(json_parse_object(&object, text.data, text.length, "train.json"));
    buffer_free(&text);
    return object;
}

static void train_json_holds_everything(void **state) {
    (void)state;
    maske_train_options o = defaults(), back = {0};
    o.learning_rate = 1.0 / 3;
    o.epsilon = 1e-8;
    o.seed = 9007199254740991;
    o.steps = 123;
    o.line_by_line = true;
    o.valid = "/bir yer/\"doğru\".txt";
    o.schedule = "cosine";
    o.force = true;
    json_t *object = to_json(&o);
    /* A key for each row but force and dry-run, null where nothing was given. */
    size_t rows = 0;
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) rows++;
    assert_int_equal(json_object_size(object), rows - 2);
    assert_true(json_is_null(json_object_get(object, "minutes")));
    assert_int_equal(json_integer_value(json_object_get(object, "steps")), 123);
    assert_ok(settings_read(&back, object, "train.json"));
    assert_ok(settings_expect_equal(&back, "here", &o, "there"));
    assert_true(back.learning_rate == o.learning_rate && back.epsilon == o.epsilon && back.seed == o.seed);
    assert_string_equal(back.valid, o.valid);
    assert_ptr_not_equal(back.valid, o.valid);
    assert_false(back.force);
    o.beta2 = 0.999;
    assert_fails(settings_expect_equal(&back, "here", &o, "there"), MASKE_BAD_ARGUMENT,
                 "here: beta2 is 0.98, but 0.999 in there");
    o.beta2 = 0.98;
    o.steps = 0;
    assert_fails(settings_expect_equal(&back, "here", &o, "there"), MASKE_BAD_ARGUMENT,
                 "steps is 123, but not given in there");
    settings_free(&back);
    json_decref(object);
}

static void train_json_is_checked(void **state) {
    (void)state;
    static const struct { const char *text, *words; } cases[] = {
        {"{\"learning-rate\":\"a lot\"}", "x: \"learning-rate\": found a string, expected no text"},
        {"{\"schedule\":3}", "x: \"schedule\": found an integer, expected a text"},
        {"{\"beta1\":[]}", "x: \"beta1\": found an array"},
        {"{\"beta1\":7}", "beta1\": found \"7\", expected a number from 0 to"},
        {"{\"beta3\":0.9}", "x: found the setting \"beta3\", which this version does not know"},
        {"{\"force\":true}", "found the setting \"force\""},
        {"{\"steps\":1,\"minutes\":1}", "found minutes and steps"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *object = NULL;
        maske_train_options o = {0};
        assert_ok(json_parse_object(&object, cases[i].text, strlen(cases[i].text), "x"));
        maske_status status = settings_read(&o, object, "x");
        if (status == MASKE_OK || strstr(maske_error(), cases[i].words) == NULL)
            fail_msg("%s: found \"%s\", expected \"%s\"", cases[i].text, maske_error(), cases[i].words);
        json_decref(object);
    }
    maske_train_options o = {0};
    assert_fails(settings_read(&o, NULL, "x"), MASKE_BAD_FILE, "x: found nothing, expected an object");
    /* An empty one is every default: rows that later versions add read as they behaved before. */
    json_t *empty = json_object();
    maske_train_options plain = defaults();
    assert_ok(settings_read(&o, empty, "x"));
    assert_ok(settings_expect_equal(&o, "a", &plain, "b"));
    settings_free(&o);
    json_decref(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones), cmocka_unit_test(shape_comes_from_the_size),
        cmocka_unit_test(vocabulary_follows_the_text),      cmocka_unit_test(what_is_out_of_range_is_refused),
        cmocka_unit_test(train_json_holds_everything),      cmocka_unit_test(train_json_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
