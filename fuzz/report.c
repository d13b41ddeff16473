/* fuzz/report.c: the page about a run whose metrics.jsonl, and train.json behind a NUL, somebody else wrote: valid UTF-8, in
 * which nothing of theirs is markup. */
#include "fuzz.h"
#include "maske.h"

static size_t occurrences(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) count++;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *page = NULL;
    size_t length = 0;
    fuzz_input in = fuzz_start(data, size);
    (void)fuzz_write("metrics.jsonl", fuzz_text(&in));
    (void)fuzz_write("train.json", fuzz_rest(&in));
    const char *out = fuzz_path("report.html");
    if (!fuzz_ok(maske_report(fuzz_folder(), out, true))) return 0;
    MUST(file_read(&page, &length, out, 1 << 28));
    CHECK(length > 0 && strlen(page) == length && utf8_valid_prefix(page, length) == length);
    CHECK(occurrences(page, "<script") <= 1 && occurrences(page, "<img") == 0 && occurrences(page, "<html") == 1);
    CHECK(length < (1 << 20) + 64 * size);
    free(page);
    return 0;
}
