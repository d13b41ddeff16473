/* base/hash.c: fingerprints of files. Four lanes of multiply-and-mix over blocks of 32 bytes (little endian). */
#include "base/hash.h"

static const uint64_t keys[4] = {0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu, 0x8EBC6AF09C88C6E3u, 0x589965CC75374CC3u};

static uint64_t load(const unsigned char *p) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | p[i];
    return word;
}

static void add_block(hash_stream *stream, const unsigned char *block) {
    for (int i = 0; i < 4; i++) stream->lane[i] = hash_mix(stream->lane[i] ^ load(block + 8 * i) ^ keys[i], keys[(i + 1) & 3]) + keys[i];
}

void hash_stream_add(hash_stream *stream, const void *bytes, size_t length) {
    const unsigned char *p = bytes;
    if (length == 0) return;
    stream->total += length;
    if (stream->rest_length > 0) {
        size_t take = 32 - stream->rest_length < length ? 32 - stream->rest_length : length;
        memcpy(stream->rest + stream->rest_length, p, take);
        stream->rest_length += take;
        p += take;
        length -= take;
        if (stream->rest_length < 32) return;
        add_block(stream, stream->rest);
        stream->rest_length = 0;
    }
    for (; length >= 32; p += 32, length -= 32) add_block(stream, p);
    if (length > 0) memcpy(stream->rest, p, length);
    stream->rest_length = length;
}

uint64_t hash_stream_end(const hash_stream *stream) {
    hash_stream end = *stream;
    memset(end.rest + end.rest_length, 0, 32 - end.rest_length);
    add_block(&end, end.rest);
    uint64_t hash = end.total ^ keys[0];
    for (int i = 0; i < 4; i++) hash = hash_mix(hash ^ end.lane[i], keys[3 - i]);
    return hash;
}
