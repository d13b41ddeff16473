/* maske.h: from raw text to a tokenizer and a BERT that fills masks.
 *
 * The library in five lines:
 *
 *     maske_model *model;
 *     if (maske_model_open(&model, "my-model", NULL) != MASKE_OK) { fputs(maske_error(), stderr); return 1; }
 *     maske_fill_result filled = {0};
 *     if (maske_fill(model, "Ankara [MASK] başkentidir.", NULL, &filled) == MASKE_OK) puts(filled.text);
 *     maske_fill_result_free(&filled); maske_model_close(model);
 *
 * Rules that hold everywhere
 * - A function that can fail returns a maske_status; 0 is success. On failure maske_error() holds one sentence, in
 *   the calling thread, that names the file, the line or tensor, what was found and what was expected. Outputs are
 *   written on success only, but for maske_embed's.
 * - The library never prints, exits, aborts on bad input, changes the locale or installs a signal handler.
 * - Strings are UTF-8. A pointer is "borrowed" (belongs to somebody else, valid as long as stated) or "yours" (you
 *   free it, with the function named). Every *_free and *_close accepts NULL, or a zeroed structure.
 * - Handles (maske_tokenizer, maske_model) are read-only once opened and may be shared by threads. A result structure
 *   that holds memory (one with a *_free) is zeroed before its first use (`= {0}`) and belongs to one thread at a time;
 *   given again, its memory is used again or freed. Functions without a handle (learning, training,
 *   exporting ...) may run in several threads at once, each with files of its own; of two trainings in one folder the
 *   second fails with MASKE_EXISTS.
 * - An options pointer may be NULL: every default; so may a control: every core, no stop flag, nobody who hears; and a
 *   watch. A structure is filled with its defaults by its *_defaults function; one without such a function has them
 *   where it is zeroed.
 * - Callbacks are called in the thread that called the library, before that call returns; so in several at once where
 *   several threads have work done.
 * - Beside the statuses that a function names, any may give MASKE_OUT_OF_MEMORY, MASKE_BAD_ARGUMENT for a value or a
 *   text out of range, and MASKE_UNSUPPORTED for what is not built; those that read or write files MASKE_IO,
 *   MASKE_BAD_FILE and MASKE_BAD_SHAPE for what they find there, and MASKE_EXISTS where a folder has the name of a file
 *   to be written; those with a control MASKE_STOPPED. Only those that name it give MASKE_DIVERGED.
 * - Sizes are in elements, memory in bytes, times in seconds, shares and probabilities in 0..1. */
#ifndef MASKE_H
#define MASKE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MASKE_VERSION "0.1.0"

#if defined(__GNUC__)
#define MASKE_API       __attribute__((visibility("default")))
#define MASKE_MUST_USE  __attribute__((warn_unused_result))
#else
#define MASKE_API
#define MASKE_MUST_USE
#endif

/* ---------------------------------------------------------------------------------------------------- status --- */

/* One list: status, its name. */
#define MASKE_STATUS_LIST(X)                                                                     \
    X(MASKE_OK,            "ok")                                                                 \
    X(MASKE_OUT_OF_MEMORY, "out of memory")                                                      \
    X(MASKE_IO,            "input or output failed")      /* open, read, write, sync, rename */  \
    X(MASKE_BAD_FILE,      "bad file")                    /* content breaks the format's rules */\
    X(MASKE_BAD_SHAPE,     "bad shape")                   /* tensor and configuration disagree */\
    X(MASKE_BAD_ARGUMENT,  "bad argument")                /* a caller's value is out of range */ \
    X(MASKE_UNSUPPORTED,   "not supported")               /* known to exist, not built here */   \
    X(MASKE_EXISTS,        "exists already")              /* would overwrite */                  \
    X(MASKE_STOPPED,       "stopped")                     /* the stop flag was raised */         \
    X(MASKE_DIVERGED,      "diverged")                    /* loss or gradients not finite */

typedef enum maske_status {
#define MASKE_STATUS_ENUM(name, text) name,
    MASKE_STATUS_LIST(MASKE_STATUS_ENUM)
#undef MASKE_STATUS_ENUM
} maske_status;

/* The sentence of the last failure in this thread, "" if none. Borrowed until the next failing call. */
MASKE_API const char *maske_error(void);
MASKE_API const char *maske_status_name(maske_status status);
/* "0.1.0 (gcc 12.2.0; CPU level avx512)". Borrowed, for ever. */
MASKE_API const char *maske_version(void);

typedef enum maske_log_level { MASKE_LOG_DETAIL, MASKE_LOG_NOTE, MASKE_LOG_WARNING } maske_log_level;
typedef void maske_log_function(void *user, maske_log_level level, const char *sentence);
/* Where notes and warnings go; NULL: nowhere (the default). Call before other threads use the library: the function is
 * one for all threads, and is called in the one whose work it is about. */
MASKE_API void maske_set_log(maske_log_function *function, void *user);

/* How long work behaves: how many threads it may use, how it is stopped, who hears of its progress: a function that is
 * called now and then in the thread that asked for the work, never in those that help it. */
typedef struct maske_progress {
    const char *stage;          /* "reading", "merging", ...: borrowed, for the call */
    double done, total;         /* in the stage's unit; total 0: not known */
    const char *unit;           /* "bytes", "merges", ... */
} maske_progress;
typedef struct maske_control {
    int threads;                            /* 0: every core this process may use */
    const volatile sig_atomic_t *stop;      /* NULL, or: once non-zero, work ends soon with MASKE_STOPPED */
    void (*progress)(void *user, const maske_progress *progress);   /* NULL: nobody */
    void *user;
} maske_control;

/* ----------------------------------------------------------------------------------------------- option tables --- */

/* One row of a table of options; describes a member of an options structure. The program's --help, man page, shell
 * completion, MASKE_* variables and JSON configuration all come from such tables. */
typedef enum maske_option_kind {
    MASKE_OPTION_YES_NO,        /* bool            */
    MASKE_OPTION_INTEGER,       /* int64_t         */
    MASKE_OPTION_NUMBER,        /* double          */
    MASKE_OPTION_MEMORY,        /* int64_t, bytes; written 512M, 2G */
    MASKE_OPTION_TEXT,          /* const char *    */
    MASKE_OPTION_CHOICE,        /* const char *, one of choices */
    MASKE_OPTION_FLAG           /* bool; takes no value */
} maske_option_kind;
typedef struct maske_option {
    const char *name;           /* "learning-rate"; NULL ends a table */
    maske_option_kind kind;
    size_t offset;              /* of the member in the structure */
    double minimum, maximum;    /* INTEGER, NUMBER, MEMORY: both allowed */
    const char *value;          /* what --help calls the value: "DIR"; for CHOICE "a|b|c" */
    const char *fallback;       /* the default as text, NULL: none */
    const char *help;           /* one line, no full stop */
} maske_option;

/* ----------------------------------------------------------------------------------------------------- text in --- */

/* Raw text: files, folders (walked in name order), "-" for standard input; .gz .bz2 .xz .zst are read as they are; of
 * .jsonl and .ndjson files `field` of each line is taken ("text" if NULL). With a field standard input is JSON lines
 * too, and a text without any is refused. One sentence or paragraph a line, documents separated by blank lines. Bytes
 * that are not UTF-8 become U+FFFD and are counted in a warning. */
typedef struct maske_text {
    const char *const *paths;   /* [count] */
    size_t count;
    const char *field;
} maske_text;

/* --------------------------------------------------------------------------------------------------- tokenizer --- */

typedef struct maske_tokenizer maske_tokenizer;

typedef struct maske_tokenizer_train_options {
    int64_t vocab_size;             /* 16000: entries in all, special tokens and bytes included */
    const char *type;               /* "bpe" | "wordpiece": the latter with "bert" or "whitespace" below */
    const char *pre_tokenizer;      /* "metaspace" | "bytelevel" | "bert" | "whitespace" */
    const char *normalizer;         /* "none" | "nfc" | "nfkc" | "bert-cased" | "bert-uncased" | "lower-tr" */
    int64_t min_frequency;          /* 2 */
    int64_t alphabet_limit;         /* 0: none */
    bool byte_fallback;             /* true; no meaning with bytelevel, nor with wordpiece */
    int64_t memory;                 /* 2 GiB: what counting words and learning from them may take: counts are put aside
                                     * on disk ($TMPDIR); a text whose different words alone need more is refused */
    bool fill_unused;               /* false; extending: new entries take the places of [unused0], [unused1] ... first */
    bool prune;                     /* false; true: it is not refused, its rarest words are dropped, and it is said */
} maske_tokenizer_train_options;
MASKE_API void maske_tokenizer_train_options_defaults(maske_tokenizer_train_options *options);
/* The rows of the structure above, ending with a NULL name. Borrowed, for ever. */
MASKE_API const maske_option *maske_tokenizer_train_option_table(void);

typedef struct maske_tokenizer_train_report {
    int64_t lines, bytes, words, unique_words;      /* read; words counted with repeats, and without */
    int64_t pruned_words, pruned_occurrences;       /* of unique_words, and of words: dropped for lack of memory */
    int64_t spilled_bytes;                          /* put aside on disk while counting */
    int64_t vocab_size, merges, replaced_bytes;     /* learned; bytes of the text that were not UTF-8 */
    double seconds;
} maske_tokenizer_train_report;

/* Learns a BPE, or a WordPiece, from the text. `out` is yours: maske_tokenizer_free. report may be NULL. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_train(maske_tokenizer **out, const maske_text *text,
    const maske_tokenizer_train_options *options, const maske_control *control, maske_tokenizer_train_report *report);
/* Learns up to vocab_size entries in all on top of `base`, whose ids and merges stay. min_frequency as above. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_extend(maske_tokenizer **out, const maske_tokenizer *base,
    const maske_text *text, const maske_tokenizer_train_options *options, const maske_control *control,
    maske_tokenizer_train_report *report);
/* Of a tokenizer that training made, the one that training for a smaller size would have made: several from one run.
 * A copy where it has no more entries than that. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_shrink(maske_tokenizer **out, const maske_tokenizer *trained,
    int64_t vocab_size);
/* `path`: a folder with tokenizer.json, or vocab.json (+ merges.txt), or vocab.txt; or one of these files. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_open(maske_tokenizer **out, const char *path);
MASKE_API void maske_tokenizer_free(maske_tokenizer *tokenizer);
/* Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json, vocab.json and merges.txt (or vocab.txt)
 * into the existing folder; each file is whole or not there. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_save(const maske_tokenizer *tokenizer, const char *folder);

MASKE_API int64_t maske_tokenizer_vocab_size(const maske_tokenizer *tokenizer);     /* with added tokens: 1 + max id */
/* The token's string as in the vocabulary ("▁da"), NULL if the id is not there. Borrowed from the tokenizer. */
MASKE_API const char *maske_tokenizer_token(const maske_tokenizer *tokenizer, int32_t id);
/* The id of a token's string, -1 if it is not there. */
MASKE_API int32_t maske_tokenizer_id(const maske_tokenizer *tokenizer, const char *token, size_t length);
typedef enum maske_special {
    MASKE_PAD,
    MASKE_UNK,
    MASKE_CLS,
    MASKE_SEP,
    MASKE_MASK,
    MASKE_SPECIAL_COUNT
} maske_special;
/* The id of a special token by its role ([PAD] or <pad> ...), -1 if the tokenizer has none. */
MASKE_API int32_t maske_tokenizer_special(const maske_tokenizer *tokenizer, maske_special role);
/* Whether the id is a special token (an added token marked special). */
MASKE_API bool maske_tokenizer_is_special(const maske_tokenizer *tokenizer, int32_t id);

/* One encoded text. All arrays have `count` elements and stay yours until maske_encoding_free; encoding again into
 * the same structure uses their memory again. Offsets are into the original text (of its sequence, for a pair),
 * begin inclusive, end exclusive; (0, 0) for tokens that stand for no text. */
typedef struct maske_encoding {
    size_t count;
    int32_t *ids;
    int32_t *type_ids;
    uint8_t *special_tokens_mask;   /* 1: added by the post-processor (or padding) */
    uint8_t *attention_mask;        /* 0: padding */
    uint32_t *byte_begin, *byte_end;
    uint32_t *char_begin, *char_end;
    size_t capacity;                /* the library's own */
    void *scratch;                  /* the library's own */
} maske_encoding;
typedef struct maske_encode_options {
    bool no_special;                /* leave out what the post-processor adds */
    bool no_truncation, no_padding; /* ignore what tokenizer.json says of them */
    bool ids_only;                  /* fill ids alone: the fastest way; the other arrays are left as they were */
} maske_encode_options;
/* Encodes text (and pair, NULL for none); lengths in bytes. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_encode(const maske_tokenizer *tokenizer, const char *text,
    size_t length, const char *pair, size_t pair_length, const maske_encode_options *options, maske_encoding *out);
MASKE_API void maske_encoding_free(maske_encoding *encoding);

/* A long text as windows of tokenizer.json's truncation: items[0] is what maske_tokenizer_encode gives; behind it comes
 * what truncation cuts away, as further encodings with the same frame and padding, which overlap by the "stride": the
 * `overflowing` of Hugging Face's library, in its order (of a pair, every window of one text with every window of the
 * other). One item where nothing is cut. Yours until maske_encodings_free; given again, its memory is used again. */
typedef struct maske_encodings {
    size_t count;
    maske_encoding *items;          /* [count] */
    size_t capacity;                /* the library's own */
} maske_encodings;
/* As maske_tokenizer_encode; ids_only has no meaning here. Fails with MASKE_BAD_ARGUMENT where the windows of a pair
 * would have more than 67 million tokens in all. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_encode_windows(const maske_tokenizer *tokenizer,
    const char *text, size_t length, const char *pair, size_t pair_length, const maske_encode_options *options,
    maske_encodings *out);
MASKE_API void maske_encodings_free(maske_encodings *encodings);

/* The ids of many texts: text i has ids[ends[i - 1]] to ids[ends[i] - 1] (from 0 for the first). Yours until
 * maske_batch_encoding_free; encoding again into the same structure uses its memory again. */
typedef struct maske_batch_encoding {
    size_t count;                   /* texts */
    int32_t *ids;
    size_t *ends;
    size_t capacity;                /* the library's own */
    void *scratch;                  /* the library's own */
} maske_batch_encoding;
/* What maske_tokenizer_encode gives each text, ids alone: for short texts much faster than one by one. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_encode_batch(const maske_tokenizer *tokenizer,
    const char *const *texts, const size_t *lengths, size_t count, const maske_encode_options *options,
    maske_batch_encoding *out);
MASKE_API void maske_batch_encoding_free(maske_batch_encoding *encoding);

/* ids to text. *text is yours: free(); it ends with a NUL that *length does not count (length may be NULL). */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_decode(const maske_tokenizer *tokenizer, const int32_t *ids,
    size_t count, bool skip_special, char **text, size_t *length);

typedef struct maske_tokenizer_report {
    int64_t vocab_size, merges, special_tokens;
    int64_t unreachable;            /* model entries that no text of their own encodes to */
    /* of the text; 0 where none was given */
    int64_t lines, bytes, words, tokens, unknown_tokens, single_token_words, unused, truncated;
    int64_t round_trip_failures;    /* lines that do not decode to themselves */
    bool lossless;                  /* proved from the components */
    char lossless_reason[512];      /* "every text", "every text without U+2581 ...", or what loses what */
    char counterexample[256];       /* not lossless: a text that does not come back; "": none was found */
    int64_t unproducible;           /* entries with characters that the normalizer lets through from no text */
    char unproducible_letters[128]; /* some of those characters, apart by spaces */
} maske_tokenizer_report;
/* text may be NULL. */
MASKE_API MASKE_MUST_USE maske_status maske_tokenizer_inspect(const maske_tokenizer *tokenizer, const maske_text *text,
    const maske_control *control, maske_tokenizer_report *report);

/* ------------------------------------------------------------------------------------- data set and training --- */

/* Every setting of a training run. Names, defaults and ranges: maske_train_option_table(), whose rows are also the
 * command line's flags and the keys of train.json. */
typedef struct maske_train_options {
    const char *size;                       /* tiny | mini | small | medium | base */
    int64_t hidden_size, num_hidden_layers, num_attention_heads, intermediate_size;     /* 0: from the size */
    const char *hidden_act;                 /* gelu | gelu_new | relu | silu | tanh */
    int64_t max_position_embeddings, max_length;
    int64_t vocab_size;                     /* when a tokenizer is learned; 0: 16000, less for little text */
    const char *pre_tokenizer, *normalizer; /* when a tokenizer is learned */
    double mask_probability, mask_probability_end;  /* at the beginning, at the end (0: the same) */
    bool whole_words;                       /* mask whole words */
    bool line_by_line;
    const char *valid;                      /* file of held-out text, NULL: none */
    const char *mix;                        /* file or folder of old text that is trained on beside, NULL: none */
    double mix_share;                       /* of the sequences */
    double trials;                          /* share of the minutes for runs that settle the learning rate */
    double valid_fraction;                  /* share of the documents held out when `valid` is NULL */
    int64_t eval_steps;                     /* 0: ten times in the run */
    int64_t save_steps;                     /* 0: by the clock alone */
    double save_minutes;
    int64_t keep;                           /* checkpoints kept */
    double minutes, epochs;                 /* 0: not given */
    int64_t steps;                          /* 0: not given */
    int64_t batch_size, accumulate;
    int64_t micro_batch;                    /* sequences trained on at once, 0: batch_size, or from `memory` */
    bool recompute;                         /* layers are computed again in the backward pass: less memory */
    int64_t memory;                         /* bytes to fit into, by micro_batch and recompute; 0: not given */
    const char *optimizer;                  /* adamw | muon */
    double learning_rate;
    double muon_learning_rate, muon_momentum;       /* of the matrices, where the optimizer is muon */
    const char *schedule;                   /* linear | cosine | wsd | constant */
    double warmup_ratio, decay_ratio;
    double batch_warmup_ratio, length_warmup_ratio; /* shares of the run in which batches and sequences grow */
    double average;                         /* share of the run at its end whose weights are averaged; 0: none */
    double beta1, beta2, epsilon, weight_decay, max_grad_norm;
    double label_smoothing;                 /* 0: none; the training loss is by the smoothed targets, evaluations are not */
    double dropout, attention_dropout, initializer_range;
    double word_vectors;                    /* > 0: the word embeddings begin as vectors counted in the text, of this deviation */
    bool unigram_bias;                      /* the decoder's bias begins at the logarithm of each token's frequency, not at 0 */
    bool neighbour_heads;                   /* attention begins with heads that look at the tokens beside a token */
    const char *precision;                  /* auto | f32 | bf16 */
    int64_t log_steps, seed;
    bool tensorboard;                       /* write events for TensorBoard, too */
    bool force;                             /* replace an output folder that holds something */
    bool recipe;                            /* with minutes: what is not given is chosen by a rule (docs/recipe.md) */
    bool dry_run;                           /* say what would be chosen and needed; train nothing */
    const char *given;                      /* which settings were given beside those that differ from their defaults:
                                             * names with commas between them, NULL: none; no setting itself */
} maske_train_options;
MASKE_API void maske_train_options_defaults(maske_train_options *options);
MASKE_API const maske_option *maske_train_option_table(void);

typedef struct maske_data_options {
    int64_t epoch, seed;        /* 1, 1: which epoch of which run; epochs from 1, any seed */
    int64_t max_length;         /* 128: tokens of a sequence, [CLS] and [SEP] included; one more than these to 65535 */
    double mask_probability;    /* 0.15; more than 0, at most 1 */
    bool line_by_line;          /* false: a sequence is one line, not as many as it holds */
    bool whole_words;           /* false: all pieces of a word are masked together */
} maske_data_options;
MASKE_API void maske_data_options_defaults(maske_data_options *options);
typedef struct maske_data_report {
    int64_t documents, lines, sequences, tokens, predicted, truncated_lines;
} maske_data_report;
/* Writes the MLM data set that training would see in that epoch, in its order, padded: input_ids, attention_mask,
 * token_type_ids, labels, each int64 [sequences, max_length] in one safetensors file. Fails with MASKE_EXISTS unless
 * `force`. report may be NULL. */
MASKE_API MASKE_MUST_USE maske_status maske_data_write(const maske_tokenizer *tokenizer, const maske_text *text,
                                                       const maske_data_options *options, const char *file, bool force,
                                                       const maske_control *control, maske_data_report *report);

/* What a run tells while it goes. Each is borrowed for the call. */
typedef struct maske_train_step {
    int64_t epoch, epochs;                  /* from 1; epochs 0: not known (by the clock) */
    int64_t batch, batches;                 /* in this epoch, from 1 */
    int64_t step, steps;                    /* optimizer steps; steps 0: not known */
    double loss, average_loss;              /* this batch; mean over this epoch so far, by predicted tokens */
    double accuracy, average_accuracy;
    double learning_rate, tokens_per_second, seconds, seconds_left;     /* seconds_left < 0: not known */
    int64_t tokens;
    double gradient_norm;                   /* before clipping; not finite where the step was skipped for that */
    int64_t skipped;                        /* steps so far that changed nothing: not finite, or exploded */
    bool logged;                            /* the log line is due */
} maske_train_step;
typedef struct maske_train_evaluation {
    int64_t step;
    double valid_loss, valid_accuracy, unigram_loss, unigram_accuracy;
    bool averaged;                          /* the last one, with --average: also of the averaged weights: */
    double average_valid_loss, average_valid_accuracy;
    bool old;                               /* with mix: also of what is held out of the old text (at most as many of its
                                             * sequences as of the new one): */
    double valid_old_loss, valid_old_accuracy;
    double average_valid_old_loss, average_valid_old_accuracy;      /* where `averaged`, too */
    bool best, best_is_average;             /* the better of both is the best so far; it is the averaged weights' */
} maske_train_evaluation;
typedef struct maske_train_watch {
    void (*on_step)(void *user, const maske_train_step *step);
    void (*on_evaluation)(void *user, const maske_train_evaluation *evaluation);
    void *user;
} maske_train_watch;

/* Trains into the folder `out`: from raw text (model and tokenizer NULL: a tokenizer is learned first), from a
 * tokenizer's folder, or on from a model's folder. Fails with MASKE_EXISTS where `out` holds something, unless `force`,
 * and where another training is at work in it; with MASKE_DIVERGED after ten steps in a row whose loss or gradients were
 * not finite or exploded: the checkpoints stay. MASKE_STOPPED: the stop flag was raised; once training had begun, a
 * checkpoint was written. */
MASKE_API MASKE_MUST_USE maske_status maske_train(const char *out, const char *model, const char *tokenizer,
                                                  const maske_text *text, const maske_train_options *options,
                                                  const maske_control *control, const maske_train_watch *watch);
/* Goes on where the run in the folder stopped, as if it never had: the text, the tokenizer, the settings, the program and
 * the CPU must be what they were. A difference fails with MASKE_BAD_ARGUMENT, but for those named in allow_change (NULL:
 * none): some of corpus, tokenizer, settings, version, cpu, precision and threads, with commas between them.
 * MASKE_EXISTS: another training is at work in the folder; MASKE_DIVERGED, MASKE_STOPPED: as maske_train.
 * *finished (may be NULL): it was complete already, nothing was done. */
MASKE_API MASKE_MUST_USE maske_status maske_train_resume(const char *out, const char *allow_change,
                                                         const maske_control *control, const maske_train_watch *watch,
                                                         bool *finished);

/* This machine's speed of training, measured: `steps` steps (0: 10) on made-up tokens of full sequences. Of the options
 * the shape, vocab_size (0: 16000), max_length, batch_size, mask_probability, the optimizer's and precision count. */
enum { MASKE_BENCH_PHASES = 7 };
typedef struct maske_bench_phase {
    const char *name;
    double seconds;                         /* of a step, by the clock; the least of all steps */
    double gflop;                           /* of its matrix products, 10^9; 0: it has none */
} maske_bench_phase;
typedef struct maske_bench_train_report {
    const char *precision, *level;          /* f32 | bf16; what is used of this CPU */
    int64_t threads, tokens, parameters;    /* tokens of a step */
    double seconds, processor_seconds;      /* of a step: the fastest by the clock, the least of all processors' time */
    double gflop;                           /* of a step's matrix products */
    double product_gflops;                  /* what all threads reach at matrix products alone, a second */
    maske_bench_phase phases[MASKE_BENCH_PHASES];
} maske_bench_train_report;
MASKE_API MASKE_MUST_USE maske_status maske_bench_train(maske_bench_train_report *out,
                                                        const maske_train_options *options,
                                                        const maske_control *control);

/* ------------------------------------------------------------------------------------------------- using models --- */

typedef struct maske_model maske_model;
typedef struct maske_model_options {
    const char *precision;      /* "auto" (NULL: f32) | "f32" | "bf16", where the CPU has it | "int8": weights in bytes */
    int threads;                /* 0: every core */
    bool only_vectors;          /* the model is for maske_embed: then "auto" is bf16 on CPUs with AMX, else f32 */
    bool read_weights;          /* read the weights; else their files are mapped, and must stay as they are */
} maske_model_options;
/* Mapped weights cost nothing to open and are shared by processes. They are laid out anew for the CPU's products, layer by
 * layer, once some hundred tokens have been through the model: so they are in memory once, and results do not change. A
 * mapped file that is cut short while it is in use ends the process with SIGBUS.
 * Opens a folder with config.json, weights and a tokenizer (docs/models.md: BERT, RoBERTa, DistilBERT). Yours: maske_model_close. */
MASKE_API MASKE_MUST_USE maske_status maske_model_open(maske_model **out, const char *folder,
                                                       const maske_model_options *options);
MASKE_API void maske_model_close(maske_model *model);
MASKE_API const maske_tokenizer *maske_model_tokenizer(const maske_model *model);       /* borrowed from the model */

/* This machine's speed of using the model, measured with made-up tokens: passes that give every token's vector, for
 * `seconds` (0: 0.6) each kind of work; the fastest pass counts. */
enum { MASKE_BENCH_WORKS = 4 };
typedef struct maske_bench_work {
    int64_t sequences, length;              /* of a pass: so many texts of so many tokens each */
    double seconds, processor_seconds;      /* of a pass: by the clock, and of all processors */
    double gflop;                           /* of its matrix products, 10^9 operations */
} maske_bench_work;
typedef struct maske_bench_infer_report {
    const char *precision, *level;          /* f32 | bf16 | int8; what is used of this CPU */
    int64_t threads;
    double product_gflops;                  /* what all threads reach at matrix products alone, a second */
    double product_processor_gflops;        /* the same by the processors' time: as if none had waited */
    maske_bench_work works[MASKE_BENCH_WORKS];
} maske_bench_infer_report;
/* MASKE_STOPPED: the stop flag was raised. */
MASKE_API MASKE_MUST_USE maske_status maske_bench_infer(maske_bench_infer_report *out, const maske_model *model,
                                                        double seconds, const maske_control *control);

typedef struct maske_model_info {
    const char *architecture, *hidden_act, *dtype;      /* borrowed from the model */
    int64_t vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size;
    int64_t max_position_embeddings, type_vocab_size, max_length;
    int64_t parameters, parameters_embeddings, parameters_encoder;
    int64_t parameters_head;                            /* the prediction head's and the pooler's */
    double layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob;
    bool has_head, has_pooler;
} maske_model_info;
/* Cannot fail. */
MASKE_API void maske_model_describe(const maske_model *model, maske_model_info *info);

/* Filling masks. */
typedef struct maske_fill_options {
    int64_t top_k;                          /* 10: candidates kept for each mask */
    double temperature;                     /* 0: always the likeliest */
    int64_t seed;                           /* 1: for temperature > 0 */
    const char *const *targets;             /* [target_count]: only these tokens are considered */
    size_t target_count;
    const char *order;                      /* which mask is filled first: "left" (NULL), or "confidence": at each step
                                             * the one whose likeliest candidate has the highest score */
    bool whole_word;                        /* where a mask begins a word: only pieces that do, not its later parts */
} maske_fill_options;
MASKE_API void maske_fill_options_defaults(maske_fill_options *options);
typedef struct maske_fill_candidate {
    int32_t id;
    double score;                           /* its probability, 0..1: of all tokens, `targets` or not */
    char *token;                            /* as in the vocabulary */
    char *text;                             /* the whole prompt with this mask filled; the others stand as typed */
} maske_fill_candidate;
typedef struct maske_fill_result {
    char *text;                             /* the prompt with every mask filled */
    size_t mask_count, candidate_count;     /* candidate_count: for each mask */
    maske_fill_candidate *candidates;       /* [mask_count, candidate_count], best first, with the other masks open */
    size_t segment_count; char **segments;  /* the text between the masks, as typed */
    int32_t mask_id;
    size_t id_count; int32_t *ids;          /* what the model saw */
    size_t *mask_index;                     /* [mask_count]: where in ids */
    int64_t cut_tokens;                     /* tokens cut away since the model has too few positions */
} maske_fill_result;
/* Fails with MASKE_BAD_ARGUMENT for a prompt without a mask, a target that is no entry, an unknown order or numbers out of
 * range; with MASKE_BAD_FILE for a model without a prediction head or a mask token; with MASKE_DIVERGED where what the
 * model says of a mask is not finite. */
MASKE_API MASKE_MUST_USE maske_status maske_fill(const maske_model *model, const char *prompt,
    const maske_fill_options *options, maske_fill_result *out);
MASKE_API void maske_fill_result_free(maske_fill_result *result);

/* Held-out quality, with masks fixed by the seed. */
typedef struct maske_evaluate_options {
    int64_t seed;               /* 1 */
    double mask_probability;    /* 0.15 */
    int64_t words;              /* 1000: words guessed whole, 0: none; none of standard input, which is read once */
} maske_evaluate_options;
MASKE_API void maske_evaluate_options_defaults(maske_evaluate_options *options);
typedef struct maske_evaluation {
    int64_t sequences, tokens, predicted, truncated;
    double loss, perplexity, accuracy, top5_accuracy;
    double bits_per_character;              /* loss over the masked pieces' characters */
    double unigram_loss, unigram_accuracy;  /* guessing by frequency in the same text */
    /* Whole words, drawn by the seed; the same words for any tokenizer. 0 where none were asked for. Bits: of guessing
     * a word's pieces from left to right, the piece and those behind it masked. Accuracy: every piece the likeliest. */
    int64_t words;
    double word_bits_per_character, word_accuracy;
    double unigram_word_bits_per_character, unigram_word_accuracy;     /* by how often words stand in the same text */
    double bigram_word_bits_per_character, bigram_word_accuracy;       /* by how often they follow the word before */
} maske_evaluation;
/* Fails with MASKE_BAD_FILE for text that gives nothing to guess, and for a model as maske_fill; MASKE_STOPPED. */
MASKE_API MASKE_MUST_USE maske_status maske_evaluate(const maske_model *model, const maske_text *text,
    const maske_evaluate_options *options, const maske_control *control, maske_evaluation *out);

/* Pseudo-log-likelihood (natural logarithm) of each of `count` texts: every token masked once. out: [count], the caller's
 * memory. Fails for a model as maske_fill. */
typedef struct maske_score_options {
    bool within_word;   /* with a token, those behind it in its word are masked too: a long word's parts do not give each
                         * other away. A word is a run of letters, digits and their marks. */
    const maske_control *control;   /* its stop flag (MASKE_STOPPED) and progress; the threads are the model's */
} maske_score_options;
typedef struct maske_score_result {
    double log_likelihood;  /* the sum over the tokens */
    int64_t tokens;         /* masked: all but special ones */
    bool cut;               /* the text was cut to the model's length */
} maske_score_result;
MASKE_API MASKE_MUST_USE maske_status maske_score(const maske_model *model, const char *const *texts,
                                                  const size_t *lengths, size_t count, const maske_score_options *options,
                                                  maske_score_result *out);

/* One vector a text. */
typedef enum maske_pooling {
    MASKE_POOLING_DEFAULT,          /* as the model's folder says (modules.json), normalizing included; else mean */
    MASKE_POOLING_CLS,              /* the first token's vector */
    MASKE_POOLING_MEAN,
    MASKE_POOLING_MAX,
    MASKE_POOLING_POOLER,
    MASKE_POOLING_MEAN_SQRT_LEN,    /* the sum over the square root of the length */
    MASKE_POOLING_WEIGHTED_MEAN,    /* weights 1, 2, 3, ... */
    MASKE_POOLING_LAST,             /* the last token's vector */
    MASKE_POOLING_COUNT
} maske_pooling;
typedef struct maske_embed_options {
    maske_pooling pooling;
    bool normalize;                 /* each vector to length 1 */
    const maske_control *control;   /* as maske_score_options's */
} maske_embed_options;
/* out: [count, hidden], the caller's memory; written as it goes, so that after a failure some vectors may be there.
 * *cut (may be NULL): how many texts were cut to the model's length. Fails with MASKE_BAD_ARGUMENT for a pooling that is
 * none of the above, or MASKE_POOLING_POOLER of a model without a pooler. */
MASKE_API MASKE_MUST_USE maske_status maske_embed(const maske_model *model, const char *const *texts,
                                                  const size_t *lengths, size_t count,
                                                  const maske_embed_options *options, float *out, int64_t *cut);

/* Tensors in, tensors out: the window on the model (see `maske run --help` for the names in the files). */
typedef struct maske_run_options {
    bool hidden_states, attentions, grad, force;
    const char *precision;      /* as maske_model_options's; int8 not with grad */
    int threads;
} maske_run_options;
/* Fails with MASKE_EXISTS unless `force`. */
MASKE_API MASKE_MUST_USE maske_status maske_run(const char *model_folder, const char *in_file, const char *out_file,
    const maske_run_options *options);

/* Writes a model's folder for other tools: config.json, model.safetensors in the given type, the tokenizer's files. Fails
 * with MASKE_EXISTS unless `force`, and with MASKE_UNSUPPORTED for a weight that the type cannot hold. */
typedef struct maske_export_options {
    const char *dtype;          /* "f32" | "f16" | "bf16"; NULL: "f32" */
    bool force;                 /* replace files in a folder that holds something */
    bool onnx;                  /* model.onnx too: any batch and length; logits, or last_hidden_state without a head */
} maske_export_options;
MASKE_API MASKE_MUST_USE maske_status maske_export(const char *model_folder, const char *out,
                                                   const maske_export_options *options);

/* Writes a page of HTML about the run in the folder (maske_train's `out`, ended or still at work): curves, examples,
 * settings, model, tokenizer. Fails with MASKE_EXISTS unless `force`. */
MASKE_API MASKE_MUST_USE maske_status maske_report(const char *run_folder, const char *out_file, bool force);

/* *found: the folder, or the one that its modules.json names as the network, holds weights. MASKE_UNSUPPORTED: in a form that
 * is not read. */
MASKE_API MASKE_MUST_USE maske_status maske_model_has_weights(bool *found, const char *model_folder);

/* Writes a model with a tokenizer that maske_tokenizer_extend made of its own: the embeddings and the decoder's bias
 * grow, each new row the mean of the rows of the pieces that the old tokenizer makes of the new entry. A checkpoint's
 * optimizer.safetensors grows too, with zeros. Fails with MASKE_EXISTS unless `force`, which replaces files in a folder
 * that holds something. */
MASKE_API MASKE_MUST_USE maske_status maske_model_extend(const char *model_folder, const maske_tokenizer *extended,
                                                         const char *out, bool force);

#ifdef __cplusplus
}
#endif
#endif
