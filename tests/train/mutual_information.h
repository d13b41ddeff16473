/* What is counted in a text, written plainly, for the tests of first weights. */
#ifndef MASKE_TESTS_TRAIN_MUTUAL_INFORMATION_H
#define MASKE_TESTS_TRAIN_MUTUAL_INFORMATION_H

#include "data/dataset.h"

#include "../data/fake_tokenizer.h"
#include "scratch.h"

#include <math.h>

enum { VOCAB = 270 };           /* of the fake tokenizer, and some that no text has */

static inline dataset *text_of_file(const char *path) {
    dataset *d = NULL;
    maske_text text = {.paths = &path, .count = 1};
    assert_ok(dataset_build(&d, NULL, &fake, &text, &(dataset_options){.max_length = 64}, NULL));
    return d;
}

/* [VOCAB, places, VOCAB]: the positive mutual information of each token with each that stands so many places behind it (or
 * before, negative), neighbours' frequencies to the power of 0.75. occurrences: [VOCAB] of the text. Yours: free. */
static inline double *mutual_information(const dataset *d, const int *offsets, size_t places, double *occurrences) {
    size_t row = places * VOCAB;
    double *m = calloc(VOCAB * row, sizeof *m), smoothed = 0;
    int32_t tokens[64];
    memset(occurrences, 0, VOCAB * sizeof *occurrences);
    for (int64_t s = 0; s < dataset_describe(d)->sequences; s++) {
        int length = (int)dataset_sequence_length(d, s);
        dataset_sequence_tokens(d, s, tokens);
        for (int i = 0; i < length; i++) {
            occurrences[tokens[i]]++;
            for (size_t place = 0; place < places; place++) {
                int j = i + offsets[place];
                if (j >= 0 && j < length) m[(size_t)tokens[i] * row + place * VOCAB + (size_t)tokens[j]]++;
            }
        }
    }
    for (int i = 0; i < VOCAB; i++) smoothed += pow(occurrences[i], 0.75);
    for (size_t i = 0; i < VOCAB * row; i++)
        if (m[i] > 0) m[i] = fmax(0, log(m[i] / (occurrences[i / row] * pow(occurrences[i % VOCAB], 0.75) / smoothed)));
    return m;
}

#endif
