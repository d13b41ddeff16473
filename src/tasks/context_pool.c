/* tasks/context_pool.c: a short list of free contexts behind a lock. */
#include "tasks/context_pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT = 4 };      /* free contexts at most: as many callers at a time find one waiting */

struct context_pool {
    pthread_mutex_t lock;
    pooled_context *first;
    size_t count;
};

maske_status context_pool_new(context_pool **out) {
    context_pool *pool = NULL;
    TRY(memory_new(&pool, 1, sizeof *pool, "the pool of contexts"));
    pthread_mutex_init(&pool->lock, NULL);
    *out = pool;
    return MASKE_OK;
}

static void free_context(pooled_context *c) {
    if (c == NULL) return;
    masked_lm_context_free(c->context);
    free(c);
}

void context_pool_free(context_pool *pool) {
    if (pool == NULL) return;
    while (pool->first != NULL) {
        pooled_context *next = pool->first->next;
        free_context(pool->first);
        pool->first = next;
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static bool enough(const masked_lm_capacity *has, const masked_lm_capacity *needs) {
    return has->tokens >= needs->tokens && has->sequences >= needs->sequences &&
           has->sequence_length >= needs->sequence_length && has->predictions >= needs->predictions &&
           has->threads == needs->threads && has->backward == needs->backward && has->logits == needs->logits &&
           (has->every_position || !needs->every_position) && has->hidden_states == needs->hidden_states &&
           has->attentions == needs->attentions;
}

static pooled_context *find(context_pool *pool, const masked_lm_capacity *needed) {
    for (pooled_context **link = &pool->first; *link != NULL; link = &(*link)->next) {
        pooled_context *found = *link;
        if (!enough(&found->capacity, needed)) continue;
        *link = found->next;
        pool->count--;
        return found;
    }
    return NULL;
}

maske_status context_pool_take(context_pool *pool, const masked_lm *network, const masked_lm_capacity *needed,
                               pooled_context **out) {
    pthread_mutex_lock(&pool->lock);
    pooled_context *found = find(pool, needed);
    pthread_mutex_unlock(&pool->lock);
    if (found != NULL) return *out = found, MASKE_OK;
    TRY(memory_new(&found, 1, sizeof *found, "a context"));
    found->capacity = *needed;
    maske_status status = masked_lm_context_new(&found->context, network, needed);
    if (status == MASKE_OK) *out = found;
    else free(found);
    return status;
}

void context_pool_give(context_pool *pool, pooled_context *context) {
    if (context == NULL) return;
    pthread_mutex_lock(&pool->lock);
    /* The newest goes in front and the oldest out: sizes that are asked for now stay. */
    context->next = pool->first;
    pool->first = context;
    pooled_context *dropped = NULL;
    if (++pool->count > KEPT) {
        pooled_context **link = &pool->first;
        while ((*link)->next != NULL) link = &(*link)->next;
        dropped = *link;
        *link = NULL;
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    free_context(dropped);
}
