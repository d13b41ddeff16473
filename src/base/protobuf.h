/* base/protobuf.h: the wire format of protocol buffers, as far as writing needs it: fields are added to a buffer one
 * after the other; a message within a message is a buffer of its own, added as bytes.
 *
 *   tag         field << 3 | 0: a varint, 2: a length and as many bytes, 5: four bytes
 *   varint      seven bits a byte, the lowest first, the top bit set on all but the last; negative: as 64 bits
 *
 * Source: the encoding page of protobuf's documentation. */
#ifndef MASKE_BASE_PROTOBUF_H
#define MASKE_BASE_PROTOBUF_H

#include "base/buffer.h"

MASKE_MUST_USE maske_status protobuf_add_integer(buffer *out, unsigned field, int64_t value);
MASKE_MUST_USE maske_status protobuf_add_float(buffer *out, unsigned field, float value);
MASKE_MUST_USE maske_status protobuf_add_bytes(buffer *out, unsigned field, const void *bytes, size_t length);
MASKE_MUST_USE maske_status protobuf_add_text(buffer *out, unsigned field, const char *text);
/* Tag and length alone: the bytes follow by other ways. */
MASKE_MUST_USE maske_status protobuf_add_head(buffer *out, unsigned field, size_t length);

#endif
