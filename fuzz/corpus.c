/* fuzz/corpus.c: a file of text, JSON lines or compressed text, or the same from standard input: what comes out is whole
 * lines of valid UTF-8; of plain text what a slow reading of the rules gives, wherever in the reader's pieces it lies.
 * Lines that are cut lose nothing. */
#include "fuzz.h"
#include "corpus/corpus.h"
#include "corpus/decompress.h"
#include "corpus/lines.h"

enum { HEAD = 64 << 10, PIECE = 256 << 10 };
/* Of a bomb, so much is unpacked and no more. */
enum { ENOUGH = 2 << 20 };

static maske_status read_corpus(const maske_text *text, buffer *out) {
    corpus *c = NULL;
    TRY(corpus_open(&c, text, NULL));
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

/* Where a block's first line is cut after `longest` bytes, it has no more, and but for line ends the text is the same. */
static void check_cut_lines(const char *path, size_t longest, const buffer *slow) {
    source *file = NULL;
    line_reader r = {0};
    size_t at = 0;
    if (!fuzz_ok(source_open(&file, path, NULL))) return;
    line_reader_start(&r, file, longest);
    for (;;) {
        char *block = NULL;
        size_t length = 0;
        int64_t cut = r.cut;
        MUST(line_reader_next(&r, &block, &length));
        if (length == 0) break;
        CHECK(block[length - 1] == '\n' && utf8_valid_prefix(block, length) == length);
        CHECK(r.cut == cut || length <= longest + 1);
        for (size_t i = 0; i < length; i++) {
            if (block[i] == '\n' || block[i] == '\r') continue;
            while (at < slow->length && (slow->data[at] == '\n' || slow->data[at] == '\r')) at++;
            CHECK(at < slow->length && slow->data[at] == block[i]);
            at++;
        }
    }
    for (; at < slow->length; at++) CHECK(slow->data[at] == '\n' || slow->data[at] == '\r');
    line_reader_free(&r);
    source_close(file);
}

static bool same(const buffer *a, const buffer *b) {
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    unsigned kind = fuzz_byte(&in);
    buffer bytes = {0}, blocks = {0}, slow = {0};
    /* 'i': standard input; 'l': cut lines; 'p', 'q': behind a filling, so that the text lies across the end of the first piece; '2': the file twice. */
    size_t filling = kind == 'p' ? HEAD - fuzz_byte(&in) : kind == 'q' ? PIECE - fuzz_byte(&in) : 0;
    for (size_t i = 0; i < filling; i++) MUST(buffer_add(&bytes, i % 100 == 99 ? "\n" : "a", 1));
    size_t longest = kind == 'l' ? 4 + fuzz_byte(&in) : 0;
    fuzz_part rest = fuzz_rest(&in);
    MUST(buffer_add(&bytes, rest.at, rest.length));
    fuzz_part all = {bytes.data, bytes.length};
    const char *path = fuzz_write(kind == 'j' ? "text.jsonl" : "text.txt", all);
    if (kind == 'i') fuzz_as_standard_input(path);
    const char *name = kind == 'i' ? "-" : path, *paths[] = {name, name};
    maske_text text = {paths, kind == '2' ? 2 : 1, NULL};
    maske_status status = read_corpus(&text, &blocks);
    if (fuzz_ok(status) && kind != 'j' && kind != '2' && !decompress_recognises(all.at, all.length)) {
        slowly(all, &slow);
        CHECK(same(&blocks, &slow));
        if (kind == 'l') check_cut_lines(path, longest, &slow);
    }
    buffer_free(&bytes);
    buffer_free(&blocks);
    buffer_free(&slow);
    return 0;
}
