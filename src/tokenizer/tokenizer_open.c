/* tokenizer/tokenizer_open.c: maske_tokenizer_open: which file a path means, and which reader reads it. */
#include "base/modules.h"
#include "tokenizer/tokenizer_read.h"

#include <stdlib.h>

/* A .json file is a tokenizer.json if that is its name, or if it has a model or a version (an entry of that name has a
 * number), else the entries of a vocab.json. */
static maske_status open_json(maske_tokenizer **out, const char *path, const char *folder,
                              const tokenizer_config *config) {
    tokenizer_json json = {0};
    char *merges = NULL, *text = NULL;
    size_t length = 0;
    bool entries = name_ends_with(path, "vocab.json");
    TRY(file_read(&text, &length, path, entries ? TOKENIZER_VOCAB_LIMIT : TOKENIZER_JSON_LIMIT));
    maske_status status = tokenizer_json_parse(&json, text, length, path, entries);
    free(text);
    TRY(status);
    if (strcmp(path_name(path), "tokenizer.json") == 0 || json_is_object(json_object_get(json.root, "model")) ||
        json_is_string(json_object_get(json.root, "version"))) {
        status = tokenizer_read_json(out, &json, path, config);
    } else {
        status = path_join(&merges, folder, "merges.txt");
        if (status == MASKE_OK)
            status = tokenizer_read_vocab_json(out, &json, path, path_exists(merges) ? merges : NULL, config);
    }
    tokenizer_json_free(&json);
    free(merges);
    return status;
}

static maske_status open_file(maske_tokenizer **out, const char *path, const char *folder, const tokenizer_config *config) {
    if (name_ends_with(path, "merges.txt")) {
        char *entries = NULL;
        TRY(path_join(&entries, folder, "vocab.json"));
        maske_status status = open_json(out, entries, folder, config);
        free(entries);
        return status;
    }
    return name_ends_with(path, ".txt") ? tokenizer_read_vocab_txt(out, path, config) : open_json(out, path, folder, config);
}

/* The file that a folder is read from, if it is there; *path is NULL if not. */
static maske_status find_file(char **path, const char *folder, const char *file) {
    *path = NULL;
    TRY(path_join(path, folder, file));
    if (path_exists(*path)) return MASKE_OK;
    free(*path);
    *path = NULL;
    return MASKE_OK;
}

/* A folder without a tokenizer.json. BERT's class reads its vocab.txt, whatever lies beside it. vocab.txt and vocab.json say
 * nothing of what another class does with a text: other ids than its own would come out. */
static maske_status open_older(maske_tokenizer **out, const char *folder, const tokenizer_config *config) {
    static const char *const files[] = {"vocab.json", "vocab.txt"};
    size_t first = config->class == CLASS_BERT;
    for (size_t i = 0; i < 2; i++) {
        char *path = NULL;
        const char *file = files[(first + i) % 2];
        TRY(find_file(&path, folder, file));
        if (path == NULL) continue;
        maske_status status = config->class != CLASS_OTHER ? open_file(out, path, folder, config)
            : error_set(MASKE_UNSUPPORTED, "%s: the tokenizer's class is %s, whose rules for a %s are not in maske, expected a "
                        "tokenizer.json beside it", folder, config->class_name, file);
        free(path);
        return status;
    }
    return error_set(MASKE_IO, "%s: found no tokenizer.json, no vocab.json and no vocab.txt in this folder", folder);
}

static maske_status open_folder(maske_tokenizer **out, const char *folder, const tokenizer_config *config) {
    char *path = NULL;
    TRY(find_file(&path, folder, "tokenizer.json"));
    if (path == NULL) return open_older(out, folder, config);
    maske_status status = open_file(out, path, folder, config);
    free(path);
    return status;
}

maske_status maske_tokenizer_open(maske_tokenizer **out, const char *path) {
    char *folder = NULL;
    tokenizer_config config = {0};
    bool whole = path_is_folder(path);
    TRY(whole ? modules_find_network(&folder, path) : path_parent(&folder, path));
    maske_status status = tokenizer_config_read(&config, folder);
    config.file_alone = !whole;
    if (status == MASKE_OK) status = whole ? open_folder(out, folder, &config) : open_file(out, path, folder, &config);
    tokenizer_config_free(&config);
    free(folder);
    return status;
}
