/* tasks/run_input.c: reading and checking the tensors of `maske run`. */
#include "tasks/run_input.h"
#include "base/log.h"

#include <stdlib.h>

enum { NOTHING = -100 };        /* the label that means: nothing is predicted here */

static const char *const known[] = {"input_ids",      "inputs_embeds", "attention_mask",
                                    "token_type_ids", "labels",        "head_mask"};

/* A name that is none of ours may be a typing error that changes the result unseen. */
static void warn_of_names(const safetensors *file) {
    for (size_t i = 0; i < file->count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            found = found || strcmp(file->tensors[i].name, known[k]) == 0;
        if (!found) log_say(MASKE_LOG_WARNING, "%s: the tensor %s is not used", file->path, file->tensors[i].name);
    }
}

/* The sizes, from whichever of the two inputs there is. */
static maske_status read_sizes(run_input *in, const safetensors *file, const bert_config *config) {
    const safetensors_tensor *ids = safetensors_find(file, "input_ids"),
                             *embeds = safetensors_find(file, "inputs_embeds");
    if ((ids == NULL) == (embeds == NULL))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected input_ids or inputs_embeds", file->path,
                         ids != NULL ? "both input_ids and inputs_embeds" : "neither of the two");
    const safetensors_tensor *given = ids != NULL ? ids : embeds;
    size_t rank = ids != NULL ? 2 : 3;
    char shape[96];
    if (given->rank != rank || given->shape[0] == 0 || given->shape[1] == 0)
        return error_set(MASKE_BAD_SHAPE, "%s: %s is %s, expected %s, not empty", file->path, given->name,
                         safetensors_shape_text(shape, sizeof shape, given->shape, given->rank),
                         rank == 2 ? "[batch, length]" : "[batch, length, hidden]");
    in->batch = given->shape[0];
    in->length = given->shape[1];
    if (in->length > bert_config_positions(config))
        return error_set(MASKE_BAD_SHAPE, "%s: %s is %s, but the model has %zu positions", file->path, given->name,
                         safetensors_shape_text(shape, sizeof shape, given->shape, given->rank),
                         bert_config_positions(config));
    if (!size_multiply(&in->tokens, in->batch, in->length) || in->tokens > INT32_MAX)
        return error_set(MASKE_BAD_SHAPE, "%s: %s has too many tokens", file->path, given->name);
    return MASKE_OK;
}

/* An integer tensor [batch, length], its values in minimum..maximum or `beside`. *out is yours, NULL if there is none.
 */
static maske_status read_integers(int32_t **out, const run_input *in, const safetensors *file, const char *name,
                                  int64_t minimum, int64_t maximum, int64_t beside) {
    const safetensors_tensor *tensor = safetensors_find(file, name);
    if (tensor == NULL) return MASKE_OK;
    int64_t *wide = NULL;
    TRY(safetensors_expect_shape(file, tensor, (size_t[]){in->batch, in->length}, 2));
    TRY(memory_new(&wide, in->tokens, sizeof *wide, name));
    maske_status status = safetensors_copy_integers(wide, file, tensor, beside < minimum ? beside : minimum, maximum);
    for (size_t i = 0; i < in->tokens && status == MASKE_OK; i++)
        if (wide[i] < minimum && wide[i] != beside)
            status =
                error_set(MASKE_BAD_FILE, "%s: %s: found %lld at row %zu, column %zu, expected %lld to %lld or %lld",
                          file->path, name, (long long)wide[i], i / in->length, i % in->length, (long long)minimum,
                          (long long)maximum, (long long)beside);
    if (status == MASKE_OK) status = memory_new(out, in->tokens, sizeof **out, name);
    for (size_t i = 0; i < in->tokens && status == MASKE_OK; i++) (*out)[i] = (int32_t)wide[i];
    free(wide);
    return status;
}

static maske_status read_attention_mask(run_input *in, const safetensors *file) {
    int32_t *mask = NULL;
    TRY(read_integers(&mask, in, file, "attention_mask", 0, 1, 0));
    if (mask == NULL) return MASKE_OK;
    maske_status status = memory_new(&in->attention_mask, in->tokens, 1, "attention_mask");
    for (size_t i = 0; i < in->tokens && status == MASKE_OK; i++) in->attention_mask[i] = (uint8_t)mask[i];
    free(mask);
    return status;
}

/* [heads] stands for every layer. */
static maske_status read_head_mask(run_input *in, const safetensors *file, const bert_config *config) {
    const safetensors_tensor *tensor = safetensors_find(file, "head_mask");
    size_t layers = (size_t)config->num_hidden_layers, heads = (size_t)config->num_attention_heads;
    if (tensor == NULL) return MASKE_OK;
    if (tensor->rank == 1) TRY(safetensors_expect_shape(file, tensor, (size_t[]){heads}, 1));
    else TRY(safetensors_expect_shape(file, tensor, (size_t[]){layers, heads}, 2));
    TRY(memory_new(&in->head_mask, layers * heads, sizeof *in->head_mask, "head_mask"));
    TRY(safetensors_copy_floats(in->head_mask, file, tensor));
    for (size_t i = tensor->elements; i < layers * heads; i++) in->head_mask[i] = in->head_mask[i - heads];
    return MASKE_OK;
}

static maske_status read_embeds(run_input *in, const safetensors *file, const bert_config *config) {
    const safetensors_tensor *tensor = safetensors_find(file, "inputs_embeds");
    if (tensor == NULL) return MASKE_OK;
    TRY(safetensors_expect_shape(file, tensor, (size_t[]){in->batch, in->length, (size_t)config->hidden_size}, 3));
    TRY(memory_new(&in->inputs_embeds, tensor->elements, sizeof *in->inputs_embeds, "inputs_embeds"));
    return safetensors_copy_floats(in->inputs_embeds, file, tensor);
}

static maske_status read_all(run_input *in, const safetensors *file, const bert_config *config) {
    TRY(read_sizes(in, file, config));
    warn_of_names(file);
    TRY(read_integers(&in->input_ids, in, file, "input_ids", 0, config->vocab_size - 1, 0));
    TRY(read_embeds(in, file, config));
    TRY(read_attention_mask(in, file));
    TRY(read_integers(&in->token_type_ids, in, file, "token_type_ids", 0, config->type_vocab_size - 1, 0));
    TRY(read_integers(&in->labels, in, file, "labels", 0, config->vocab_size - 1, NOTHING));
    for (size_t i = 0; in->labels != NULL && i < in->tokens; i++) in->labelled += in->labels[i] != NOTHING;
    return read_head_mask(in, file, config);
}

maske_status run_input_read(run_input *out, const char *file, const bert_config *config) {
    safetensors tensors = {0};
    run_input in = {0};
    TRY(safetensors_open(&tensors, file, false));
    maske_status status = read_all(&in, &tensors, config);
    safetensors_close(&tensors);
    if (status == MASKE_OK) *out = in;
    else run_input_free(&in);
    return status;
}

void run_input_free(run_input *in) {
    free(in->input_ids);
    free(in->inputs_embeds);
    free(in->attention_mask);
    free(in->token_type_ids);
    free(in->labels);
    free(in->head_mask);
    *in = (run_input){0};
}
