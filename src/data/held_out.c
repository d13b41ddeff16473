/* data/held_out.c: drawing documents. */
#include "data/held_out.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

/* round(fraction * all), at least 1, at most all - 1 (all > 1). */
static size_t share_of(size_t all, double fraction) {
    double share = floor(fraction * (double)all + 0.5);
    if (share < 1.0) return 1;
    return share < (double)(all - 1) ? (size_t)share : all - 1;
}

void held_out_choose(uint8_t *chosen, size_t *count, const uint32_t *document_ends, size_t documents, double fraction,
                     uint64_t seed) {
    *count = 0;
    size_t sequences = documents > 0 ? document_ends[documents - 1] : 0;
    if (!(fraction > 0.0) || sequences < 2) return;
    size_t share = share_of(sequences, fraction), needed = documents > 1 ? share_of(documents, fraction) : 1;
    /* Knuth's algorithm S: needed of the documents that are left, each with the same chance. */
    for (size_t d = 0; needed > 0; d++) {
        random_bits bits = random_philox(seed, RANDOM_SAMPLE, 0, d);
        if (random_below((uint32_t)(documents - d), bits.word[0]) >= needed) continue;
        needed--;
        size_t begin = d > 0 ? document_ends[d - 1] : 0, size = document_ends[d] - begin;
        if (size > 2 * share || size == sequences) {
            begin += random_below((uint32_t)(size - share + 1), bits.word[1]);
            size = share;
        }
        memset(chosen + begin, 1, size);
        *count += size;
    }
}
