/* One model in every form that weights come in (tests/data/weight_files), and indexes that are wrong. */
#include "bert/golden.h"
#include "bert/weight_files.h"

static masked_lm *open_model(const char *name) {
    char path[512];
    masked_lm *model = NULL;
    snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
    OK(masked_lm_open(&model, path));
    return model;
}

static void every_form_gives_the_same_model(void **state) {
    (void)state;
    static const char *const forms[] = {"bin", "bin_old", "bin_half", "bin_sharded", "sharded"};
    masked_lm *original = open_model("bert/one_layer");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "weight_files/%s", forms[i]);
        masked_lm *model = open_model(name);
        assert_true(model->table.head && model->table.pooler && model->config.tied);
        assert_int_equal(model->table.total, original->table.total);
        double off = largest_difference(model->weights, original->weights, original->table.total);
        if (strcmp(forms[i], "bin_half") == 0) assert_true(off > 0 && off < 2e-3);
        else assert_true(off == 0);
        masked_lm_free(model);
    }
    masked_lm_free(original);
}

static char folder[64];
static void copy_in(const char *from, const char *name) {
    char path[512], *bytes;
    size_t length;
    snprintf(path, sizeof path, "%s/weight_files/sharded/%s", TEST_DATA, from);
    OK(file_read(&bytes, &length, path, SIZE_MAX - 1));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    OK(file_write_atomic(path, bytes, length, true));
    free(bytes);
}

static void refused(const char *index, maske_status status, const char *sentence) {
    char path[128];
    weight_files files = {0};
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
    OK(file_write_atomic(path, index, strlen(index), true));
    if (weight_files_open(&files, folder) != status || strstr(maske_error(), sentence) == NULL)
        fail_msg("found \"%s\", expected \"%s\"", maske_error(), sentence);
    assert_null(files.all.tensors);
}

static void wrong_indexes_are_refused(void **state) {
    (void)state;
    strcpy(folder, "/tmp/maske-test-files-XXXXXX");
    assert_non_null(mkdtemp(folder));
    copy_in("model-00001-of-00002.safetensors", "a.safetensors");
    copy_in("model-00001-of-00002.safetensors", "b.safetensors");
    refused("[]", MASKE_BAD_FILE, "expected a JSON object");
    refused("{}", MASKE_BAD_FILE, "\"weight_map\": found nothing, expected an object");
    refused("{\"weight_map\": {\"x\": 3}}", MASKE_BAD_FILE, "\"x\": found an integer, expected a file's name");
    refused("{\"weight_map\": {\"x\": \"../a.safetensors\"}}", MASKE_BAD_FILE, "expected a name beside this one");
    refused("{\"weight_map\": {\"x\": \"/etc/passwd\"}}", MASKE_BAD_FILE, "expected a name beside this one");
    refused("{\"weight_map\": {\"x\": \"..\"}}", MASKE_BAD_FILE, "expected a name beside this one");
    refused("{\"weight_map\": {\"x\": \"c.safetensors\"}}", MASKE_IO, "c.safetensors: cannot open");
    refused("{\"weight_map\": {\"x\": \"a.safetensors\"}}", MASKE_BAD_FILE, "tensor \"x\" should be in ");
    refused("{\"weight_map\": {\"bert.embeddings.LayerNorm.bias\": \"a.safetensors\","
            "\"bert.embeddings.LayerNorm.weight\": \"b.safetensors\"}}", MASKE_BAD_FILE, "is there twice");
    OK(folder_remove(folder));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same_model),
        cmocka_unit_test(wrong_indexes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
