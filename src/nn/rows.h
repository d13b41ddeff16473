/* nn/rows.h: rows picked by number: the positions that are predicted or pooled.
 *   all       [any, columns]
 *   picked    [count, columns]
 *   index     [count], ascending and without repeats for scatter */
#ifndef MASKE_NN_ROWS_H
#define MASKE_NN_ROWS_H

#include "maske.h"

/* picked[i] = all[index[i]] */
void rows_gather(float *picked, const float *all, const uint32_t *index, size_t count, size_t columns);
/* all[index[i]] += picked[i]; the other rows stay. */
void rows_scatter_add(float *all, const float *picked, const uint32_t *index, size_t count, size_t columns);

#endif
