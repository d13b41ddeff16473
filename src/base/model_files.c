/* base/model_files.c */
#include "base/model_files.h"
#include "base/modules.h"

#include <stdlib.h>

const char *const tokenizer_files[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
                                       "merges.txt",     "vocab.txt",             "added_tokens.json",       NULL};
static const char *const other_files[] = {"config.json",
                                          "model.safetensors",
                                          "model.safetensors.index.json",
                                          "pytorch_model.bin",
                                          "pytorch_model.bin.index.json",
                                          "modules.json",
                                          "config_sentence_transformers.json",
                                          "optimizer.safetensors",
                                          "trainer_state.json",
                                          "train.json",
                                          "corpus.json",
                                          "metrics.jsonl",
                                          NULL};

static bool is_one_of(const char *const *names, const char *name) {
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

bool name_is_tokenizer_file(const char *name) { return is_one_of(tokenizer_files, name); }

bool name_is_model_file(const char *name) {
    return name_is_tokenizer_file(name) || is_one_of(other_files, name) || is_one_of(modules_network_files, name);
}

maske_status model_files_expect_apart(const char *file, const char *folder) {
    char *parent = NULL;
    TRY(path_parent(&parent, file));
    bool apart = !path_exists(file) || !name_is_model_file(path_name(file)) || !path_same(parent, folder);
    free(parent);
    if (apart) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "%s: is a file of the model in %s, expected another name to write to", file, folder);
}

maske_status tokenizer_files_expect_apart(const char *path, const char *out) {
    char *parent = NULL;
    TRY(path_parent(&parent, path));
    bool apart = !path_same(path, out) && !(path_same(parent, out) && name_is_tokenizer_file(path_name(path)));
    free(parent);
    if (apart) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "%s: is read, and lies where --out %s writes, expected another folder", path, out);
}
