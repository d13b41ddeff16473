/* nn/embedding.h: word + position + token type; backward without a race and in a fixed order.
 *
 *   out              [tokens, hidden]
 *   input_ids        [tokens]          every id below the word table's rows (checked by the caller)
 *   inputs_embeds    [tokens, hidden]  takes the words' place where it is not NULL (input_ids may then be NULL)
 *   positions        [tokens]
 *   token_type_ids   [tokens]          NULL: all 0
 *   word, position, token_type         [vocab, hidden], [positions, hidden], [types, hidden]; token_type NULL: none
 * Forward agrees bit for bit on every CPU level (one order: word + type, then + position, as the reference does);
 * backward too. */
#ifndef MASKE_NN_EMBEDDING_H
#define MASKE_NN_EMBEDDING_H

#include "maske.h"

void embedding_forward(float *out, const int32_t *input_ids, const float *inputs_embeds, const uint32_t *positions,
                       const int32_t *token_type_ids, const float *word, const float *position, const float *token_type,
                       size_t tokens, size_t hidden);

/* The order for embedding_backward_word: token numbers sorted by id, equal ids by number.
 *   order   [tokens]          set
 *   start   [vocab + 1]       set: the tokens of id i are order[start[i]] .. order[start[i + 1] - 1] */
void embedding_order(uint32_t *order, uint32_t *start, const int32_t *input_ids, size_t tokens, size_t vocab);

/* d_word rows first_id..last_id-1 += the gradients of their tokens, in the order given. Threads take ranges of ids, so
 * no row has two writers. The row padding_id (-1: none) gets nothing: a look-up of [PAD] teaches nothing.
 *   d_out    [tokens, hidden] */
void embedding_backward_word(float *d_word, const float *d_out, const uint32_t *order, const uint32_t *start,
                             int32_t padding_id, size_t first_id, size_t last_id, size_t hidden);

/* d_position rows first..last-1 += the gradients of the tokens at these places of their sequences, in the order of the
 * sequences. Threads take ranges of positions.
 *   sequence_start   [sequences + 1] */
void embedding_backward_position(float *d_position, const float *d_out, const uint32_t *sequence_start, size_t sequences,
                                 size_t first, size_t last, size_t hidden);

/* d_token_type [types, hidden] += the gradients of the block's tokens: partial sums, as in nn/layer_norm.h.
 * token_type_ids NULL: all 0. */
void embedding_backward_token_type(float *d_token_type, const float *d_out, const int32_t *token_type_ids, size_t tokens,
                                   size_t hidden);

#endif
