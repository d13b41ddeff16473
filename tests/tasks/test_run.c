/* tests of tasks/run: the tensors of the committed golden files through maske_run, as PyTorch and transformers computed
 * them in float64 (tests/reference/make_bert_golden.py); and what is refused. */
#include "base/safetensors.h"
#include "scratch.h"

#include <math.h>

static const char *const names[] = {"gelu", "gelu_new", "relu_embeds", "one_layer", "silu_untied",
                                     "roberta", "roberta_embeds", "distilbert", "distilbert_untied"};
enum { NAMES = sizeof names / sizeof names[0] };

static void golden_path(char out[512], const char *name, const char *file) {
    snprintf(out, 512, "%s/bert/%s%s%s", TEST_DATA, name, file[0] ? "/" : "", file);
}

static float *floats(const safetensors *file, const safetensors_tensor *tensor) {
    float *out = malloc((tensor->elements + 1) * sizeof *out);
    assert_non_null(out);
    assert_ok(safetensors_copy_floats(out, file, tensor));
    return out;
}

/* The largest difference of a tensor of both files, as a share of the largest value in the second. */
static double difference(const safetensors *a, const safetensors *b, const char *name, double *largest) {
    const safetensors_tensor *x = safetensors_find(a, name), *y = safetensors_find(b, name);
    if (x == NULL || y == NULL) fail_msg("%s is missing in %s", name, x == NULL ? a->path : b->path);
    assert_ok(safetensors_expect_shape(a, x, y->shape, y->rank));
    float *left = floats(a, x), *right = floats(b, y);
    double worst = 0;
    *largest = 0;
    for (size_t i = 0; i < x->elements; i++) {      /* not by fmax: gcc 12 for aarch64 fails on such loops */
        double apart = isfinite(left[i]) ? fabs((double)left[i] - (double)right[i]) : INFINITY, size = fabs((double)right[i]);
        if (apart > worst) worst = apart;
        if (size > *largest) *largest = size;
    }
    free(left);
    free(right);
    return worst;
}

static void outputs_agree_with_pytorch(void **state) {
    (void)state;
    for (int n = 0; n < NAMES; n++) {
        char folder[512], in[512];
        const char *out = scratch_path("out.safetensors");
        safetensors expected = {0}, got = {0};
        golden_path(folder, names[n], "");
        golden_path(in, names[n], "golden.safetensors");
        assert_ok(safetensors_open(&expected, in, false));
        /* These cases' gradients are of the loss alone; the others' have the pooler's output in them too. */
        bool grad = safetensors_find(&expected, "d_pooled") == NULL;
        assert_ok(maske_run(folder, in, out,
                            &(maske_run_options){
                                .hidden_states = true, .attentions = true, .grad = grad, .force = true, .threads = 2}));
        assert_ok(safetensors_open(&got, out, false));
        double model_gradient = 0, largest = 0;
        for (size_t i = 0; i < got.count; i++) {
            if (strncmp(got.tensors[i].name, "grad.", 5) != 0) continue;
            (void)difference(&got, &expected, got.tensors[i].name, &largest);
            model_gradient = fmax(model_gradient, largest);
        }
        size_t compared = 0;
        for (size_t i = 0; i < expected.count; i++) {
            const char *name = expected.tensors[i].name;
            static const char *const outputs[] = {"logits",      "loss",          "hidden_states.",
                                                  "attentions.", "pooler_output", "grad."};
            bool is_output = false;
            for (size_t k = 0; k < 6; k++) is_output = is_output || strncmp(name, outputs[k], strlen(outputs[k])) == 0;
            if (!is_output || (!grad && strncmp(name, "grad.", 5) == 0)) continue;
            double worst = difference(&got, &expected, name, &largest);
            /* What is zero by mathematics is measured by the model's largest gradient. */
            double allowed = strncmp(name, "grad.", 5) == 0 && largest < 1e-6 * model_gradient ? 1e-6 * model_gradient
                                                                                               : 2e-4 * largest;
            if (!(worst <= allowed))
                fail_msg("%s: %s differs by %g, at most %g is allowed", names[n], name, worst, allowed);
            compared++;
        }
        assert_int_equal(compared, got.count);          /* nothing else was written, nothing was left out */
        safetensors_close(&got);
        safetensors_close(&expected);
    }
}

/* ------------------------------------------------------------------------------------------------- files by hand ---
 */

typedef struct given { const char *name; safetensors_type type; size_t rank, shape[3]; const void *values; } given;

static const char *write_given(const char *name, const given *tensors, size_t count) {
    safetensors_writer w = {0};
    const char *path = scratch_path(name);
    assert_ok(safetensors_writer_open(&w, path, true));
    for (size_t i = 0; i < count; i++)
        assert_ok(safetensors_writer_declare(&w, tensors[i].name, tensors[i].type, tensors[i].shape, tensors[i].rank));
    assert_ok(safetensors_writer_begin(&w));
    for (size_t i = 0; i < count; i++) assert_ok(safetensors_writer_add(&w, tensors[i].values, w.tensors[i].bytes));
    assert_ok(safetensors_writer_commit(&w));
    return path;
}

static const int64_t ids64[] = {2, 9, 8, 7, 3, 2, 5, 3, 0, 0},
                     labels64[] = {-100, 9, -100, -100, -100, -100, 6, -100, -100, -100};
static const int32_t ids32[] = {2, 9, 8, 7, 3, 2, 5, 3, 0, 0}, mask32[] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
static const uint8_t mask_bool[] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0};

/* The embeddings' own rows given as inputs_embeds: the same loss, and the look-up's part of the gradient lies in them.
 */
static void embeddings_may_be_given(void **state) {
    (void)state;
    char folder[512], weights[512];
    safetensors model = {0}, a = {0}, b = {0};
    golden_path(folder, "gelu", "");
    golden_path(weights, "gelu", "model.safetensors");
    assert_ok(safetensors_open(&model, weights, false));
    const safetensors_tensor *words = safetensors_find(&model, "bert.embeddings.word_embeddings.weight");
    float *rows = floats(&model, words), embeds[10 * 24];
    size_t hidden = words->shape[1], vocab = words->shape[0];
    assert_int_equal(hidden, 24);
    for (size_t i = 0; i < 10; i++)
        memcpy(embeds + i * hidden, rows + (size_t)ids64[i] * hidden, hidden * sizeof *embeds);
    const given by_id[] = {{"input_ids", SAFETENSORS_I64, 2, {2, 5}, ids64},
                           {"labels", SAFETENSORS_I64, 2, {2, 5}, labels64},
                           {"attention_mask", SAFETENSORS_I32, 2, {2, 5}, mask32}};
    const given by_row[] = {{"inputs_embeds", SAFETENSORS_F32, 3, {2, 5, 24}, embeds},
                            {"labels", SAFETENSORS_I64, 2, {2, 5}, labels64},
                            {"attention_mask", SAFETENSORS_I32, 2, {2, 5}, mask32}};
    const maske_run_options grad = {.grad = true, .force = true};
    const char *first = scratch_path("a.safetensors"), *second = scratch_path("b.safetensors");
    assert_ok(maske_run(folder, write_given("in.safetensors", by_id, 3), first, &grad));
    assert_ok(maske_run(folder, write_given("in.safetensors", by_row, 3), second, &grad));
    assert_ok(safetensors_open(&a, first, false));
    assert_ok(safetensors_open(&b, second, false));
    double largest = 0;
    assert_true(difference(&a, &b, "loss", &largest) == 0);
    assert_true(difference(&a, &b, "grad.bert.encoder.layer.0.attention.self.query.weight", &largest) <=
                1e-6 * largest);
    assert_null(safetensors_find(&a, "grad.inputs_embeds"));
    float *whole = floats(&a, safetensors_find(&a, "grad.bert.embeddings.word_embeddings.weight"));
    float *tied = floats(&b, safetensors_find(&b, "grad.bert.embeddings.word_embeddings.weight"));
    float *looked_up = floats(&b, safetensors_find(&b, "grad.inputs_embeds"));
    for (size_t i = 0; i < 10; i++)
        for (size_t h = 0; ids64[i] != 0 && h < hidden; h++)
            tied[(size_t)ids64[i] * hidden + h] += looked_up[i * hidden + h];
    for (size_t i = 0; i < vocab * hidden; i++) assert_true(fabsf(whole[i] - tied[i]) < 1e-6f);
    free(rows), free(whole), free(tied), free(looked_up);
    safetensors_close(&model), safetensors_close(&a), safetensors_close(&b);
}

static void integers_of_any_width_are_the_same(void **state) {
    (void)state;
    char folder[512];
    golden_path(folder, "gelu", "");
    const given wide[] = {{"input_ids", SAFETENSORS_I64, 2, {2, 5}, ids64},
                          {"attention_mask", SAFETENSORS_I32, 2, {2, 5}, mask32}};
    const given narrow[] = {{"input_ids", SAFETENSORS_I32, 2, {2, 5}, ids32},
                            {"attention_mask", SAFETENSORS_BOOL, 2, {2, 5}, mask_bool}};
    char *a = NULL, *b = NULL;
    size_t a_length = 0, b_length = 0;
    assert_ok(maske_run(folder, write_given("in.safetensors", wide, 2), scratch_path("a.safetensors"),
                        &(maske_run_options){.force = true, .threads = 1}));
    assert_ok(maske_run(folder, write_given("in.safetensors", narrow, 2), scratch_path("b.safetensors"),
                        &(maske_run_options){.force = true, .threads = 3}));
    assert_ok(file_read(&a, &a_length, scratch_path("a.safetensors"), 1 << 24));
    assert_ok(file_read(&b, &b_length, scratch_path("b.safetensors"), 1 << 24));
    assert_int_equal(a_length, b_length);
    assert_memory_equal(a, b, a_length);
    free(a), free(b);
}

/* Padding changes nothing where there is none. */
static void padding_changes_nothing(void **state) {
    (void)state;
    char folder[512];
    safetensors a = {0}, b = {0};
    golden_path(folder, "gelu", "");
    const given padded[] = {{"input_ids", SAFETENSORS_I32, 2, {2, 5}, ids32},
                            {"attention_mask", SAFETENSORS_I32, 2, {2, 5}, mask32}};
    const given alone[] = {{"input_ids", SAFETENSORS_I32, 2, {1, 3}, ids32 + 5}};
    assert_ok(maske_run(folder, write_given("in.safetensors", padded, 2), scratch_path("a.safetensors"),
                        &(maske_run_options){.force = true}));
    assert_ok(maske_run(folder, write_given("in.safetensors", alone, 1), scratch_path("b.safetensors"),
                        &(maske_run_options){.force = true}));
    assert_ok(safetensors_open(&a, scratch_path("a.safetensors"), false));
    assert_ok(safetensors_open(&b, scratch_path("b.safetensors"), false));
    size_t vocab = safetensors_find(&b, "logits")->shape[2];
    float *x = floats(&a, safetensors_find(&a, "logits")), *y = floats(&b, safetensors_find(&b, "logits"));
    for (size_t i = 0; i < 3 * vocab; i++) assert_true(fabsf(x[5 * vocab + i] - y[i]) < 1e-5f);
    free(x), free(y);
    safetensors_close(&a), safetensors_close(&b);
}

static void wrong_input_is_named(void **state) {
    (void)state;
    char folder[512];
    golden_path(folder, "gelu", "");
    const char *out = scratch_path("never.safetensors");
    static const int64_t too_large[] = {2, 97}, negative[] = {2, -1}, odd_label[] = {-100, -99};
    static const int64_t long_ids[21] = {2};
    static const float embeds[2 * 24] = {0}, heads[4] = {1, 1, 1, 1};
    const struct { given tensors[2]; size_t count; maske_run_options options; const char *words;
    } cases[] = {
        {{{"labels", SAFETENSORS_I64, 2, {1, 2}, odd_label}},
         1,
         {0},
         "found neither of the two, expected input_ids or inputs_embeds"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"inputs_embeds", SAFETENSORS_F32, 3, {1, 2, 24}, embeds}},
         2,
         {0},
         "found both"},
        {{{"input_ids", SAFETENSORS_I64, 1, {2}, ids64}}, 1, {0}, "input_ids is [2], expected [batch, length]"},
        {{{"input_ids", SAFETENSORS_I64, 2, {2, 0}, ids64}},
         1,
         {0},
         "input_ids is [2, 0], expected [batch, length], not empty"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, too_large}}, 1, {0}, "97"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, negative}}, 1, {0}, "-1"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 21}, long_ids}}, 1, {0}, "but the model has 20 positions"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"labels", SAFETENSORS_I64, 2, {1, 2}, odd_label}},
         2,
         {0},
         "labels: found -99 at row 0, column 1, expected 0 to 96 or -100"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"attention_mask", SAFETENSORS_I64, 2, {1, 3}, ids64}},
         2,
         {0},
         "[1, 3]"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"attention_mask", SAFETENSORS_I64, 2, {1, 2}, ids64}},
         2,
         {0},
         "attention_mask"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"head_mask", SAFETENSORS_F32, 1, {4}, heads}},
         2,
         {0},
         "[4]"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}},
         1,
         {.grad = true},
         "labels: found nothing to predict, but gradients are of a loss"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}, {"labels", SAFETENSORS_I64, 2, {1, 2}, ids64}},
         2,
         {.precision = "int8", .grad = true},
         "precision int8 has no gradients: expected f32 or bf16"},
        {{{"input_ids", SAFETENSORS_I64, 2, {1, 2}, ids64}}, 1, {.precision = "f8"}, "found \"f8\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        maske_status status =
            maske_run(folder, write_given("in.safetensors", cases[i].tensors, cases[i].count), out, &cases[i].options);
        if (status == MASKE_OK || strstr(maske_error(), cases[i].words) == NULL)
            fail_msg("case %zu: found \"%s\", expected \"%s\"", i, status == MASKE_OK ? "success" : maske_error(),
                     cases[i].words);
        assert_false(path_exists(out));
    }
    assert_fails(maske_run("/does/not/exist", "/neither", out, NULL), MASKE_IO, "/does/not/exist");
    const char *in = write_given("in.safetensors", cases[3].tensors, 0);
    assert_fails(maske_run(folder, in, in, NULL), MASKE_EXISTS, "exists already");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_agree_with_pytorch),
        cmocka_unit_test(embeddings_may_be_given),
        cmocka_unit_test(integers_of_any_width_are_the_same),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(wrong_input_is_named),
    };
    return cmocka_run_group_tests_name("tasks/run", tests, NULL, NULL);
}
