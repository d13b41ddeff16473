/* data/data_file.c: the MLM data set as padded tensors in a safetensors file: what training sees in one epoch, to look
 * at or to train something else on.
 *
 * The file holds one tensor after the other, so the sequences are masked once for each of them: masking costs less than
 * keeping them all. */
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "data/dataset.h"

#include <stdlib.h>

enum { ROWS = 256 };            /* sequences in a batch */

/* The tensors, in the file's order. */
typedef enum column { INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS, LABELS, COLUMNS } column;
static const char *const column_names[COLUMNS] = {"input_ids", "attention_mask", "token_type_ids", "labels"};

typedef struct data_file {
    const dataset *data;
    const uint32_t *order;      /* [sequences] */
    size_t sequences, max_length;
    int32_t pad;
    uint64_t epoch;
    dataset_masking masking;
    const maske_control *control;
    safetensors_writer writer;
    dataset_batch batch;
    int64_t *rows;              /* [ROWS, max_length] */
    int64_t predicted;
} data_file;

void maske_data_options_defaults(maske_data_options *options) {
    *options = (maske_data_options){.epoch = 1, .seed = 1, .max_length = 128, .mask_probability = 0.15};
}

/* The batch's part of a tensor, padded, into f->rows. */
static void fill_rows(data_file *f, column c) {
    const batch *b = &f->batch.batch;
    const int64_t padding[COLUMNS] = {f->pad, 0, 0, -100};
    size_t prediction = 0;
    for (size_t i = 0; i < b->sequences; i++) {
        int64_t *row = f->rows + i * f->max_length;
        size_t start = b->sequence_start[i], length = b->sequence_start[i + 1] - start;
        for (size_t j = 0; j < f->max_length; j++) row[j] = padding[c];
        if (c == INPUT_IDS)
            for (size_t j = 0; j < length; j++) row[j] = b->input_ids[start + j];
        if (c == ATTENTION_MASK)
            for (size_t j = 0; j < length; j++) row[j] = 1;
        if (c == LABELS)
            for (; prediction < b->predictions && b->prediction_index[prediction] < start + length; prediction++)
                row[b->prediction_index[prediction] - start] = b->labels[prediction];
    }
}

static maske_status write_column(data_file *f, column c) {
    for (size_t at = 0; at < f->sequences; at += ROWS) {
        size_t count = f->sequences - at < ROWS ? f->sequences - at : ROWS;
        if (control_stopped(f->control)) return error_set(MASKE_STOPPED, "stopped while the data set was written");
        TRY(dataset_make_batch(f->data, f->order + at, count, f->epoch, &f->masking, &f->batch));
        fill_rows(f, c);
        TRY(safetensors_writer_add(&f->writer, f->rows, count * f->max_length * sizeof *f->rows));
        if (c == LABELS) f->predicted += (int64_t)f->batch.batch.predictions;
        control_progress(f->control, "writing", (double)(c * f->sequences + at + count),
                         (double)(COLUMNS * f->sequences), "sequences");
    }
    return MASKE_OK;
}

static maske_status write_tensors(data_file *f, uint32_t *order) {
    random_order(order, f->sequences, f->masking.seed, f->epoch);
    f->order = order;
    TRY(memory_resize(&f->rows, ROWS * f->max_length, sizeof *f->rows, "rows of the data set"));
    for (int c = 0; c < COLUMNS; c++)
        TRY(safetensors_writer_declare(&f->writer, column_names[c], SAFETENSORS_I64,
                                       (size_t[]){f->sequences, f->max_length}, 2));
    TRY(safetensors_writer_begin(&f->writer));
    for (int c = 0; c < COLUMNS; c++) TRY(write_column(f, (column)c));
    return MASKE_OK;
}

static maske_status write_file(data_file *f) {
    uint32_t *order = NULL;
    maske_status status = memory_resize(&order, f->sequences, sizeof *order, "the order of the sequences");
    if (status == MASKE_OK) status = write_tensors(f, order);
    if (status == MASKE_OK) status = safetensors_writer_commit(&f->writer);
    free(f->rows);
    free(order);
    dataset_batch_free(&f->batch);
    return status;
}

static maske_status check_options(const maske_data_options *options) {
    if (options->epoch < 1)
        return error_set(MASKE_BAD_ARGUMENT, "epoch is %lld, expected 1 or more", (long long)options->epoch);
    if (!(options->mask_probability > 0.0 && options->mask_probability <= 1.0))
        return error_set(MASKE_BAD_ARGUMENT, "mask_probability is out of range, expected more than 0, at most 1");
    return MASKE_OK;
}

maske_status maske_data_write(const maske_tokenizer *tokenizer, const maske_text *text,
                              const maske_data_options *options, const char *file, bool force,
                              const maske_control *control, maske_data_report *report) {
    maske_data_options defaults;
    maske_data_options_defaults(&defaults);
    if (options == NULL) options = &defaults;
    TRY(check_options(options));
    dataset_options build = {
        .max_length = options->max_length, .line_by_line = options->line_by_line, .seed = (uint64_t)options->seed,
        .whole_words = options->whole_words};
    data_file f = {.max_length = (size_t)options->max_length, .epoch = (uint64_t)options->epoch, .control = control,
                   .masking = {(uint64_t)options->seed, options->mask_probability, options->whole_words}};
    dataset *data = NULL;
    TRY(corpus_expect_apart(text, file));
    /* The file first: a name that cannot be written to must not cost an hour of reading. */
    TRY(safetensors_writer_open(&f.writer, file, force));
    maske_status status = dataset_build(&data, NULL, tokenizer, text, &build, control);
    if (status == MASKE_OK) {
        int32_t pad = maske_tokenizer_special(tokenizer, MASKE_PAD);
        f.data = data;
        f.pad = pad >= 0 ? pad : 0;     /* any id will do: nothing attends to it */
        f.sequences = (size_t)dataset_describe(data)->sequences;
        status = write_file(&f);
    }
    if (status != MASKE_OK) safetensors_writer_abandon(&f.writer);
    else if (report != NULL) {
        const dataset_totals *t = dataset_describe(data);
        *report = (maske_data_report){.documents = t->documents,
                                      .lines = t->lines,
                                      .sequences = t->sequences,
                                      .tokens = t->tokens,
                                      .predicted = f.predicted,
                                      .truncated_lines = t->truncated_lines};
    }
    dataset_free(data);
    return status;
}
