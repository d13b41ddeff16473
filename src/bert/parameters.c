/* bert/parameters.c: the table is built from the rows below; a row also says which place it fills in. */
#include "bert/parameters.h"
#include "base/number.h"
#include "base/random.h"

#include <stdlib.h>

/* A dimension of a shape: a number of the configuration. NONE: the tensor has one dimension less. */
typedef enum dimension { NONE, VOCAB, HIDDEN, POSITIONS, TYPES, INTERMEDIATE } dimension;
enum { DECAY = true, NO_DECAY = false };
#define NORMAL INITIAL_NORMAL
#define ZERO   INITIAL_ZERO
#define ONE    INITIAL_ONE

typedef struct row {
    const char *name;
    dimension shape[2];
    parameter_initial initial;
    bool decay;
    size_t place;               /* offset of the size_t that receives the tensor's place, or ATTACHED */
} row;

/* Follows the tensor before without a gap, and is found by that one's place. */
#define ATTACHED SIZE_MAX
#define AT(member) offsetof(parameters, member)
#define LAYER(member) offsetof(layer_places, member)

static const row embeddings_rows[] = {
    {"bert.embeddings.word_embeddings.weight",       {VOCAB, HIDDEN},     NORMAL, DECAY,    AT(word_embeddings)},
    {"bert.embeddings.position_embeddings.weight",   {POSITIONS, HIDDEN}, NORMAL, DECAY,    AT(position_embeddings)},
    {"bert.embeddings.token_type_embeddings.weight", {TYPES, HIDDEN},     NORMAL, DECAY,    AT(token_type_embeddings)},
    {"bert.embeddings.LayerNorm.weight",             {HIDDEN},            ONE,    NO_DECAY, AT(embeddings_norm.weight)},
    {"bert.embeddings.LayerNorm.bias",               {HIDDEN},            ZERO,   NO_DECAY, AT(embeddings_norm.bias)},
};
static const row layer_rows[] = {
    {"attention.self.query.weight",       {HIDDEN, HIDDEN},       NORMAL, DECAY,    LAYER(query_key_value.weight)},
    {"attention.self.key.weight",         {HIDDEN, HIDDEN},       NORMAL, DECAY,    ATTACHED},
    {"attention.self.value.weight",       {HIDDEN, HIDDEN},       NORMAL, DECAY,    ATTACHED},
    {"attention.self.query.bias",         {HIDDEN},               ZERO,   NO_DECAY, LAYER(query_key_value.bias)},
    {"attention.self.key.bias",           {HIDDEN},               ZERO,   NO_DECAY, ATTACHED},
    {"attention.self.value.bias",         {HIDDEN},               ZERO,   NO_DECAY, ATTACHED},
    {"attention.output.dense.weight",     {HIDDEN, HIDDEN},       NORMAL, DECAY,    LAYER(self_output.weight)},
    {"attention.output.dense.bias",       {HIDDEN},               ZERO,   NO_DECAY, LAYER(self_output.bias)},
    {"attention.output.LayerNorm.weight", {HIDDEN},               ONE,    NO_DECAY, LAYER(self_output_norm.weight)},
    {"attention.output.LayerNorm.bias",   {HIDDEN},               ZERO,   NO_DECAY, LAYER(self_output_norm.bias)},
    {"intermediate.dense.weight",         {INTERMEDIATE, HIDDEN}, NORMAL, DECAY,    LAYER(intermediate.weight)},
    {"intermediate.dense.bias",           {INTERMEDIATE},         ZERO,   NO_DECAY, LAYER(intermediate.bias)},
    {"output.dense.weight",               {HIDDEN, INTERMEDIATE}, NORMAL, DECAY,    LAYER(output.weight)},
    {"output.dense.bias",                 {HIDDEN},               ZERO,   NO_DECAY, LAYER(output.bias)},
    {"output.LayerNorm.weight",           {HIDDEN},               ONE,    NO_DECAY, LAYER(output_norm.weight)},
    {"output.LayerNorm.bias",             {HIDDEN},               ZERO,   NO_DECAY, LAYER(output_norm.bias)},
};
static const row head_rows[] = {
    {"cls.predictions.transform.dense.weight",     {HIDDEN, HIDDEN}, NORMAL, DECAY,    AT(transform.weight)},
    {"cls.predictions.transform.dense.bias",       {HIDDEN},         ZERO,   NO_DECAY, AT(transform.bias)},
    {"cls.predictions.transform.LayerNorm.weight", {HIDDEN},         ONE,    NO_DECAY, AT(transform_norm.weight)},
    {"cls.predictions.transform.LayerNorm.bias",   {HIDDEN},         ZERO,   NO_DECAY, AT(transform_norm.bias)},
    {"cls.predictions.bias",                       {VOCAB},          ZERO,   NO_DECAY, AT(decoder_bias)},
};
static const row decoder_rows[] = {
    {"cls.predictions.decoder.weight", {VOCAB, HIDDEN}, NORMAL, DECAY, AT(decoder)},
};
static const row pooler_rows[] = {
    {"bert.pooler.dense.weight", {HIDDEN, HIDDEN}, NORMAL, DECAY,    AT(pooler_dense.weight)},
    {"bert.pooler.dense.bias",   {HIDDEN},         ZERO,   NO_DECAY, AT(pooler_dense.bias)},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t dimension_size(const bert_config *config, dimension d) {
    switch (d) {
    case VOCAB:        return (size_t)config->vocab_size;
    case HIDDEN:       return (size_t)config->hidden_size;
    case POSITIONS:    return (size_t)config->max_position_embeddings;
    case TYPES:        return (size_t)config->type_vocab_size;
    case INTERMEDIATE: return (size_t)config->intermediate_size;
    case NONE:         break;
    }
    return 1;
}

/* Adds a row to the table; `places` is the structure that its place is an offset into. */
static maske_status add_row(parameters *table, const bert_config *config, const row *r, const char *prefix,
                            parameter_part part, void *places) {
    enum { ALIGNMENT = 16 };    /* floats in 64 bytes */
    if (r->shape[0] == TYPES && config->type_vocab_size == 0) {
        table->token_type_embeddings = NO_PLACE;
        return MASKE_OK;
    }
    parameter *p = &table->rows[table->count++];
    char name[FAMILY_NAME];
    number_print(name, sizeof name, "%s%s", prefix, r->name);
    family_tensor(p->name, config->family, name);
    p->part = part;
    p->initial = r->initial;
    p->decay = r->decay;
    p->rank = r->shape[1] == NONE ? 1 : 2;
    p->shape[0] = dimension_size(config, r->shape[0]);
    p->shape[1] = dimension_size(config, r->shape[1]);
    size_t start = table->total, bytes;
    if (r->place != ATTACHED) start = (start + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!size_multiply(&p->elements, p->shape[0], p->shape[1]) || !size_add(&table->total, start, p->elements) ||
        !size_multiply(&bytes, table->total, 2 * sizeof(float)))    /* twice: rounding up stays safe */
        return error_memory(SIZE_MAX, p->name);
    p->place = start;
    if (r->place != ATTACHED) *(size_t *)(void *)((char *)places + r->place) = start;
    return MASKE_OK;
}

static maske_status add_rows(parameters *table, const bert_config *config, const row *rows, size_t count,
                             const char *prefix, parameter_part part, void *places) {
    for (size_t i = 0; i < count; i++) TRY(add_row(table, config, &rows[i], prefix, part, places));
    return MASKE_OK;
}

static maske_status build(parameters *table, const bert_config *config) {
    size_t layers = (size_t)config->num_hidden_layers;
    size_t most = COUNT(embeddings_rows) + layers * COUNT(layer_rows) + COUNT(head_rows) + COUNT(decoder_rows) +
                  COUNT(pooler_rows);
    TRY(memory_new(&table->rows, most, sizeof *table->rows, "the parameter table"));
    TRY(memory_new(&table->layers, layers, sizeof *table->layers, "the parameter table"));
    TRY(add_rows(table, config, embeddings_rows, COUNT(embeddings_rows), "", PART_EMBEDDINGS, table));
    for (size_t i = 0; i < layers; i++) {
        char prefix[40];
        number_print(prefix, sizeof prefix, "bert.encoder.layer.%zu.", i);
        TRY(add_rows(table, config, layer_rows, COUNT(layer_rows), prefix, PART_ENCODER, &table->layers[i]));
    }
    if (table->head) TRY(add_rows(table, config, head_rows, COUNT(head_rows), "", PART_HEAD, table));
    table->decoder = table->word_embeddings;
    if (table->head && !config->tied)
        TRY(add_rows(table, config, decoder_rows, COUNT(decoder_rows), "", PART_HEAD, table));
    if (table->pooler) TRY(add_rows(table, config, pooler_rows, COUNT(pooler_rows), "", PART_POOLER, table));
    return MASKE_OK;
}

maske_status parameters_build(parameters *out, const bert_config *config, bool head, bool pooler) {
    parameters table = {.head = head, .pooler = pooler, .family = config->family};
    maske_status status = build(&table, config);
    if (status == MASKE_OK) *out = table;
    else parameters_free(&table);
    return status;
}

void parameters_free(parameters *table) {
    if (table == NULL) return;
    free(table->rows);
    free(table->layers);
    *table = (parameters){0};
}

const parameter *parameters_find(const parameters *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0) return &table->rows[i];
    return NULL;
}

void parameters_initialise(float *weights, const parameters *table, const bert_config *config, uint64_t seed) {
    for (size_t i = 0; i < table->total; i++) weights[i] = 0.0f;
    for (size_t i = 0; i < table->count; i++) {
        const parameter *p = &table->rows[i];
        float *values = weights + p->place;
        if (p->initial == INITIAL_NORMAL) random_normal(values, p->elements, (float)config->initializer_range, seed, i);
        if (p->initial == INITIAL_ONE) for (size_t j = 0; j < p->elements; j++) values[j] = 1.0f;
    }
    if (config->pad_token_id >= 0) {
        size_t hidden = (size_t)config->hidden_size;
        float *padding = weights + table->word_embeddings + (size_t)config->pad_token_id * hidden;
        for (size_t j = 0; j < hidden; j++) padding[j] = 0.0f;
    }
}
