/* corpus/source.c: plain or compressed, the same to whoever reads. */
#include "corpus/source.h"
#include "base/memory.h"
#include "corpus/decompress.h"
#include "corpus/text_check.h"

#include <stdlib.h>
#include <string.h>

struct source {
    raw_file file;
    decompress *compressed;     /* NULL: plain */
    char *head;                 /* of compressed text: [head_length], read to be looked at before it is asked for */
    size_t head_length, head_read;
};

static maske_status look_inside(source *s) {
    TRY(decompress_open(&s->compressed, &s->file));
    TRY(memory_resize(&s->head, RAW_FILE_HEAD, 1, "the head of a text file"));
    TRY(decompress_read(s->compressed, s->head, RAW_FILE_HEAD, &s->head_length));
    return text_check(s->head, s->head_length, s->head_length < RAW_FILE_HEAD, s->file.name);
}

maske_status source_open(source **out, const char *path, const maske_control *control) {
    source *s;
    TRY(memory_new(&s, 1, sizeof *s, "a text file"));
    maske_status status = raw_file_open(&s->file, path, control);
    if (status == MASKE_OK) {
        const raw_file *file = &s->file;
        if (decompress_recognises(file->head, file->head_length)) status = look_inside(s);
        else status = text_check(file->head, file->head_length, file->head_length < RAW_FILE_HEAD, file->name);
    }
    if (status == MASKE_OK) *out = s;
    else source_close(s);
    return status;
}

maske_status source_read(source *s, char *out, size_t capacity, size_t *got) {
    if (s->compressed == NULL) return raw_file_read(&s->file, out, capacity, got);
    size_t from_head = s->head_length - s->head_read;
    if (from_head > capacity) from_head = capacity;
    if (from_head > 0) memcpy(out, s->head + s->head_read, from_head);
    s->head_read += from_head;
    size_t rest = 0;
    if (from_head < capacity) TRY(decompress_read(s->compressed, out + from_head, capacity - from_head, &rest));
    *got = from_head + rest;
    return MASKE_OK;
}

const char *source_name(const source *s) { return s->file.name; }
int64_t source_consumed(const source *s) { return s->file.consumed; }
bool source_is_empty(const source *s) { return (s->compressed ? s->head_length : s->file.head_length) == 0; }

void source_close(source *s) {
    if (s == NULL) return;
    decompress_close(s->compressed);
    free(s->head);
    raw_file_close(&s->file);
    free(s);
}
