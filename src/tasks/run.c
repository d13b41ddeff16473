/* tasks/run.c: `maske run`: tensors in, tensors out, the padded shapes of transformers.
 *
 * Inside there is no padding; here every row of the padded input is one sequence of full length, and the attention mask
 * says whom nobody attends to: so padded places are computed as transformers computes them. */
#include "base/model_files.h"
#include "base/parallel.h"
#include "tasks/model.h"
#include "tasks/run_input.h"

#include <math.h>
#include <stdlib.h>

typedef struct running {
    masked_lm *model;
    const maske_run_options *options;
    run_input in;
    masked_lm_context *context;
    masked_lm_result result;
    float *gradients;               /* [table.total] */
    float *d_inputs_embeds;         /* [tokens, hidden] */
    uint32_t *starts, *places;      /* [batch + 1], [tokens] */
    safetensors_writer writer;
} running;

/* -------------------------------------------------------------------------------------------------- computing --- */

static maske_status make_context(running *r, int threads) {
    const run_input *in = &r->in;
    const masked_lm_capacity capacity = {.tokens = in->tokens,
                                         .sequences = in->batch,
                                         .sequence_length = in->length,
                                         .predictions = r->model->table.head ? in->tokens : 0,
                                         .backward = r->options->grad,
                                         .every_position = true,
                                         .hidden_states = r->options->hidden_states,
                                         .attentions = r->options->attentions,
                                         .logits = r->model->table.head,
                                         .threads = threads};
    return masked_lm_context_new(&r->context, r->model, &capacity);
}

static maske_status compute(running *r) {
    const run_input *in = &r->in;
    bool head = r->model->table.head;
    int threads = parallel_threads(&(maske_control){.threads = r->options->threads});
    gemm_precision precision = GEMM_F32;
    TRY(model_precision(&precision, r->options->precision));
    TRY(masked_lm_pack(r->model, precision, r->options->grad, threads));
    TRY(make_context(r, threads));
    TRY(memory_new(&r->starts, in->batch + 1, sizeof *r->starts, "a batch"));
    TRY(memory_new(&r->places, in->tokens, sizeof *r->places, "a batch"));
    for (size_t i = 0; i <= in->batch; i++) r->starts[i] = (uint32_t)(i * in->length);
    for (size_t i = 0; i < in->tokens; i++) r->places[i] = (uint32_t)i;
    const batch b = {.tokens = in->tokens,
                     .sequences = in->batch,
                     .predictions = head ? in->tokens : 0,
                     .input_ids = in->input_ids,
                     .inputs_embeds = in->inputs_embeds,
                     .token_type_ids = in->token_type_ids,
                     .attention_mask = in->attention_mask,
                     .sequence_start = r->starts,
                     .prediction_index = r->places,
                     .labels = in->labels};
    const masked_lm_mode mode = {.head_mask = in->head_mask, .every_position = true, .pooler = r->model->table.pooler};
    if (!r->options->grad) return masked_lm_forward(r->model, r->context, &b, &mode, &r->result);
    TRY(memory_new(&r->gradients, r->model->table.total, sizeof *r->gradients, "gradients"));
    if (in->inputs_embeds != NULL)
        TRY(memory_new(&r->d_inputs_embeds, in->tokens * (size_t)r->model->config.hidden_size,
                       sizeof *r->d_inputs_embeds, "gradients"));
    return masked_lm_train(r->model, r->context, &b, &mode, 1.0f / (float)in->labelled, r->gradients,
                           r->d_inputs_embeds, &r->result);
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

/* A tensor of the output: its name and shape, and where its values are. */
typedef struct output { char name[96]; size_t shape[4], rank; const float *values; size_t count; } output;
typedef struct outputs { output *items; size_t count, capacity; float loss; } outputs;

static maske_status add(outputs *o, const float *values, size_t rank, const size_t *shape, const char *format,
                        size_t number) {
    TRY(memory_reserve(&o->items, &o->capacity, o->count + 1, sizeof *o->items, "outputs"));
    output *item = &o->items[o->count++];
    *item = (output){.rank = rank, .values = values, .count = 1};
    for (size_t i = 0; i < rank; i++) item->count *= item->shape[i] = shape[i];
    int used = snprintf(item->name, sizeof item->name, "%s", format);
    if (number != SIZE_MAX) snprintf(item->name + used, sizeof item->name - (size_t)used, "%zu", number);
    return MASKE_OK;
}

static maske_status list_outputs(running *r, outputs *o) {
    const run_input *in = &r->in;
    const bert_config *c = &r->model->config;
    size_t hidden = (size_t)c->hidden_size, layers = (size_t)c->num_hidden_layers,
           heads = (size_t)c->num_attention_heads, n = in->batch, length = in->length;
    if (r->result.logits != NULL)
        TRY(add(o, r->result.logits, 3, (size_t[]){n, length, (size_t)c->vocab_size}, "logits", SIZE_MAX));
    else TRY(add(o, r->result.last_hidden_state, 3, (size_t[]){n, length, hidden}, "last_hidden_state", SIZE_MAX));
    /* The mean over no label at all is NaN, as in the reference. */
    o->loss = in->labelled > 0 ? (float)(r->result.loss_sum / (double)in->labelled) : NAN;
    if (in->labels != NULL) TRY(add(o, &o->loss, 0, NULL, "loss", SIZE_MAX));
    for (size_t i = 0; r->options->hidden_states && i <= layers; i++)
        TRY(add(o, r->result.hidden_states[i], 3, (size_t[]){n, length, hidden}, "hidden_states.", i));
    for (size_t i = 0; r->options->attentions && i < layers; i++)
        TRY(add(o, r->result.attentions[i], 4, (size_t[]){n, heads, length, length}, "attentions.", i));
    if (r->model->table.pooler) TRY(add(o, r->result.pooled, 2, (size_t[]){n, hidden}, "pooler_output", SIZE_MAX));
    for (size_t i = 0; r->options->grad && i < r->model->table.count; i++) {
        const parameter *row = &r->model->table.rows[i];
        char name[96];
        snprintf(name, sizeof name, "grad.%s", row->name);
        TRY(add(o, r->gradients + row->place, row->rank, row->shape, name, SIZE_MAX));
    }
    if (r->d_inputs_embeds != NULL)
        TRY(add(o, r->d_inputs_embeds, 3, (size_t[]){n, length, hidden}, "grad.inputs_embeds", SIZE_MAX));
    return MASKE_OK;
}

static maske_status write_outputs(running *r, const outputs *o, const char *file) {
    TRY(safetensors_writer_open(&r->writer, file, r->options->force));
    for (size_t i = 0; i < o->count; i++)
        TRY(safetensors_writer_declare(&r->writer, o->items[i].name, SAFETENSORS_F32, o->items[i].shape,
                                       o->items[i].rank));
    TRY(safetensors_writer_begin(&r->writer));
    for (size_t i = 0; i < o->count; i++)
        TRY(safetensors_writer_add_floats(&r->writer, o->items[i].values, o->items[i].count));
    return safetensors_writer_commit(&r->writer);
}

static maske_status run(running *r, const char *folder, const char *in_file, const char *out_file) {
    if (!r->options->force && path_exists(out_file))
        return error_set(MASKE_EXISTS, "%s: exists already; --force replaces it", out_file);
    if (path_same(out_file, in_file))
        return error_set(MASKE_BAD_ARGUMENT, "%s: is the file that is read, expected another name to write to", out_file);
    TRY(model_files_expect_apart(out_file, folder));
    TRY(masked_lm_open(&r->model, folder));
    TRY(run_input_read(&r->in, in_file, &r->model->config));
    if (r->in.labels != NULL && !r->model->table.head)
        return error_set(MASKE_BAD_FILE,
                         "%s: labels: the model has no prediction head (cls.predictions), so there is no loss",
                         in_file);
    if (r->options->grad && r->in.labelled == 0)
        return error_set(MASKE_BAD_FILE, "%s: labels: found nothing to predict, but gradients are of a loss", in_file);
    TRY(compute(r));
    outputs o = {0};
    maske_status status = list_outputs(r, &o);
    if (status == MASKE_OK) status = write_outputs(r, &o, out_file);
    safetensors_writer_abandon(&r->writer);
    free(o.items);
    return status;
}

maske_status maske_run(const char *model_folder, const char *in_file, const char *out_file,
                       const maske_run_options *options) {
    const maske_run_options defaults = {0};
    running r = {.options = options != NULL ? options : &defaults};
    maske_status status = run(&r, model_folder, in_file, out_file);
    masked_lm_context_free(r.context);
    masked_lm_free(r.model);
    run_input_free(&r.in);
    free(r.gradients);
    free(r.d_inputs_embeds);
    free(r.starts);
    free(r.places);
    return status;
}
