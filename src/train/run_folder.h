/* train/run_folder.h: the folder of a run: what lies where, who may use it, how it comes to be.
 *
 *   DIR/config.json, model.safetensors      the model: the best by validation, or the last
 *       tokenizer.json, ...                 its tokenizer
 *       modules.json, 1_Pooling/, ...       of the model that the run went on from (base/modules.h), where it had them
 *       train.json                          the settings; written last, so that a folder that has it can be resumed
 *       corpus.json                         which text, and how it was (sources.h)
 *       metrics.jsonl                       a line a logged step, a line an evaluation
 *       tensorboard/, report.html           where they were asked for
 *       checkpoints/step-N/                 checkpoint.h
 *       tokens.bin, valid-tokens.bin, mix-tokens.bin, standard-input.txt    while the run is unfinished
 *       preparing.maske-part/               before the first step: what is made there moves to its place at the start
 *       replaced.maske-part/                what an earlier run left (these names and nothing else), while that happens
 *       .maske-lock                         held while maske is at work here
 *
 * Starting in a folder that holds something else fails, unless forced. Until run_folder_begin nothing that lies there
 * is touched, and all of the new run lies in the preparing folder, synced. Then only names move: those of the earlier run
 * away, train.json first; a mark is made in the preparing folder; the new ones to their places, train.json last. So
 * whoever finds the folder later can tell what to do: with a train.json the start came to its end, or had not yet begun to
 * move: what lies in the two folders is over. Without one the earlier run comes back, and what lies in its place (the
 * mark is there) goes. A start that fails does so itself, for one that was killed the next start or resuming does. */
#ifndef MASKE_TRAIN_RUN_FOLDER_H
#define MASKE_TRAIN_RUN_FOLDER_H

#include "base/file.h"

typedef struct run_folder {
    char *path;                 /* DIR */
    char *preparing;            /* DIR/preparing.maske-part */
    char *replaced;             /* DIR/replaced.maske-part */
    char *checkpoints;          /* DIR/checkpoints */
    int lock;                   /* -1: none */
    bool made;                  /* DIR was not there before */
    bool begun;                 /* DIR holds a run now */
} run_folder;

#define RUN_SETTINGS        "train.json"
#define RUN_SOURCES         "corpus.json"
#define RUN_METRICS         "metrics.jsonl"
#define RUN_TOKENS          "tokens.bin"
#define RUN_VALID_TOKENS    "valid-tokens.bin"
#define RUN_MIX_TOKENS      "mix-tokens.bin"
#define RUN_STANDARD_INPUT  "standard-input.txt"
#define RUN_CHECKPOINTS     "checkpoints"

/* Whether a file or folder of this name would be replaced by a run. */
bool run_folder_replaces(const char *name, size_t length);
/* Makes the folder, locks it, makes a preparing folder in it, empty but for checkpoints/. MASKE_EXISTS: it holds something
 * (and not force), or another maske is at work in it. */
MASKE_MUST_USE maske_status run_folder_create(run_folder *out, const char *path, bool force);
/* The preparing folder holds all of the run, train.json too, synced: puts it in the place of what an earlier run left. */
MASKE_MUST_USE maske_status run_folder_begin(run_folder *folder);
/* Locks the folder of a run that was begun. */
MASKE_MUST_USE maske_status run_folder_open(run_folder *out, const char *path);
/* Removes what only an unfinished run needs. */
MASKE_MUST_USE maske_status run_folder_finish(const run_folder *folder);
/* Unlocks; a folder that was created but not begun is left as it was found. Harmless on a zeroed structure whose lock
 * is -1. */
void run_folder_close(run_folder *folder);

#endif
