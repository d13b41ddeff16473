/* tokenizer/aligned_text.h: text that changes and remembers where it came from.
 *
 * A normalizer rewrites text; offsets must still point into what the user gave. So every byte of the changed text can
 * carry its origin: the byte range of the original text that it stands for, by the very rules of Hugging Face's
 * library (an inserted character takes the origin of the one before it, and so on), since offsets are compared.
 * Keeping origins costs 8 bytes a byte. Who needs ids alone leaves them out (`aligned` false): the same edits then
 * move bytes only.
 *
 *     aligned_text text = {0};
 *     TRY(aligned_text_set(&text, bytes, length, 0, true));
 *     TRY(normalizer_apply(normalizer, &text));
 *     ... text.now.bytes[0 .. text.now.length), text.now.origins[i] ...
 *     aligned_text_free(&text);
 *
 * All text is valid UTF-8. All bytes of one character have the same origin, and origins never run backwards. Positions
 * are 32 bit: text of 4 GiB or more is refused. Memory is kept for the next text, so warm code allocates nothing.
 * A structure belongs to one thread at a time. */
#ifndef MASKE_TOKENIZER_ALIGNED_TEXT_H
#define MASKE_TOKENIZER_ALIGNED_TEXT_H

#include "base/utf8.h"

typedef struct text_range { uint32_t begin, end; } text_range;     /* bytes: begin inclusive, end exclusive */

/* Ranges that grow. A zeroed structure is empty. */
typedef struct range_list { text_range *items; size_t count, capacity; } range_list;
MASKE_MUST_USE maske_status range_list_grow(range_list *list);
static inline MASKE_MUST_USE maske_status range_list_add(range_list *list, size_t begin, size_t end) {
    if (list->count == list->capacity) TRY(range_list_grow(list));
    list->items[list->count++] = (text_range){(uint32_t)begin, (uint32_t)end};
    return MASKE_OK;
}

/* Bytes with or without their origins. A zeroed structure is empty. */
typedef struct aligned_bytes {
    char *bytes;                    /* [length], no NUL behind */
    text_range *origins;            /* [length] if the text is aligned, else not to be read */
    size_t length;
    size_t capacity, origin_capacity;
} aligned_bytes;
void aligned_bytes_free(aligned_bytes *bytes);
/* Room for `more` bytes behind the end. */
MASKE_MUST_USE maske_status aligned_bytes_reserve(aligned_bytes *bytes, size_t more, bool aligned);

/* A character waiting to be put in canonical order (normalization forms). */
typedef struct pending_character { uint32_t character; int32_t change; uint8_t combining_class; } pending_character;

typedef struct aligned_text {
    aligned_bytes now;              /* the text */
    aligned_bytes next;             /* the text being written by an edit; swapped with `now` when it ends */
    bool aligned;
    uint32_t origin_begin;          /* where this text begins in the original */
    /* Known even without origins: the first start_length bytes have an origin that begins at origin_begin. This is
     * what Metaspace's "first" asks. */
    size_t start_length;
    pending_character *pending, *sorted;    /* scratch of the normalization forms */
    size_t pending_capacity, sorted_capacity;
    void *search;                   /* scratch of patterns (pattern.h) */
    struct aligned_text *part;      /* scratch of normalizers that change a text part by part */
} aligned_text;

/* Takes a copy of `length` bytes that stand at origin_begin of the original text. */
MASKE_MUST_USE maske_status aligned_text_set(aligned_text *text, const char *bytes, size_t length, uint32_t origin_begin, bool aligned);
void aligned_text_free(aligned_text *text);

/* ---- editing ----
 * An edit reads `source` from the left and writes the new text behind what `out` holds:
 *     keep     the next bytes as they are
 *     drop     leaves the next bytes out
 *     replace  a character that stands for the next bytes (its origin: that of their first character)
 *     insert   a character that stands for nothing of its own (its origin: that of the byte before, dropped or not;
 *              at the very start the empty range at origin_begin)
 * Failure (memory) is kept in `status`; the operations after it write nothing, but go on through the source, so that a
 * loop over it ends. */
typedef struct text_edit {
    const char *source;
    const text_range *origins;      /* [length] if aligned */
    bool aligned;
    size_t length, at;              /* of the source; bytes used so far */
    size_t source_start;            /* start_length of the source */
    uint32_t origin_begin;
    aligned_bytes *out;
    size_t out_begin, out_start;    /* where out began; start_length of what was written */
    maske_status status;
} text_edit;

void text_edit_grow(text_edit *edit, size_t more);      /* the slow half of text_edit_room */
static inline bool text_edit_room(text_edit *edit, size_t more) {
    aligned_bytes *out = edit->out;
    if (out->capacity - out->length < more || (edit->aligned && out->origin_capacity - out->length < more))
        text_edit_grow(edit, more);
    return edit->status == MASKE_OK;
}
static inline void text_edit_keep(text_edit *edit, size_t size) {
    if (size == 0) return;      /* nothing to keep: there may be no memory yet */
    if (!text_edit_room(edit, size)) { edit->at += size; return; }
    aligned_bytes *out = edit->out;
    memcpy(out->bytes + out->length, edit->source + edit->at, size);
    if (edit->aligned) memcpy(out->origins + out->length, edit->origins + edit->at, size * sizeof(text_range));
    if (edit->at < edit->source_start) {
        size_t left = edit->source_start - edit->at;
        edit->out_start = out->length - edit->out_begin + (size < left ? size : left);
    }
    out->length += size;
    edit->at += size;
}
static inline void text_edit_drop(text_edit *edit, size_t size) { edit->at += size; }
/* Writes bytes whose origin is that of source byte `from`, or the empty start. */
static inline void text_edit_write(text_edit *edit, const char *bytes, size_t size, size_t from, bool at_start) {
    aligned_bytes *out = edit->out;
    memcpy(out->bytes + out->length, bytes, size);
    if (edit->aligned) {
        text_range origin = at_start ? (text_range){edit->origin_begin, edit->origin_begin} : edit->origins[from];
        for (size_t i = 0; i < size; i++) out->origins[out->length + i] = origin;
    }
    out->length += size;
    if (at_start || from < edit->source_start) edit->out_start = out->length - edit->out_begin;
}
static inline void text_edit_replace(text_edit *edit, uint32_t character, size_t size) {
    if (!text_edit_room(edit, 4)) { edit->at += size; return; }
    char bytes[4];
    size_t written = utf8_put(bytes, character);
    text_edit_write(edit, bytes, written, edit->at, false);
    edit->at += size;
}
static inline void text_edit_insert(text_edit *edit, uint32_t character) {
    if (!text_edit_room(edit, 4)) return;
    char bytes[4];
    size_t written = utf8_put(bytes, character);
    text_edit_write(edit, bytes, written, edit->at - 1, edit->at == 0);
}
/* Inserts a whole text, each character as above. */
void text_edit_insert_text(text_edit *edit, const char *bytes, size_t size);

/* Edits a whole aligned_text: begin, operations, end. */
text_edit aligned_text_edit(aligned_text *text);
MASKE_MUST_USE maske_status aligned_text_edit_end(aligned_text *text, text_edit *edit);

#endif
