/* fuzz/pytorch.c: a pytorch_model.bin: its zip, its pickle, its tensors. What is given lies inside the file. */
#include "fuzz.h"
#include "base/pytorch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    safetensors file = {0};
    const char *bytes = fuzz_all(data, size).at;
    if (!fuzz_ok(pytorch_parse(&file, bytes, size, "pytorch_model.bin"))) return 0;
    for (size_t i = 0; i < file.count; i++) {
        const safetensors_tensor *t = &file.tensors[i];
        float *floats = NULL;
        size_t elements = 1;
        CHECK(t->rank <= SAFETENSORS_RANK && safetensors_find(&file, t->name) != NULL);
        for (size_t d = 0; d < t->rank; d++) CHECK(size_multiply(&elements, elements, t->shape[d]));
        CHECK(elements == t->elements && t->data >= bytes && t->bytes <= size - (size_t)(t->data - bytes));
        MUST(memory_new(&floats, elements, sizeof *floats, "floats"));
        (void)fuzz_ok(safetensors_copy_floats(floats, &file, t));
        free(floats);
    }
    safetensors_close(&file);
    return 0;
}
