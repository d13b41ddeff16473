/* data/dataset.c: from text to packed sequences, and from sequences to masked batches. */
#include "data/dataset.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "data/held_out.h"
#include "data/masking.h"
#include "data/packing.h"
#include "data/tokenize.h"

#include <stdlib.h>
#include <string.h>

/* What a data set and the one held out of it have in common. */
typedef struct shared {
    vocabulary vocabulary;
    token_store store;
    int users;
} shared;

struct dataset {
    shared *shared;
    sequence *sequences;        /* [totals.sequences] */
    dataset_totals totals;
};

/* ------------------------------------------------------------------------------------------------------ build --- */

static maske_status add_line(void *user, const token_line *line) {
    packing *p = user;
    return line->blank ? packing_end_document(p) : packing_add_line(p, line->ids, line->count);
}

static maske_status stopped(void) { return error_set(MASKE_STOPPED, "stopped while the text was tokenized"); }

/* Reads the whole corpus into the packing. */
static maske_status read_text(packing *p, corpus *text, tokenize *tokens, const maske_control *control) {
    for (;;) {
        const char *block;
        size_t length = 0;
        if (control_stopped(control)) return stopped();
        TRY(corpus_next_block(text, &block, &length));
        if (length == 0) break;
        TRY(tokenize_block(tokens, block, length, add_line, p));
        corpus_totals read = corpus_read_so_far(text);
        control_progress(control, "tokenizing", (double)read.file_bytes, (double)read.file_bytes_total, "bytes");
    }
    return packing_end(p);
}

static maske_status pack_text(packing *p, dataset_totals *totals, const maske_tokenizer *tokenizer,
                              const maske_text *text, const maske_control *control) {
    corpus *c = NULL;
    tokenize *tokens = NULL;
    maske_status status = corpus_open(&c, text, control);
    if (status == MASKE_OK) status = tokenize_new(&tokens, tokenizer, parallel_threads(control));
    if (status == MASKE_OK) status = read_text(p, c, tokens, control);
    if (status == MASKE_OK) {
        corpus_totals read = corpus_read_so_far(c);
        *totals = (dataset_totals){.lines = p->lines,
                                   .truncated_lines = p->truncated_lines,
                                   .replaced_bytes = read.replaced,
                                   .text_bytes = read.bytes,
                                   .fingerprint = read.fingerprint};
        if (p->sequence_count == 0)
            status = error_set(MASKE_BAD_FILE,
                               "%s: the text gives no token that can be masked (%lld lines that are not blank)",
                               corpus_file_path(c, 0), (long long)p->lines);
    }
    tokenize_free(tokens);
    corpus_close(c);
    return status;
}

/* [CLS] and [SEP], as many of them as the tokenizer has. */
static size_t around(const vocabulary *v) { return (size_t)(v->cls >= 0) + (size_t)(v->sep >= 0); }

static void release(shared *common) {
    if (--common->users > 0) return;
    vocabulary_free(&common->vocabulary);
    token_store_free(&common->store);
    free(common);
}

/* ----------------------------------------------------------------------------------------------------- estimate --- */

enum { ESTIMATE_BLOCKS = 4 };       /* of about 4 MiB */

static maske_status count_line(void *user, const token_line *line) {
    *(int64_t *)user += (int64_t)line->count;
    return MASKE_OK;
}

static maske_status estimate(double *out, corpus *text, tokenize *tokens) {
    int64_t found = 0;
    size_t length = 1;
    for (int block = 0; block < ESTIMATE_BLOCKS && length > 0; block++) {
        const char *lines;
        TRY(corpus_next_block(text, &lines, &length));
        if (length > 0) TRY(tokenize_block(tokens, lines, length, count_line, &found));
    }
    corpus_totals read = corpus_read_so_far(text);
    *out = (double)found;
    if (length > 0 && read.file_bytes > 0 && read.file_bytes_total > read.file_bytes)
        *out *= (double)read.file_bytes_total / (double)read.file_bytes;
    return MASKE_OK;
}

maske_status dataset_estimate_tokens(double *out, const maske_tokenizer *tokenizer, const maske_text *text,
                                     const maske_control *control) {
    corpus *c = NULL;
    tokenize *tokens = NULL;
    maske_status status = corpus_open(&c, text, control);
    if (status == MASKE_OK) status = tokenize_new(&tokens, tokenizer, parallel_threads(control));
    if (status == MASKE_OK) status = estimate(out, c, tokens);
    tokenize_free(tokens);
    corpus_close(c);
    return status;
}

/* A data set of the `count` sequences whose flag in put_aside is `side`. */
static maske_status part_new(dataset **out, shared *common, const packing *p, const dataset_totals *totals,
                             const uint8_t *put_aside, uint8_t side, size_t count) {
    dataset *d;
    TRY(memory_new(&d, 1, sizeof *d, "a data set"));
    maske_status status = memory_resize(&d->sequences, count, sizeof *d->sequences, "sequences");
    if (status != MASKE_OK) {
        free(d);
        return status;
    }
    d->totals = *totals;
    for (size_t document = 0, i = 0; document < p->document_count; document++) {
        int64_t before = d->totals.sequences;
        for (; i < p->document_ends[document]; i++) {
            if (put_aside[i] != side) continue;
            d->sequences[d->totals.sequences++] = p->sequences[i];
            d->totals.tokens += (int64_t)(p->sequences[i].length + around(&common->vocabulary));
        }
        d->totals.documents += d->totals.sequences > before;
    }
    d->shared = common;
    common->users++;
    *out = d;
    return MASKE_OK;
}

/* Parts the packed sequences into what is trained on and what is put aside. */
static maske_status split(dataset **out, dataset **held_out, shared *common, const packing *p,
                          const dataset_totals *totals, const dataset_options *options) {
    uint8_t *put_aside;
    size_t held = 0;
    dataset *kept = NULL, *aside = NULL;
    TRY(memory_new(&put_aside, p->sequence_count, 1, "held-out documents"));
    if (held_out != NULL)
        held_out_choose(put_aside, &held, p->document_ends, p->document_count, options->valid_fraction, options->seed);
    maske_status status = part_new(&kept, common, p, totals, put_aside, 0, p->sequence_count - held);
    if (status == MASKE_OK && held > 0) status = part_new(&aside, common, p, totals, put_aside, 1, held);
    free(put_aside);
    if (status != MASKE_OK) {
        dataset_free(kept);
        return status;
    }
    *out = kept;
    if (held_out != NULL) *held_out = aside;
    return MASKE_OK;
}

static maske_status check_options(const dataset_options *options, const vocabulary *v) {
    int64_t shortest = (int64_t)around(v) + 1;
    if (options->max_length < shortest || options->max_length > MASKING_LONGEST)
        return error_set(MASKE_BAD_ARGUMENT, "max_length is %lld, expected %lld to %d", (long long)options->max_length,
                         (long long)shortest, MASKING_LONGEST);
    if (!(options->valid_fraction >= 0.0 && options->valid_fraction < 1.0))
        return error_set(MASKE_BAD_ARGUMENT, "valid_fraction is out of range, expected 0 to less than 1");
    return MASKE_OK;
}

maske_status dataset_build(dataset **out, dataset **held_out, const maske_tokenizer *tokenizer, const maske_text *text,
                           const dataset_options *options, const maske_control *control) {
    shared *common;
    TRY(memory_new(&common, 1, sizeof *common, "a data set"));
    common->users = 1;          /* this call; each data set adds itself */
    packing p = {0};
    dataset_totals totals = {0};
    const vocabulary *v = &common->vocabulary;
    maske_status status = vocabulary_of(&common->vocabulary, tokenizer);
    if (status == MASKE_OK && options->whole_words) status = vocabulary_find_words(&common->vocabulary, tokenizer);
    if (status == MASKE_OK) status = check_options(options, v);
    if (status == MASKE_OK)
        status = packing_start(&p, v, (size_t)options->max_length - around(v), options->line_by_line, options->store);
    if (status == MASKE_OK) {
        status = pack_text(&p, &totals, tokenizer, text, control);
        if (status == MASKE_OK) {
            common->store = p.store;
            p.store = (token_store){0};
            status = split(out, held_out, common, &p, &totals, options);
        }
        packing_free(&p);
    }
    release(common);
    return status;
}

void dataset_free(dataset *d) {
    if (d == NULL) return;
    release(d->shared);
    free(d->sequences);
    free(d);
}

const dataset_totals *dataset_describe(const dataset *d) { return &d->totals; }

/* ---------------------------------------------------------------------------------------------------- batches --- */

static maske_status reserve_tokens(dataset_batch *b, size_t tokens) {
    size_t capacity = b->tokens_capacity;
    if (tokens <= capacity) return MASKE_OK;
    TRY(memory_resize(&b->input_ids, tokens, sizeof *b->input_ids, "a batch"));
    TRY(memory_resize(&b->originals, tokens, sizeof *b->originals, "a batch"));
    TRY(memory_resize(&b->labels, tokens, sizeof *b->labels, "a batch"));
    TRY(memory_resize(&b->prediction_index, tokens, sizeof *b->prediction_index, "a batch"));
    TRY(memory_resize(&b->words, tokens, sizeof *b->words, "a batch"));
    b->tokens_capacity = tokens;
    return MASKE_OK;
}

static maske_status reserve_sequences(dataset_batch *b, size_t sequences) {
    if (b->sequence_start != NULL && sequences <= b->sequences_capacity) return MASKE_OK;
    TRY(memory_resize(&b->sequence_start, sequences + 1, sizeof *b->sequence_start, "a batch"));
    b->sequences_capacity = sequences;
    return MASKE_OK;
}

/* Fills sequence_start; the batch's tokens are its last entry. */
static maske_status lay_out(const dataset *d, const uint32_t *order, size_t count, dataset_batch *b) {
    uint64_t tokens = 0;
    TRY(reserve_sequences(b, count));
    for (size_t i = 0; i < count; i++) {
        if (order[i] >= d->totals.sequences)
            return error_set(MASKE_BAD_ARGUMENT, "sequence %lu is asked for, the data set has %lld",
                             (unsigned long)order[i], (long long)d->totals.sequences);
        b->sequence_start[i] = (uint32_t)tokens;
        tokens += d->sequences[order[i]].length + around(&d->shared->vocabulary);
        if (tokens > UINT32_MAX)
            return error_set(MASKE_BAD_ARGUMENT, "a batch of %zu sequences has over 2^32 tokens", count);
    }
    b->sequence_start[count] = (uint32_t)tokens;
    return reserve_tokens(b, (size_t)tokens);
}

/* [CLS] tokens [SEP]; returns its length. */
static size_t write_sequence(const dataset *d, uint32_t index, int32_t *ids) {
    const vocabulary *v = &d->shared->vocabulary;
    sequence s = d->sequences[index];
    size_t at = 0;
    if (v->cls >= 0) ids[at++] = v->cls;
    token_store_read(&d->shared->store, s.begin, s.length, ids + at);
    at += s.length;
    if (v->sep >= 0) ids[at++] = v->sep;
    return at;
}

maske_status dataset_make_batch(const dataset *d, const uint32_t *order, size_t count, uint64_t epoch,
                                const dataset_masking *masking, dataset_batch *out) {
    if (!(masking->mask_probability > 0.0 && masking->mask_probability <= 1.0))
        return error_set(MASKE_BAD_ARGUMENT, "mask_probability is out of range, expected more than 0, at most 1");
    if (masking->whole_words && d->shared->vocabulary.joins == NULL)
        return error_set(MASKE_BAD_ARGUMENT, "whole words are to be masked, but the data set was not built for it");
    TRY(lay_out(d, order, count, out));
    size_t predictions = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t start = out->sequence_start[i], *index = out->prediction_index + predictions;
        int32_t *ids = out->input_ids + start;
        size_t length = write_sequence(d, order[i], ids);
        memcpy(out->originals + start, ids, length * sizeof *ids);
        masking_key key = {masking->seed, epoch, order[i], masking->mask_probability,
                           masking->whole_words ? out->words : NULL};
        size_t chosen = mask_sequence(ids, length, &d->shared->vocabulary, &key, index, out->labels + predictions);
        for (size_t j = 0; j < chosen; j++) index[j] += start;
        predictions += chosen;
    }
    out->batch = (batch){
        .tokens = out->sequence_start[count],
        .sequences = count,
        .predictions = predictions,
        .input_ids = out->input_ids,
        .sequence_start = out->sequence_start,
        .prediction_index = out->prediction_index,
        .labels = out->labels,
    };
    return MASKE_OK;
}

/* Pieces of a sequence of so many tokens. */
static size_t pieces(size_t length, size_t longest, size_t added) {
    size_t own = length > added ? length - added : 0, most = longest > added ? longest - added : 1;
    return own <= most ? 1 : (own + most - 1) / most;
}

/* Writes the pieces of sequence i behind what `out` has, and its predictions. *predictions: how many are done. */
static void cut_sequence(const dataset *d, const dataset_batch *whole, size_t i, size_t count, dataset_batch *out,
                         size_t *predictions) {
    const vocabulary *v = &d->shared->vocabulary;
    const batch *b = &whole->batch;
    size_t head = v->cls >= 0, tail = v->sep >= 0;
    size_t begin = b->sequence_start[i] + head, end = b->sequence_start[i + 1] - tail, at = out->batch.tokens;
    for (size_t k = 0; k < count; k++) {
        size_t from = begin + (end - begin) * k / count, to = begin + (end - begin) * (k + 1) / count;
        out->sequence_start[out->batch.sequences++] = (uint32_t)at;
        if (head > 0) out->input_ids[at] = out->originals[at] = v->cls, at++;
        for (; *predictions < b->predictions && b->prediction_index[*predictions] < to; ++*predictions) {
            out->prediction_index[*predictions] = (uint32_t)(at + b->prediction_index[*predictions] - from);
            out->labels[*predictions] = b->labels[*predictions];
        }
        memcpy(out->input_ids + at, b->input_ids + from, (to - from) * sizeof *b->input_ids);
        memcpy(out->originals + at, whole->originals + from, (to - from) * sizeof *b->input_ids);
        at += to - from;
        if (tail > 0) out->input_ids[at] = out->originals[at] = v->sep, at++;
    }
    out->batch.tokens = at;
}

maske_status dataset_cut_batch(const dataset *d, const dataset_batch *whole, size_t longest, dataset_batch *out) {
    const batch *b = &whole->batch;
    size_t added = around(&d->shared->vocabulary), sequences = 0;
    for (size_t i = 0; i < b->sequences; i++)
        sequences += pieces(b->sequence_start[i + 1] - b->sequence_start[i], longest, added);
    size_t tokens = b->tokens + (sequences - b->sequences) * added, predictions = 0;
    TRY(reserve_sequences(out, sequences));
    TRY(reserve_tokens(out, tokens));
    out->batch = (batch){0};
    for (size_t i = 0; i < b->sequences; i++)
        cut_sequence(d, whole, i, pieces(b->sequence_start[i + 1] - b->sequence_start[i], longest, added), out,
                     &predictions);
    out->sequence_start[sequences] = (uint32_t)tokens;
    out->batch = (batch){
        .tokens = tokens,
        .sequences = sequences,
        .predictions = predictions,
        .input_ids = out->input_ids,
        .sequence_start = out->sequence_start,
        .prediction_index = out->prediction_index,
        .labels = out->labels,
    };
    return MASKE_OK;
}

void dataset_batch_free(dataset_batch *b) {
    free(b->input_ids);
    free(b->labels);
    free(b->originals);
    free(b->sequence_start);
    free(b->prediction_index);
    free(b->words);
    *b = (dataset_batch){0};
}

size_t dataset_sequence_length(const dataset *d, int64_t i) { return d->sequences[i].length; }

void dataset_sequence_tokens(const dataset *d, int64_t i, int32_t *out) {
    token_store_read(&d->shared->store, d->sequences[i].begin, d->sequences[i].length, out);
}

void dataset_unigram_counts(const dataset *d, int64_t *out, size_t vocab_size) {
    memset(out, 0, vocab_size * sizeof *out);
    int32_t ids[256];
    for (int64_t i = 0; i < d->totals.sequences; i++) {
        sequence s = d->sequences[i];
        for (size_t at = 0; at < s.length; at += 256) {
            size_t part = s.length - at < 256 ? s.length - at : 256;
            token_store_read(&d->shared->store, s.begin + at, part, ids);
            for (size_t j = 0; j < part; j++)
                if ((size_t)ids[j] < vocab_size && !d->shared->vocabulary.special[ids[j]]) out[ids[j]]++;
        }
    }
}

int64_t dataset_unigram_expected(const dataset *d, int64_t *out, size_t vocab_size) {
    int64_t all = 0;
    dataset_unigram_counts(d, out, vocab_size);
    for (size_t i = 0; i < vocab_size; i++) all += ++out[i];
    return all;
}
