/* fuzz/sentence.c: what sentence-transformers says of a folder: modules.json ('m'), then the pooling's config.json behind a
 * NUL; or that one alone ('p'): the network's folder lies in this one, and there is one pooling. */
#include "fuzz.h"
#include "tasks/sentence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    fuzz_input in = fuzz_start(data, size);
    const char *folder = fuzz_folder();
    if (!made) MUST(folder_make(fuzz_path("1_Pooling")));
    made = true;
    if (fuzz_byte(&in) == 'm') (void)fuzz_write("modules.json", fuzz_text(&in));
    else (void)unlink(fuzz_path("modules.json"));
    (void)fuzz_write("1_Pooling/config.json", fuzz_rest(&in));
    sentence_modules m = {0};
    if (!fuzz_ok(sentence_modules_read(&m, folder))) return 0;
    CHECK(m.network != NULL && strncmp(m.network, folder, strlen(folder)) == 0 && strstr(m.network, "/../") == NULL);
    CHECK(m.pooling > MASKE_POOLING_DEFAULT && m.pooling <= MASKE_POOLING_LAST);
    CHECK(strnlen(m.obstacle, sizeof m.obstacle) < sizeof m.obstacle);
    sentence_modules_free(&m);
    CHECK(m.network == NULL);
    return 0;
}
