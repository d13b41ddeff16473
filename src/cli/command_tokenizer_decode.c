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

/* Ids that no entry has give nothing, as in the library; but whose ids they are is worth asking. */
typedef struct strangers { int64_t count, line; int32_t first; const char *path; } strangers;
static void look_for_strangers(strangers *s, const maske_tokenizer *tokenizer, const ids *line, const lines *in) {
    for (size_t i = 0; i < line->count; i++) {
        if (maske_tokenizer_token(tokenizer, line->values[i]) != NULL) continue;
        if (s->count++ == 0) s->first = line->values[i], s->line = in->number, s->path = in->path;
    }
}

static void say_strangers(const strangers *s, const maske_tokenizer *tokenizer) {
    if (s->count == 0) return;
    say("warning: %lld ids gave nothing, first %d in %s, line %lld: the tokenizer has %lld entries", (long long)s->count,
        (int)s->first, s->path, (long long)s->line, (long long)maske_tokenizer_vocab_size(tokenizer));
}

static maske_status decode_all(const maske_tokenizer *tokenizer, lines *in, ids *line, strangers *unknown) {
    while (true) {
        const char *text = NULL;
        char *decoded = NULL;
        size_t length = 0;
        TRY(lines_next(in, &text, &length));
        if (text == NULL) return MASKE_OK;
        TRY(read_ids(line, text, in));
        look_for_strangers(unknown, tokenizer, line, in);
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
    strangers unknown = {0};
    maske_status status = decode_all(tokenizer, &in, &line, &unknown);
    say_strangers(&unknown, tokenizer);
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
