/* fuzz/encode.c: any bytes as text, alone and as a pair, by one of several tokenizers: what is not UTF-8 is refused,
 * everything else is encoded; a tokenizer that promises every text gives it back. */
#include "tokenizers.h"

static bool lossless(unsigned which) {
    static signed char known[FUZZ_TOKENIZERS];      /* 0: not asked yet */
    maske_tokenizer_report report;
    which %= FUZZ_TOKENIZERS;
    if (known[which] == 0) {
        MUST(maske_tokenizer_inspect(fuzz_tokenizer(which), NULL, NULL, &report));
        known[which] = report.lossless && strcmp(report.lossless_reason, "every text") == 0 ? 1 : -1;
    }
    return known[which] > 0;
}

static maske_encoding encoding;
static void free_encoding(void) { maske_encoding_free(&encoding); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (encoding.scratch == NULL) atexit(free_encoding);
    fuzz_input in = fuzz_start(data, size);
    unsigned which = fuzz_byte(&in), choice = fuzz_byte(&in);
    const maske_tokenizer *t = fuzz_tokenizer(which);
    const maske_encode_options options = {.no_special = choice & 1, .no_truncation = choice & 2, .no_padding = choice & 4};
    fuzz_part text = fuzz_rest(&in);
    if (utf8_valid_prefix(text.at, text.length) < text.length) {
        CHECK(maske_tokenizer_encode(t, text.at, text.length, NULL, 0, &options, &encoding) == MASKE_BAD_ARGUMENT);
        text = fuzz_valid(text);
    } else {
        char *copy = NULL;
        MUST(memory_copy_text(&copy, text.at, text.length));
        text.at = copy;
    }
    (void)check_text(t, text.at, text.length, options, &encoding);
    if (lossless(which)) check_round_trip(t, text.at, text.length, &encoding);
    size_t half = text.length / 2;
    while (half > 0 && utf8_is_continuation(text.at[half])) half--;
    if (fuzz_ok(maske_tokenizer_encode(t, text.at, half, text.at + half, text.length - half, &options, &encoding)))
        for (size_t i = 0; i < encoding.count; i++) {
            size_t longer = half > text.length - half ? half : text.length - half;
            CHECK(encoding.byte_begin[i] <= encoding.byte_end[i] && encoding.byte_end[i] <= longer);
        }
    free((char *)(uintptr_t)text.at);
    return 0;
}
