/* tokenizer/split_rule.h: from matches and the gaps between them to pieces.
 *
 * With '-' as match, "the-final--countdown" becomes
 *     removed               the final countdown
 *     isolated              the - final - - countdown
 *     merged with previous  the- final- - countdown
 *     merged with next      the -final - -countdown
 *     contiguous            the - final -- countdown
 * Matches and gaps are given in text order and cover the text. Inverting swaps the two. */
#ifndef MASKE_TOKENIZER_SPLIT_RULE_H
#define MASKE_TOKENIZER_SPLIT_RULE_H

#include "tokenizer/pre_tokenizer_types.h"

typedef struct split_rule {
    range_list *out;
    size_t first;                   /* out->count at the start */
    split_behavior behavior;
    bool previous;                  /* whether the last part was a match */
} split_rule;

static inline split_rule split_rule_start(range_list *out, split_behavior behavior) {
    return (split_rule){out, out->count, behavior, false};
}

static inline MASKE_MUST_USE maske_status split_rule_add(split_rule *rule, size_t begin, size_t end, bool match) {
    bool joins = false, previous = rule->previous;
    rule->previous = match;
    switch (rule->behavior) {
    case SPLIT_REMOVED:
        if (match) return MASKE_OK;
        break;
    case SPLIT_ISOLATED:             break;
    case SPLIT_MERGED_WITH_PREVIOUS: joins = match && !previous;  break;
    case SPLIT_MERGED_WITH_NEXT:     joins = !match && previous;  break;
    case SPLIT_CONTIGUOUS:           joins = match == previous;   break;
    }
    if (joins && rule->out->count > rule->first) {
        rule->out->items[rule->out->count - 1].end = (uint32_t)end;
        return MASKE_OK;
    }
    return range_list_add(rule->out, begin, end);
}

#endif
