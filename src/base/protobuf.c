/* base/protobuf.c */
#include "base/protobuf.h"

enum { VARINT = 0, BYTES = 2, FOUR_BYTES = 5 };

static size_t varint(unsigned char out[10], uint64_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) out[size++] = (unsigned char)(value | 0x80);
    out[size++] = (unsigned char)value;
    return size;
}

static maske_status add_varint(buffer *out, uint64_t value) {
    unsigned char bytes[10];
    return buffer_add(out, bytes, varint(bytes, value));
}

maske_status protobuf_add_integer(buffer *out, unsigned field, int64_t value) {
    TRY(add_varint(out, field << 3 | VARINT));
    return add_varint(out, (uint64_t)value);
}

maske_status protobuf_add_float(buffer *out, unsigned field, float value) {
    TRY(add_varint(out, field << 3 | FOUR_BYTES));
    return buffer_add(out, &value, sizeof value);
}

maske_status protobuf_add_head(buffer *out, unsigned field, size_t length) {
    TRY(add_varint(out, field << 3 | BYTES));
    return add_varint(out, length);
}

maske_status protobuf_add_bytes(buffer *out, unsigned field, const void *bytes, size_t length) {
    TRY(protobuf_add_head(out, field, length));
    return buffer_add(out, bytes, length);
}

maske_status protobuf_add_text(buffer *out, unsigned field, const char *text) {
    return protobuf_add_bytes(out, field, text, strlen(text));
}
