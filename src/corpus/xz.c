/* corpus/xz.c: liblzma's stream decoder over a raw_file. */
#include "corpus/xz.h"
#include "base/memory.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_BLOCK = 256 << 10 };
/* What liblzma keeps beside a dictionary is less than a MiB. */
static const uint64_t memory_limit = (uint64_t)(XZ_DICTIONARY_MIB + 1) << 20;

struct xz_reader {
    raw_file *file;
    lzma_stream stream;
    bool raw_ended, ended;
    uint8_t raw[RAW_BLOCK];
};

bool xz_recognises(const char *head, size_t length) { return length >= 6 && memcmp(head, "\xFD" "7zXZ\0", 6) == 0; }

static maske_status xz_failed(const xz_reader *x, lzma_ret result) {
    const char *reason = "the data is damaged";
    switch (result) {
    case LZMA_MEM_ERROR: return error_memory((size_t)lzma_memusage(&x->stream), "decompression");
    case LZMA_MEMLIMIT_ERROR:
        return error_set(MASKE_BAD_FILE, "%s: its xz dictionary is %llu MiB, at most %d are allowed: pack it again",
                         x->file->name, (unsigned long long)(lzma_memusage(&x->stream) >> 20), XZ_DICTIONARY_MIB);
    case LZMA_BUF_ERROR: reason = "truncated xz input"; break;
    case LZMA_FORMAT_ERROR: reason = "what follows the compressed text is not xz"; break;
    case LZMA_OPTIONS_ERROR: reason = "it asks for what this liblzma does not know"; break;
    default: break;
    }
    return error_set(MASKE_BAD_FILE, "%s: cannot decompress: %s", x->file->name, reason);
}

maske_status xz_open(xz_reader **out, raw_file *file) {
    xz_reader *x = NULL;
    TRY(memory_resize(&x, 1, sizeof *x, "decompression"));
    x->file = file;
    x->stream = (lzma_stream)LZMA_STREAM_INIT;
    x->raw_ended = x->ended = false;
    lzma_ret result = lzma_stream_decoder(&x->stream, memory_limit, LZMA_CONCATENATED);
    maske_status status = result == LZMA_OK ? MASKE_OK : xz_failed(x, result);
    if (status == MASKE_OK) *out = x;
    else xz_close(x);
    return status;
}

maske_status xz_read(xz_reader *x, char *out, size_t capacity, size_t *got) {
    x->stream.next_out = (uint8_t *)out;
    x->stream.avail_out = capacity;
    while (!x->ended && x->stream.avail_out > 0) {
        if (x->stream.avail_in == 0 && !x->raw_ended) {
            size_t size = 0;
            TRY(raw_file_read(x->file, (char *)x->raw, sizeof x->raw, &size));
            x->stream.next_in = x->raw;
            x->stream.avail_in = size;
            x->raw_ended = size < sizeof x->raw;
        }
        lzma_ret result = lzma_code(&x->stream, x->raw_ended ? LZMA_FINISH : LZMA_RUN);
        x->ended = result == LZMA_STREAM_END;
        if (result != LZMA_OK && result != LZMA_STREAM_END) return xz_failed(x, result);
    }
    *got = capacity - x->stream.avail_out;
    return MASKE_OK;
}

void xz_close(xz_reader *x) {
    if (x == NULL) return;
    lzma_end(&x->stream);
    free(x);
}
