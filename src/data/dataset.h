/* data/dataset.h: the MLM data set: a text's tokens, packed into sequences, masked anew each epoch.
 *
 * Packing (the default): lines of one document follow one another in a sequence of at most max_length tokens,
 * [CLS] and [SEP] included; a sequence never holds two documents. A line that does not fit any more is cut where the
 * sequence is full and goes on in the next one. line_by_line: each line is one sequence, trimmed to max_length.
 * Documents are separated by blank lines (data/packing.h).
 *
 * Masking is a function of (seed, epoch, sequence): each token that is not special is chosen with mask_probability, at
 * least one a sequence; of the chosen 80 % become [MASK], 10 % a random token that is not special, 10 % stay
 * (data/masking.h).
 *
 * What is kept in memory is two or four bytes a token and eight a sequence, nothing of the text. A data set does not
 * depend on the number of threads that made it. */
#ifndef MASKE_DATA_DATASET_H
#define MASKE_DATA_DATASET_H

#include "data/batch.h"
#include "corpus/corpus.h"

typedef struct dataset dataset;

typedef struct dataset_options {
    int64_t max_length;         /* tokens, [CLS] and [SEP] included: 3 to 65535 */
    bool line_by_line;
    double valid_fraction;      /* 0..1: share of the documents put aside, of long ones a part (data/held_out.h) */
    uint64_t seed;              /* chooses which documents */
    bool whole_words;           /* masking may be of whole words */
    const char *store;          /* file that the tokens are written to and mapped from; NULL: kept in memory */
} dataset_options;

/* whole_words: of a data set that was built for it (data/masking.h). */
typedef struct dataset_masking { uint64_t seed; double mask_probability; bool whole_words; } dataset_masking;

typedef struct dataset_totals {
    int64_t documents, sequences, tokens;           /* tokens: with [CLS] and [SEP] of every sequence */
    /* of the text read: the same in the data set and what was held out of it */
    int64_t lines, truncated_lines, replaced_bytes, text_bytes;     /* lines: that are not blank */
    uint64_t fingerprint;
} dataset_totals;

/* Reads and tokenizes the text. *held_out (may be NULL: nothing is put aside): what was put aside, NULL if none. Both
 * yours: dataset_free, in either order, by one thread at a time. The tokenizer is needed for the call alone. A text
 * that gives no sequence at all fails. */
MASKE_MUST_USE maske_status dataset_build(dataset **out, dataset **held_out, const maske_tokenizer *tokenizer,
    const maske_text *text, const dataset_options *options, const maske_control *control);
/* About how many tokens the text has, [CLS] and [SEP] not counted: what a store will hold. From its first 16 MB and the
 * files' lengths; exact where it is no longer. */
MASKE_MUST_USE maske_status dataset_estimate_tokens(double *out, const maske_tokenizer *tokenizer,
    const maske_text *text, const maske_control *control);
void dataset_free(dataset *d);
const dataset_totals *dataset_describe(const dataset *d);

/* Room for batches; zeroed: empty. One for each thread that makes batches. */
typedef struct dataset_batch {
    batch batch;                /* points into the arrays below: yours until the next use or dataset_batch_free */
    int32_t *input_ids, *labels, *originals;        /* originals: [tokens] before masking */
    uint32_t *sequence_start, *prediction_index;
    uint64_t *words;            /* scratch of masking */
    size_t tokens_capacity, sequences_capacity;
} dataset_batch;
/* Sequences order[0..count-1] of the epoch (from 1), masked. labels are the original ids of the chosen tokens. May be
 * called by several threads at once, each with its own `out`. */
MASKE_MUST_USE maske_status dataset_make_batch(const dataset *d, const uint32_t *order, size_t count, uint64_t epoch,
    const dataset_masking *masking, dataset_batch *out);
/* The batch with every sequence that has more than `longest` tokens cut into as few as can be, about equally long, each
 * with a [CLS] and a [SEP] of its own; masks and labels stay. longest: at least one token more than these two. */
MASKE_MUST_USE maske_status dataset_cut_batch(const dataset *d, const dataset_batch *whole, size_t longest,
    dataset_batch *out);
void dataset_batch_free(dataset_batch *b);
/* A sequence as it was packed, without [CLS] and [SEP]: how many tokens, and the tokens, out[length]. i: 0 to
 * dataset_describe's sequences - 1. */
size_t dataset_sequence_length(const dataset *d, int64_t i);
void dataset_sequence_tokens(const dataset *d, int64_t i, int32_t *out);
/* How often each id occurs in the data set, special tokens not counted: out[vocab_size], the caller's. */
void dataset_unigram_counts(const dataset *d, int64_t *out, size_t vocab_size);
/* The same with one of each id added, so that none is impossible in another text; gives their sum. */
int64_t dataset_unigram_expected(const dataset *d, int64_t *out, size_t vocab_size);

#endif
