/* tasks/onnx.c: the network written down as ONNX nodes, in the order of src/bert. Token-wise parts run on
 * [batch * sequence, hidden], where a linear layer is one Gemm. */
#include "tasks/onnx.h"
#include "tasks/onnx_graph.h"

#include <float.h>
#include <math.h>

typedef struct model {
    onnx_graph g;
    const bert_config *config;
    const parameters *table;
    onnx_value input_ids, size;         /* [batch, sequence]; its shape [2] */
    onnx_value mask;                    /* [batch, 1, 1, sequence] 0 or the lowest number */
    onnx_value flat, split;             /* shapes: [-1, hidden]; [batch, sequence, heads, head size] */
} model;

/* -------------------------------------------------------------------------------------------------- operations --- */

/* x W^T + bias */
static onnx_value linear(model *m, onnx_value x, size_t weight, size_t bias) {
    onnx_value w = onnx_weight(&m->g, weight), b = onnx_weight(&m->g, bias);
    onnx_attribute_integer(&m->g, "transB", 1);
    return onnx_node(&m->g, "Gemm", x, w, b);
}

static onnx_value layer_norm(model *m, onnx_value x, norm_places norm) {
    onnx_value w = onnx_weight(&m->g, norm.weight), b = onnx_weight(&m->g, norm.bias);
    onnx_attribute_integer(&m->g, "axis", -1);
    onnx_attribute_float(&m->g, "epsilon", (float)m->config->layer_norm_eps);
    return onnx_node(&m->g, "LayerNormalization", x, w, b);
}

/* x (1 + f) / 2 */
static onnx_value gate(model *m, onnx_value x, onnx_value f) {
    onnx_value half = onnx_node2(&m->g, "Mul", x, onnx_float(&m->g, 0.5f));
    return onnx_node2(&m->g, "Mul", half, onnx_node2(&m->g, "Add", f, onnx_float(&m->g, 1.0f)));
}

static onnx_value apply(model *m, onnx_value x, activation kind) {
    onnx_graph *g = &m->g;
    onnx_value inner;
    switch (kind) {
    case ACTIVATION_RELU: return onnx_node1(g, "Relu", x);
    case ACTIVATION_TANH: return onnx_node1(g, "Tanh", x);
    case ACTIVATION_SILU: return onnx_node2(g, "Mul", x, onnx_node1(g, "Sigmoid", x));
    case ACTIVATION_GELU_NEW:
        inner = onnx_node2(g, "Mul", onnx_node2(g, "Mul", x, x), onnx_float(g, 0.044715f));
        inner = onnx_node2(g, "Mul", x, onnx_node2(g, "Add", inner, onnx_float(g, 1.0f)));
        inner = onnx_node2(g, "Mul", inner, onnx_float(g, (float)sqrt(2 / 3.14159265358979323846)));
        return gate(m, x, onnx_node1(g, "Tanh", inner));
    default:
        inner = onnx_node2(g, "Div", x, onnx_float(g, (float)sqrt(2)));
        return gate(m, x, onnx_node1(g, "Erf", inner));
    }
}

static onnx_value cast(model *m, onnx_value x, onnx_type type) {
    onnx_attribute_integer(&m->g, "to", type);
    return onnx_node1(&m->g, "Cast", x);
}

static onnx_value transpose(model *m, onnx_value x, const int64_t order[4]) {
    onnx_attribute_integers(&m->g, "perm", order, 4);
    return onnx_node1(&m->g, "Transpose", x);
}

/* [batch, sequence] and then these. */
static onnx_value shape_of(model *m, const int64_t *rest, size_t count) {
    onnx_attribute_integer(&m->g, "axis", 0);
    return onnx_node2(&m->g, "Concat", m->size, onnx_integers(&m->g, rest, count));
}

/* --------------------------------------------------------------------------------------------------- embeddings --- */

/* [batch, sequence] or [sequence] */
static onnx_value positions(model *m) {
    onnx_graph *g = &m->g;
    if (family_of(m->config->family)->positions_behind_padding) {
        onnx_value padding = onnx_integer(g, m->config->pad_token_id);
        onnx_value real = onnx_node1(g, "Not", onnx_node2(g, "Equal", m->input_ids, padding));
        onnx_value ones = cast(m, real, ONNX_INT64);
        onnx_value counted = onnx_node2(g, "CumSum", ones, onnx_integer(g, 1));
        return onnx_node2(g, "Add", onnx_node2(g, "Mul", counted, ones), padding);
    }
    onnx_attribute_integer(g, "axis", 0);
    onnx_value length = onnx_node2(g, "Gather", m->size, onnx_integer(g, 1));
    return onnx_node(g, "Range", onnx_integer(g, 0), length, onnx_integer(g, 1));
}

static onnx_value look_up(model *m, size_t table, onnx_value ids) {
    onnx_value rows = onnx_weight(&m->g, table);
    onnx_attribute_integer(&m->g, "axis", 0);
    return onnx_node2(&m->g, "Gather", rows, ids);
}

static onnx_value embeddings(model *m) {
    onnx_graph *g = &m->g;
    onnx_value x = look_up(m, m->table->word_embeddings, m->input_ids);
    if (m->table->token_type_embeddings != NO_PLACE)
        x = onnx_node2(g, "Add", x, look_up(m, m->table->token_type_embeddings, onnx_input(g, "token_type_ids")));
    x = onnx_node2(g, "Add", x, look_up(m, m->table->position_embeddings, positions(m)));
    x = layer_norm(m, x, m->table->embeddings_norm);
    return onnx_node2(g, "Reshape", x, m->flat);
}

/* ------------------------------------------------------------------------------------------------------ encoder --- */

static onnx_value attention(model *m, onnx_value x, const layer_places *layer) {
    static const int64_t by_head[4] = {0, 2, 1, 3}, turned[4] = {0, 2, 3, 1};
    onnx_graph *g = &m->g;
    size_t hidden = (size_t)m->config->hidden_size, qkv = layer->query_key_value.weight,
           bias = layer->query_key_value.bias;
    onnx_value parts[3];
    for (size_t i = 0; i < 3; i++) {
        onnx_value flat = linear(m, x, qkv + i * hidden * hidden, bias + i * hidden);
        parts[i] = transpose(m, onnx_node2(g, "Reshape", flat, m->split), i == 1 ? turned : by_head);
    }
    double size = (double)(m->config->hidden_size / m->config->num_attention_heads);
    onnx_value scores = onnx_node2(g, "MatMul", parts[0], parts[1]);
    scores = onnx_node2(g, "Mul", scores, onnx_float(g, (float)(1 / sqrt(size))));
    scores = onnx_node2(g, "Add", scores, m->mask);
    onnx_attribute_integer(g, "axis", -1);
    onnx_value context = onnx_node2(g, "MatMul", onnx_node1(g, "Softmax", scores), parts[2]);
    context = onnx_node2(g, "Reshape", transpose(m, context, by_head), m->flat);
    return linear(m, context, layer->self_output.weight, layer->self_output.bias);
}

static onnx_value encoder(model *m, onnx_value x) {
    for (int64_t i = 0; i < m->config->num_hidden_layers; i++) {
        const layer_places *layer = &m->table->layers[i];
        x = layer_norm(m, onnx_node2(&m->g, "Add", attention(m, x, layer), x), layer->self_output_norm);
        onnx_value inner = linear(m, x, layer->intermediate.weight, layer->intermediate.bias);
        inner = apply(m, inner, m->config->hidden_act);
        inner = linear(m, inner, layer->output.weight, layer->output.bias);
        x = layer_norm(m, onnx_node2(&m->g, "Add", inner, x), layer->output_norm);
    }
    return x;
}

static onnx_value head(model *m, onnx_value x) {
    const parameters *t = m->table;
    x = apply(m, linear(m, x, t->transform.weight, t->transform.bias), bert_config_head_act(m->config));
    x = layer_norm(m, x, t->transform_norm);
    return linear(m, x, t->decoder, t->decoder_bias);
}

/* -------------------------------------------------------------------------------------------------------- model --- */

static void shapes_and_mask(model *m) {
    onnx_graph *g = &m->g;
    int64_t hidden = m->config->hidden_size, heads = m->config->num_attention_heads;
    m->input_ids = onnx_input(g, "input_ids");
    m->size = onnx_node1(g, "Shape", m->input_ids);
    m->flat = onnx_integers(g, (const int64_t[]){-1, hidden}, 2);
    m->split = shape_of(m, (const int64_t[]){heads, hidden / heads}, 2);
    onnx_value allowed = cast(m, onnx_input(g, "attention_mask"), ONNX_FLOAT);
    onnx_value forbidden = onnx_node2(g, "Sub", onnx_float(g, 1.0f), allowed);
    m->mask = onnx_node2(g, "Unsqueeze", onnx_node2(g, "Mul", forbidden, onnx_float(g, -FLT_MAX)),
                         onnx_integers(g, (const int64_t[]){1, 2}, 2));
}

maske_status onnx_write(const char *path, const masked_lm *network, safetensors_type type) {
    model m = {.config = &network->config, .table = &network->table};
    TRY(onnx_graph_start(&m.g, network, type));
    shapes_and_mask(&m);
    onnx_value x = encoder(&m, embeddings(&m));
    bool has_head = network->table.head;
    const char *name = has_head ? "logits" : "last_hidden_state";
    int64_t width = has_head ? m.config->vocab_size : m.config->hidden_size;
    if (has_head) x = head(&m, x);
    x = onnx_node2(&m.g, "Reshape", x, shape_of(&m, &width, 1));
    onnx_name(&m.g, x, name);
    onnx_output(&m.g, name, (size_t)width);
    maske_status status = onnx_graph_write(&m.g, path);
    onnx_graph_free(&m.g);
    return status;
}
