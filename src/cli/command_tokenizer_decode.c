/* cli/command_tokenizer_decode.c: maske tokenizer decode: lines of ids to lines of text. */
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *model; bool skip_special; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"skip-special", MASKE_OPTION_FLAG, offsetof(struct settings, skip_special), 0, 0, NULL, "no",
     "leave out [CLS], [SEP] and their like"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

typedef struct ids { int32_t *values; size_t count, capacity; } ids;

/* "2 1734 5 3": parted by spaces, tabs or commas, in brackets or not (a line of JSON is taken too). */
static maske_status read_ids(ids *out, const char *text, const lines *in) {
    static const char between[] = " \t,[]";
    out->count = 0;
    while (*(text += strspn(text, between))) {
        size_t length = strcspn(text, between);
        int64_t id = 0;
        for (size_t i = 0; i < length && id >= 0; i++) {
            bool digit = text[i] >= '0' && text[i] <= '9';
            id = digit ? id * 10 + (text[i] - '0') : -1;
            if (id > INT32_MAX) id = -1;
        }
        if (id < 0)
            return error_set(MASKE_BAD_FILE, "%s: line %lld: found \"%.*s\", expected a token's id", in->path,
                             (long long)in->number, (int)(length < 40 ? length : 40), text);
        TRY(memory_reserve(&out->values, &out->capacity, out->count + 1, sizeof *out->values, "ids"));
        out->values[out->count++] = (int32_t)id;
        text += length;
    }
    return MASKE_OK;
}

static maske_status decode_all(const maske_tokenizer *tokenizer, lines *in, ids *line) {
    while (true) {
        const char *text = NULL;
        char *decoded = NULL;
        size_t length = 0;
        TRY(lines_next(in, &text, &length));
        if (text == NULL) return MASKE_OK;
        TRY(read_ids(line, text, in));
        TRY(maske_tokenizer_decode(tokenizer, line->values, line->count, settings.skip_special, &decoded, &length));
        out_bytes(decoded, length);
        out_text("\n");
        free(decoded);
        TRY(lines_would_wait(in) ? out_flush() : out_status());
    }
}

static maske_status run(const invocation *call) {
    maske_tokenizer *tokenizer = NULL;
    ids line = {0};
    lines in;
    TRY(maske_tokenizer_open(&tokenizer, settings.model));
    lines_start(&in, call->options->arguments, call->options->argument_count);
    maske_status status = decode_all(tokenizer, &in, &line);
    lines_end(&in);
    free(line.values);
    maske_tokenizer_free(tokenizer);
    return status;
}

static const char *const examples[] = {
    "maske tokenizer encode --model my-model in.txt | maske tokenizer decode --model my-model --skip-special", NULL};
const command command_tokenizer_decode = {
    .name = "tokenizer decode",
    .summary = "turns lines of ids into lines of text",
    .arguments = "[FILE...]",
    .details = "FILE holds the ids of one text a line, parted by spaces or commas; - or no FILE is standard input.",
    .examples = examples,
    .required = "model",
    .prepare = prepare,
    .run = run,
};
