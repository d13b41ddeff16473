/* tokenizer/normalizer_bert.c: BertNormalizer: clean, space Chinese characters, take accents off, lower; in this order. */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/ascii_run.h"
#include "tokenizer/normalizer_pass.h"
#include "tokenizer/unicode_forms.h"

static const component_member members[] = {
    MEMBER("clean_text", BOOLEAN, normalizer, bert.clean_text),
    MEMBER("handle_chinese_chars", BOOLEAN, normalizer, bert.handle_chinese_chars),
    MEMBER("strip_accents", MAYBE, normalizer, bert.strip_accents),
    MEMBER("lowercase", BOOLEAN, normalizer, bert.lowercase),
    {0}
};

/* strip_accents null: accents go where case goes. */
static bool strips_accents(const normalizer *self) {
    return self->bert.strip_accents < 0 ? self->bert.lowercase : self->bert.strip_accents;
}

static void clean(text_edit *edit, uint32_t character, size_t size) {
    if (unicode_normal(character) & NORMAL_CONTROL) text_edit_drop(edit, size);
    else text_edit_replace(edit, ' ', size);
}

static void space_out(text_edit *edit, uint32_t character, size_t size) {
    text_edit_replace(edit, ' ', size);
    text_edit_insert(edit, character);
    text_edit_insert(edit, ' ');
}

static maske_status apply_passes(const normalizer *self, aligned_text *text) {
    if (self->bert.clean_text) TRY(normal_pass(text, NORMAL_CONTROL | NORMAL_SPACE, clean));
    if (self->bert.handle_chinese_chars) TRY(normal_pass(text, NORMAL_CHINESE, space_out));
    if (strips_accents(self)) {
        TRY(unicode_form_apply(UNICODE_NFD, text));
        TRY(normal_pass(text, NORMAL_ACCENT, normal_drop));
    }
    return self->bert.lowercase ? normal_pass(text, NORMAL_UPPER, normal_lower) : MASKE_OK;
}

/* ---- without origins: ASCII in one go ----
 * What the passes make of an ASCII character does not depend on its neighbours, and it parts what they make of its
 * neighbours: marks are put in order between two characters that are none. So the passes are left to the stretches in
 * between. */

static maske_status add_other(const normalizer *self, aligned_text *text, const char *run, size_t length, size_t *start) {
    if (text->part == NULL) TRY(memory_new(&text->part, 1, sizeof *text->part, "text"));
    aligned_text *part = text->part;
    TRY(aligned_text_set(part, run, length, 0, false));
    part->start_length = *start;
    TRY(apply_passes(self, part));
    *start = part->start_length;
    if (part->now.length == 0) return MASKE_OK;
    TRY(aligned_bytes_reserve(&text->next, part->now.length, false));
    memcpy(text->next.bytes + text->next.length, part->now.bytes, part->now.length);
    text->next.length += part->now.length;
    return MASKE_OK;
}

static maske_status apply_runs(const normalizer *self, aligned_text *text) {
    const char *source = text->now.bytes;
    size_t length = text->now.length, start = text->start_length;
    aligned_bytes *out = &text->next;
    out->length = 0;
    for (size_t at = 0, size; at < length; at += size) {
        TRY(aligned_bytes_reserve(out, length - at, false));
        size = ascii_run_copy(out->bytes + out->length, source + at, length - at, self->bert.lowercase);
        out->length += size;
        if (size > 0) continue;
        if ((source[at] & 0x80) != 0) {
            size = ascii_run_until(source + at, length - at);
            size_t ignored = 0;
            TRY(add_other(self, text, source + at, size, at == 0 ? &start : &ignored));
            continue;
        }
        size = 1;
        unsigned bits = self->bert.clean_text ? unicode_normal((unsigned char)source[at]) : 0;
        if (bits & NORMAL_CONTROL) start = at == 0 ? 0 : start;
        else out->bytes[out->length++] = bits & NORMAL_SPACE ? ' ' : source[at];
    }
    aligned_bytes written = text->next;
    text->next = text->now;
    text->now = written;
    text->start_length = start;
    return MASKE_OK;
}

static maske_status bert_apply(const normalizer *self, aligned_text *text) {
    /* Where a first character has become several, the passes know which of them are of the start. */
    bool simple_start =
        text->start_length <= 1 || text->start_length <= ascii_run_until(text->now.bytes, text->now.length);
    return text->aligned || !simple_start ? apply_passes(self, text) : apply_runs(self, text);
}

const normalizer_type normalizer_bert = {.base = {.name = "BertNormalizer", .members = members}, .apply = bert_apply};
