/* tokenizer/normalizer_bert.c: BertNormalizer: clean, space Chinese characters, take accents off, lower; in this order. */
#include "tokenizer/normalizer_types.h"

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

static maske_status bert_apply(const normalizer *self, aligned_text *text) {
    if (self->bert.clean_text) TRY(normal_pass(text, NORMAL_CONTROL | NORMAL_SPACE, clean));
    if (self->bert.handle_chinese_chars) TRY(normal_pass(text, NORMAL_CHINESE, space_out));
    if (strips_accents(self)) {
        TRY(unicode_form_apply(UNICODE_NFD, text));
        TRY(normal_pass(text, NORMAL_ACCENT, normal_drop));
    }
    return self->bert.lowercase ? normal_pass(text, NORMAL_UPPER, normal_lower) : MASKE_OK;
}

const normalizer_type normalizer_bert = {.base = {.name = "BertNormalizer", .members = members}, .apply = bert_apply};
