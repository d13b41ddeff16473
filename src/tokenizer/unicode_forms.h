/* tokenizer/unicode_forms.h: the normalization forms NFC, NFD, NFKC and NFKD of Unicode 9.0, as edits.
 *
 * Unicode Standard Annex 15: decompose, put marks in canonical order, compose. Text in which every character is steady
 * (unicode.h) is left alone; only the segments between steady characters are worked on. */
#ifndef MASKE_TOKENIZER_UNICODE_FORMS_H
#define MASKE_TOKENIZER_UNICODE_FORMS_H

#include "tokenizer/aligned_text.h"

typedef enum unicode_form { UNICODE_NFD, UNICODE_NFKD, UNICODE_NFC, UNICODE_NFKC } unicode_form;   /* = the NORMAL_NOT_ bits */

/* Bytes at the start that the form leaves as they are (whatever stands behind them). */
size_t unicode_form_steady(unicode_form form, const char *text, size_t length);
MASKE_MUST_USE maske_status unicode_form_apply(unicode_form form, aligned_text *text);

#endif
