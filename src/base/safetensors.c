/* base/safetensors.c: see the header. The rules are those of the reference reader, with limits of our own on the
 * header's length, the number of tensors and their rank. */
#include "base/safetensors.h"
#include "base/half.h"
#include "base/json_parse.h"
#include "base/number.h"

#include <stdlib.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian, and their data is copied as it is"
#endif

static const struct { const char *name; unsigned bits; } types[] = {
#define SAFETENSORS_TYPE_ROW(name, bits) [SAFETENSORS_##name] = {#name, bits},
    SAFETENSORS_TYPE_LIST(SAFETENSORS_TYPE_ROW)
#undef SAFETENSORS_TYPE_ROW
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

const char *safetensors_type_name(safetensors_type type) { return types[type].name; }

/* ------------------------------------------------------------------------------------------------------ header --- */

/* A sentence about one tensor. Names are cut: a file may hold one of megabytes. */
#define BAD_TENSOR(file, tensor, format, ...) \
    error_set(MASKE_BAD_FILE, "%s: tensor \"%.200s\": " format, (file)->path, (tensor)->name, __VA_ARGS__)

/* The quoted text that ends at `end`: the key that stands there twice. */
static size_t quoted_start(const char *text, size_t end) {
    size_t start = end > 0 ? end - 1 : 0;
    while (start > 0 && !(text[start - 1] == '"' && (start < 2 || text[start - 2] != '\\'))) start--;
    return start > 0 ? start - 1 : 0;
}

static maske_status parse_header(safetensors *file, const char *text, size_t length) {
    json_fault fault;
    file->header = json_parse(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (file->header != NULL) return MASKE_OK;
    if (fault.out_of_memory) return error_memory(length, "a safetensors header");
    if (!fault.duplicate_key)
        return error_set(MASKE_BAD_FILE, "%s: header: byte %zu: not JSON: %s", file->path, fault.position, fault.text);
    size_t start = quoted_start(text, fault.position), size = fault.position - start;
    return error_set(MASKE_BAD_FILE, "%s: header: the key %.*s stands there twice", file->path,
                     (int)(size < 200 ? size : 200), text + start);
}

static maske_status check_metadata(const safetensors *file, const json_t *metadata) {
    if (json_is_null(metadata)) return MASKE_OK;
    if (!json_is_object(metadata))
        return error_set(MASKE_BAD_FILE, "%s: \"__metadata__\": found %s, expected an object", file->path,
                         json_kind(metadata));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
        if (json_is_string(value)) continue;
        return error_set(MASKE_BAD_FILE, "%s: \"__metadata__\": \"%.200s\": found %s, expected a string", file->path,
                         key, json_kind(value));
    }
    return MASKE_OK;
}

static maske_status read_type(const safetensors *file, safetensors_tensor *t, const json_t *value) {
    if (!json_is_string(value)) return BAD_TENSOR(file, t, "\"dtype\": found %s, expected a string", json_kind(value));
    for (int i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i].name, json_string_value(value)) == 0) {
            t->type = (safetensors_type)i;
            return MASKE_OK;
        }
    return BAD_TENSOR(file, t, "unknown dtype \"%.40s\"", json_string_value(value));
}

static maske_status read_size(size_t *out, const safetensors *file, const safetensors_tensor *t, const char *key,
                              const json_t *value) {
    if (!json_is_integer(value))
        return BAD_TENSOR(file, t, "\"%s\": found %s, expected an integer", key, json_kind(value));
    json_int_t found = json_integer_value(value);
    if (found < 0) return BAD_TENSOR(file, t, "\"%s\": found %lld, expected 0 or more", key, (long long)found);
    *out = (size_t)found;
    return MASKE_OK;
}

/* shape, elements and bytes. */
static maske_status read_shape(const safetensors *file, safetensors_tensor *t, const json_t *value) {
    if (!json_is_array(value)) return BAD_TENSOR(file, t, "\"shape\": found %s, expected an array", json_kind(value));
    t->rank = json_array_size(value);
    if (t->rank > SAFETENSORS_RANK)
        return BAD_TENSOR(file, t, "\"shape\" has %zu dimensions, at most %d are read", t->rank, SAFETENSORS_RANK);
    size_t elements = 1, bits = 0;
    for (size_t i = 0; i < t->rank; i++) {
        TRY(read_size(&t->shape[i], file, t, "shape", json_array_get(value, i)));
        if (!size_multiply(&elements, elements, t->shape[i]))
            return BAD_TENSOR(file, t, "%s", "its \"shape\" is too large to count");
    }
    if (!size_multiply(&bits, elements, types[t->type].bits))
        return BAD_TENSOR(file, t, "%s", "its \"shape\" is too large to count");
    if (bits % 8 != 0) return BAD_TENSOR(file, t, "%zu bits of %s do not end on a byte", bits, types[t->type].name);
    t->elements = elements;
    t->bytes = bits / 8;
    return MASKE_OK;
}

static maske_status read_tensor(safetensors *file, safetensors_tensor *t, const json_t *value, const char *data,
                                size_t length) {
    if (!json_is_object(value)) return BAD_TENSOR(file, t, "found %s, expected an object", json_kind(value));
    TRY(read_type(file, t, json_object_get(value, "dtype")));
    TRY(read_shape(file, t, json_object_get(value, "shape")));
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (!json_is_array(offsets) || json_array_size(offsets) != 2)
        return BAD_TENSOR(file, t, "\"data_offsets\": found %s, expected an array of two integers", json_kind(offsets));
    size_t begin = 0, end = 0;
    TRY(read_size(&begin, file, t, "data_offsets", json_array_get(offsets, 0)));
    TRY(read_size(&end, file, t, "data_offsets", json_array_get(offsets, 1)));
    if (begin > end || end > length)
        return BAD_TENSOR(file, t, "its data is from byte %zu to %zu, the file has %zu bytes of data", begin, end,
                          length);
    if (end - begin != t->bytes) {
        char shape[128];
        return BAD_TENSOR(file, t, "%s %s takes %zu bytes, \"data_offsets\" give it %zu", types[t->type].name,
                          safetensors_shape_text(shape, sizeof shape, t->shape, t->rank), t->bytes, end - begin);
    }
    t->data = data + begin;
    return MASKE_OK;
}

/* By data; of two at the same place one is empty and comes first. */
static int compare_data(const void *a, const void *b) {
    const safetensors_tensor *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

typedef struct named { const char *name; uint32_t place; } named;
static int compare_named(const void *a, const void *b) {
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* No hole, no overlap, no tail: every byte of the file belongs to the header or to one tensor. */
static maske_status check_data(const safetensors *file, const char *data, size_t length) {
    const char *end = data;
    for (size_t i = 0; i < file->count; i++) {
        const safetensors_tensor *t = &file->tensors[i];
        if (t->data != end)
            return BAD_TENSOR(file, t, "its data starts at byte %zu, expected %zu, where the one before ends",
                              (size_t)(t->data - data), (size_t)(end - data));
        end += t->bytes;
    }
    if ((size_t)(end - data) != length)
        return error_set(MASKE_BAD_FILE, "%s: %zu bytes of data, the tensors take %zu", file->path, length,
                         (size_t)(end - data));
    return MASKE_OK;
}

maske_status safetensors_index(safetensors *file) {
    named *order;
    TRY(memory_new(&order, file->count, sizeof *order, "a safetensors index"));
    maske_status status = memory_new(&file->by_name, file->count, sizeof *file->by_name, "a safetensors index");
    if (status == MASKE_OK) {
        for (size_t i = 0; i < file->count; i++) order[i] = (named){file->tensors[i].name, (uint32_t)i};
        qsort(order, file->count, sizeof *order, compare_named);
        for (size_t i = 0; i < file->count; i++) file->by_name[i] = order[i].place;
    }
    free(order);
    for (size_t i = 1; i < file->count && status == MASKE_OK; i++)
        if (strcmp(file->tensors[file->by_name[i - 1]].name, file->tensors[file->by_name[i]].name) == 0)
            status = error_set(MASKE_BAD_FILE, "%s: tensor \"%.200s\" is there twice", file->path,
                               file->tensors[file->by_name[i]].name);
    return status;
}

static maske_status read_tensors(safetensors *file, const char *data, size_t length) {
    size_t members = json_object_size(file->header);
    if (json_object_get(file->header, "__metadata__") != NULL) members--;
    if (members > SAFETENSORS_COUNT)
        return error_set(MASKE_BAD_FILE, "%s: %zu tensors, at most %d are read", file->path, members,
                         SAFETENSORS_COUNT);
    TRY(memory_new(&file->tensors, members, sizeof *file->tensors, "a safetensors index"));
    const char *name;
    json_t *value;
    json_object_foreach(file->header, name, value) {
        if (strcmp(name, "__metadata__") == 0) {
            TRY(check_metadata(file, value));
            continue;
        }
        safetensors_tensor *t = &file->tensors[file->count++];
        t->name = name;
        TRY(read_tensor(file, t, value, data, length));
    }
    if (file->count > 1) qsort(file->tensors, file->count, sizeof *file->tensors, compare_data);
    TRY(check_data(file, data, length));
    return safetensors_index(file);
}

static maske_status read_file(safetensors *file, const char *bytes, size_t length) {
    uint64_t header;
    if (length < sizeof header)
        return error_set(MASKE_BAD_FILE, "%s: %zu bytes, not a safetensors file: the length of its header takes 8",
                         file->path, length);
    memcpy(&header, bytes, sizeof header);
    if (header > SAFETENSORS_HEADER)
        return error_set(MASKE_BAD_FILE,
                         "%s: its header would be %llu bytes, at most %zu are read: not a safetensors file?",
                         file->path, (unsigned long long)header, SAFETENSORS_HEADER);
    if (header > length - sizeof header)
        return error_set(MASKE_BAD_FILE, "%s: its header should be %llu bytes, the file ends after %zu", file->path,
                         (unsigned long long)header, length - sizeof header);
    const char *text = bytes + sizeof header;
    if (header == 0 || text[0] != '{')
        return error_set(MASKE_BAD_FILE, "%s: its header does not start with \"{\"", file->path);
    TRY(parse_header(file, text, (size_t)header));
    return read_tensors(file, text + header, length - sizeof header - (size_t)header);
}

maske_status safetensors_parse(safetensors *out, const char *bytes, size_t length, const char *name) {
    safetensors file = {0};
    TRY(memory_copy_text(&file.path, name, strlen(name)));
    maske_status status = read_file(&file, bytes, length);
    if (status == MASKE_OK) *out = file;
    else safetensors_close(&file);
    return status;
}

maske_status safetensors_open(safetensors *out, const char *path, bool mapped) {
    file_map map = {0};
    char *bytes = NULL;
    size_t length = 0;
    if (mapped) TRY(file_map_open(&map, path));
    else TRY(file_read(&bytes, &length, path, SIZE_MAX - 1));
    safetensors file = {0};
    maske_status status = mapped ? safetensors_parse(&file, map.data, map.length, path)
                                 : safetensors_parse(&file, bytes, length, path);
    if (status != MASKE_OK) {
        file_map_close(&map);
        free(bytes);
        return status;
    }
    file.map = map;
    file.bytes = bytes;
    *out = file;
    return MASKE_OK;
}

void safetensors_close(safetensors *file) {
    if (file == NULL) return;
    free(file->tensors);
    free(file->by_name);
    free(file->path);
    json_decref(file->header);
    file_map_close(&file->map);
    free(file->bytes);
    free(file->names);
    *file = (safetensors){0};
}

/* ----------------------------------------------------------------------------------------------------- look-up --- */

const safetensors_tensor *safetensors_find(const safetensors *file, const char *name) {
    size_t low = 0, high = file->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const safetensors_tensor *t = &file->tensors[file->by_name[middle]];
        int order = strcmp(name, t->name);
        if (order == 0) return t;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

const char *safetensors_metadata(const safetensors *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

const char *safetensors_shape_text(char *out, size_t size, const size_t *shape, size_t rank) {
    size_t at = 0;
    for (size_t i = 0; i <= rank && at < size; i++) {
        if (i < rank) at += (size_t)number_print(out + at, size - at, "%s%zu", i == 0 ? "[" : ", ", shape[i]);
        else at += (size_t)number_print(out + at, size - at, rank == 0 ? "[]" : "]");
    }
    return out;
}

maske_status safetensors_expect_shape(const safetensors *file, const safetensors_tensor *tensor, const size_t *shape,
                                      size_t rank) {
    bool same = tensor->rank == rank;
    for (size_t i = 0; same && i < rank; i++) same = tensor->shape[i] == shape[i];
    if (same) return MASKE_OK;
    char found[128], expected[128];
    return error_set(MASKE_BAD_SHAPE, "%s: tensor \"%.200s\" is %s, expected %s", file->path, tensor->name,
                     safetensors_shape_text(found, sizeof found, tensor->shape, tensor->rank),
                     safetensors_shape_text(expected, sizeof expected, shape, rank));
}

/* One element at any address. */
#define ELEMENT(type, data, i) \
    __extension__({ type element_; memcpy(&element_, (data) + (i) * sizeof(type), sizeof(type)); element_; })

maske_status safetensors_copy_floats(float *out, const safetensors *file, const safetensors_tensor *tensor) {
    const char *data = tensor->data;
    size_t count = tensor->elements;
    switch (tensor->type) {
    case SAFETENSORS_F32:
        if (count > 0) memcpy(out, data, count * sizeof *out);
        return MASKE_OK;
    case SAFETENSORS_F16:
        for (size_t i = 0; i < count; i++) out[i] = half_to_float(ELEMENT(uint16_t, data, i));
        return MASKE_OK;
    case SAFETENSORS_BF16:
        for (size_t i = 0; i < count; i++) out[i] = bfloat16_to_float(ELEMENT(uint16_t, data, i));
        return MASKE_OK;
    case SAFETENSORS_F64:
        for (size_t i = 0; i < count; i++) out[i] = (float)ELEMENT(double, data, i);
        return MASKE_OK;
    default:
        return BAD_TENSOR(file, tensor, "its dtype is %s, expected F32, F16, BF16 or F64", types[tensor->type].name);
    }
}

/* An element of an integer type; *fits false: it is beyond int64. */
static int64_t integer_element(const safetensors_tensor *t, size_t i, bool *fits) {
    uint64_t wide;
    *fits = true;
    switch (t->type) {
    case SAFETENSORS_BOOL:
    case SAFETENSORS_U8:  return ELEMENT(uint8_t, t->data, i);
    case SAFETENSORS_I8:  return ELEMENT(int8_t, t->data, i);
    case SAFETENSORS_I16: return ELEMENT(int16_t, t->data, i);
    case SAFETENSORS_U16: return ELEMENT(uint16_t, t->data, i);
    case SAFETENSORS_I32: return ELEMENT(int32_t, t->data, i);
    case SAFETENSORS_U32: return ELEMENT(uint32_t, t->data, i);
    case SAFETENSORS_I64: return ELEMENT(int64_t, t->data, i);
    default:
        wide = ELEMENT(uint64_t, t->data, i);
        *fits = wide <= INT64_MAX;
        return (int64_t)wide;
    }
}

maske_status safetensors_copy_integers(int64_t *out, const safetensors *file, const safetensors_tensor *tensor,
                                       int64_t minimum, int64_t maximum) {
    if (tensor->type > SAFETENSORS_U64)
        return BAD_TENSOR(file, tensor, "its dtype is %s, expected integers", types[tensor->type].name);
    for (size_t i = 0; i < tensor->elements; i++) {
        bool fits;
        int64_t value = integer_element(tensor, i, &fits);
        if (!fits || value < minimum || value > maximum)
            return BAD_TENSOR(file, tensor, "element %zu is %lld%s, expected %lld to %lld", i, (long long)value,
                              fits ? "" : " (as a signed number)", (long long)minimum, (long long)maximum);
        out[i] = value;
    }
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- writing --- */

maske_status safetensors_writer_open(safetensors_writer *out, const char *path, bool replace) {
    safetensors_writer w = {0};
    TRY(file_writer_open(&w.file, path, replace));
    *out = w;
    return MASKE_OK;
}

static void writer_end(safetensors_writer *w) {
    for (size_t i = 0; i < w->count; i++) free((char *)(uintptr_t)w->tensors[i].name);
    free(w->tensors);
    *w = (safetensors_writer){.file = {.descriptor = -1}};
}

void safetensors_writer_abandon(safetensors_writer *w) {
    file_writer_abandon(&w->file);
    writer_end(w);
}

maske_status safetensors_writer_declare(safetensors_writer *w, const char *name, safetensors_type type,
                                        const size_t *shape, size_t rank) {
    if (w->begun || rank > SAFETENSORS_RANK || w->count == SAFETENSORS_COUNT)
        return error_set(MASKE_BAD_ARGUMENT, "%s: tensor \"%.200s\" cannot be declared: %s", w->file.path, name,
                         w->begun ? "the header is written" : "too many tensors or dimensions");
    safetensors_tensor t = {.type = type, .rank = rank, .elements = 1};
    size_t bits = 0;
    for (size_t i = 0; i < rank; i++) {
        t.shape[i] = shape[i];
        if (!size_multiply(&t.elements, t.elements, shape[i])) return error_memory(SIZE_MAX, name);
    }
    if (!size_multiply(&bits, t.elements, types[type].bits)) return error_memory(SIZE_MAX, name);
    t.bytes = bits / 8;
    TRY(memory_reserve(&w->tensors, &w->capacity, w->count + 1, sizeof *w->tensors, "a safetensors header"));
    char *copy;
    TRY(memory_copy_text(&copy, name, strlen(name)));
    t.name = copy;
    w->tensors[w->count++] = t;
    return MASKE_OK;
}

static void write_header(json_writer *json, const safetensors_writer *w) {
    json_begin_object(json);
    json_key(json, "__metadata__");     /* without it, transformers does not take the file for one of PyTorch's */
    json_begin_object(json);
    json_key(json, "format");
    json_text(json, "pt");
    json_end_object(json);
    size_t offset = 0;
    for (size_t i = 0; i < w->count; i++) {
        const safetensors_tensor *t = &w->tensors[i];
        json_key(json, t->name);
        json_begin_object(json);
        json_key(json, "dtype");
        json_text(json, types[t->type].name);
        json_key(json, "shape");
        json_begin_array(json);
        for (size_t d = 0; d < t->rank; d++) json_int(json, (int64_t)t->shape[d]);
        json_end_array(json);
        json_key(json, "data_offsets");
        json_begin_array(json);
        json_int(json, (int64_t)offset);
        json_int(json, (int64_t)(offset += t->bytes));
        json_end_array(json);
        json_end_object(json);
    }
    json_end_object(json);
}

/* Goes on to the next tensor that has data. */
static void next_tensor(safetensors_writer *w) {
    while (w->left == 0 && w->now < w->count) {
        w->now++;
        if (w->now < w->count) w->left = w->tensors[w->now].bytes;
    }
}

maske_status safetensors_writer_begin(safetensors_writer *w) {
    buffer text = {0};
    json_writer json = json_writer_start(&text, false);
    write_header(&json, w);
    maske_status status = json_writer_end(&json);
    while (status == MASKE_OK && text.length % 8 != 0) status = buffer_add(&text, " ", 1);
    uint64_t length = text.length;
    if (status == MASKE_OK) status = file_writer_add(&w->file, &length, sizeof length);
    if (status == MASKE_OK) status = file_writer_add(&w->file, text.data, text.length);
    buffer_free(&text);
    TRY(status);
    w->begun = true;
    w->left = w->count > 0 ? w->tensors[0].bytes : 0;
    next_tensor(w);
    return MASKE_OK;
}

maske_status safetensors_writer_add(safetensors_writer *w, const void *bytes, size_t length) {
    const char *from = bytes;
    while (length > 0) {
        if (!w->begun || w->now >= w->count)
            return error_set(MASKE_BAD_ARGUMENT, "%s: %zu bytes more than the declared tensors take", w->file.path,
                             length);
        size_t piece = length < w->left ? length : w->left;
        TRY(file_writer_add(&w->file, from, piece));
        from += piece;
        length -= piece;
        w->left -= piece;
        next_tensor(w);
    }
    return MASKE_OK;
}

maske_status safetensors_writer_add_floats(safetensors_writer *w, const float *values, size_t count) {
    if (count == 0) return MASKE_OK;
    safetensors_type type = w->begun && w->now < w->count ? w->tensors[w->now].type : SAFETENSORS_F32;
    if (type == SAFETENSORS_F32) return safetensors_writer_add(w, values, count * sizeof *values);
    if (type != SAFETENSORS_F16 && type != SAFETENSORS_BF16)
        return error_set(MASKE_BAD_ARGUMENT, "%s: tensor \"%.200s\" is %s, floats were given", w->file.path,
                         w->tensors[w->now].name, types[type].name);
    if (count > w->left / 2)
        return error_set(MASKE_BAD_ARGUMENT, "%s: tensor \"%.200s\": more elements than declared", w->file.path,
                         w->tensors[w->now].name);
    uint16_t piece[1024];
    for (size_t done = 0; done < count;) {
        size_t n = count - done < 1024 ? count - done : 1024;
        for (size_t i = 0; i < n; i++)
            piece[i] = type == SAFETENSORS_F16 ? float_to_half(values[done + i]) : float_to_bfloat16(values[done + i]);
        TRY(safetensors_writer_add(w, piece, n * sizeof *piece));
        done += n;
    }
    return MASKE_OK;
}

maske_status safetensors_writer_flush(safetensors_writer *w) { return file_writer_flush(&w->file); }

maske_status safetensors_writer_commit(safetensors_writer *w) {
    maske_status status = MASKE_OK;
    if (!w->begun || w->now < w->count)
        status = error_set(MASKE_BAD_ARGUMENT, "%s: tensor \"%.200s\" lacks %zu bytes of its data", w->file.path,
                           w->now < w->count ? w->tensors[w->now].name : "", w->left);
    if (status == MASKE_OK) status = file_writer_commit(&w->file);
    else file_writer_abandon(&w->file);
    writer_end(w);
    return status;
}
