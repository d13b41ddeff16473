/* fuzz/jsonl.c: JSON lines: whole at once or line by line, the same text comes out, in whole lines of valid UTF-8. */
#include "fuzz.h"
#include "corpus/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    unsigned choice = fuzz_byte(&in);
    fuzz_part text = fuzz_valid(fuzz_rest(&in));
    const char *field = choice & 1 ? "text" : "a\"b";
    buffer ended = {0}, whole = {0}, pieces = {0};
    MUST(buffer_add(&ended, text.at, text.length));
    MUST(buffer_add(&ended, "\n", text.length > 0 && text.at[text.length - 1] != '\n'));
    jsonl_reader one = {.field = field, .name = "lines"}, many = one;
    maske_status status = jsonl_add_texts(&one, &whole, ended.data, ended.length), last = MASKE_OK;
    fuzz_ok(status);
    for (size_t at = 0; at < ended.length && last == MASKE_OK;) {
        const char *end = memchr(ended.data + at, '\n', ended.length - at);
        size_t next = (size_t)(end - ended.data) + 1;
        last = jsonl_add_texts(&many, &pieces, ended.data + at, next - at);
        at = next;
    }
    CHECK(last == status);
    if (status == MASKE_OK) {
        CHECK(one.line == many.line && one.records == many.records && one.cut == many.cut);
        CHECK(whole.length == pieces.length);
        CHECK(whole.length == 0 || memcmp(whole.data, pieces.data, whole.length) == 0);
        CHECK(utf8_valid_prefix(whole.data, whole.length) == whole.length);
        CHECK(whole.length == 0 || whole.data[whole.length - 1] == '\n');
        CHECK(whole.length <= 2 * ended.length);
    }
    buffer_free(&ended);
    buffer_free(&whole);
    buffer_free(&pieces);
    free((char *)(uintptr_t)text.at);
    return 0;
}
