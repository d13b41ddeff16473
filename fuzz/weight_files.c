/* fuzz/weight_files.c: weights in several files: an index, and one file that it may name, which is there in both forms. */
#include "fuzz.h"
#include "bert/weight_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weight_files files = {0};
    fuzz_input in = fuzz_start(data, size);
    const char *index = fuzz_write("model.safetensors.index.json", fuzz_text(&in));
    fuzz_part part = fuzz_rest(&in);
    (void)fuzz_write("a.safetensors", part);
    (void)fuzz_write("a.bin", part);
    if (!fuzz_ok(weight_files_open_one(&files, index))) return 0;
    for (size_t i = 0; i < files.all.count; i++) {
        const safetensors_tensor *t = &files.all.tensors[i];
        CHECK(safetensors_find(&files.all, t->name) != NULL && t->bytes <= part.length);
    }
    weight_files_close(&files);
    return 0;
}
