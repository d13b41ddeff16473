/* train/neighbours.h: which tokens of a text stand beside which: for one distance at a time, the positive pointwise mutual
 * information of token and neighbour, neighbours' frequencies to the power of 0.75 (Levy, Goldberg and Dagan, "Improving
 * distributional similarity with lessons learned from word embeddings", 2015), as two sparse matrices [vocab, vocab].
 * Nothing is counted across the end of a sequence. */
#ifndef MASKE_TRAIN_NEIGHBOURS_H
#define MASKE_TRAIN_NEIGHBOURS_H

#include "data/dataset.h"

/* Rows one after another: of each token the neighbours on one side. */
typedef struct neighbour_table {
    uint32_t *start;            /* [vocab + 1] */
    int32_t *token;             /* [start[vocab]] */
    float *value;               /* mutual information of the row's token with this neighbour */
    float *back;                /* and of the neighbour with the row's token, that token being the neighbour */
} neighbour_table;

typedef struct neighbours {
    size_t vocab;
    double *occurrences;        /* [vocab] of the tokens that are counted */
    double *share;              /* [vocab] of all neighbours, smoothed */
    neighbour_table behind, before;     /* at the distance counted last */
    int32_t *tokens;            /* [count] of all sequences; -1 behind each */
    size_t count;
    int32_t *first, *second;    /* [count] pairs of one distance */
    uint32_t *place;            /* [vocab + 1] scratch of sorting */
} neighbours;

/* Yours: neighbours_free, also after a failure. Of a long text a million tokens are counted, from all over it. */
MASKE_MUST_USE maske_status neighbours_new(neighbours *out, const dataset *text, size_t vocab_size);
void neighbours_free(neighbours *n);
size_t neighbours_bytes(size_t vocab_size, int64_t tokens);

/* The tables of a distance (1: side by side) take the place of the last one's: one distance's take as much as the text. */
void neighbours_count(neighbours *n, size_t distance);

typedef enum neighbour_side { NEIGHBOURS_BEFORE, NEIGHBOURS_BEHIND } neighbour_side;

/* out [vocab, columns] = M in, or += with add; M^T in with transposed. M [token, its neighbour on that side]. The same for
 * any number of threads. */
void neighbours_multiply(const neighbours *n, float *out, neighbour_side side, bool transposed, const float *in, size_t columns,
                         bool add, int threads);

#endif
