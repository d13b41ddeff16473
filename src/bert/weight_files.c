/* bert/weight_files.c */
#include "bert/weight_files.h"
#include "base/pytorch.h"

#include <stdlib.h>

enum { INDEX_LIMIT = 64 << 20, MOST_PARTS = 4096 };

static maske_status open_one(safetensors *out, const char *path) {
    return name_ends_with(path, ".bin") ? pytorch_open(out, path) : safetensors_open(out, path, true);
}

/* ---------------------------------------------------------------------------------------------- several files --- */

/* Opens a file of the index unless it is open; *part is its number. */
static maske_status open_part(weight_files *w, const char *index, const char *file, size_t *part) {
    char *path = NULL;
    if (strchr(file, '/') != NULL || file[0] == '\0' || file[0] == '.')
        return error_set(MASKE_BAD_FILE, "%s: \"weight_map\": found the file \"%.200s\", expected a name beside this "
                         "one", index, file);
    const char *slash = strrchr(index, '/');
    buffer text = {0};
    maske_status status = buffer_add(&text, index, slash != NULL ? (size_t)(slash - index) + 1 : 0);
    if (status == MASKE_OK) status = buffer_add_text(&text, file);
    path = text.data;
    for (*part = 0; status == MASKE_OK && *part < w->count && strcmp(w->parts[*part].path, path) != 0;) ++*part;
    if (status == MASKE_OK && *part == w->count) {
        status = *part < MOST_PARTS ? memory_reserve(&w->parts, &w->capacity, w->count + 1, sizeof *w->parts, "files")
                                    : error_set(MASKE_BAD_FILE, "%s: names more than %d files", index, MOST_PARTS);
        if (status == MASKE_OK) status = open_one(&w->parts[*part], path);
        if (status == MASKE_OK) w->count++;
    }
    buffer_free(&text);
    return status;
}

static maske_status open_map(weight_files *w, const char *index, const json_t *map) {
    const char *tensor;
    json_t *value;
    if (!json_is_object(map))
        return error_set(MASKE_BAD_FILE, "%s: \"weight_map\": found %s, expected an object", index, json_kind(map));
    json_object_foreach((json_t *)(uintptr_t)map, tensor, value) {
        size_t part = 0;
        if (!json_is_string(value))
            return error_set(MASKE_BAD_FILE, "%s: \"weight_map\": \"%.200s\": found %s, expected a file's name", index,
                             tensor, json_kind(value));
        TRY(open_part(w, index, json_string_value(value), &part));
        if (safetensors_find(&w->parts[part], tensor) == NULL)
            return error_set(MASKE_BAD_FILE, "%s: tensor \"%.200s\" should be in %s, which has none of that name",
                             index, tensor, w->parts[part].path);
    }
    return MASKE_OK;
}

static maske_status join(weight_files *w, const char *index) {
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) count += w->parts[i].count;
    TRY(memory_copy_text(&w->all.path, index, strlen(index)));
    TRY(memory_new(&w->all.tensors, count, sizeof *w->all.tensors, "a model's tensors"));
    for (size_t i = 0; i < w->count; i++) {
        memcpy(w->all.tensors + w->all.count, w->parts[i].tensors, w->parts[i].count * sizeof *w->all.tensors);
        w->all.count += w->parts[i].count;
    }
    return safetensors_index(&w->all);
}

static maske_status open_index(weight_files *w, const char *index) {
    json_t *object = NULL;
    TRY(json_read_object(&object, index, INDEX_LIMIT));
    maske_status status = open_map(w, index, json_object_get(object, "weight_map"));
    json_decref(object);
    return status == MASKE_OK ? join(w, index) : status;
}

/* --------------------------------------------------------------------------------------------------- the folder --- */

static maske_status open_named(weight_files *w, const char *path) {
    if (name_ends_with(path, ".index.json")) return open_index(w, path);
    return open_one(&w->all, path);
}

maske_status weight_files_open_one(weight_files *out, const char *path) {
    weight_files w = {0};
    maske_status status = open_named(&w, path);
    if (status == MASKE_OK) *out = w;
    else weight_files_close(&w);
    return status;
}

/* In the order in which they count; the last ones are forms that are not read. */
static const char *const weight_names[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                           "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack",
                                           "model.ckpt.index"};
enum { READABLE = 4 };
static const char expected[] = "expected model.safetensors or pytorch_model.bin";

maske_status weight_files_find(char **path, const char *folder) {
    for (size_t i = 0; i < sizeof weight_names / sizeof weight_names[0]; i++) {
        char *there = NULL;
        TRY(path_join(&there, folder, weight_names[i]));
        if (path_exists(there) && i < READABLE) {
            *path = there;
            return MASKE_OK;
        }
        maske_status status = path_exists(there)
                                  ? error_set(MASKE_UNSUPPORTED, "%s: weights in this form are not read, %s", there, expected)
                                  : MASKE_OK;
        free(there);
        TRY(status);
    }
    *path = NULL;
    return MASKE_OK;
}

maske_status weight_files_open(weight_files *out, const char *folder) {
    char *path = NULL;
    TRY(weight_files_find(&path, folder));
    if (path == NULL) return error_set(MASKE_IO, "%s: found no weights, %s", folder, expected);
    maske_status status = weight_files_open_one(out, path);
    free(path);
    return status;
}

void weight_files_close(weight_files *files) {
    if (files == NULL) return;
    safetensors_close(&files->all);
    for (size_t i = 0; i < files->count; i++) safetensors_close(&files->parts[i]);
    free(files->parts);
    *files = (weight_files){0};
}
