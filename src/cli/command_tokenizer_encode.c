/* cli/command_tokenizer_encode.c: maske tokenizer encode: lines of text to lines of ids, on every core. */
#include "base/parallel.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *model, *format; bool tokens, no_special, pair, overflowing; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"tokens", MASKE_OPTION_FLAG, offsetof(struct settings, tokens), 0, 0, NULL, "no", "write tokens, not ids"},
    {"no-special", MASKE_OPTION_FLAG, offsetof(struct settings, no_special), 0, 0, NULL, "no",
     "leave out [CLS] and [SEP]"},
    {"format", MASKE_OPTION_CHOICE, offsetof(struct settings, format), 0, 0, "lines|u16|u32", "lines",
     "of ids: text, or bare little-endian numbers of 16 or 32 bits, lines one after the other"},
    {"pair", MASKE_OPTION_FLAG, offsetof(struct settings, pair), 0, 0, NULL, "no",
     "two texts a line, parted by a tab"},
    {"overflowing", MASKE_OPTION_FLAG, offsetof(struct settings, overflowing), 0, 0, NULL, "no",
     "with --json: what truncation cuts off, too"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

enum { BATCH_LINES = 8192, CHUNK_LINES = 64 };

/* How ids are written. */
typedef enum id_format { IDS_LINES, IDS_U16, IDS_U32 } id_format;

enum { CHUNKS = BATCH_LINES / CHUNK_LINES };
/* One batch of lines and what came of it: chunk i in results[i]. */
typedef struct batch {
    line_batch lines;
    size_t chunks;                                      /* whose results are to be written */
    buffer results[CHUNKS];
    maske_status statuses[CHUNKS];
    error_text errors[CHUNKS];                          /* the failure of each */
} batch;

/* While threads take the chunks of `now` one by one, one of them writes what came of the batch before and reads the
 * batch after, both in `beside`. */
typedef struct job {
    const maske_tokenizer *tokenizer;
    lines in;
    bool json, reads_ahead;
    id_format format;
    batch *now, *beside;
    maske_status read_status, write_status;
    error_text read_error, write_error;
    maske_encodings *encodings;                         /* [threads] */
    maske_batch_encoding *batches;                      /* [threads] */
} job;

/* The shortest decimal form; ids are below 2^24, so eight digits are enough. */
static inline char *write_id(char *p, uint32_t id) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char digits[16] = {0};
    uint32_t high = id / 10000, low = id % 10000;
    memcpy(digits, pairs + high / 100 % 100 * 2, 2);
    memcpy(digits + 2, pairs + high % 100 * 2, 2);
    memcpy(digits + 4, pairs + low / 100 * 2, 2);
    memcpy(digits + 6, pairs + low % 100 * 2, 2);
    int skip = (id < 10) + (id < 100) + (id < 1000) + (id < 10000) + (id < 100000) + (id < 1000000) +
               (id < 10000000);
    memcpy(p, digits + skip, 8);            /* what is too much is written over */
    return p + 8 - skip;
}

static maske_status write_lines(buffer *out, const int32_t *ids, size_t count) {
    TRY(buffer_reserve(out, count * 9 + 16));
    char *p = out->data + out->length;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) *p++ = ' ';
        p = write_id(p, (uint32_t)ids[i]);
    }
    *p++ = '\n';
    out->length = (size_t)(p - out->data);
    return MASKE_OK;
}

/* Numbers as this machine has them: little-endian (base/safetensors.c builds on no other). */
static maske_status write_u16(buffer *out, const int32_t *ids, size_t count) {
    TRY(buffer_reserve(out, count * sizeof(uint16_t)));
    uint16_t *p = (uint16_t *)(void *)(out->data + out->length);
    for (size_t i = 0; i < count; i++) p[i] = (uint16_t)ids[i];
    out->length += count * sizeof *p;
    return MASKE_OK;
}

static maske_status write_ids(buffer *out, id_format format, const int32_t *ids, size_t count) {
    return format == IDS_LINES ? write_lines(out, ids, count)
           : format == IDS_U16 ? write_u16(out, ids, count)
                               : buffer_add(out, ids, count * sizeof *ids);
}

static maske_status write_tokens(buffer *out, const maske_tokenizer *tokenizer, const int32_t *ids, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *token = maske_tokenizer_token(tokenizer, ids[i]);
        if (i > 0) TRY(buffer_add(out, " ", 1));
        TRY(buffer_add_text(out, token != NULL ? token : "?"));
    }
    return buffer_add(out, "\n", 1);
}

static void write_ranges(json_writer *w, const char *key, const uint32_t *begin, const uint32_t *end, size_t count) {
    json_key(w, key);
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_array(w);
        json_int(w, begin[i]);
        json_int(w, end[i]);
        json_end_array(w);
    }
    json_end_array(w);
}

/* The members of one encoding. */
static void write_members(json_writer *w, const maske_tokenizer *tokenizer, const maske_encoding *e) {
    json_key(w, "ids");
    json_begin_array(w);
    for (size_t i = 0; i < e->count; i++) json_int(w, e->ids[i]);
    json_end_array(w);
    json_key(w, "tokens");
    json_begin_array(w);
    for (size_t i = 0; i < e->count; i++) json_text(w, maske_tokenizer_token(tokenizer, e->ids[i]));
    json_end_array(w);
    json_key(w, "type_ids");
    json_begin_array(w);
    for (size_t i = 0; i < e->count; i++) json_int(w, e->type_ids[i]);
    json_end_array(w);
    json_key(w, "special_tokens_mask");
    json_begin_array(w);
    for (size_t i = 0; i < e->count; i++) json_int(w, e->special_tokens_mask[i]);
    json_end_array(w);
    write_ranges(w, "offsets", e->char_begin, e->char_end, e->count);
    write_ranges(w, "byte_offsets", e->byte_begin, e->byte_end, e->count);
}

static maske_status write_json(buffer *out, const maske_tokenizer *tokenizer, const maske_encodings *windows) {
    json_writer w = json_writer_start(out, false);
    json_begin_object(&w);
    write_members(&w, tokenizer, &windows->items[0]);
    if (settings.overflowing) {
        json_key(&w, "overflowing");
        json_begin_array(&w);
        for (size_t i = 1; i < windows->count; i++) {
            json_begin_object(&w);
            write_members(&w, tokenizer, &windows->items[i]);
            json_end_object(&w);
        }
        json_end_array(&w);
    }
    json_end_object(&w);
    TRY(json_writer_end(&w));
    return buffer_add(out, "\n", 1);
}

/* A line's text, or its two. */
typedef struct line_texts { const char *first, *second; size_t length, second_length; } line_texts;
static maske_status texts_of(const job *j, size_t line, line_texts *out) {
    *out = (line_texts){.first = j->now->lines.texts[line], .length = j->now->lines.lengths[line]};
    if (!settings.pair) return MASKE_OK;
    const char *tab = memchr(out->first, '\t', out->length);
    if (tab == NULL) {
        const char *path = NULL;
        int64_t number = 0;
        line_batch_place(&j->now->lines, line, &path, &number);
        return error_set(MASKE_BAD_FILE, "%s: line %lld: found no tab, expected two texts parted by one", path,
                         (long long)number);
    }
    out->second = tab + 1;
    out->second_length = out->length - (size_t)(out->second - out->first);
    out->length = (size_t)(tab - out->first);
    return MASKE_OK;
}

/* Without windows, only the first of `e` is used. */
static maske_status encode_line(const job *j, size_t line, maske_encodings *e, buffer *out) {
    line_texts texts;
    TRY(texts_of(j, line, &texts));
    const maske_encode_options how = {.no_special = settings.no_special, .ids_only = !j->json};
    if (settings.overflowing) {
        TRY(maske_tokenizer_encode_windows(j->tokenizer, texts.first, texts.length, texts.second, texts.second_length,
                                           &how, e));
        return write_json(out, j->tokenizer, e);
    }
    TRY(maske_tokenizer_encode(j->tokenizer, texts.first, texts.length, texts.second, texts.second_length, &how,
                               &e->items[0]));
    return j->json           ? write_json(out, j->tokenizer, e)
           : settings.tokens ? write_tokens(out, j->tokenizer, e->items[0].ids, e->items[0].count)
                             : write_ids(out, j->format, e->items[0].ids, e->items[0].count);
}

static maske_status encode_singly(job *j, size_t first, size_t last, int thread, buffer *out) {
    for (size_t line = first; line < last; line++) TRY(encode_line(j, line, &j->encodings[thread], out));
    return MASKE_OK;
}

/* Single texts, ids alone: together. */
static maske_status encode_together(job *j, size_t first, size_t last, int thread, buffer *out) {
    const maske_encode_options how = {.no_special = settings.no_special};
    maske_batch_encoding *e = &j->batches[thread];
    TRY(maske_tokenizer_encode_batch(j->tokenizer, j->now->lines.texts + first, j->now->lines.lengths + first, last - first,
                                     &how, e));
    if (j->format != IDS_LINES) return write_ids(out, j->format, e->ids, e->count > 0 ? e->ends[e->count - 1] : 0);
    for (size_t i = 0, begin = 0; i < e->count; begin = e->ends[i++]) {
        size_t count = e->ends[i] - begin;
        TRY(settings.tokens ? write_tokens(out, j->tokenizer, e->ids + begin, count)
                            : write_ids(out, j->format, e->ids + begin, count));
    }
    return MASKE_OK;
}

static void encode_chunk(job *j, size_t chunk, int thread) {
    batch *b = j->now;
    buffer *out = &b->results[chunk];
    size_t first = chunk * CHUNK_LINES, end = first + CHUNK_LINES < b->lines.count ? first + CHUNK_LINES : b->lines.count;
    buffer_clear(out);
    b->statuses[chunk] = j->json || settings.pair ? encode_singly(j, first, end, thread, out)
                                                  : encode_together(j, first, end, thread, out);
    /* The sentence belongs to this thread; the one that reports is another. */
    if (b->statuses[chunk] != MASKE_OK) b->errors[chunk] = error_keep();
}

/* Writes the results up to the first failure. */
static maske_status write_results(batch *b) {
    size_t chunks = b->chunks;
    b->chunks = 0;
    for (size_t i = 0; i < chunks; i++) {
        out_bytes(b->results[i].data, b->results[i].length);
        if (b->statuses[i] != MASKE_OK) return error_set(b->statuses[i], "%s", b->errors[i].text);
    }
    return out_status();
}

static maske_status read_batch(job *j, batch *b) {
    TRY(lines_next_batch(&j->in, BATCH_LINES, &b->lines));
    b->chunks = (b->lines.count + CHUNK_LINES - 1) / CHUNK_LINES;
    return MASKE_OK;
}

/* Task 0 goes on with the batches beside; the others are chunks. */
static void do_task(void *user, size_t i, int thread) {
    job *j = user;
    if (i > 0) {
        encode_chunk(j, i - 1, thread);
        return;
    }
    j->write_status = write_results(j->beside);
    if (j->write_status != MASKE_OK) j->write_error = error_keep();
    if (!j->reads_ahead) return;
    j->read_status = read_batch(j, j->beside);
    if (j->read_status != MASKE_OK) j->read_error = error_keep();
}

/* Texts that come as somebody types or sends them: what is ready is written, and shown, before more is read. */
static maske_status write_and_read(job *j) {
    TRY(write_results(j->now));
    TRY(lines_would_wait(&j->in) ? out_flush() : out_status());
    return read_batch(j, j->beside);
}

static maske_status encode_all(job *j, int threads) {
    j->reads_ahead = lines_never_wait(&j->in);
    TRY(read_batch(j, j->now));
    while (j->now->lines.count > 0) {
        parallel_for(threads, 1 + j->now->chunks, do_task, j);
        if (j->write_status != MASKE_OK) return error_set(j->write_status, "%s", j->write_error.text);
        if (!j->reads_ahead) {
            TRY(write_and_read(j));
        } else if (j->read_status != MASKE_OK) {
            TRY(write_results(j->now));
            return error_set(j->read_status, "%s", j->read_error.text);
        }
        batch *done = j->now;
        j->now = j->beside;
        j->beside = done;
    }
    return write_results(j->beside);
}

static void batch_free(batch *b) {
    if (b == NULL) return;
    for (size_t i = 0; i < CHUNKS; i++) buffer_free(&b->results[i]);
    line_batch_free(&b->lines);
    free(b);
}

static maske_status make_room(job *j, int threads) {
    TRY(memory_new(&j->now, 1, sizeof *j->now, "encoding"));
    TRY(memory_new(&j->beside, 1, sizeof *j->beside, "encoding"));
    TRY(memory_new(&j->batches, (size_t)threads, sizeof *j->batches, "encoding"));
    TRY(memory_new(&j->encodings, (size_t)threads, sizeof *j->encodings, "encoding"));
    for (int i = 0; i < threads; i++) {
        TRY(memory_new(&j->encodings[i].items, 1, sizeof *j->encodings[i].items, "encoding"));
        j->encodings[i].capacity = 1;
    }
    return MASKE_OK;
}

static void job_end(job *j, int threads) {
    for (int i = 0; i < threads && j->encodings != NULL; i++) maske_encodings_free(&j->encodings[i]);
    for (int i = 0; i < threads && j->batches != NULL; i++) maske_batch_encoding_free(&j->batches[i]);
    free(j->encodings);
    free(j->batches);
    batch_free(j->now);
    batch_free(j->beside);
    lines_end(&j->in);
}

/* The format asked for; fails where it goes with nothing else asked for, or has no room for the ids. */
static maske_status choose_format(id_format *out, bool json, const maske_tokenizer *tokenizer) {
    *out = strcmp(settings.format, "u16") == 0 ? IDS_U16 : strcmp(settings.format, "u32") == 0 ? IDS_U32 : IDS_LINES;
    if (*out != IDS_LINES && (json || settings.tokens))
        return error_set(MASKE_BAD_ARGUMENT, "--format %s writes bare ids: found %s beside it", settings.format,
                         json ? "--json" : "--tokens");
    int64_t entries = maske_tokenizer_vocab_size(tokenizer);
    if (*out == IDS_U16 && entries > 65536)
        return error_set(MASKE_BAD_ARGUMENT, "--format u16: %s has %lld entries, 16 bits hold ids below 65536",
                         settings.model, (long long)entries);
    return MASKE_OK;
}

static maske_status run(const invocation *call) {
    if (settings.overflowing && !call->json)
        return error_set(MASKE_BAD_ARGUMENT, "--overflowing is written as JSON: it wants --json beside it");
    int threads = parallel_threads(&call->control);
    maske_tokenizer *tokenizer = NULL;
    TRY(maske_tokenizer_open(&tokenizer, settings.model));
    job j = {.tokenizer = tokenizer, .json = call->json};
    lines_start(&j.in, call->options->arguments, call->options->argument_count);
    maske_status status = choose_format(&j.format, call->json, tokenizer);
    if (status == MASKE_OK) status = make_room(&j, threads);
    if (status == MASKE_OK) status = encode_all(&j, threads);
    job_end(&j, threads);
    maske_tokenizer_free(tokenizer);
    return status;
}

static const char *const examples[] = {
    "echo \"Merhaba dünya\" | maske tokenizer encode --model my-model --tokens",
    "maske tokenizer encode --model my-model --json corpus.txt > corpus.jsonl",
    "maske tokenizer encode --model my-model --format u16 corpus.txt > corpus.bin",
    NULL
};
const command command_tokenizer_encode = {
    .name = "tokenizer encode",
    .summary = "turns lines of text into lines of ids",
    .arguments = "[FILE...]",
    .details = ABOUT_FILE " Truncation and padding are done as tokenizer.json says."
                          "\nWith --json a line is {\"ids\", \"tokens\", \"type_ids\", \"special_tokens_mask\", "
                          "\"offsets\", \"byte_offsets\"}: where each token stands in its text, in characters and "
                          "in bytes. With --overflowing it has \"overflowing\", too: a list of such objects, the "
                          "further windows of the text, which overlap by the \"stride\" of tokenizer.json's "
                          "truncation.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
