/* bert/family.c */
#include "bert/family.h"
#include "base/number.h"

#include <string.h>

static const family_options families[FAMILY_COUNT] = {
    [FAMILY_BERT] = {.model_type = "bert", .masked_lm = "BertForMaskedLM", .model = "BertModel", .prefix = "bert.",
                     .token_types = true, .pooler = true, .self_output_dropout = true, .decoder_bias_has_copy = true},
    [FAMILY_ROBERTA] = {.model_type = "roberta", .masked_lm = "RobertaForMaskedLM", .model = "RobertaModel",
                        .prefix = "roberta.", .token_types = true, .pooler = true, .positions_behind_padding = true,
                        .head_is_gelu = true, .self_output_dropout = true, .decoder_bias_has_copy = true},
    [FAMILY_DISTILBERT] = {.model_type = "distilbert", .masked_lm = "DistilBertForMaskedLM", .model = "DistilBertModel",
                           .prefix = "distilbert."},
};

/* Parts of a name and what the family calls them, tried in this order; each is changed where it stands first. */
typedef struct renaming { const char *bert, *here; } renaming;
static const renaming roberta_names[] = {
    {"bert.", "roberta."},
    {"cls.predictions.transform.dense.", "lm_head.dense."},
    {"cls.predictions.transform.LayerNorm.", "lm_head.layer_norm."},
    {"cls.predictions.", "lm_head."},
    {NULL, NULL}
};
static const renaming distilbert_names[] = {
    {"bert.encoder.", "distilbert.transformer."},
    {"bert.embeddings.", "distilbert.embeddings."},
    {".attention.self.query.", ".attention.q_lin."},
    {".attention.self.key.", ".attention.k_lin."},
    {".attention.self.value.", ".attention.v_lin."},
    {".attention.output.dense.", ".attention.out_lin."},
    {".attention.output.LayerNorm.", ".sa_layer_norm."},
    {".intermediate.dense.", ".ffn.lin1."},
    {".output.dense.", ".ffn.lin2."},
    {".output.LayerNorm.", ".output_layer_norm."},
    {"cls.predictions.transform.dense.", "vocab_transform."},
    {"cls.predictions.transform.LayerNorm.", "vocab_layer_norm."},
    {"cls.predictions.decoder.", "vocab_projector."},
    {"cls.predictions.", "vocab_projector."},
    {NULL, NULL}
};
static const renaming bert_names[] = {{NULL, NULL}};
static const renaming *const renamings[FAMILY_COUNT] = {bert_names, roberta_names, distilbert_names};

const family_options *family_of(model_family family) { return &families[family]; }

bool family_from_model_type(model_family *out, const char *model_type) {
    for (int i = 0; i < FAMILY_COUNT; i++)
        if (strcmp(families[i].model_type, model_type) == 0) return *out = (model_family)i, true;
    return false;
}

const char *family_names(void) { return "bert, roberta or distilbert"; }

const char *family_tensor(char out[FAMILY_NAME], model_family family, const char *name) {
    number_print(out, FAMILY_NAME, "%s", name);
    for (const renaming *r = renamings[family]; r->bert != NULL; r++) {
        const char *at = strstr(out, r->bert);
        if (at == NULL) continue;
        char rest[FAMILY_NAME];
        number_print(rest, sizeof rest, "%s", at + strlen(r->bert));
        number_print(out + (at - out), FAMILY_NAME - (size_t)(at - out), "%s%s", r->here, rest);
    }
    return out;
}
