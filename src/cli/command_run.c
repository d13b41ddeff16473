/* cli/command_run.c: maske run: tensors in, tensors out. */
#include "cli/command.h"
#include "cli/rows.h"

struct settings { const char *model, *in, *out; };
static struct settings settings;
static maske_run_options run_options;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"in", MASKE_OPTION_TEXT, offsetof(struct settings, in), 0, 0, "FILE", NULL, "safetensors file to read"},
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "FILE", NULL, "safetensors file to write"},
    {0}
};
static const maske_option run_rows[] = {
    {"hidden-states", MASKE_OPTION_FLAG, offsetof(maske_run_options, hidden_states), 0, 0, NULL, "no",
     "write hidden_states.0 to .L"},
    {"attentions", MASKE_OPTION_FLAG, offsetof(maske_run_options, attentions), 0, 0, NULL, "no",
     "write attentions.0 to .L-1"},
    {"grad", MASKE_OPTION_FLAG, offsetof(maske_run_options, grad), 0, 0, NULL, "no",
     "write the loss's gradient for every parameter"},
    ROW_PRECISION(maske_run_options, "f32|bf16|int8", "f32", "of matrix products; int8 not with --grad"),
    ROW_FORCE(maske_run_options),
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    run_options = (maske_run_options){0};
    options_fill_defaults(run_rows, &run_options);
    options_add(o, rows, &settings);
    options_add(o, run_rows, &run_options);
}

static maske_status run(const invocation *call) {
    run_options.threads = call->control.threads;
    return maske_run(settings.model, settings.in, settings.out, &run_options);
}

static const char *const examples[] = {
    "maske run --model my-model --in batch.safetensors --out result.safetensors --hidden-states --grad", NULL};
const command command_run = {
    .name = "run",
    .summary = "runs a model on tensors, for looking into it",
    .details = "In: input_ids [batch, length] or inputs_embeds [batch, length, hidden]; optional attention_mask, "
               "token_type_ids, labels [batch, length] (labels: -100 where nothing is predicted), head_mask "
               "[heads] or [layers, heads]. Integers may be int32 or int64."
               "\nOut: logits [batch, length, vocabulary], loss (with labels), pooler_output [batch, hidden] (with "
               "a pooler), hidden_states.0 to .L [batch, length, hidden], attentions.0 to .L-1 [batch, heads, "
               "length, length], grad.<parameter name> and grad.inputs_embeds (with labels).",
    .examples = examples,
    .required = "model in out",
    .prepare = prepare,
    .run = run,
};
