/* bert/product_speed.h: what all threads reach when each multiplies matrices that stay in its own cache: the yardstick of
 * what is made of such products. */
#ifndef MASKE_BERT_PRODUCT_SPEED_H
#define MASKE_BERT_PRODUCT_SPEED_H

#include "nn/gemm.h"

typedef struct product_speed {
    gemm_precision precision;
    int threads;
    float *a, *b, *c;
    uint16_t *rounded;
    void *packed;
    size_t packed_bytes;
} product_speed;

/* Free it in either case: product_speed_free. */
MASKE_MUST_USE maske_status product_speed_new(product_speed *out, gemm_precision precision, int threads);
void product_speed_free(product_speed *p);
/* One short measurement; an addition and a multiplication are two operations. */
typedef struct product_gflops {
    double by_clock;        /* 10^9 operations a second, of all threads */
    double by_processor;    /* the same by the processor's time of all of them, as if none had waited */
} product_gflops;
product_gflops product_speed_measure(const product_speed *p);

#endif
