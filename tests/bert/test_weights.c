/* model.safetensors in the spellings that exist, and everything about it that is refused, by the tensor's name. */
#include "bert/golden.h"
#include "bert/weights.h"

#include <unistd.h>

/* A file made from the golden case "one_layer" (with head and pooler), each tensor passed through a change. */
typedef struct change {
    const char *drop;           /* a name to leave out, or a prefix that ends in '.' or '*' */
    const char *from, *to;      /* a name, or an end of names, and what stands for it */
    bool bare;                  /* without "bert." */
    const char *extra;          /* a tensor more, of `extra_like`'s values if there is one, else [3] */
    const char *extra_like;
    const char *wrong_shape;
    float poison;               /* the first value of the word embeddings, unless 0 */
    safetensors_type type;      /* BOOL (0): as it is */
} change;

static bool dropped(const change *c, const char *name) {
    if (c->drop == NULL) return false;
    size_t length = strlen(c->drop);
    return c->drop[length - 1] == '*' ? strncmp(name, c->drop, length - 1) == 0 : strcmp(name, c->drop) == 0;
}

static void renamed(char out[128], const change *c, const char *name) {
    if (c->bare && strncmp(name, "bert.", 5) == 0) name += 5;
    size_t length = strlen(name), end = c->from != NULL ? strlen(c->from) : 0;
    if (c->from != NULL && length >= end && strcmp(name + length - end, c->from) == 0)
        snprintf(out, 128, "%.*s%s", (int)(length - end), name, c->to);
    else snprintf(out, 128, "%s", name);
}

static void write_file(const char *path, const safetensors *source, const change *c) {
    safetensors_writer w = {0};
    safetensors_type type = c->type == SAFETENSORS_BOOL ? SAFETENSORS_F32 : c->type;
    OK(safetensors_writer_open(&w, path, true));
    const safetensors_tensor *like = c->extra_like != NULL ? safetensors_find(source, c->extra_like) : NULL;
    for (int data = 0; data < 2; data++) {
        for (size_t i = 0; i < source->count; i++) {
            const safetensors_tensor *t = &source->tensors[i];
            char name[128];
            if (dropped(c, t->name)) continue;
            renamed(name, c, t->name);
            size_t shape[2] = {t->shape[0], t->shape[1]};
            if (c->wrong_shape != NULL && strcmp(name, c->wrong_shape) == 0)
                shape[0] = t->shape[1], shape[1] = t->shape[0];
            if (!data) OK(safetensors_writer_declare(&w, name, type, shape, t->rank));
            else {
                float *values = golden_take(t->elements, sizeof *values);
                OK(safetensors_copy_floats(values, source, t));
                if (c->poison != 0 && strcmp(t->name, "bert.embeddings.word_embeddings.weight") == 0)
                    values[0] = c->poison;
                OK(safetensors_writer_add_floats(&w, values, t->elements));
                free(values);
            }
        }
        if (c->extra != NULL && !data)
            OK(safetensors_writer_declare(&w, c->extra, type, like != NULL ? like->shape : (size_t[]){3},
                                          like != NULL ? like->rank : 1));
        if (!data) OK(safetensors_writer_begin(&w));
        else if (like != NULL) {
            float *values = golden_take(like->elements, sizeof *values);
            OK(safetensors_copy_floats(values, source, like));
            OK(safetensors_writer_add_floats(&w, values, like->elements));
            free(values);
        } else if (c->extra != NULL) OK(safetensors_writer_add_floats(&w, (float[]){1, 2, 3}, 3));
    }
    OK(safetensors_writer_commit(&w));
}

static char last_warning[1024];
static void keep_warning(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    if (level == MASKE_LOG_WARNING) snprintf(last_warning, sizeof last_warning, "%s", sentence);
}

static maske_status read_changed(masked_lm **out, const change *c) {
    safetensors source = {0};
    bert_config config;
    char path[] = "/tmp/maske-test-weights-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    OK(bert_config_read(&config, TEST_DATA "/bert/one_layer/config.json"));
    OK(safetensors_open(&source, TEST_DATA "/bert/one_layer/model.safetensors", true));
    write_file(path, &source, c);
    last_warning[0] = '\0';
    maske_set_log(keep_warning, NULL);
    maske_status status = bert_weights_read(out, &config, path);
    maske_set_log(NULL, NULL);
    safetensors_close(&source);
    unlink(path);
    return status;
}

static void refused(change c, maske_status status, const char *sentence) {
    masked_lm *model = NULL;
    maske_status found = read_changed(&model, &c);
    if (found != status || strstr(maske_error(), sentence) == NULL)
        fail_msg("found %s, \"%s\"; expected \"%s\"", maske_status_name(found), maske_error(), sentence);
    assert_null(model);
}

/* The golden model's values, whatever the names were. */
static masked_lm *accepted(change c) {
    masked_lm *model = NULL, *original = NULL;
    OK(masked_lm_open(&original, TEST_DATA "/bert/one_layer"));
    OK(read_changed(&model, &c));
    for (size_t i = 0; i < model->table.count && c.type == SAFETENSORS_BOOL && c.poison == 0; i++) {
        const parameter *p = &model->table.rows[i], *q = parameters_find(&original->table, p->name);
        assert_memory_equal(model->weights + p->place, original->weights + q->place, p->elements * sizeof(float));
    }
    masked_lm_free(original);
    return model;
}

static void every_spelling_is_read(void **state) {
    (void)state;
    static const change spellings[] = {{0}, {.bare = true}, {.from = ".LayerNorm.weight", .to = ".LayerNorm.gamma"},
        {.from = ".LayerNorm.bias", .to = ".LayerNorm.beta", .bare = true}, {.extra = "bert.embeddings.position_ids"},
        {.extra = "embeddings.token_type_ids"}, {.extra = "cls.seq_relationship.weight"},
        {.extra = "cls.predictions.decoder.weight", .extra_like = "bert.embeddings.word_embeddings.weight"},
        {.extra = "cls.predictions.decoder.bias", .extra_like = "cls.predictions.bias"},
        {.from = "cls.predictions.bias", .to = "cls.predictions.decoder.bias"}};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        masked_lm *model = accepted(spellings[i]);
        assert_true(model->table.head && model->table.pooler && model->finite);
        assert_string_equal(last_warning, "");
        masked_lm_free(model);
    }
}

/* A decoder beside the word embeddings that differs from them is taken as it is, as transformers does. */
static void a_decoder_that_differs_is_its_own(void **state) {
    (void)state;
    masked_lm *model = NULL, *original = NULL;
    OK(masked_lm_open(&original, TEST_DATA "/bert/one_layer"));
    OK(read_changed(&model, &(change){.extra = "cls.predictions.decoder.weight", .poison = 7,
                                      .extra_like = "bert.embeddings.word_embeddings.weight"}));
    assert_false(model->config.tied);
    assert_true(model->weights[model->table.word_embeddings] == 7);
    assert_memory_equal(model->weights + model->table.decoder, original->weights + original->table.word_embeddings,
                        33 * 5 * sizeof(float));
    masked_lm_free(model);
    masked_lm_free(original);
}

static void parts_that_are_not_there_are_left_out(void **state) {
    (void)state;
    masked_lm *model = accepted((change){.drop = "cls.*"});
    assert_true(!model->table.head && model->table.pooler);
    masked_lm_free(model);
    model = accepted((change){.drop = "bert.pooler.*", .bare = true});
    assert_true(model->table.head && !model->table.pooler);
    masked_lm_free(model);
}

static void half_precision_is_read(void **state) {
    (void)state;
    masked_lm *original = NULL;
    OK(masked_lm_open(&original, TEST_DATA "/bert/one_layer"));
    for (int i = 0; i < 2; i++) {
        safetensors_type type = i ? SAFETENSORS_BF16 : SAFETENSORS_F16;
        masked_lm *model = accepted((change){.type = type});
        assert_int_equal(model->stored, type);
        double most = largest(original->weights, original->table.total),
               off = largest_difference(model->weights, original->weights, model->table.total);
        assert_true(off > 0 && off <= most * (i ? 0x1p-8 : 0x1p-11));
        masked_lm_free(model);
    }
    masked_lm_free(original);
}

static void what_is_missing_or_too_much_is_named(void **state) {
    (void)state;
    refused((change){.drop = "bert.embeddings.position_embeddings.weight"}, MASKE_BAD_FILE,
            "tensor \"bert.embeddings.position_embeddings.weight\" is missing (1 of 28 are)");
    refused((change){.drop = "bert.encoder*"}, MASKE_BAD_FILE,
            "tensor \"bert.encoder.layer.0.attention.self.query.weight\" is missing (16 of 28 are)");
    refused((change){.drop = "cls.predictions.bias"}, MASKE_BAD_FILE, "tensor \"cls.predictions.bias\" is missing");
    refused((change){.extra = "bert.encoder.layer.1.output.dense.bias"}, MASKE_BAD_FILE,
            "tensor \"bert.encoder.layer.1.output.dense.bias\" has no place in the model that config.json describes");
    refused((change){.extra = "embeddings.rotary"}, MASKE_BAD_FILE, "tensor \"embeddings.rotary\" has no place");
    refused((change){.extra = "encoder.layer.0.output.dense.bias"}, MASKE_BAD_FILE,
            "tensor \"bert.encoder.layer.0.output.dense.bias\" is there in 2 spellings");
    refused((change){.wrong_shape = "bert.encoder.layer.0.intermediate.dense.weight"}, MASKE_BAD_SHAPE,
            "tensor \"bert.encoder.layer.0.intermediate.dense.weight\" is [5, 7], expected [7, 5]");
    refused(
        (change){.extra = "cls.predictions.decoder.weight", .extra_like = "bert.embeddings.position_embeddings.weight"},
        MASKE_BAD_SHAPE, "tensor \"cls.predictions.decoder.weight\" is [9, 5], expected [33, 5]");
}

static void what_warrants_a_warning_gets_one(void **state) {
    (void)state;
    masked_lm *model = accepted((change){.extra = "classifier.weight"});
    assert_non_null(strstr(last_warning, ": not used: classifier.weight"));
    masked_lm_free(model);
    model = accepted((change){.poison = NAN});
    assert_non_null(
        strstr(last_warning, "tensor \"bert.embeddings.word_embeddings.weight\" holds values that are not finite"));
    assert_false(model->finite);
    masked_lm_free(model);
}

/* ----------------------------------------------------------------------------------------------------- folders --- */

static void what_is_saved_opens_again(void **state) {
    (void)state;
    char folder[] = "/tmp/maske-test-model-XXXXXX";
    assert_non_null(mkdtemp(folder));
    masked_lm *model = NULL, *again = NULL;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {
        char path[512];
        snprintf(path, sizeof path, "%s/bert/%s", TEST_DATA, golden_names[n]);
        OK(masked_lm_open(&model, path));
        OK(masked_lm_save(model, folder, SAFETENSORS_F32));
        OK(masked_lm_open(&again, folder));
        assert_int_equal(again->config.family, model->config.family);
        assert_int_equal(again->config.tied, model->config.tied);
        assert_int_equal(again->table.total, model->table.total);
        assert_memory_equal(again->weights, model->weights, model->table.total * sizeof(float));
        masked_lm_free(again);
        masked_lm_free(model);
    }
    OK(folder_remove(folder));
}

/* The tensors' names are those that transformers gives them: with "bert." in a BertForMaskedLM, bare in a BertModel. */
static void names_are_those_of_transformers(void **state) {
    (void)state;
    char path[] = "/tmp/maske-test-weights-XXXXXX";
    int descriptor = mkstemp(path);
    close(descriptor);
    safetensors expected = {0}, found = {0};
    masked_lm *model = NULL;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {     /* those of each family */
        char folder[512], file[600];
        snprintf(folder, sizeof folder, "%s/bert/%s", TEST_DATA, golden_names[n]);
        snprintf(file, sizeof file, "%s/model.safetensors", folder);
        OK(masked_lm_open(&model, folder));
        OK(bert_weights_write(path, &model->table, model->weights, SAFETENSORS_F32));
        OK(safetensors_open(&expected, file, false));
        OK(safetensors_open(&found, path, false));
        assert_int_equal(found.count, expected.count);
        for (size_t i = 0; i < found.count; i++) {
            const safetensors_tensor *t = &found.tensors[i], *like = safetensors_find(&expected, t->name);
            assert_non_null(like);
            bool unused = strcmp(t->name, "cls.predictions.bias") == 0 && !model->config.tied;
            if (!unused) assert_memory_equal(t->data, like->data, t->bytes);
        }
        safetensors_close(&found);
        safetensors_close(&expected);
        masked_lm_free(model);
    }
    model = accepted((change){.drop = "cls.*"});
    OK(bert_weights_write(path, &model->table, model->weights, SAFETENSORS_BF16));
    OK(safetensors_open(&found, path, false));
    assert_non_null(safetensors_find(&found, "embeddings.word_embeddings.weight"));
    assert_non_null(safetensors_find(&found, "pooler.dense.bias"));
    assert_int_equal(found.tensors[0].type, SAFETENSORS_BF16);
    safetensors_close(&found);
    masked_lm_free(model);
    unlink(path);
}

static void weights_in_another_form_are_named(void **state) {
    (void)state;
    char folder[] = "/tmp/maske-test-model-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    masked_lm *model = NULL;
    assert_int_equal(masked_lm_open(&model, folder), MASKE_IO);
    assert_non_null(strstr(maske_error(), "config.json: cannot open"));
    snprintf(path, sizeof path, "%s/config.json", folder);
    OK(file_write_atomic(path, "{\"model_type\":\"bert\"}", 21, false));
    assert_int_equal(masked_lm_open(&model, folder), MASKE_IO);
    assert_non_null(strstr(maske_error(), ": found no weights, expected model.safetensors or pytorch_model.bin"));
    snprintf(path, sizeof path, "%s/tf_model.h5", folder);
    OK(file_write_atomic(path, "x", 1, false));
    assert_int_equal(masked_lm_open(&model, folder), MASKE_UNSUPPORTED);
    assert_non_null(
        strstr(maske_error(), "tf_model.h5: weights in this form are not read, expected model.safetensors"));
    snprintf(path, sizeof path, "%s/pytorch_model.bin", folder);
    OK(file_write_atomic(path, "x", 1, false));
    assert_int_equal(masked_lm_open(&model, folder), MASKE_UNSUPPORTED);
    assert_non_null(strstr(maske_error(), "pytorch_model.bin: not the zip form that torch.save writes"));
    OK(folder_remove(folder));
}

static void every_cut_of_a_file_is_refused(void **state) {
    (void)state;
    char *bytes, path[] = "/tmp/maske-test-weights-XXXXXX";
    size_t length;
    int descriptor = mkstemp(path);
    close(descriptor);
    bert_config config;
    OK(bert_config_read(&config, TEST_DATA "/bert/one_layer/config.json"));
    OK(file_read(&bytes, &length, TEST_DATA "/bert/one_layer/model.safetensors", SIZE_MAX - 1));
    for (size_t n = 0; n < length; n += 97) {
        masked_lm *model = NULL;
        OK(file_write_atomic(path, bytes, n, true));
        assert_int_equal(bert_weights_read(&model, &config, path), MASKE_BAD_FILE);
        assert_null(model);
    }
    free(bytes);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(a_decoder_that_differs_is_its_own),
        cmocka_unit_test(parts_that_are_not_there_are_left_out),
        cmocka_unit_test(half_precision_is_read),
        cmocka_unit_test(what_is_missing_or_too_much_is_named),
        cmocka_unit_test(what_warrants_a_warning_gets_one),
        cmocka_unit_test(what_is_saved_opens_again),
        cmocka_unit_test(names_are_those_of_transformers),
        cmocka_unit_test(weights_in_another_form_are_named),
        cmocka_unit_test(every_cut_of_a_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
