/* tokenizer/tokenizer_class.c: the tables and the choice of transformers' auto/tokenization_auto.py (5.23). */
#include "tokenizer/tokenizer_class.h"

#include <string.h>

/* Without the "Fast" at the end. Of classes with rules of their own only those that read a vocab.txt or a vocab.json. */
static const struct { const char *name; tokenizer_class class; } classes[] = {
    {"BertTokenizer", CLASS_BERT}, {"DistilBertTokenizer", CLASS_BERT}, {"ElectraTokenizer", CLASS_BERT},
    {"ConvBertTokenizer", CLASS_BERT}, {"DPRContextEncoderTokenizer", CLASS_BERT}, {"DPRQuestionEncoderTokenizer", CLASS_BERT},
    {"DPRReaderTokenizer", CLASS_BERT}, {"LayoutLMTokenizer", CLASS_BERT}, {"LxmertTokenizer", CLASS_BERT},
    {"MobileBertTokenizer", CLASS_BERT}, {"SqueezeBertTokenizer", CLASS_BERT},
    {"RobertaTokenizer", CLASS_ROBERTA}, {"BartTokenizer", CLASS_ROBERTA}, {"LEDTokenizer", CLASS_ROBERTA},
    {"LongformerTokenizer", CLASS_ROBERTA}, {"MvpTokenizer", CLASS_ROBERTA},
    {"GPT2Tokenizer", CLASS_GPT2},
    {"BertJapaneseTokenizer", CLASS_OTHER}, {"BertweetTokenizer", CLASS_OTHER}, {"BioGptTokenizer", CLASS_OTHER},
    {"BlenderbotSmallTokenizer", CLASS_OTHER}, {"BlenderbotTokenizer", CLASS_OTHER}, {"CLIPTokenizer", CLASS_OTHER},
    {"CTRLTokenizer", CLASS_OTHER}, {"ClvpTokenizer", CLASS_OTHER}, {"CodeGenTokenizer", CLASS_OTHER},
    {"CohereTokenizer", CLASS_OTHER}, {"CpmAntTokenizer", CLASS_OTHER}, {"DebertaTokenizer", CLASS_OTHER},
    {"EsmTokenizer", CLASS_OTHER}, {"FastSpeech2ConformerTokenizer", CLASS_OTHER}, {"FlaubertTokenizer", CLASS_OTHER},
    {"FunnelTokenizer", CLASS_OTHER}, {"GPTNeoXJapaneseTokenizer", CLASS_OTHER}, {"GPTNeoXTokenizer", CLASS_OTHER},
    {"HerbertTokenizer", CLASS_OTHER}, {"LayoutLMv2Tokenizer", CLASS_OTHER}, {"LayoutLMv3Tokenizer", CLASS_OTHER},
    {"LukeTokenizer", CLASS_OTHER}, {"MarkupLMTokenizer", CLASS_OTHER}, {"MgpstrTokenizer", CLASS_OTHER},
    {"NougatTokenizer", CLASS_OTHER}, {"OpenAIGPTTokenizer", CLASS_OTHER}, {"PhobertTokenizer", CLASS_OTHER},
    {"Qwen2Tokenizer", CLASS_OTHER}, {"RoCBertTokenizer", CLASS_OTHER}, {"RoFormerTokenizer", CLASS_OTHER},
    {"SplinterTokenizer", CLASS_OTHER}, {"TapasTokenizer", CLASS_OTHER}, {"VitsTokenizer", CLASS_OTHER},
    {"Wav2Vec2CTCTokenizer", CLASS_OTHER}, {"Wav2Vec2PhonemeCTCTokenizer", CLASS_OTHER}, {"WhisperTokenizer", CLASS_OTHER},
    {"XLMTokenizer", CLASS_OTHER}
};

/* The class that a model is registered with, and the models, each with a space behind it. */
static const char backend[] = "TokenizersBackend";
static const struct { const char *class, *models; } registered[] = {
    {"BertTokenizer", "align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git grounding-dino layoutlm "
                      "megatron-bert mm-grounding-dino nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert "},
    {"LxmertTokenizer", "lxmert "}, {"MobileBertTokenizer", "mobilebert "}, {"DPRQuestionEncoderTokenizer", "dpr "},
    {"RobertaTokenizer", "bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm "},
    {"BartTokenizer", "florence2 "}, {"LEDTokenizer", "led "}, {"MvpTokenizer", "mvp "},
    {"GPT2Tokenizer", "blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj instructblip instructblipvideo jais2 opt phi starcoder2 "},
    {backend, "gpt_bigcode granite modernbert modernbert-decoder nystromformer olmo2 olmo3 stablelm yoso "},
    {"BertJapaneseTokenizer", "bert-japanese "}, {"BertweetTokenizer", "bertweet "}, {"BioGptTokenizer", "biogpt "},
    {"BlenderbotTokenizer", "blenderbot "}, {"BlenderbotSmallTokenizer", "blenderbot-small "},
    {"CLIPTokenizer", "aimv2 clip clipseg groupvit omdet-turbo oneformer owlv2 owlvit sam3 sam3_video xclip "},
    {"CTRLTokenizer", "ctrl "}, {"CohereTokenizer", "cohere cohere2 "}, {"DebertaTokenizer", "deberta "},
    {"EsmTokenizer", "esm "}, {"FlaubertTokenizer", "flaubert "}, {"FunnelTokenizer", "funnel "},
    {"GPTNeoXJapaneseTokenizer", "gpt_neox_japanese "},
    {"GPTNeoXTokenizer", "falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm "},
    {"HerbertTokenizer", "herbert "}, {"LayoutLMv2Tokenizer", "layoutlmv2 "}, {"LayoutLMv3Tokenizer", "layoutlmv3 "},
    {"LukeTokenizer", "luke "}, {"MarkupLMTokenizer", "markuplm "}, {"OpenAIGPTTokenizer", "openai-gpt "},
    {"PhobertTokenizer", "phobert "}, {"Qwen2Tokenizer", "qwen2 qwen2_moe qwen3 qwen3_moe "},
    {"RoCBertTokenizer", "roc_bert "}, {"RoFormerTokenizer", "roformer "}, {"SplinterTokenizer", "splinter "},
    {"TapasTokenizer", "tapas "}, {"WhisperTokenizer", "whisper "}, {"XLMTokenizer", "xlm "}
};

static bool is_listed(const char *models, const char *model) {
    size_t length = strlen(model);
    for (const char *at = models; *at != '\0'; at = strchr(at, ' ') + 1)
        if (strncmp(at, model, length) == 0 && at[length] == ' ') return true;
    return false;
}

static const char *class_of_model(const char *model) {
    for (size_t i = 0; model != NULL && i < sizeof registered / sizeof *registered; i++)
        if (is_listed(registered[i].models, model)) return registered[i].class;
    return NULL;
}

static tokenizer_class find(const char *name, const char **found) {
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, "Fast") == 0) length -= 4;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strlen(classes[i].name) != length || strncmp(classes[i].name, name, length) != 0) continue;
        *found = classes[i].name;
        return classes[i].class;
    }
    return CLASS_FILES;
}

tokenizer_class tokenizer_class_of(const json_t *tokenizer_config, const json_t *config, const char **name) {
    const char *said = json_string_value(json_object_get(tokenizer_config, "tokenizer_class"));
    const char *model_class = class_of_model(json_string_value(json_object_get(config, "model_type")));
    *name = NULL;
    if (said == NULL || said[0] == '\0') said = json_string_value(json_object_get(config, "tokenizer_class"));
    /* A model that is registered with the plain file reader is read by it, whatever class is named. */
    if (model_class == backend) return CLASS_FILES;
    if (said == NULL) said = model_class;
    return said == NULL ? CLASS_FILES : find(said, name);
}
