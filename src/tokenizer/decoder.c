/* tokenizer/decoder.c: the types of decoders, and running them; what each type does is in decoder_steps.c.
 *
 * A step reads strings->now and writes strings->next, then the two are swapped. */
#include "tokenizer/decoder_types.h"

#include <stdlib.h>

static const decoder_type decoder_sequence = {.base = {.name = "Sequence"}};

static const component_type *const types[] = {
    &decoder_byte_level.base, &decoder_wordpiece.base, &decoder_bpe.base, &decoder_metaspace.base, &decoder_ctc.base,
    &decoder_byte_fallback.base, &decoder_fuse.base, &decoder_strip.base, &decoder_replace.base, &decoder_sequence.base,
    NULL
};

static const component_family family = {"decoder", "decoders", sizeof(decoder), types, NULL};

maske_status decoder_read(decoder **out, const json_t *json, const char *name) {
    component *made = NULL;
    TRY(component_read(&made, &family, json, name));
    *out = (decoder *)made;
    return MASKE_OK;
}

void decoder_write(json_writer *w, const decoder *self) { component_write(w, (const component *)self); }

void decoder_free(decoder *self) { component_free((component *)self); }

/* ---- strings ---- */

maske_status decoder_end_string(string_list *list) {
    TRY(memory_reserve(&list->ends, &list->capacity, list->count + 1, sizeof *list->ends, "decoded text"));
    list->ends[list->count++] = list->text.length;
    return MASKE_OK;
}

maske_status decoder_strings_add(decoder_strings *strings, const char *text, size_t length) {
    TRY(buffer_add(&strings->now.text, text, length));
    return decoder_end_string(&strings->now);
}

void decoder_strings_free(decoder_strings *strings) {
    buffer_free(&strings->now.text);
    buffer_free(&strings->next.text);
    free(strings->now.ends);
    free(strings->next.ends);
    *strings = (decoder_strings){0};
}

static void swap_lists(decoder_strings *s) {
    string_list list = s->now;
    s->now = s->next;
    s->next = list;
}

static void start_next(decoder_strings *s) {
    buffer_clear(&s->next.text);
    s->next.count = 0;
}

/* ---- running ---- */

static maske_status step(const decoder *self, decoder_strings *s) {
    const decoder_type *type = (const decoder_type *)self->base.type;
    if (type == &decoder_sequence) {
        for (size_t i = 0; i < self->base.count; i++) TRY(step((const decoder *)self->base.items[i], s));
        return MASKE_OK;
    }
    start_next(s);
    maske_status status = type->apply(self, s);
    swap_lists(s);
    return status;
}

maske_status decoder_apply(const decoder *d, decoder_strings *s) {
    if (d != NULL) return step(d, s);
    start_next(s);
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        if (i > 0) TRY(buffer_add(&s->next.text, " ", 1));
        TRY(buffer_add(&s->next.text, token.text, token.length));
    }
    TRY(decoder_end_string(&s->next));
    swap_lists(s);
    return MASKE_OK;
}
