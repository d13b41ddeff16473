/* tasks/model_folder.c: files of a model's folder. */
#include "tasks/model_folder.h"
#include "base/output_folder.h"
#include "bert/weights.h"

#include <stdlib.h>

const char *const model_folder_owned[] = {
    "model.onnx", "optimizer.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
    "merges.txt", "vocab.txt", "added_tokens.json", "modules.json", "sentence_bert_config.json",
    "config_sentence_transformers.json", "1_Pooling", NULL};

maske_status model_folder_check(const char *out, const char *from, bool force) {
    TRY(output_folder_check(out, force));
    if (path_is_inside(from, out))
        return error_set(MASKE_BAD_ARGUMENT, "%s: is the model that is read, expected another folder to write into", out);
    return MASKE_OK;
}

static maske_status write_config(const char *path, const masked_lm *network, safetensors_type type) {
    const char *dtype = type == SAFETENSORS_F16 ? "float16" : type == SAFETENSORS_BF16 ? "bfloat16" : "float32";
    buffer text = {0};
    maske_status status = bert_config_write_typed(&text, &network->config, network->table.head, dtype);
    if (status == MASKE_OK) status = file_write_atomic(path, text.data, text.length, true);
    buffer_free(&text);
    return status;
}

maske_status model_folder_write_network(const char *folder, const masked_lm *network, safetensors_type type) {
    char *path = NULL;
    TRY(path_join(&path, folder, "config.json"));
    maske_status status = write_config(path, network, type);
    free(path);
    TRY(status);
    TRY(path_join(&path, folder, "model.safetensors"));
    status = bert_weights_write(path, &network->table, network->weights, type);
    free(path);
    return status;
}
