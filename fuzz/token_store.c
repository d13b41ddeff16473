/* fuzz/token_store.c: ids put in by pieces of any size: a store in memory and one in a file give them back. */
#include "fuzz.h"
#include "data/token_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    bool wide = fuzz_byte(&in) & 1;
    size_t room = in.left / 2 * 64 + 1, count = 0;
    int32_t *ids = NULL, *back = NULL;
    token_store stores[2];
    MUST(memory_new(&ids, room, sizeof *ids, "ids"));
    MUST(memory_new(&back, room, sizeof *back, "ids"));
    MUST(token_store_open(&stores[0], wide ? 1 << 22 : 65536, NULL));
    MUST(token_store_open(&stores[1], wide ? 1 << 22 : 65536, fuzz_path("tokens.bin")));
    while (in.left >= 2) {
        size_t length = fuzz_byte(&in) % 64, begin = count;
        unsigned first = fuzz_byte(&in);
        while (count < begin + length) { ids[count] = (int32_t)((first * 257 + count) % 65536 + (wide ? 70000 : 0)); count++; }
        for (int i = 0; i < 2; i++) MUST(token_store_add(&stores[i], ids + begin, length));
    }
    for (int i = 0; i < 2; i++) {
        MUST(token_store_seal(&stores[i]));
        CHECK(stores[i].count == count);
        token_store_read(&stores[i], count / 2, count - count / 2, back);
        CHECK(count == 0 || memcmp(back, ids + count / 2, (count - count / 2) * sizeof *ids) == 0);
        token_store_free(&stores[i]);
    }
    free(ids);
    free(back);
    return 0;
}
