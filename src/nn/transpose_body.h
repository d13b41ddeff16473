/* nn/transpose_body.h: a matrix transposed four by four: 16 elements in eight shuffles of vectors that every CPU has. */
#ifndef MASKE_NN_TRANSPOSE_BODY_H
#define MASKE_NN_TRANSPOSE_BODY_H

#include "nn/vector.h"

/* Four elements each of four rows; rows of out are out_row apart. */
INLINE void transpose_four(float *out, size_t out_row, const float *in0, const float *in1, const float *in2, const float *in3) {
    four_floats r[4], t[4];
    memcpy(&r[0], in0, sizeof r[0]);
    memcpy(&r[1], in1, sizeof r[1]);
    memcpy(&r[2], in2, sizeof r[2]);
    memcpy(&r[3], in3, sizeof r[3]);
    t[0] = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
    t[1] = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
    t[2] = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    t[3] = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    r[0] = __builtin_shufflevector(t[0], t[1], 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(t[0], t[1], 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(t[2], t[3], 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(t[2], t[3], 2, 3, 6, 7);
    for (int k = 0; k < 4; k++) memcpy(out + (size_t)k * out_row, &r[k], sizeof r[k]);
}

/* out[columns, rows] = in[rows, columns] transposed, four by four. Rows of out are out_row apart. */
INLINE void transpose(float *out, size_t out_row, const float *in, size_t in_row, size_t rows, size_t columns) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4, in += 4 * in_row) {
        size_t j = 0;
        for (; j + 4 <= columns; j += 4)
            transpose_four(out + j * out_row + i, out_row, in + j, in + in_row + j, in + 2 * in_row + j, in + 3 * in_row + j);
        for (; j < columns; j++)
            for (size_t k = 0; k < 4; k++) out[j * out_row + i + k] = in[k * in_row + j];
    }
    for (; i < rows; i++, in += in_row)
        for (size_t j = 0; j < columns; j++) out[j * out_row + i] = in[j];
}

#endif
