/* tasks/context_pool.h: contexts of a model that wait to be used again: making one costs more than a short text's pass.
 */
#ifndef MASKE_TASKS_CONTEXT_POOL_H
#define MASKE_TASKS_CONTEXT_POOL_H

#include "bert/masked_lm.h"

typedef struct pooled_context {
    masked_lm_context *context;
    masked_lm_capacity capacity;
    struct pooled_context *next;
} pooled_context;
typedef struct context_pool context_pool;

MASKE_MUST_USE maske_status context_pool_new(context_pool **out);
void context_pool_free(context_pool *pool);
/* One whose capacity is enough, else a new one. It is the caller's until it goes back. Any thread. */
MASKE_MUST_USE maske_status context_pool_take(context_pool *pool, const masked_lm *network,
                                              const masked_lm_capacity *needed, pooled_context **out);
/* NULL is fine. A few are kept, the rest freed. */
void context_pool_give(context_pool *pool, pooled_context *context);

#endif
