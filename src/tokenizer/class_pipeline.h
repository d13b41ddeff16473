/* tokenizer/class_pipeline.h: what stands around the model in a folder of BERT's, RoBERTa's or GPT-2's class. */
#ifndef MASKE_TOKENIZER_CLASS_PIPELINE_H
#define MASKE_TOKENIZER_CLASS_PIPELINE_H

#include "tokenizer/named_tokens.h"

/* Components by their JSON, into a tokenizer that has none; NULL: none. */
MASKE_MUST_USE maske_status class_read_components(maske_tokenizer *t, const char *pre, const char *decode, const char *post);
/* BERT's normalizer, as tokenizer_config.json wants it; NULL: no memory. Yours. */
json_t *class_bert_normalizer(const tokenizer_config *config);
/* BERT's normalizer, pre-tokenizer and decoder. */
MASKE_MUST_USE maske_status class_bert_components(maske_tokenizer *t, const tokenizer_config *config);
/* ByteLevel as pre-tokenizer and decoder. */
MASKE_MUST_USE maske_status class_byte_components(maske_tokenizer *t, const tokenizer_config *config);

/* Post-processors, of a tokenizer that has the tokens that are named. [CLS] A [SEP] B [SEP]: */
MASKE_MUST_USE maske_status class_bert_processor(maske_tokenizer *t, const named_tokens *named);
/* <s> A </s> </s> B </s>: */
MASKE_MUST_USE maske_status class_roberta_processor(maske_tokenizer *t, const tokenizer_config *config, const named_tokens *named);
/* bos and eos around each text, where add_bos_token and add_eos_token ask for them; else what is there stays. */
MASKE_MUST_USE maske_status class_gpt2_processor(maske_tokenizer *t, const tokenizer_config *config, const named_tokens *named);

#endif
