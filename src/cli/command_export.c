/* cli/command_export.c: maske export: a model for other tools. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

struct settings { const char *model, *out; };
static struct settings settings;
static maske_export_options export_options;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "DIR", NULL, "folder to write"},
    {0}
};
static const maske_option export_rows[] = {
    {"dtype", MASKE_OPTION_CHOICE, offsetof(maske_export_options, dtype), 0, 0, "f32|f16|bf16", "f32",
     "number format of the weights"},
    {"onnx", MASKE_OPTION_FLAG, offsetof(maske_export_options, onnx), 0, 0, NULL, "no", "write model.onnx too"},
    ROW_FORCE(maske_export_options),
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_fill_defaults(export_rows, &export_options);
    options_add(o, rows, &settings);
    options_add(o, export_rows, &export_options);
}

static maske_status run(const invocation *call) {
    TRY(maske_export(settings.model, settings.out, &export_options));
    if (!call->quiet) say("%s: written as %s", settings.out, export_options.dtype);
    return MASKE_OK;
}

static const char *const examples[] = {
    "maske export --model my-model --out my-model-f16 --dtype f16",
    "maske export --model my-model --out my-model-onnx --onnx",
    NULL
};
const command command_export = {
    .name = "export",
    .summary = "writes a model for other tools",
    .details = "The folder holds config.json, model.safetensors and the tokenizer's files, as transformers reads them."
               "\nmodel.onnx takes input_ids, attention_mask and (where the model has token types) token_type_ids, and "
               "gives logits, or last_hidden_state where there is no prediction head.",
    .examples = examples,
    .required = "model out",
    .prepare = prepare,
    .run = run,
};
