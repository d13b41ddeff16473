/* An ONNX file's structure, read back by a small reader of the wire format: every length fits, every value is made
 * before it is used, every weight is there with its bytes. (Its numbers: tests/reference/check_models.sh.) */
#include "bert/masked_lm.h"
#include "tasks/onnx.h"
#include "scratch.h"

typedef struct field { unsigned number, kind; uint64_t value; const char *data; size_t length; } field;
typedef struct message { const char *at, *end; } message;

static uint64_t varint(message *m) {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(m->at < m->end && shift < 64);
        unsigned char byte = (unsigned char)*m->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
}

static bool next(message *m, field *f) {
    if (m->at == m->end) return false;
    uint64_t tag = varint(m);
    *f = (field){.number = (unsigned)(tag >> 3), .kind = (unsigned)(tag & 7)};
    if (f->kind == 0) f->value = varint(m);
    else {
        assert_true(f->kind == 2 || f->kind == 5);
        f->length = f->kind == 5 ? 4 : varint(m);
        assert_true(f->length <= (size_t)(m->end - m->at));
        f->data = m->at;
        m->at += f->length;
    }
    return true;
}
static message inside(field f) { return (message){f.data, f.data + f.length}; }

/* Names of values that there are. */
static char known[4096][96];
static size_t known_count;
static bool is_known(const char *name) {
    for (size_t i = 0; i < known_count; i++)
        if (strcmp(known[i], name) == 0) return true;
    return false;
}
static void make_known(field f) {
    char name[96];
    snprintf(name, sizeof name, "%.*s", (int)f.length, f.data);
    assert_false(is_known(name));
    strcpy(known[known_count++], name);
}

/* An initializer's shape and bytes are those of the parameter of its name, if it is one. */
static void check_initializer(message tensor, const masked_lm *model, size_t element, size_t *weights) {
    field f, name = {0}, data = {0};
    size_t elements = 1;
    while (next(&tensor, &f)) {
        if (f.number == 1) elements *= (size_t)f.value;
        if (f.number == 8) name = f;
        if (f.number == 9) data = f;
    }
    make_known(name);
    const parameter *p = parameters_find(&model->table, known[known_count - 1]);
    if (p == NULL) return;
    ++*weights;
    assert_int_equal(elements, p->elements);
    assert_int_equal(data.length, p->elements * element);
    if (element == 4) assert_memory_equal(data.data, model->weights + p->place, data.length);
}

static void check_node(message node) {
    field f;
    while (next(&node, &f)) {
        char name[96];
        snprintf(name, sizeof name, "%.*s", (int)f.length, f.data);
        if (f.number == 1 && !is_known(name)) fail_msg("%s is used before it is made", name);
        if (f.number == 2) make_known(f);
    }
}

static void check_graph(message graph, const masked_lm *model, size_t element, const char *output) {
    message again = graph;
    field f, name;
    size_t weights = 0, pooler = 0, outputs = 0;
    known_count = 0;
    while (next(&graph, &f)) {
        if (f.number == 5) check_initializer(inside(f), model, element, &weights);
        message value = f.kind == 2 ? inside(f) : (message){0};
        if (f.number == 11 && next(&value, &name)) make_known(name);
    }
    while (next(&again, &f))
        if (f.number == 1) check_node(inside(f));
        else if (f.number == 12) {
            message value = inside(f);
            assert_true(next(&value, &name) && name.length == strlen(output) && is_known(output));
            assert_memory_equal(name.data, output, name.length);
            outputs++;
        }
    for (size_t i = 0; i < model->table.count; i++) pooler += model->table.rows[i].part == PART_POOLER;
    assert_int_equal(weights, model->table.count - pooler);
    assert_int_equal(outputs, 1);
}

static void check_file(const masked_lm *model, safetensors_type type) {
    const char *path = scratch_path("model.onnx");
    char *bytes;
    size_t length, graphs = 0;
    assert_ok(onnx_write(path, model, type));
    assert_ok(file_read(&bytes, &length, path, SIZE_MAX - 1));
    message file = {bytes, bytes + length};
    field f;
    while (next(&file, &f)) {
        if (f.number != 7) continue;
        check_graph(inside(f), model, type == SAFETENSORS_F32 ? 4 : 2,
                    model->table.head ? "logits" : "last_hidden_state");
        graphs++;
    }
    assert_int_equal(graphs, 1);
    free(bytes);
}

static void every_family_is_written_whole(void **state) {
    (void)state;
    static const char *const names[] = {"gelu", "gelu_new", "relu_embeds", "one_layer", "silu_untied",
                                        "roberta", "distilbert", "distilbert_untied"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        masked_lm *model = NULL;
        snprintf(path, sizeof path, "%s/bert/%s", TEST_DATA, names[i]);
        assert_ok(masked_lm_open(&model, path));
        check_file(model, SAFETENSORS_F32);
        check_file(model, SAFETENSORS_F16);
        check_file(model, SAFETENSORS_BF16);
        masked_lm_free(model);
    }
}

static void a_model_without_a_head_gives_hidden_states(void **state) {
    (void)state;
    bert_config config = bert_config_defaults();
    config.vocab_size = 11;
    config.hidden_size = config.intermediate_size = 12;
    config.num_hidden_layers = 1;
    masked_lm *model = NULL;
    assert_ok(masked_lm_make(&model, &config, false, true));
    check_file(model, SAFETENSORS_F32);
    masked_lm_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_is_written_whole),
        cmocka_unit_test(a_model_without_a_head_gives_hidden_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
