/* base/hash.h: 64-bit hashing. hash_bytes is for tables in memory (its values may change between versions);
 * hash_stream is for files (FNV-free, fixed for ever: part of saved fingerprints). */
#ifndef MASKE_BASE_HASH_H
#define MASKE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
static inline uint64_t hash_bytes(const void *bytes, size_t length) {
    const unsigned char *p = bytes;
    uint64_t hash = 0x9E3779B97F4A7C15u ^ length, word;
    while (length >= 8) {
        memcpy(&word, p, 8);
        hash = hash_mix(hash ^ word, 0xD6E8FEB86659FD93u);
        p += 8;
        length -= 8;
    }
    word = 0;
    memcpy(&word, p, length);
    return hash_mix(hash ^ word, 0xA0761D6478BD642Fu);
}

/* A fingerprint of bytes that come in pieces; the same for any cutting. Start with a zeroed structure. */
typedef struct hash_stream { uint64_t lane[4]; uint64_t total; unsigned char rest[32]; size_t rest_length; } hash_stream;
void hash_stream_add(hash_stream *stream, const void *bytes, size_t length);
uint64_t hash_stream_end(const hash_stream *stream);

#endif
