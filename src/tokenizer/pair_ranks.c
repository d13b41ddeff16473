/* tokenizer/pair_ranks.c: a pair whose four places are taken throws one of the four out, which goes to its other group;
 * at half load that ends after a few steps, and if it ever does not, the table doubles. */
#include "tokenizer/bpe.h"

#include <stdlib.h>

enum { RANK_BITS = 24, STEPS_MOST = 500 };

/* Puts an entry that is free, or the one thrown out, into one of the group's slots. */
static bool put_into(uint64_t *group, uint64_t entry) {
    for (int i = 0; i < 2; i++) {
        if (group[i] != 0) continue;
        group[i] = entry;
        return true;
    }
    return false;
}

static bool insert(pair_ranks *table, uint64_t entry) {
    size_t from = SIZE_MAX; /* the group that the entry was thrown out of */
    for (unsigned step = 0; step < STEPS_MOST; step++) {
        uint64_t key = entry >> RANK_BITS;
        size_t first = pair_ranks_first(key, table->shift), second = pair_ranks_second(key, table->shift);
        if (put_into(table->slots + first, entry) || put_into(table->slots + second, entry)) return true;
        size_t group = from == first ? second : first, slot = group + (step >> 1 & 1);
        uint64_t thrown_out = table->slots[slot];
        table->slots[slot] = entry;
        entry = thrown_out;
        from = group;
    }
    return false;
}

static maske_status fill(pair_ranks *table, unsigned bits, const bpe_merge *merges, size_t count, bool *filled) {
    *table = (pair_ranks){.shift = 64 - bits};
    TRY(memory_new(&table->slots, (size_t)2 << bits, sizeof *table->slots, "merges"));
    *filled = true;
    for (size_t rank = 0; rank < count && *filled; rank++)
        *filled = insert(table, pair_ranks_key(merges[rank].left, merges[rank].right) << RANK_BITS | (rank + 1));
    if (!*filled) pair_ranks_free(table);
    return MASKE_OK;
}

maske_status pair_ranks_build(pair_ranks *out, const bpe_merge *merges, size_t count) {
    *out = (pair_ranks){0};
    if (count >= ((size_t)1 << RANK_BITS) - 1) return MASKE_OK;
    unsigned bits = 3; /* of the groups: two slots for each pair, or up to four */
    while ((size_t)1 << bits < count) bits++;
    for (bool filled = false; !filled && bits < RANK_BITS + 4; bits++) TRY(fill(out, bits, merges, count, &filled));
    return MASKE_OK;
}

void pair_ranks_free(pair_ranks *table) {
    free(table->slots);
    *table = (pair_ranks){0};
}
