/* base/modules.c: reading modules.json, and moving with the model what it names. */
#include "base/modules.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { MODULES_LIMIT = 1 << 20 };

static const char list_name[] = "modules.json", prompts_name[] = "config_sentence_transformers.json";
const char *const modules_network_files[] = {
    "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json",
    "sentence_camembert_config.json", "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json", NULL};
/* Of a module that is not the network: its settings, and its weights if it has some (Dense). */
static const char *const module_files[] = {"config.json", "model.safetensors", "pytorch_model.bin", NULL};

/* ------------------------------------------------------------------------------------------------------ reading --- */

/* Nothing outside of the folder, and nothing hidden in it. */
static bool is_plain(const char *path) { return path[0] != '.' && strchr(path, '/') == NULL; }

static maske_status check_module(const json_t *module, size_t i, const char *file) {
    const char *type = NULL, *path = NULL;
    if (!json_is_object(module))
        return error_set(MASKE_BAD_FILE, "%s: module %zu: found %s, expected an object", file, i, json_kind(module));
    TRY(json_get_text(&type, module, "type", file));
    TRY(json_get_text_or(&path, "", module, "path", file));
    if (!is_plain(path))
        return error_set(MASKE_BAD_FILE, "%s: \"path\": found \"%.200s\", expected a folder beside this file", file,
                         path);
    return MASKE_OK;
}

static maske_status read_list(json_t **out, const char *file) {
    char *text = NULL;
    size_t length = 0;
    TRY(file_read(&text, &length, file, MODULES_LIMIT));
    json_fault fault = {0};
    json_t *list = json_parse(text, length, JSON_REJECT_DUPLICATES, &fault);
    maske_status status = MASKE_OK;
    if (list == NULL && fault.out_of_memory) status = error_memory(length, file);
    else if (!json_is_array(list))
        status = error_set(MASKE_BAD_FILE, "%s: found %s, expected a list of modules", file,
                           list != NULL ? json_kind(list) : "no JSON");
    for (size_t i = 0; status == MASKE_OK && i < json_array_size(list); i++)
        status = check_module(json_array_get(list, i), i, file);
    free(text);
    if (status != MASKE_OK) json_decref(list);
    else *out = list;
    return status;
}

/* What older folders have without a list. */
static maske_status assume_list(json_t **out, const char *folder) {
    char *path = NULL;
    TRY(path_join(&path, folder, "1_Pooling/config.json"));
    bool pooling = path_exists(path);
    free(path);
    *out = pooling ? json_pack("[{s:s, s:s}]", "type", "Pooling", "path", "1_Pooling") : json_array();
    return *out != NULL ? MASKE_OK : error_memory(0, "modules");
}

maske_status modules_read(modules *out, const char *folder) {
    modules m = {0};
    maske_status status = memory_copy_text(&m.folder, folder, strlen(folder));
    if (status == MASKE_OK) status = path_join(&m.file, folder, list_name);
    m.listed = status == MASKE_OK && path_exists(m.file);
    if (status == MASKE_OK) status = m.listed ? read_list(&m.list, m.file) : assume_list(&m.list, folder);
    if (status != MASKE_OK) modules_free(&m);
    else *out = m;
    return status;
}

void modules_free(modules *m) {
    json_decref(m->list);
    free(m->folder);
    free(m->file);
    *m = (modules){0};
}

size_t modules_count(const modules *m) { return json_array_size(m->list); }

const char *modules_kind(const modules *m, size_t i) {
    const char *type = json_string_value(json_object_get(json_array_get(m->list, i), "type"));
    const char *dot = strrchr(type, '.');
    return dot != NULL ? dot + 1 : type;
}

const char *modules_path(const modules *m, size_t i) {
    const char *path = json_string_value(json_object_get(json_array_get(m->list, i), "path"));
    return path != NULL ? path : "";
}

static bool is_network(const modules *m, size_t i) { return strcmp(modules_kind(m, i), "Transformer") == 0; }

/* The path of the network, "" where it is the folder itself. */
static const char *network_path(const modules *m) {
    for (size_t i = 0; i < modules_count(m); i++)
        if (is_network(m, i)) return modules_path(m, i);
    return "";
}

maske_status modules_network(char **out, const modules *m) {
    const char *path = network_path(m);
    if (path[0] != '\0') return path_join(out, m->folder, path);
    return memory_copy_text(out, m->folder, strlen(m->folder));
}

maske_status modules_find_network(char **out, const char *folder) {
    modules m = {0};
    TRY(modules_read(&m, folder));
    maske_status status = modules_network(out, &m);
    modules_free(&m);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ copying --- */

static maske_status copy_files(const char *from, const char *to, const char *const *names) {
    for (size_t i = 0; names[i] != NULL; i++) TRY(folder_copy_file(from, to, names[i], NULL));
    return MASKE_OK;
}

static maske_status copy_module(const char *from, const char *to, const char *path) {
    char *source = NULL, *target = NULL;
    maske_status status = path_join(&source, from, path);
    if (status == MASKE_OK && path_is_folder(source)) {
        status = path_join(&target, to, path);
        if (status == MASKE_OK) status = folder_make(target);
        if (status == MASKE_OK) status = copy_files(source, target, module_files);
    }
    free(source);
    free(target);
    return status;
}

/* modules.json with the network in the folder itself. */
static maske_status write_list(const modules *m, const char *to) {
    buffer text = {0};
    char *path = NULL;
    for (size_t i = 0; i < modules_count(m); i++)
        if (is_network(m, i) && json_object_set_new(json_array_get(m->list, i), "path", json_string("")) != 0)
            return error_memory(0, list_name);
    json_writer w = json_writer_start(&text, true);
    json_value(&w, m->list);
    maske_status status = json_writer_end(&w);
    if (status == MASKE_OK) status = path_join(&path, to, list_name);
    if (status == MASKE_OK) status = file_write_atomic(path, text.data, text.length, true);
    buffer_free(&text);
    free(path);
    return status;
}

static maske_status copy_all(const modules *m, const char *network, const char *to) {
    for (size_t i = 0; i < modules_count(m); i++)
        if (modules_path(m, i)[0] != '\0' && !is_network(m, i)) TRY(copy_module(m->folder, to, modules_path(m, i)));
    TRY(copy_files(network, to, modules_network_files));
    TRY(folder_copy_file(m->folder, to, prompts_name, NULL));
    return network_path(m)[0] == '\0' ? folder_copy_file(m->folder, to, list_name, NULL) : write_list(m, to);
}

maske_status modules_copy(const char *from, const char *to) {
    modules m = {0};
    char *network = NULL;
    TRY(modules_read(&m, from));
    maske_status status = modules_network(&network, &m);
    if (status == MASKE_OK) status = copy_all(&m, network, to);
    modules_free(&m);
    free(network);
    return status;
}

/* -------------------------------------------------------------------------------------------------------- names --- */

typedef struct visit_names { maske_status (*visit)(void *user, const char *name); void *user; } visit_names;

static maske_status visit_module(const char *path, const visit_names *v) {
    for (size_t i = 0; module_files[i] != NULL; i++) {
        char *name = NULL;
        TRY(path_join(&name, path, module_files[i]));
        maske_status status = v->visit(v->user, name);
        free(name);
        TRY(status);
    }
    return MASKE_OK;
}

maske_status modules_each_name(const char *folder, maske_status (*visit)(void *user, const char *name), void *user) {
    modules m = {0};
    maske_status status = modules_read(&m, folder);
    if (status == MASKE_OUT_OF_MEMORY) return status;
    status = visit(user, list_name);
    for (size_t i = 0; m.list != NULL && i < modules_count(&m) && status == MASKE_OK; i++)
        if (modules_path(&m, i)[0] != '\0' && !is_network(&m, i))
            status = visit_module(modules_path(&m, i), &(visit_names){visit, user});
    modules_free(&m);
    for (size_t i = 0; modules_network_files[i] != NULL && status == MASKE_OK; i++)
        status = visit(user, modules_network_files[i]);
    return status == MASKE_OK ? visit(user, prompts_name) : status;
}
