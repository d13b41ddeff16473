/* fuzz/decode.c: any ids, also such as no tokenizer has: valid text or a sentence. */
#include "tokenizers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    const maske_tokenizer *t = fuzz_tokenizer(fuzz_byte(&in));
    unsigned width = fuzz_byte(&in) % 3;        /* 0, 1: one or two bytes an id; 2: four */
    size_t each = width == 2 ? 4 : width + 1, count = in.left / each;
    int32_t *ids = NULL;
    MUST(memory_new(&ids, count, sizeof *ids, "ids"));
    for (size_t i = 0; i < count; i++) {
        uint32_t id = 0;
        memcpy(&id, in.at + i * each, each);
        ids[i] = (int32_t)id;
    }
    check_decoding(t, ids, count);
    free(ids);
    return 0;
}
