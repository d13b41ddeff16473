/* tasks/onnx_graph.c: messages are buffers; the weights, which may be large, go straight from memory into the file. */
#include "tasks/onnx_graph.h"
#include "base/half.h"
#include "base/number.h"
#include "base/protobuf.h"

#include <stdlib.h>

/* onnx.proto: the fields that are written. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPERATORS = 8,
       OPERATORS_VERSION = 2,
       GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12,
       NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5,
       ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT = 2, ATTRIBUTE_INTEGER = 3, ATTRIBUTE_INTEGERS = 8, ATTRIBUTE_TYPE = 20,
       TENSOR_DIMENSION = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_DATA = 9,
       VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_TYPE_ELEMENT = 1, TENSOR_TYPE_SHAPE = 2,
       SHAPE_DIMENSION = 1, DIMENSION_VALUE = 1, DIMENSION_NAME = 2 };
enum { KIND_FLOAT = 1, KIND_INTEGER = 2, KIND_INTEGERS = 7 };
enum { IR_VERSION = 8, OPERATOR_SET = 17 };
#define PROTOBUF_LIMIT ((size_t)INT32_MAX)

/* Does it unless something has failed already. */
#define STEP(g, call)                                     \
    do {                                                  \
        if ((g)->status == MASKE_OK) (g)->status = (call); \
    } while (0)

maske_status onnx_graph_start(onnx_graph *out, const masked_lm *network, safetensors_type type) {
    *out = (onnx_graph){.network = network, .type = type};
    return memory_new(&out->used, network->table.count, sizeof *out->used, "an ONNX graph");
}

void onnx_graph_free(onnx_graph *g) {
    buffer_free(&g->nodes);
    buffer_free(&g->constants);
    buffer_free(&g->values);
    buffer_free(&g->attributes);
    free(g->used);
    *g = (onnx_graph){0};
}

static onnx_value new_value(onnx_graph *g) {
    onnx_value v;
    number_print(v.name, sizeof v.name, "v%zu", g->count++);
    return v;
}

static onnx_value named(const char *name) {
    onnx_value v;
    number_print(v.name, sizeof v.name, "%s", name);
    return v;
}

/* ------------------------------------------------------------------------------------------- inputs and outputs --- */

static maske_status add_dimension(buffer *shape, const char *name, size_t size) {
    buffer dimension = {0};
    maske_status status = name != NULL ? protobuf_add_text(&dimension, DIMENSION_NAME, name)
                                       : protobuf_add_integer(&dimension, DIMENSION_VALUE, (int64_t)size);
    if (status == MASKE_OK) status = protobuf_add_bytes(shape, SHAPE_DIMENSION, dimension.data, dimension.length);
    buffer_free(&dimension);
    return status;
}

/* width 0: [batch, sequence] */
static maske_status add_value(buffer *out, unsigned field, const char *name, onnx_type type, size_t width) {
    buffer shape = {0}, tensor = {0}, kind = {0}, value = {0};
    maske_status status = add_dimension(&shape, "batch", 0);
    if (status == MASKE_OK) status = add_dimension(&shape, "sequence", 0);
    if (status == MASKE_OK && width > 0) status = add_dimension(&shape, NULL, width);
    if (status == MASKE_OK) status = protobuf_add_integer(&tensor, TENSOR_TYPE_ELEMENT, type);
    if (status == MASKE_OK) status = protobuf_add_bytes(&tensor, TENSOR_TYPE_SHAPE, shape.data, shape.length);
    if (status == MASKE_OK) status = protobuf_add_bytes(&kind, TYPE_TENSOR, tensor.data, tensor.length);
    if (status == MASKE_OK) status = protobuf_add_text(&value, VALUE_NAME, name);
    if (status == MASKE_OK) status = protobuf_add_bytes(&value, VALUE_TYPE, kind.data, kind.length);
    if (status == MASKE_OK) status = protobuf_add_bytes(out, field, value.data, value.length);
    buffer_free(&shape);
    buffer_free(&tensor);
    buffer_free(&kind);
    buffer_free(&value);
    return status;
}

onnx_value onnx_input(onnx_graph *g, const char *name) {
    STEP(g, add_value(&g->values, GRAPH_INPUT, name, ONNX_INT64, 0));
    return named(name);
}

void onnx_output(onnx_graph *g, const char *name, size_t width) {
    STEP(g, add_value(&g->values, GRAPH_OUTPUT, name, ONNX_FLOAT, width));
}

/* ---------------------------------------------------------------------------------------------------- constants --- */

/* A TensorProto but for its data. */
static maske_status add_tensor_head(buffer *out, const char *name, onnx_type type, const size_t *shape, size_t rank) {
    for (size_t i = 0; i < rank; i++) TRY(protobuf_add_integer(out, TENSOR_DIMENSION, (int64_t)shape[i]));
    TRY(protobuf_add_integer(out, TENSOR_TYPE, type));
    return protobuf_add_text(out, TENSOR_NAME, name);
}

static onnx_value add_constant(onnx_graph *g, onnx_type type, const void *data, size_t bytes, const size_t *shape,
                               size_t rank) {
    onnx_value v = new_value(g);
    buffer tensor = {0};
    STEP(g, add_tensor_head(&tensor, v.name, type, shape, rank));
    STEP(g, protobuf_add_bytes(&tensor, TENSOR_DATA, data, bytes));
    STEP(g, protobuf_add_bytes(&g->constants, GRAPH_INITIALIZER, tensor.data, tensor.length));
    buffer_free(&tensor);
    return v;
}

onnx_value onnx_integers(onnx_graph *g, const int64_t *values, size_t count) {
    return add_constant(g, ONNX_INT64, values, count * sizeof *values, &count, 1);
}
onnx_value onnx_integer(onnx_graph *g, int64_t value) {
    return add_constant(g, ONNX_INT64, &value, sizeof value, NULL, 0);
}
onnx_value onnx_float(onnx_graph *g, float value) {
    return add_constant(g, ONNX_FLOAT, &value, sizeof value, NULL, 0);
}

onnx_value onnx_weight(onnx_graph *g, size_t place) {
    const parameters *table = &g->network->table;
    size_t i = 0;
    while (i + 1 < table->count && table->rows[i].place != place) i++;
    g->used[i] = true;
    onnx_value v = named(table->rows[i].name);
    if (g->type == SAFETENSORS_F32) return v;
    onnx_attribute_integer(g, "to", ONNX_FLOAT);
    return onnx_node1(g, "Cast", v);
}

/* -------------------------------------------------------------------------------------------------------- nodes --- */

static maske_status start_attribute(buffer *out, const char *name, int kind) {
    TRY(protobuf_add_text(out, ATTRIBUTE_NAME, name));
    return protobuf_add_integer(out, ATTRIBUTE_TYPE, kind);
}

static void end_attribute(onnx_graph *g, buffer *attribute) {
    STEP(g, protobuf_add_bytes(&g->attributes, NODE_ATTRIBUTE, attribute->data, attribute->length));
    buffer_free(attribute);
}

void onnx_attribute_integer(onnx_graph *g, const char *name, int64_t value) {
    buffer attribute = {0};
    STEP(g, start_attribute(&attribute, name, KIND_INTEGER));
    STEP(g, protobuf_add_integer(&attribute, ATTRIBUTE_INTEGER, value));
    end_attribute(g, &attribute);
}

void onnx_attribute_integers(onnx_graph *g, const char *name, const int64_t *values, size_t count) {
    buffer attribute = {0};
    STEP(g, start_attribute(&attribute, name, KIND_INTEGERS));
    for (size_t i = 0; i < count; i++) STEP(g, protobuf_add_integer(&attribute, ATTRIBUTE_INTEGERS, values[i]));
    end_attribute(g, &attribute);
}

void onnx_attribute_float(onnx_graph *g, const char *name, float value) {
    buffer attribute = {0};
    STEP(g, start_attribute(&attribute, name, KIND_FLOAT));
    STEP(g, protobuf_add_float(&attribute, ATTRIBUTE_FLOAT, value));
    end_attribute(g, &attribute);
}

static void add_node(onnx_graph *g, const char *operator, const onnx_value *inputs, size_t count, onnx_value output) {
    buffer node = {0};
    for (size_t i = 0; i < count && inputs[i].name[0] != '\0'; i++)
        STEP(g, protobuf_add_text(&node, NODE_INPUT, inputs[i].name));
    STEP(g, protobuf_add_text(&node, NODE_OUTPUT, output.name));
    STEP(g, protobuf_add_text(&node, NODE_NAME, output.name));
    STEP(g, protobuf_add_text(&node, NODE_OPERATOR, operator));
    STEP(g, buffer_add(&node, g->attributes.data, g->attributes.length));
    STEP(g, protobuf_add_bytes(&g->nodes, GRAPH_NODE, node.data, node.length));
    buffer_clear(&g->attributes);
    buffer_free(&node);
}

onnx_value onnx_node(onnx_graph *g, const char *operator, onnx_value a, onnx_value b, onnx_value c) {
    onnx_value output = new_value(g);
    add_node(g, operator, (onnx_value[]){a, b, c}, 3, output);
    return output;
}

void onnx_name(onnx_graph *g, onnx_value value, const char *name) {
    add_node(g, "Identity", &value, 1, named(name));
}

/* --------------------------------------------------------------------------------------------------------- file --- */

static size_t weight_bytes(const onnx_graph *g, const parameter *p) {
    return p->elements * (g->type == SAFETENSORS_F32 ? sizeof(float) : sizeof(uint16_t));
}

/* A weight's TensorProto but for its bytes, with the initializer's own tag and length. */
static maske_status add_weight_head(buffer *out, const onnx_graph *g, const parameter *p) {
    onnx_type type = g->type == SAFETENSORS_F16    ? ONNX_FLOAT16
                     : g->type == SAFETENSORS_BF16 ? ONNX_BFLOAT16
                                                   : ONNX_FLOAT;
    buffer tensor = {0};
    size_t bytes = weight_bytes(g, p);
    maske_status status = add_tensor_head(&tensor, p->name, type, p->shape, p->rank);
    if (status == MASKE_OK) status = protobuf_add_head(&tensor, TENSOR_DATA, bytes);
    if (status == MASKE_OK) status = protobuf_add_head(out, GRAPH_INITIALIZER, tensor.length + bytes);
    if (status == MASKE_OK) status = buffer_add(out, tensor.data, tensor.length);
    buffer_free(&tensor);
    return status;
}

static maske_status write_weight(file_writer *file, const onnx_graph *g, const parameter *p) {
    const float *values = g->network->weights + p->place;
    if (g->type == SAFETENSORS_F32) return file_writer_add(file, values, weight_bytes(g, p));
    bool half = g->type == SAFETENSORS_F16;
    uint16_t piece[1024];
    for (size_t done = 0; done < p->elements;) {
        size_t n = p->elements - done < 1024 ? p->elements - done : 1024;
        for (size_t i = 0; i < n; i++)
            piece[i] = half ? float_to_half(values[done + i]) : float_to_bfloat16(values[done + i]);
        TRY(file_writer_add(file, piece, n * sizeof *piece));
        done += n;
    }
    return MASKE_OK;
}

/* The heads of all weights that are used, end to end, and what they and their bytes take together. */
static maske_status measure_weights(const onnx_graph *g, size_t *total) {
    buffer heads = {0};
    maske_status status = MASKE_OK;
    *total = 0;
    for (size_t i = 0; i < g->network->table.count && status == MASKE_OK; i++) {
        if (!g->used[i]) continue;
        buffer_clear(&heads);
        status = add_weight_head(&heads, g, &g->network->table.rows[i]);
        *total += heads.length + weight_bytes(g, &g->network->table.rows[i]);
    }
    buffer_free(&heads);
    return status;
}

/* ModelProto up to the graph's first byte. */
static maske_status write_model_head(buffer *out, size_t graph) {
    buffer operators = {0};
    maske_status status = protobuf_add_integer(&operators, OPERATORS_VERSION, OPERATOR_SET);
    if (status == MASKE_OK) status = protobuf_add_integer(out, MODEL_IR, IR_VERSION);
    if (status == MASKE_OK) status = protobuf_add_text(out, MODEL_PRODUCER, "maske");
    if (status == MASKE_OK) status = protobuf_add_text(out, MODEL_PRODUCER_VERSION, MASKE_VERSION);
    if (status == MASKE_OK) status = protobuf_add_bytes(out, MODEL_OPERATORS, operators.data, operators.length);
    if (status == MASKE_OK) status = protobuf_add_head(out, MODEL_GRAPH, graph);
    buffer_free(&operators);
    return status;
}

static maske_status write_file(onnx_graph *g, file_writer *file, buffer *text) {
    size_t weights = 0;
    TRY(measure_weights(g, &weights));
    TRY(protobuf_add_text(&g->values, GRAPH_NAME, "maske"));
    size_t graph = g->nodes.length + g->constants.length + g->values.length + weights;
    TRY(write_model_head(text, graph));
    if (graph > PROTOBUF_LIMIT - text->length)
        return error_set(MASKE_UNSUPPORTED, "%s: would have %zu bytes, and an ONNX file of one piece ends at 2 GiB",
                         file->path, graph + text->length);
    TRY(file_writer_add(file, text->data, text->length));
    TRY(file_writer_add(file, g->nodes.data, g->nodes.length));
    TRY(file_writer_add(file, g->constants.data, g->constants.length));
    TRY(file_writer_add(file, g->values.data, g->values.length));
    for (size_t i = 0; i < g->network->table.count; i++) {
        if (!g->used[i]) continue;
        buffer_clear(text);
        TRY(add_weight_head(text, g, &g->network->table.rows[i]));
        TRY(file_writer_add(file, text->data, text->length));
        TRY(write_weight(file, g, &g->network->table.rows[i]));
    }
    return MASKE_OK;
}

maske_status onnx_graph_write(onnx_graph *g, const char *path) {
    TRY(g->status);
    file_writer file = {0};
    buffer text = {0};
    TRY(file_writer_open(&file, path, true));
    maske_status status = write_file(g, &file, &text);
    buffer_free(&text);
    if (status == MASKE_OK) return file_writer_commit(&file);
    file_writer_abandon(&file);
    return status;
}
