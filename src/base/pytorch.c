/* base/pytorch.c: the dictionary's entries become tensors, one by one. */
#include "base/pytorch.h"
#include "base/pickle.h"
#include "base/zip.h"

#include <stdlib.h>

static const char *const names[] = {
    "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
    "torch FloatStorage", "torch DoubleStorage", "torch HalfStorage", "torch BFloat16Storage", "torch LongStorage",
    "torch IntStorage", "torch ShortStorage", "torch CharStorage", "torch ByteStorage", "torch BoolStorage"};
static const struct { const char *name; safetensors_type type; size_t bytes; } storages[] = {
    {"torch FloatStorage", SAFETENSORS_F32, 4},  {"torch DoubleStorage", SAFETENSORS_F64, 8},
    {"torch HalfStorage", SAFETENSORS_F16, 2},   {"torch BFloat16Storage", SAFETENSORS_BF16, 2},
    {"torch LongStorage", SAFETENSORS_I64, 8},   {"torch IntStorage", SAFETENSORS_I32, 4},
    {"torch ShortStorage", SAFETENSORS_I16, 2},  {"torch CharStorage", SAFETENSORS_I8, 1},
    {"torch ByteStorage", SAFETENSORS_U8, 1},    {"torch BoolStorage", SAFETENSORS_BOOL, 1}};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct reading {
    const char *name;               /* of the file */
    zip_file zip;
    pickle pickle;
    size_t folder;                  /* length of what stands before data.pkl in the members' names */
    const char *pickle_name;
} reading;

#define BAD_TENSOR(r, t, format, ...) \
    error_set(MASKE_BAD_FILE, "%s: tensor \"%.200s\": " format, (r)->name, (t)->name, __VA_ARGS__)

/* ----------------------------------------------------------------------------------------- values of the pickle --- */

static const pickle_value *value_at(const reading *r, uint32_t value) { return &r->pickle.values[value]; }

/* Item i of a tuple, NULL: it is no tuple or has fewer. */
static const pickle_value *item(const reading *r, const pickle_value *tuple, size_t i) {
    if (tuple == NULL || tuple->kind != PICKLE_TUPLE || i >= tuple->count) return NULL;
    return value_at(r, r->pickle.items[tuple->first + i]);
}

static bool as_size(size_t *out, const pickle_value *v) {
    if (v == NULL || v->kind != PICKLE_INTEGER || v->integer < 0) return false;
    *out = (size_t)v->integer;
    return true;
}

/* The arguments of a call of this function, NULL: it is none. */
static const pickle_value *call_of(const reading *r, const pickle_value *v, const char *function) {
    if (v == NULL || v->kind != PICKLE_CALL || !pickle_is(&r->pickle, v->function, function)) return NULL;
    return value_at(r, v->arguments);
}

/* ------------------------------------------------------------------------------------------------------ tensors --- */

/* The elements of a storage: ("storage", type, key, place, elements). */
static maske_status find_storage(const reading *r, safetensors_tensor *t, const pickle_value *reference,
                                 const char **data, size_t *elements, size_t *width) {
    const pickle_value *s = reference != NULL && reference->kind == PICKLE_REFERENCE
                                ? value_at(r, reference->arguments) : NULL;
    const pickle_value *kind = item(r, s, 0), *key = item(r, s, 2);
    if (s == NULL || s->kind != PICKLE_TUPLE || s->count != 5 || kind->kind != PICKLE_TEXT || kind->length != 7 ||
        memcmp(kind->text, "storage", 7) != 0 || key->kind != PICKLE_TEXT || !as_size(elements, item(r, s, 4)))
        return BAD_TENSOR(r, t, "%s", "its storage is not told as torch.save tells it");
    size_t i = 0;
    while (i < COUNT(storages) && !pickle_is(&r->pickle, r->pickle.items[s->first + 1], storages[i].name)) i++;
    if (i == COUNT(storages)) return BAD_TENSOR(r, t, "%s", "its storage is of an unknown type");
    t->type = storages[i].type;
    *width = storages[i].bytes;
    buffer path = {0};
    maske_status status = buffer_add_format(&path, "%.*sdata/%.*s", (int)r->folder, r->pickle_name,
                                            (int)(key->length < 4096 ? key->length : 4096), key->text);
    const zip_member *member = status == MASKE_OK ? zip_find(&r->zip, path.data) : NULL;
    size_t bytes = 0;
    if (status == MASKE_OK && member == NULL)
        status = BAD_TENSOR(r, t, "there is no member \"%.200s\" with its elements", path.data);
    else if (status == MASKE_OK && (!size_multiply(&bytes, *elements, *width) || bytes > member->length))
        status = BAD_TENSOR(r, t, "\"%.200s\" has %zu bytes, %zu elements of %s are expected", path.data,
                            member->length, *elements, safetensors_type_name(t->type));
    if (status == MASKE_OK) *data = member->data;
    buffer_free(&path);
    return status;
}

/* shape and elements; fails unless the strides are those of elements row by row. */
static maske_status read_shape(const reading *r, safetensors_tensor *t, const pickle_value *size,
                               const pickle_value *stride) {
    if (size == NULL || stride == NULL || size->kind != PICKLE_TUPLE || stride->kind != PICKLE_TUPLE ||
        size->count != stride->count || size->count > SAFETENSORS_RANK)
        return BAD_TENSOR(r, t, "its shape is not told by two tuples of at most %d numbers", SAFETENSORS_RANK);
    t->rank = size->count;
    t->elements = 1;
    for (size_t i = 0; i < t->rank; i++)
        if (!as_size(&t->shape[i], item(r, size, i)) || !size_multiply(&t->elements, t->elements, t->shape[i]))
            return BAD_TENSOR(r, t, "%s", "its shape is not made of numbers that can be multiplied");
    size_t expected = 1;
    for (size_t i = t->rank; i-- > 0 && t->elements > 0; expected *= t->shape[i]) {
        size_t found = 0;
        if (t->shape[i] == 1) continue;
        if (!as_size(&found, item(r, stride, i)) || found != expected)
            return BAD_TENSOR(r, t, "%s", "its elements do not lie row by row (it was saved as a view of another)");
    }
    return MASKE_OK;
}

static maske_status read_tensor(const reading *r, safetensors_tensor *t, uint32_t value) {
    const pickle_value *v = value_at(r, value), *parameter = call_of(r, v, "torch._utils _rebuild_parameter");
    if (parameter != NULL) v = item(r, parameter, 0);
    const pickle_value *arguments = call_of(r, v, "torch._utils _rebuild_tensor_v2");
    if (arguments == NULL || arguments->kind != PICKLE_TUPLE || arguments->count < 4)
        return BAD_TENSOR(r, t, "%s", "found something else than a tensor");
    const char *data = NULL;
    size_t stored = 0, width = 0, offset = 0, end = 0;
    TRY(find_storage(r, t, item(r, arguments, 0), &data, &stored, &width));
    TRY(read_shape(r, t, item(r, arguments, 2), item(r, arguments, 3)));
    if (!as_size(&offset, item(r, arguments, 1)) || !size_add(&end, offset, t->elements) || end > stored)
        return BAD_TENSOR(r, t, "%zu elements from the %zu-th on, its storage has %zu", t->elements, offset, stored);
    t->data = data + offset * width;
    t->bytes = t->elements * width;
    return MASKE_OK;
}

/* The entries, their names into one block of memory. */
static maske_status read_entries(safetensors *out, const reading *r, const pickle_value *root) {
    size_t count = 0, bytes = 0;
    const pickle_entry *entries = r->pickle.entries;
    for (uint32_t e = root->first_entry; e != PICKLE_NONE; e = entries[e].next, count++) {
        const pickle_value *key = value_at(r, entries[e].key);
        if (key->kind != PICKLE_TEXT || key->length > 4096 || memchr(key->text, '\0', key->length) != NULL)
            return error_set(MASKE_BAD_FILE, "%s: its dictionary has a key that is no tensor's name", r->name);
        bytes += key->length + 1;
    }
    if (count > SAFETENSORS_COUNT)
        return error_set(MASKE_BAD_FILE, "%s: %zu tensors, at most %d are read", r->name, count, SAFETENSORS_COUNT);
    TRY(memory_new(&out->tensors, count, sizeof *out->tensors, "a file's tensors"));
    TRY(memory_new(&out->names, bytes + 1, 1, "the names of a file's tensors"));
    char *name = out->names;
    for (uint32_t e = root->first_entry; e != PICKLE_NONE; e = entries[e].next) {
        const pickle_value *key = value_at(r, entries[e].key);
        memcpy(name, key->text, key->length);
        safetensors_tensor *t = &out->tensors[out->count++];
        t->name = name;
        name += key->length + 1;
        TRY(read_tensor(r, t, entries[e].value));
    }
    return safetensors_index(out);
}

/* --------------------------------------------------------------------------------------------------------- file --- */

static maske_status read_pickle(reading *r) {
    const zip_member *program = NULL;
    for (size_t i = 0; i < r->zip.count && program == NULL; i++) {
        const char *name = r->zip.members[i].name, *slash = strchr(name, '/');
        if (slash != NULL && strcmp(slash, "/data.pkl") == 0) program = &r->zip.members[i];
    }
    if (program == NULL)
        return error_set(MASKE_BAD_FILE, "%s: a zip file, but not one of torch.save: it has no data.pkl", r->name);
    r->pickle_name = program->name;
    r->folder = strlen(program->name) - strlen("data.pkl");
    buffer path = {0};
    maske_status status = buffer_add_format(&path, "%.*sbyteorder", (int)r->folder, program->name);
    const zip_member *order = status == MASKE_OK ? zip_find(&r->zip, path.data) : NULL;
    if (order != NULL && (order->length != 6 || memcmp(order->data, "little", 6) != 0))
        status = error_set(MASKE_UNSUPPORTED, "%s: written on a big-endian machine, only little-endian files are read",
                           r->name);
    buffer_free(&path);
    TRY(status);
    return pickle_read(&r->pickle, program->data, program->length, names, COUNT(names), r->name);
}

static maske_status read_file(safetensors *out, reading *r, const char *bytes, size_t length) {
    if (!zip_begins(bytes, length))
        return error_set(MASKE_UNSUPPORTED,
                         "%s: not the zip form that torch.save writes since PyTorch 1.6: load it and save it once "
                         "more, best as model.safetensors", r->name);
    TRY(zip_open(&r->zip, bytes, length, r->name));
    TRY(read_pickle(r));
    const pickle_value *root = value_at(r, r->pickle.root);
    if (root->kind != PICKLE_DICT && call_of(r, root, "collections OrderedDict") == NULL)
        return error_set(MASKE_BAD_FILE, "%s: found no dictionary of tensors in it", r->name);
    return read_entries(out, r, root);
}

maske_status pytorch_parse(safetensors *out, const char *bytes, size_t length, const char *name) {
    safetensors file = {0};
    reading r = {.name = name};
    maske_status status = memory_copy_text(&file.path, name, strlen(name));
    if (status == MASKE_OK) status = read_file(&file, &r, bytes, length);
    zip_close(&r.zip);
    pickle_close(&r.pickle);
    if (status == MASKE_OK) *out = file;
    else safetensors_close(&file);
    return status;
}

maske_status pytorch_open(safetensors *out, const char *path) {
    file_map map = {0};
    TRY(file_map_open(&map, path));
    maske_status status = pytorch_parse(out, map.data, map.length, path);
    if (status == MASKE_OK) out->map = map;
    else file_map_close(&map);
    return status;
}
