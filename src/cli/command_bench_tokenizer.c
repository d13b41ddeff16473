/* cli/command_bench_tokenizer.c: maske bench tokenizer: how fast this machine learns tokenizers and encodes with them.
 *
 * What is timed: learning, from files to a tokenizer; encoding, from files to arrays of ids, once with encodings that
 * know no word yet (first), once more with the same ones (again). Rounds go through all of it in turn and the fastest
 * time of each counts. Beside the time by the clock stands that of the processor: on a busy machine the clock also
 * counts what others do. */
#include "base/memory.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "cli/bench_text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

enum { MADE_UP_BYTES = 4 << 20, PART = 256 << 10 };

struct settings {
    const char *model;
    int64_t vocab_size, rounds;
};
static struct settings settings;

static const maske_option rows[] = {
    {"model", MASKE_OPTION_TEXT, offsetof(struct settings, model), 0, 0, "DIR", NULL,
     "encode with this tokenizer, and learn none"},
    {"vocab-size", MASKE_OPTION_INTEGER, offsetof(struct settings, vocab_size), 300, 4000000, "N", "16000",
     "entries of the tokenizers that are learned"},
    {"rounds", MASKE_OPTION_INTEGER, offsetof(struct settings, rounds), 1, 1000, "N", "3", "the fastest one counts"},
    {0}};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

/* ------------------------------------------------------------------------------------------------------ timing --- */

typedef struct timing {
    double wall, processor;
} timing; /* seconds; 0: not measured */

static timing timing_start(void) { return (timing){clock_now(), clock_processor()}; }
static void timing_end(timing *best, timing start) {
    timing end = timing_start();
    double wall = end.wall - start.wall, processor = end.processor - start.processor;
    if (best->wall == 0 || wall < best->wall) best->wall = wall;
    if (best->processor == 0 || processor < best->processor) best->processor = processor;
}

/* ---------------------------------------------------------------------------------------------------- encoding --- */

/* One file: parts are cut at line ends, a task each; each keeps its ids. */
typedef struct encode_part {
    const char *text;
    size_t length, count;
    int32_t *ids;
    maske_status status;
    char error[256];
} encode_part;
/* What a thread knows and uses from part to part. */
typedef struct encode_worker {
    maske_batch_encoding encoding;
    const char **lines;
    size_t *lengths, line_capacity, length_capacity;
} encode_worker;
typedef struct encode_job {
    const maske_tokenizer *tokenizer;
    encode_worker *workers; /* [threads] */
    encode_part *parts;     /* [part_count] */
    size_t part_count, part_capacity;
    int threads;
    int64_t bytes, tokens;
} encode_job;

static maske_status list_lines(encode_worker *w, const encode_part *p, size_t *count) {
    const char *line = p->text, *end = p->text + p->length;
    for (*count = 0; line < end; ++*count) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL) line_end = end;
        TRY(memory_reserve(&w->lines, &w->line_capacity, *count + 1, sizeof *w->lines, "lines"));
        TRY(memory_reserve(&w->lengths, &w->length_capacity, *count + 1, sizeof *w->lengths, "lines"));
        w->lines[*count] = line;
        w->lengths[*count] = (size_t)(line_end - line);
        line = line_end + 1;
    }
    return MASKE_OK;
}

static maske_status encode_lines(const encode_job *j, encode_part *p, encode_worker *w) {
    static const maske_encode_options how = {.no_special = true, .no_truncation = true, .no_padding = true};
    size_t count = 0;
    TRY(list_lines(w, p, &count));
    TRY(maske_tokenizer_encode_batch(j->tokenizer, w->lines, w->lengths, count, &how, &w->encoding));
    p->count = count > 0 ? w->encoding.ends[count - 1] : 0;
    TRY(memory_resize(&p->ids, p->count, sizeof *p->ids, "ids"));
    if (p->count > 0) memcpy(p->ids, w->encoding.ids, p->count * sizeof *p->ids);
    return MASKE_OK;
}

static void encode_part_lines(void *user, size_t i, int thread) {
    encode_job *j = user;
    encode_part *p = &j->parts[i];
    p->status = encode_lines(j, p, &j->workers[thread]);
    if (p->status != MASKE_OK) snprintf(p->error, sizeof p->error, "%.250s", maske_error());
}

static maske_status cut_into_parts(encode_job *j, const char *text, size_t length) {
    for (const char *end = text + length; text < end;) {
        const char *cut = (size_t)(end - text) > PART ? memchr(text + PART, '\n', (size_t)(end - text) - PART) : NULL;
        cut = cut != NULL ? cut + 1 : end;
        TRY(memory_reserve(&j->parts, &j->part_capacity, j->part_count + 1, sizeof *j->parts, "parts of the text"));
        j->parts[j->part_count++] = (encode_part){.text = text, .length = (size_t)(cut - text)};
        text = cut;
    }
    return MASKE_OK;
}

static maske_status encode_file(encode_job *j, const char *path) {
    file_map map;
    TRY(file_map_open(&map, path));
    j->part_count = 0;
    maske_status status = cut_into_parts(j, map.data, map.length);
    if (status == MASKE_OK) parallel_for(j->threads, j->part_count, encode_part_lines, j);
    for (size_t i = 0; i < j->part_count; i++) {
        encode_part *p = &j->parts[i];
        if (status == MASKE_OK && p->status != MASKE_OK) status = error_set(p->status, "%s: %s", path, p->error);
        j->tokens += (int64_t)p->count;
        free(p->ids);
    }
    j->bytes += (int64_t)map.length;
    file_map_close(&map);
    return status;
}

static maske_status encode_text(encode_job *j, const bench_text *text) {
    j->bytes = j->tokens = 0;
    for (size_t i = 0; i < text->count; i++) TRY(encode_file(j, text->paths[i]));
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- schemes --- */

typedef struct scheme {
    const char *name, *pre_tokenizer, *normalizer; /* pre_tokenizer NULL: that of --model */
    timing learning, first, again;
    int64_t bytes, tokens;
} scheme;

static maske_status measure_encoding(scheme *s, const maske_tokenizer *tokenizer, const bench_text *text, int threads) {
    encode_job j = {.tokenizer = tokenizer, .threads = threads};
    TRY(memory_new(&j.workers, (size_t)threads, sizeof *j.workers, "encodings"));
    timing start = timing_start();
    maske_status status = encode_text(&j, text);
    timing_end(&s->first, start);
    start = timing_start();
    if (status == MASKE_OK) status = encode_text(&j, text);
    timing_end(&s->again, start);
    s->bytes = j.bytes;
    s->tokens = j.tokens;
    for (int i = 0; i < threads; i++) {
        maske_batch_encoding_free(&j.workers[i].encoding);
        free(j.workers[i].lines);
        free(j.workers[i].lengths);
    }
    free(j.workers);
    free(j.parts);
    return status;
}

static maske_status measure(scheme *s, const bench_text *text, const invocation *call) {
    const maske_text files = {text->paths, text->count, NULL};
    maske_tokenizer_train_options how;
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_options_defaults(&how);
    how.vocab_size = settings.vocab_size;
    how.pre_tokenizer = s->pre_tokenizer;
    how.normalizer = s->normalizer;
    timing start = timing_start();
    if (settings.model != NULL) TRY(maske_tokenizer_open(&tokenizer, settings.model));
    else TRY(maske_tokenizer_train(&tokenizer, &files, &how, &call->control, NULL));
    if (settings.model == NULL) timing_end(&s->learning, start);
    maske_status status = measure_encoding(s, tokenizer, text, parallel_threads(&call->control));
    maske_tokenizer_free(tokenizer);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ output --- */

static void print_timing(json_writer *w, const char *name, timing t, int64_t bytes) {
    char key[64];
    if (t.wall == 0) return;
    snprintf(key, sizeof key, "%s_seconds", name), json_key(w, key), json_double(w, t.wall);
    snprintf(key, sizeof key, "%s_processor_seconds", name), json_key(w, key), json_double(w, t.processor);
    snprintf(key, sizeof key, "%s_megabytes_per_second", name), json_key(w, key),
        json_double(w, (double)bytes / 1e6 / t.wall);
}

static maske_status print_json(const scheme *schemes, size_t count, int threads) {
    json_writer *w = out_json_start();
    json_begin_object(w);
    json_key(w, "threads"), json_int(w, threads);
    json_key(w, "bytes"), json_int(w, schemes[0].bytes);
    json_key(w, "schemes");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_key(w, "scheme"), json_text(w, schemes[i].name);
        json_key(w, "tokens"), json_int(w, schemes[i].tokens);
        print_timing(w, "learning", schemes[i].learning, schemes[i].bytes);
        print_timing(w, "first", schemes[i].first, schemes[i].bytes);
        print_timing(w, "again", schemes[i].again, schemes[i].bytes);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return out_json_end();
}

static maske_status print_table(const scheme *schemes, size_t count, int threads, bool made_up) {
    char bytes[32];
    print_memory(bytes, (double)schemes[0].bytes);
    out_format("%s of %s, %d thread%s; MB/s by the clock, and by the processor's time of one core\n", bytes,
               made_up ? "made-up text" : "text", threads, threads == 1 ? "" : "s");
    out_format("%-14s %17s %17s %17s %13s\n", "", "learning", "encoding, first", "again", "bytes a token");
    for (size_t i = 0; i < count; i++) {
        const timing times[] = {schemes[i].learning, schemes[i].first, schemes[i].again};
        double megabytes = (double)schemes[i].bytes / 1e6;
        out_format("%-14s", schemes[i].name);
        for (int k = 0; k < 3; k++) {
            if (times[k].wall == 0) out_format(" %17s", "");
            else out_format(" %8.0f %8.0f", megabytes / times[k].wall, megabytes / times[k].processor);
        }
        out_format(" %13.2f\n", schemes[i].tokens > 0 ? (double)schemes[i].bytes / (double)schemes[i].tokens : 0);
    }
    return out_status();
}

static maske_status measure_all(scheme *schemes, size_t count, const bench_text *text, const invocation *call) {
    for (int64_t round = 0; round < settings.rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            if (stop_signal != 0) return error_set(MASKE_STOPPED, "stopped by a signal");
            TRY(measure(&schemes[i], text, call));
        }
    }
    if (schemes[0].bytes == 0) return error_set(MASKE_BAD_ARGUMENT, "the text is empty: there is nothing to measure");
    int threads = parallel_threads(&call->control);
    return call->json ? print_json(schemes, count, threads)
                      : print_table(schemes, count, threads, call->options->argument_count == 0);
}

static maske_status run(const invocation *call) {
    scheme learned[] = {{.name = "bytelevel", .pre_tokenizer = "bytelevel", .normalizer = "none"},
                        {.name = "metaspace", .pre_tokenizer = "metaspace", .normalizer = "none"},
                        {.name = "whitespace", .pre_tokenizer = "whitespace", .normalizer = "none"},
                        {.name = "bert-uncased", .pre_tokenizer = "bert", .normalizer = "bert-uncased"}},
           given = {.name = "model"};
    size_t count = settings.model != NULL ? 1 : sizeof learned / sizeof *learned;
    bench_text text;
    TRY(bench_text_open(&text, call->options->arguments, call->options->argument_count, MADE_UP_BYTES));
    maske_status status = measure_all(settings.model != NULL ? &given : learned, count, &text, call);
    bench_text_close(&text);
    return status;
}

static const char *const examples[] = {"maske bench tokenizer",
                                       "maske bench tokenizer --vocab-size 32000 --threads 1 corpus.txt",
                                       "maske bench tokenizer --model my-tokenizer --json corpus.txt", NULL};
const command command_bench_tokenizer = {
    .name = "bench tokenizer",
    .summary = "measures how fast this machine learns tokenizers and encodes",
    .arguments = "[FILE...]",
    .details = "FILE is UTF-8 text, taken line by line; without one, 4 MiB of made-up text are measured (words of "
               "syllables, as often as words in real text: ratios between machines, not figures for your text). "
               "Encoding goes from files to arrays of ids: the first time no word is known yet, again means the same "
               "text once more.",
    .examples = examples,
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
