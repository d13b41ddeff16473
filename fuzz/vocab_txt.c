/* fuzz/vocab_txt.c: the older file of a WordPiece, vocab.txt, and what stands beside it. */
#include "tokenizer_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"};
    fuzz_input in = fuzz_start(data, size);
    check_folder(&in, names, 4);
    return 0;
}
