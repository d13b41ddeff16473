/* cli/command_embed.c: maske embed: one vector a line, as JSON, .npy or bare floats. */
#include "base/file.h"
#include "base/number.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct settings { const char *model, *pooling, *format, *precision; bool normalize; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"pooling", MASKE_OPTION_CHOICE, offsetof(struct settings, pooling), 0, 0, 
     "cls|mean|max|pooler|mean_sqrt_len|weighted_mean|last", "as the model says, else mean", "what becomes of the tokens' vectors"},
    {"normalize", MASKE_OPTION_FLAG, offsetof(struct settings, normalize), 0, 0, NULL, "no",
     "scale each vector to length 1"},
    {"format", MASKE_OPTION_CHOICE, offsetof(struct settings, format), 0, 0, "jsonl|npy|f32", "jsonl",
     "JSON arrays, a NumPy file, or bare 32-bit floats"},
    ROW_PRECISION(struct settings, "auto|f32|bf16|int8", "auto",
                  "of matrix products; auto: bf16 on CPUs with AMX, else f32; int8: smaller, faster"),
    {0}
};

static void prepare(options *o) {
    settings.pooling = NULL;
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

enum { BATCH_LINES = 1024 };

/* Where vectors go: at once, or (npy) to a file without a name until their number, which the header tells, is known. */
typedef struct sink { FILE *spool; int64_t count; size_t width; } sink;

static maske_status write_json(const float *vector, size_t width) {
    char number[32];
    for (size_t i = 0; i < width; i++) {
        number_shortest_float(number, vector[i]);
        out_text(i == 0 ? "[" : ",");
        out_text(vector[i] - vector[i] == 0 ? number : "null");
    }
    out_text("]\n");
    return out_status();
}

static maske_status sink_add(sink *s, const float *vectors, size_t count) {
    s->count += (int64_t)count;
    if (strcmp(settings.format, "jsonl") == 0) {
        for (size_t i = 0; i < count; i++) TRY(write_json(vectors + i * s->width, s->width));
        return MASKE_OK;
    }
    if (s->spool == NULL) {
        out_bytes(vectors, count * s->width * sizeof *vectors);
        return out_status();
    }
    return fwrite(vectors, s->width * sizeof *vectors, count, s->spool) == count
               ? MASKE_OK
               : error_io("the temporary file", "write");
}

/* In TMPDIR: /tmp may lie in memory, and vectors of many lines are large. */
static maske_status open_spool(FILE **out) {
    const char *folder = getenv("TMPDIR");
    char *path = NULL;
    TRY(path_join(&path, folder != NULL && folder[0] != '\0' ? folder : "/tmp", "maske-vectors-XXXXXX"));
    int descriptor = mkstemp(path);
    *out = descriptor >= 0 ? fdopen(descriptor, "w+b") : NULL;
    maske_status status = *out != NULL ? MASKE_OK : error_io(path, "create");
    if (descriptor >= 0) unlink(path);
    if (descriptor >= 0 && *out == NULL) close(descriptor);
    free(path);
    return status;
}

/* NumPy's format 1.0: magic, length of the header, header padded so that the data begins at a multiple of 64. */
static maske_status write_npy(sink *s) {
    char header[128];
    int used = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %zu), }",
                        (long long)s->count, s->width);
    int padded = (10 + used + 1 + 63) / 64 * 64 - 10;
    memset(header + used, ' ', (size_t)(padded - used - 1));
    header[padded - 1] = '\n';
    out_bytes("\x93NUMPY\x01\x00", 8);
    out_bytes((char[]){(char)(padded & 0xFF), (char)(padded >> 8)}, 2);
    out_bytes(header, (size_t)padded);
    if (fflush(s->spool) != 0 || fseek(s->spool, 0, SEEK_SET) != 0) return error_io("the temporary file", "write");
    char block[1 << 16];
    for (size_t got; (got = fread(block, 1, sizeof block, s->spool)) > 0;) {
        out_bytes(block, got);
        TRY(out_status());
    }
    return ferror(s->spool) ? error_io("the temporary file", "read") : out_status();
}

static maske_status embed_all(const invocation *call, const maske_model *model, lines *in, line_batch *batch,
                              float *vectors, sink *s) {
    static const char *const names[] = {[MASKE_POOLING_CLS] = "cls",
                                        [MASKE_POOLING_MEAN] = "mean",
                                        [MASKE_POOLING_MAX] = "max",
                                        [MASKE_POOLING_POOLER] = "pooler",
                                        [MASKE_POOLING_MEAN_SQRT_LEN] = "mean_sqrt_len",
                                        [MASKE_POOLING_WEIGHTED_MEAN] = "weighted_mean",
                                        [MASKE_POOLING_LAST] = "last"};
    part_progress hear = {call, "embedding", &s->count};
    const maske_control control = {.stop = call->control.stop, .progress = out_part_progress, .user = &hear};
    maske_embed_options how = {MASKE_POOLING_DEFAULT, settings.normalize, &control};
    for (int i = MASKE_POOLING_CLS; i < MASKE_POOLING_COUNT; i++)
        if (settings.pooling != NULL && strcmp(settings.pooling, names[i]) == 0) how.pooling = (maske_pooling)i;
    int64_t cut = 0;
    while (true) {
        int64_t cut_now = 0;
        TRY(lines_next_batch(in, BATCH_LINES, batch));
        if (batch->count == 0) break;
        TRY(maske_embed(model, batch->texts, batch->lengths, batch->count, &how, vectors, &cut_now));
        TRY(sink_add(s, vectors, batch->count));
        cut += cut_now;
        if (lines_would_wait(in)) TRY(out_flush());
        out_progress(call, "embedding", s->count, "lines");
    }
    if (cut > 0) say("warning: %lld of %lld texts were cut to the model's length", (long long)cut, (long long)s->count);
    return s->spool != NULL ? write_npy(s) : MASKE_OK;
}

static maske_status run(const invocation *call) {
    const maske_model_options how = {
        .precision = settings.precision, .threads = call->control.threads, .only_vectors = true};
    maske_model *model = NULL;
    maske_model_info info;
    float *vectors = NULL;
    line_batch batch = {0};
    lines in;
    TRY(maske_model_open(&model, settings.model, &how));
    maske_model_describe(model, &info);
    lines_start(&in, call->options->arguments, call->options->argument_count);
    sink s = {.width = (size_t)info.hidden_size};
    maske_status status = memory_new(&vectors, BATCH_LINES, s.width * sizeof *vectors, "vectors");
    if (status == MASKE_OK && strcmp(settings.format, "npy") == 0) status = open_spool(&s.spool);
    if (status == MASKE_OK) status = embed_all(call, model, &in, &batch, vectors, &s);
    if (s.spool != NULL) fclose(s.spool);
    lines_end(&in);
    line_batch_free(&batch);
    free(vectors);
    maske_model_close(model);
    return status;
}

static const char *const examples[] = {
    "maske embed --model my-model --normalize sentences.txt > vectors.jsonl",
    "maske embed --model my-model --pooling cls --format npy < sentences.txt > vectors.npy",
    NULL
};
const command command_embed = {
    .name = "embed",
    .summary = "writes one vector for each line",
    .arguments = "[FILE...]",
    .details = ABOUT_FILE "\nThe vectors of a line's tokens (of the last layer) become one: the first ([CLS]), their "
                          "mean, their largest, or the pooler's output. A folder of sentence-transformers says "
                          "which, and whether vectors are normalized; --pooling takes the place of both.",
    .examples = examples,
    .required = "model",
    .prepare = prepare,
    .run = run,
};
