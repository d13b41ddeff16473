/* nn/rows.c */
#include "nn/rows.h"

#include <string.h>

void rows_gather(float *picked, const float *all, const uint32_t *index, size_t count, size_t columns) {
    for (size_t i = 0; i < count; i++) memcpy(picked + i * columns, all + index[i] * columns, columns * sizeof *picked);
}
void rows_scatter_add(float *all, const float *picked, const uint32_t *index, size_t count, size_t columns) {
    for (size_t i = 0; i < count; i++) {
        float *row = all + index[i] * columns;
        for (size_t c = 0; c < columns; c++) row[c] += picked[i * columns + c];
    }
}
