/* tasks/model.c: opening a model folder: are the parts there, do they fit together. */
#include "tasks/model.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/number.h"
#include "base/parallel.h"
#include "bert/mapped.h"
#include "tokenizer/tokenizer.h"

#include <stdlib.h>

enum { SMALL_JSON = 1 << 20 };

maske_status model_precision(gemm_precision *out, const char *name) {
    if (name == NULL || strcmp(name, "auto") == 0 || strcmp(name, "f32") == 0) return *out = GEMM_F32, MASKE_OK;
    if (strcmp(name, "bf16") == 0) return *out = GEMM_BF16, MASKE_OK;
    if (strcmp(name, "int8") == 0) return *out = GEMM_INT8, MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "precision: found \"%.40s\", expected auto, f32, bf16 or int8", name);
}

/* A thread more only where there is work for it: waking one and waiting for it costs about as much as a million
 * multiplications. Results do not depend on it. */
static int useful_threads(const maske_model *model, size_t tokens, size_t predictions) {
    const bert_config *c = &model->network->config;
    double layer = (double)c->hidden_size * (4.0 * (double)c->hidden_size + 2.0 * (double)c->intermediate_size);
    double work = (double)tokens * layer * (double)c->num_hidden_layers +
                  (double)predictions * (double)c->hidden_size * (double)c->vocab_size;
    double threads = work / 4e6;
    return threads < 1 ? 1 : threads < (double)model->threads ? (int)threads : model->threads;
}

/* Rounded up, so that texts of about the same size find a context that waits. */
static masked_lm_capacity capacity_for(const maske_model *model, size_t tokens, size_t sequences, size_t predictions) {
    size_t rounded = (tokens + 63) / 64 * 64;
    return (masked_lm_capacity){.tokens = rounded,
                                .sequences = sequences,
                                .sequence_length = rounded < model->max_length ? rounded : model->max_length,
                                .predictions = predictions,
                                .threads = useful_threads(model, tokens, predictions)};
}

maske_status model_take_context(const maske_model *model, size_t tokens, size_t sequences, size_t predictions,
                                bool every_position, bool logits, pooled_context **out) {
    masked_lm_capacity capacity = capacity_for(model, tokens, sequences, predictions);
    capacity.every_position = every_position;
    capacity.logits = logits;
    return context_pool_take(model->pool, model->network, &capacity, out);
}

void model_say_memory(const maske_model *model, size_t tokens, size_t sequences, size_t predictions) {
    maske_model *m = (maske_model *)(uintptr_t)model;       /* the flag alone */
    if (atomic_exchange(&m->memory_said, true)) return;
    masked_lm_capacity capacity = capacity_for(model, tokens, sequences, predictions);
    capacity.logits = true;
    capacity.tokens = capacity.sequence_length = tokens;    /* what the rounding adds is not touched */
    double held = (double)memory_resident(), peak = (double)memory_peak(),
           weights = (double)mapped_weights_bytes(model->network, tokens, predictions > 0, capacity.threads),
           activations = (double)masked_lm_context_bytes(&model->network->config, &capacity),
           needed = held + weights + activations;
    log_say(MASKE_LOG_DETAIL, "needs %s of memory: weights %s, activations %s, tokenizer and program %s",
            number_size(needed > peak ? needed : peak).text, number_size(weights).text, number_size(activations).text,
            number_size(held).text);
}

maske_status model_expect_head(const maske_model *m) {
    if (m->network->table.head) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: the model has no prediction head (cls.predictions), so it predicts nothing", m->folder);
}

void model_expect_finite(const maske_model *m, const char *what, const float *values, size_t count) {
    if (!number_all_finite(values, count))
        log_say(MASKE_LOG_WARNING, "%s: %s not finite: the weights hold values that are not, or far too large ones", m->folder,
                what);
}

/* ------------------------------------------------------------------------------------------------- the folder --- */

enum { LEAST_LENGTH = 3 };      /* [CLS], a token, [SEP] */

/* An integer of a file that need not be there; *out stays as it is without the file or the key. */
static maske_status read_length(size_t *out, const char *folder, const char *file, const char *key) {
    char *path = NULL;
    json_t *object = NULL;
    int64_t value = 0;
    TRY(path_join(&path, folder, file));
    maske_status status = MASKE_OK;
    if (path_exists(path)) {
        status = json_read_object(&object, path, SMALL_JSON);
        if (status == MASKE_OK) status = json_get_integer_or(&value, 0, object, key, LEAST_LENGTH, 1 << 30, path);
        if (status == MASKE_OK && value > 0 && (size_t)value < *out) *out = (size_t)value;
    }
    json_decref(object);
    free(path);
    return status;
}

/* What a folder of sentence-transformers says of a text's length, as that library takes it; 0: nothing. */
static int64_t length_limit(const maske_model *m) {
    if (m->sentence.max_length > 0 || !m->sentence.listed) return m->sentence.max_length;
    return m->tokenizer->model_max_length >= SENTENCE_LENGTH_LEAST ? m->tokenizer->model_max_length : 0;
}

/* Lower case is done already where the tokenizer does it; else it is an obstacle for vectors. */
static maske_status check_case(maske_model *m) {
    if (!m->sentence.lower_case) return MASKE_OK;
    buffer text = {0};
    json_writer w = json_writer_start(&text, false);
    normalizer_write(&w, m->tokenizer->normalizer);
    maske_status status = json_writer_end(&w);
    if (status == MASKE_OK && strstr(text.data, "\"Lowercase\"") == NULL && strstr(text.data, "\"lowercase\":true") == NULL)
        sentence_modules_refuse(&m->sentence, "texts in lower case", "", " (do_lower_case), which is not supported");
    buffer_free(&text);
    return status;
}

static maske_status check_folder(const char *folder) {
    if (!path_exists(folder)) return error_set(MASKE_IO, "%s: there is no such folder, expected a model's", folder);
    if (!path_is_folder(folder)) return error_set(MASKE_IO, "%s: found a file, expected a model's folder", folder);
    return MASKE_OK;
}

static maske_status check_fit(const maske_model *m) {
    int64_t entries = maske_tokenizer_vocab_size(m->tokenizer), rows = m->network->config.vocab_size;
    if (entries > rows)
        return error_set(
            MASKE_BAD_SHAPE,
            "%s: the tokenizer has %lld entries, the weights have rows for %lld: they do not belong together",
            m->folder, (long long)entries, (long long)rows);
    if (entries < rows)
        log_say(MASKE_LOG_DETAIL, "%s: %lld rows of the weights have no entry in the tokenizer", m->folder,
                (long long)(rows - entries));
    return MASKE_OK;
}

static maske_status open_parts(maske_model *m, const char *folder, const maske_model_options *options) {
    gemm_precision precision = GEMM_F32;
    bool automatic = options->precision == NULL || strcmp(options->precision, "auto") == 0;
    TRY(model_precision(&precision, options->precision));
    if (automatic && options->only_vectors && (cpu_flags() & CPU_AMX) != 0) precision = GEMM_BF16;
    TRY(check_folder(folder));
    TRY(memory_copy_text(&m->folder, folder, strlen(folder)));
    TRY(sentence_modules_read(&m->sentence, folder));
    const char *parts = m->sentence.network;
    m->threads = parallel_threads(&(maske_control){.threads = options->threads});
    if (!options->read_weights) TRY(masked_lm_open_mapped(&m->network, parts, precision));
    else {
        TRY(masked_lm_open(&m->network, parts));
        TRY(masked_lm_pack(m->network, precision, false, m->threads));
    }
    TRY(maske_tokenizer_open(&m->tokenizer, parts));
    TRY(check_fit(m));
    TRY(check_case(m));
    m->max_length = bert_config_positions(&m->network->config);
    int64_t limit = length_limit(m);
    if (limit > 0 && (size_t)limit < m->max_length) m->max_length = (size_t)limit;
    m->trained_length = m->max_length;
    size_t trained = (size_t)m->network->config.trained_length;
    if (trained >= LEAST_LENGTH && trained < m->trained_length) m->trained_length = trained;
    /* Runs that began before config.json had it. */
    TRY(read_length(&m->trained_length, folder, "train.json", "max-length"));
    TRY(context_pool_new(&m->pool));
    return token_texts_open(&m->texts, m->tokenizer);
}

maske_status maske_model_open(maske_model **out, const char *folder, const maske_model_options *options) {
    const maske_model_options defaults = {0};
    maske_model *m = NULL;
    TRY(memory_new(&m, 1, sizeof *m, "a model"));
    maske_status status = open_parts(m, folder, options != NULL ? options : &defaults);
    if (status == MASKE_OK) *out = m;
    else maske_model_close(m);
    return status;
}

void maske_model_close(maske_model *model) {
    if (model == NULL) return;
    context_pool_free(model->pool);
    token_texts_free(&model->texts);
    maske_tokenizer_free(model->tokenizer);
    masked_lm_free(model->network);
    sentence_modules_free(&model->sentence);
    free(model->folder);
    free(model);
}

const maske_tokenizer *maske_model_tokenizer(const maske_model *model) { return model->tokenizer; }

/* --------------------------------------------------------------------------------------------- its description --- */

void maske_model_describe(const maske_model *model, maske_model_info *info) {
    const masked_lm *network = model->network;
    const bert_config *c = &network->config;
    *info = (maske_model_info){
        .architecture = network->table.head ? family_of(c->family)->masked_lm : family_of(c->family)->model,
        .hidden_act = activation_name(c->hidden_act),
        .dtype = safetensors_type_name(network->stored),
        .vocab_size = c->vocab_size,
        .hidden_size = c->hidden_size,
        .num_hidden_layers = c->num_hidden_layers,
        .num_attention_heads = c->num_attention_heads,
        .intermediate_size = c->intermediate_size,
        .max_position_embeddings = c->max_position_embeddings,
        .type_vocab_size = c->type_vocab_size,
        .max_length = (int64_t)model->max_length,
        .layer_norm_eps = c->layer_norm_eps,
        .hidden_dropout_prob = c->hidden_dropout_prob,
        .attention_probs_dropout_prob = c->attention_probs_dropout_prob,
        .has_head = network->table.head,
        .has_pooler = network->table.pooler,
    };
    for (size_t i = 0; i < network->table.count; i++) {
        const parameter *row = &network->table.rows[i];
        int64_t *part = row->part == PART_EMBEDDINGS ? &info->parameters_embeddings
                      : row->part == PART_ENCODER    ? &info->parameters_encoder
                                                     : &info->parameters_head;
        *part += (int64_t)row->elements;
        info->parameters += (int64_t)row->elements;
    }
}
