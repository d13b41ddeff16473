/* tokenizer/normalizer_forms.c: NFC, NFD, NFKC and NFKD as normalizers. */
#include "tokenizer/normalizer_types.h"

#include "tokenizer/unicode_forms.h"

#define FORM(form, upper)                                                                                            \
    static maske_status form##_apply(const normalizer *self, aligned_text *text) {                                   \
        (void)self;                                                                                                  \
        if (unicode_form_steady(UNICODE_##upper, text->now.bytes, text->now.length) == text->now.length) return MASKE_OK; \
        return unicode_form_apply(UNICODE_##upper, text);                                                            \
    }                                                                                                                \
    static size_t form##_steady(const normalizer *self, const char *text, size_t length) {                           \
        (void)self;                                                                                                  \
        return unicode_form_steady(UNICODE_##upper, text, length);                                                   \
    }                                                                                                                \
    const normalizer_type normalizer_##form = {.base = {.name = #upper}, .apply = form##_apply, .steady = form##_steady};

FORM(nfc, NFC)
FORM(nfd, NFD)
FORM(nfkc, NFKC)
FORM(nfkd, NFKD)
