/* fuzz/corpus.c: a file of text, JSON lines or compressed text: what comes out is whole lines of valid UTF-8; of plain
 * text what a slow reading of the rules gives, wherever in the reader's pieces it lies. */
#include "fuzz.h"
#include "corpus/corpus.h"
#include "corpus/decompress.h"

enum { HEAD = 64 << 10, PIECE = 256 << 10 };
/* Of a bomb, so much is unpacked and no more. */
enum { ENOUGH = 2 << 20 };

static maske_status read_corpus(const maske_text *text, buffer *out) {
    corpus *c = NULL;
    TRY(corpus_open(&c, text));
    maske_status status;
    for (;;) {
        const char *block = NULL;
        size_t length = 0;
        status = corpus_next_block(c, &block, &length);
        if (status != MASKE_OK || length == 0 || out->length > ENOUGH) break;
        CHECK(block[length - 1] == '\n' && utf8_valid_prefix(block, length) == length);
        MUST(buffer_add(out, block, length));
    }
    corpus_totals totals = corpus_read_so_far(c);
    CHECK(totals.files == (int64_t)text->count || status != MASKE_OK);
    corpus_close(c);
    return status;
}

/* Plain text by the rules of corpus.h, one after the other. */
static void slowly(fuzz_part bytes, buffer *out) {
    buffer valid = {0};
    size_t mark = bytes.length >= 3 && memcmp(bytes.at, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    MUST(buffer_reserve(out, 0));
    MUST(utf8_repair(&valid, bytes.at + mark, bytes.length - mark, NULL));
    for (size_t at = 0, end = 0; at < valid.length; at = end + 1) {
        for (end = at; end < valid.length && valid.data[end] != '\n';) end++;
        size_t length = end - at;
        if (length > 0 && valid.data[end - 1] == '\r') length--;
        MUST(buffer_add(out, valid.data + at, length));
        MUST(buffer_add(out, "\n", 1));
    }
    buffer_free(&valid);
}

static bool same(const buffer *a, const buffer *b) {
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    unsigned kind = fuzz_byte(&in);
    buffer bytes = {0}, blocks = {0}, slow = {0};
    /* 'p', 'q': behind a filling, so that the text lies across the end of the first piece; '2': the file twice. */
    size_t filling = kind == 'p' ? HEAD - fuzz_byte(&in) : kind == 'q' ? PIECE - fuzz_byte(&in) : 0;
    for (size_t i = 0; i < filling; i++) MUST(buffer_add(&bytes, i % 100 == 99 ? "\n" : "a", 1));
    fuzz_part rest = fuzz_rest(&in);
    MUST(buffer_add(&bytes, rest.at, rest.length));
    fuzz_part all = {bytes.data, bytes.length};
    const char *path = fuzz_write(kind == 'j' ? "text.jsonl" : "text.txt", all), *paths[] = {path, path};
    maske_text text = {paths, kind == '2' ? 2 : 1, NULL};
    maske_status status = read_corpus(&text, &blocks);
    if (fuzz_ok(status) && kind != 'j' && kind != '2' && !decompress_recognises(all.at, all.length)) {
        slowly(all, &slow);
        CHECK(same(&blocks, &slow));
    }
    buffer_free(&bytes);
    buffer_free(&blocks);
    buffer_free(&slow);
    return 0;
}
