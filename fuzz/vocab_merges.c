/* fuzz/vocab_merges.c: the older files of a BPE: vocab.json, merges.txt and what stands beside them. */
#include "tokenizer_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
                                        "added_tokens.json"};
    fuzz_input in = fuzz_start(data, size);
    check_folder(&in, names, 5);
    return 0;
}
