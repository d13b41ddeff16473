/* fuzz/regex.c: any expression on any text: compiled or refused, and a search that ends, by itself or by its limits. */
#include "fuzz.h"
#include "tokenizer/pattern.h"

enum { LONGEST_TEXT = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    bool literal = fuzz_byte(&in) == 'S';
    fuzz_part expression = fuzz_valid(fuzz_text(&in)), rest = fuzz_rest(&in);
    if (rest.length > LONGEST_TEXT) rest.length = LONGEST_TEXT;
    fuzz_part text = fuzz_valid(rest);
    json_t *json = json_pack("{s:s%}", literal ? "String" : "Regex", expression.at, expression.length);
    pattern wanted;
    CHECK(json != NULL);
    if (fuzz_ok(pattern_read(&wanted, json, "pattern"))) {
        pattern_search search = pattern_search_start(&wanted, text.at, text.length, NULL);
        size_t last = 0, matches = 0, begin = 0, end = 0;
        bool found = true;
        while (found && fuzz_ok(pattern_next(&search, &found, &begin, &end))) {
            if (!found) break;
            CHECK(last <= begin && begin <= end && end <= text.length && ++matches <= 2 * text.length + 2);
            CHECK(begin == text.length || !utf8_is_continuation(text.at[begin]));
            CHECK(end == text.length || !utf8_is_continuation(text.at[end]));
            last = end;
        }
        pattern_scratch_free(search.scratch);
    }
    pattern_free(&wanted);
    json_decref(json);
    free((char *)(uintptr_t)expression.at);
    free((char *)(uintptr_t)text.at);
    return 0;
}
