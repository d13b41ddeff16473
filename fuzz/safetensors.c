/* fuzz/safetensors.c: a safetensors file: what is taken accounts for every byte, converts or says why not, and is the
 * same when written and read again. */
#include "fuzz.h"
#include "base/safetensors.h"

static void check_tensor(const safetensors *file, size_t i, const char *data, size_t *at) {
    const safetensors_tensor *t = &file->tensors[i];
    size_t elements = 1;
    CHECK(t->rank <= SAFETENSORS_RANK && t->data == data + *at);
    for (size_t d = 0; d < t->rank; d++) CHECK(size_multiply(&elements, elements, t->shape[d]));
    CHECK(elements == t->elements && safetensors_find(file, t->name) == t);
    *at += t->bytes;
    float *floats = NULL;
    int64_t *integers = NULL;
    char shape[64];
    MUST(memory_new(&floats, elements, sizeof *floats, "floats"));
    MUST(memory_new(&integers, elements, sizeof *integers, "integers"));
    (void)fuzz_ok(safetensors_copy_floats(floats, file, t));
    if (fuzz_ok(safetensors_copy_integers(integers, file, t, -100, 1000)))
        for (size_t k = 0; k < elements; k++) CHECK(integers[k] >= -100 && integers[k] <= 1000);
    CHECK(strlen(safetensors_shape_text(shape, sizeof shape, t->shape, t->rank)) < sizeof shape);
    MUST(safetensors_expect_shape(file, t, t->shape, t->rank));
    (void)fuzz_ok(safetensors_expect_shape(file, t, (size_t[]){3, 2}, 2));
    free(floats);
    free(integers);
}

static void write_again(const safetensors *file, const char *path) {
    safetensors_writer w = {0};
    MUST(safetensors_writer_open(&w, path, true));
    for (size_t i = 0; i < file->count; i++) {
        const safetensors_tensor *t = &file->tensors[i];
        MUST(safetensors_writer_declare(&w, t->name, t->type, t->shape, t->rank));
    }
    MUST(safetensors_writer_begin(&w));
    for (size_t i = 0; i < file->count; i++)
        MUST(safetensors_writer_add(&w, file->tensors[i].data, file->tensors[i].bytes));
    MUST(safetensors_writer_commit(&w));
}

static void check_same(const safetensors *a, const safetensors *b) {
    CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        const safetensors_tensor *x = &a->tensors[i], *y = safetensors_find(b, x->name);
        CHECK(y != NULL && x->type == y->type && x->bytes == y->bytes);
        MUST(safetensors_expect_shape(b, y, x->shape, x->rank));
        CHECK(x->bytes == 0 || memcmp(x->data, y->data, x->bytes) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    safetensors file = {0}, again = {0};
    const char *bytes = fuzz_all(data, size).at;
    if (!fuzz_ok(safetensors_parse(&file, bytes, size, "input.safetensors"))) return 0;
    uint64_t header;
    memcpy(&header, bytes, sizeof header);
    size_t at = 0;
    for (size_t i = 0; i < file.count; i++) check_tensor(&file, i, bytes + 8 + header, &at);
    CHECK(at == size - 8 - header);
    const char *format = safetensors_metadata(&file, "format");
    CHECK(format == NULL || strlen(format) <= size);
    const char *path = fuzz_path("again.safetensors");
    write_again(&file, path);
    MUST(safetensors_open(&again, path, size % 2 == 0));
    check_same(&file, &again);
    safetensors_close(&again);
    safetensors_close(&file);
    return 0;
}
