/* tasks/model_folder.c: a folder that a model is written into. */
#include "tasks/model_folder.h"
#include "base/output_folder.h"

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
