/* tasks/onnx_graph.h: an ONNX graph that is being put together: nodes, small constants and the model's weights.
 *
 * A value is known by its name. Any failure (memory) is kept, and given by onnx_graph_write; so the code that builds a
 * model reads like the model. Field numbers and types: onnx.proto of ONNX 1.13. */
#ifndef MASKE_TASKS_ONNX_GRAPH_H
#define MASKE_TASKS_ONNX_GRAPH_H

#include "base/buffer.h"
#include "bert/masked_lm.h"

typedef struct onnx_value { char name[FAMILY_NAME + 8]; } onnx_value;
typedef struct onnx_graph {
    const masked_lm *network;
    safetensors_type type;              /* F32, F16 or BF16: how weights are stored */
    buffer nodes, constants, values;    /* GraphProto: nodes; initializers that are no weights; inputs and outputs */
    buffer attributes;                  /* of the node to come */
    bool *used;                         /* [table.count] weights that are asked for */
    size_t count;                       /* values made so far */
    maske_status status;
} onnx_graph;

MASKE_MUST_USE maske_status onnx_graph_start(onnx_graph *out, const masked_lm *network, safetensors_type type);
void onnx_graph_free(onnx_graph *g);

typedef enum onnx_type { ONNX_FLOAT = 1, ONNX_INT64 = 7, ONNX_FLOAT16 = 10, ONNX_BFLOAT16 = 16 } onnx_type;
/* Inputs and the output of the graph. */
onnx_value onnx_input(onnx_graph *g, const char *name);                         /* int64 [batch, sequence] */
void onnx_output(onnx_graph *g, const char *name, size_t width);                /* float [batch, sequence, width] */

onnx_value onnx_integers(onnx_graph *g, const int64_t *values, size_t count);   /* a constant [count] */
onnx_value onnx_integer(onnx_graph *g, int64_t value);                          /* a constant without dimensions */
onnx_value onnx_float(onnx_graph *g, float value);                              /* the same of a float */
/* The parameter that lies at this place, as float32. */
onnx_value onnx_weight(onnx_graph *g, size_t place);

/* Attributes of the next node. */
void onnx_attribute_integer(onnx_graph *g, const char *name, int64_t value);
void onnx_attribute_integers(onnx_graph *g, const char *name, const int64_t *values, size_t count);
void onnx_attribute_float(onnx_graph *g, const char *name, float value);
/* A node of up to three inputs (an empty name ends them) and one output. */
onnx_value onnx_node(onnx_graph *g, const char *operator, onnx_value a, onnx_value b, onnx_value c);
#define ONNX_NO_VALUE (onnx_value){{0}}
static inline onnx_value onnx_node1(onnx_graph *g, const char *operator, onnx_value a) {
    return onnx_node(g, operator, a, ONNX_NO_VALUE, ONNX_NO_VALUE);
}
static inline onnx_value onnx_node2(onnx_graph *g, const char *operator, onnx_value a, onnx_value b) {
    return onnx_node(g, operator, a, b, ONNX_NO_VALUE);
}
/* The value under this name: the graph's output. */
void onnx_name(onnx_graph *g, onnx_value value, const char *name);

/* Writes the whole file, weights included. */
MASKE_MUST_USE maske_status onnx_graph_write(onnx_graph *g, const char *path);

#endif
