/* train/fingerprint.h: files known again by length and 64-bit fingerprint (base/hash.h's hash_stream). Against
 * accidents, not against attackers. */
#ifndef MASKE_TRAIN_FINGERPRINT_H
#define MASKE_TRAIN_FINGERPRINT_H

#include "base/json.h"

/* As 16 hexadecimal digits: a JSON number does not hold 64 bits. */
void fingerprint_print(char out[17], uint64_t fingerprint);
uint64_t fingerprint_bytes(const void *bytes, size_t length);
/* The member `key` of an object. */
MASKE_MUST_USE maske_status fingerprint_read(uint64_t *out, const json_t *object, const char *key, const char *place);
/* Of a regular file's bytes; stops with MASKE_STOPPED where control says so (NULL: never). */
MASKE_MUST_USE maske_status fingerprint_file(uint64_t *out, int64_t *bytes, const char *path,
                                             const maske_control *control);

#endif
