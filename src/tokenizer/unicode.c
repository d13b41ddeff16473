/* tokenizer/unicode.c: look-ups in the tables that are kept as ranges. */
#include "tokenizer/unicode.h"

size_t unicode_lower(uint32_t out[2], uint32_t character) {
    if (character == 0x130) {               /* capital I with dot above: i, and the dot stays as a mark */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = character;
    size_t low = 0, high = unicode_lower_count;
    while (low < high) {                    /* the first range that does not end before the character */
        size_t middle = (low + high) / 2;
        if (unicode_lower_ranges[middle].last < character) low = middle + 1;
        else high = middle;
    }
    if (low == unicode_lower_count) return 1;
    const unicode_lower_range *range = &unicode_lower_ranges[low];
    if (character >= range->first && (character - range->first) % range->step == 0)
        out[0] = (uint32_t)((int32_t)character + range->difference);
    return 1;
}

unsigned unicode_script(uint32_t character) {
    size_t low = 0, high = unicode_script_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (unicode_script_ranges[middle].last < character) low = middle + 1;
        else high = middle;
    }
    return low < unicode_script_count ? unicode_script_ranges[low].script : 0;
}
