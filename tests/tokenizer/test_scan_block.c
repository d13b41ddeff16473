/* tests/tokenizer/test_scan_block.c: the scanners of 64 bytes at once: the vector half of scan_block.h gives the masks
 * of its plain half, and the pre-tokenizers that stand on it cut where their rules say, one character after the other,
 * at every CPU level and in every place of a block. */
#include "tokenizer/scan_block.h"

#include "base/cpu.h"
#include "base/random.h"
#include "scratch.h"
#include "tokenizer/pre_tokenizer.h"

static const char *const cpu_levels[] = {"plain", "avx2", "avx512", "avx512bf16", "amx"};

/* Masks are of whole blocks of bytes, whatever they are. */
static void vector_masks_are_the_plain_ones(void **state) {
    (void)state;
    random_stream r = random_stream_start(1, RANDOM_TEST, 0, 0);
    for (int round = 0; round < 4000; round++) {
        char block[SCAN_BLOCK];
        uint32_t kind = random_below(3, random_stream_next(&r));
        for (int i = 0; i < SCAN_BLOCK; i++)
            block[i] = (char)(kind == 0   ? random_below(256, random_stream_next(&r))
                              : kind == 1 ? random_below(128, random_stream_next(&r))
                                          : (uint32_t)(round * SCAN_BLOCK + i)); /* every value in turn */
        scan_masks masks = {.high = 0}, plain = {.high = 0};
        uint64_t underscore = 0, visible = 0, plain_underscore = 0, plain_visible = 0;
        scan_ascii(block, &masks, &underscore, &visible);
        scan_ascii_plain(block, &plain, &plain_underscore, &plain_visible);
        assert_memory_equal(&masks.high, &plain.high, sizeof masks.high);
        assert_true(masks.continuation == plain.continuation && underscore == plain_underscore &&
                    visible == plain_visible);
        for (int k = MASK_LETTER; k <= MASK_SPACE; k++) assert_true(masks.classes[k] == plain.classes[k]);
        char wanted = block[random_below(SCAN_BLOCK, random_stream_next(&r))];
        assert_true(scan_byte(block, wanted) == scan_byte_plain(block, wanted));
    }
}

/* Every character whose first byte is said to make it a letter is one, and nothing else. */
static void letters_by_their_first_byte_are_letters(void **state) {
    (void)state;
    size_t found = 0;
    for (uint32_t character = 0x80; character < 0x110000; character++) {
        char block[SCAN_BLOCK] = {0};
        uint64_t two = 0, three = 0;
        if (character >= 0xD800 && character < 0xE000) continue;
        size_t size = utf8_put(block, character);
        scan_letter_leads(block, &two, &three);
        assert_true((two & ~(uint64_t)1) == 0 && (three & ~(uint64_t)1) == 0);
        if (two == 0 && three == 0) continue;
        assert_int_equal(size, two != 0 ? 2 : 3);
        assert_int_equal(unicode_scan(character), SCAN_LETTER_LEAD);
        found++;
    }
#ifdef __SSE2__
    assert_true(found > 28000);
#endif
}

/* ---- the rules, character by character ---- */

enum { LENGTH = 400 };
typedef struct sample {
    uint32_t points[LENGTH];
    uint32_t begins[LENGTH + 1];
    size_t count;
    char bytes[4 * LENGTH];
} sample;
typedef struct cuts {
    text_range items[LENGTH + 1];
    size_t count;
} cuts;
typedef void rule(const sample *s, cuts *out);

static void cut(cuts *out, const sample *s, size_t begin, size_t end) {
    if (begin < end) out->items[out->count++] = (text_range){s->begins[begin], s->begins[end]};
}
static bool is(const sample *s, size_t i, unsigned class) {
    return i < s->count && (unicode_scan(s->points[i]) & class);
}
/* Characters from `at` on that have the class. */
static size_t run(const sample *s, size_t at, unsigned class) {
    while (is(s, at, class)) at++;
    return at;
}

static void whitespace_rule(const sample *s, cuts *out) {
    for (size_t at = 0, end; at < s->count; at = end) {
        end = at + 1;
        if (is(s, at, SCAN_SPACE)) continue;
        if (is(s, at, SCAN_WORD)) end = run(s, at, SCAN_WORD);
        else
            while (end < s->count && !is(s, end, SCAN_SPACE | SCAN_WORD)) end++;
        cut(out, s, at, end);
    }
}
static void whitespace_split_rule(const sample *s, cuts *out) {
    size_t begin = 0;
    for (size_t at = 0; at <= s->count; at++) {
        if (at < s->count && !is(s, at, SCAN_SPACE)) continue;
        cut(out, s, begin, at);
        begin = at + 1;
    }
}
static void bert_rule(const sample *s, cuts *out) {
    size_t begin = 0;
    for (size_t at = 0; at <= s->count; at++) {
        bool punctuation = is(s, at, SCAN_PUNCT);
        if (at < s->count && !is(s, at, SCAN_SPACE) && !punctuation) continue;
        cut(out, s, begin, at);
        if (punctuation) cut(out, s, at, at + 1);
        begin = at + 1;
    }
}

/* The end of what GPT-2's pattern matches at a place. */
static size_t gpt2_match(const sample *s, size_t at) {
    static const char *const contractions[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    for (size_t i = 0; s->points[at] == '\'' && i < 7; i++) {
        size_t length = strlen(contractions[i]), same = 0;
        while (same < length && at + 1 + same < s->count &&
               s->points[at + 1 + same] == (unsigned char)contractions[i][same])
            same++;
        if (same == length) return at + 1 + length;
    }
    size_t word = at + (s->points[at] == ' ');
    if (is(s, word, SCAN_LETTER)) return run(s, word, SCAN_LETTER);
    if (is(s, word, SCAN_NUMBER)) return run(s, word, SCAN_NUMBER);
    size_t end = word;
    while (end < s->count && !is(s, end, SCAN_SPACE | SCAN_LETTER | SCAN_NUMBER)) end++;
    if (end > word) return end;
    end = run(s, at, SCAN_SPACE);
    return end < s->count && end > at + 1 ? end - 1 : end;
}
static void byte_level_rule(const sample *s, cuts *out) {
    for (size_t at = 0, end; at < s->count; at = end) cut(out, s, at, end = gpt2_match(s, at));
}
static void metaspace_rule(const sample *s, cuts *out) {
    size_t begin = 0;
    for (size_t at = 1; at <= s->count; at++) {
        if (at < s->count && s->points[at] != ' ' && s->points[at] != 0x2581) continue;
        cut(out, s, begin, at);
        begin = at;
    }
}

static const struct {
    const char *json;
    rule *rule;
} scanners[] = {
    {"{\"type\":\"Whitespace\"}", whitespace_rule},
    {"{\"type\":\"WhitespaceSplit\"}", whitespace_split_rule},
    {"{\"type\":\"BertPreTokenizer\"}", bert_rule},
    {"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}", byte_level_rule},
    {"{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"never\",\"split\":true}",
     metaspace_rule},
};

/* Runs of characters of all classes and sizes. */
static void make_sample(sample *s, random_stream *r) {
    static const uint32_t points[] = {
        'a',   'Z',    's',    't',    'r',    'e',    'l',     'v',     'm',     'd',     '\'',     ' ',  ' ',   '\n',
        '\t',  '_',    '-',    '.',    '7',    '$',    0x7F,    0,       0xE9,    0x131,   0x660,    0xB2, 0xA0,  0xAB,
        0x301, 0x2581, 0x3000, 0x2003, 0x4E2D, 0x3002, 0x1F600, 0x10400, 0x1D7D8, 0x1F1F9, 0x10FFFF, 0x85, 0x200B};
    enum { POINTS = sizeof points / sizeof *points };
    size_t wanted = random_below(LENGTH, random_stream_next(r)), bytes = 0;
    s->count = 0;
    while (s->count < wanted) {
        uint32_t point = points[random_below(POINTS, random_stream_next(r))];
        size_t times = random_below(8, random_stream_next(r)) == 0 ? 1 + random_below(80, random_stream_next(r)) : 1;
        for (; times > 0 && s->count < wanted; times--) {
            s->begins[s->count] = (uint32_t)bytes;
            s->points[s->count++] = point;
            bytes += utf8_put(s->bytes + bytes, point);
        }
    }
    s->begins[s->count] = (uint32_t)bytes;
}

static void check_scanner(const pre_tokenizer *p, size_t which, const sample *s, word_list *words) {
    cuts expected = {.count = 0};
    scanners[which].rule(s, &expected);
    assert_ok(pre_tokenizer_words(p, s->bytes, s->begins[s->count], utf8_size(s->bytes[0]), words));
    size_t same = 0;
    while (same < expected.count && same < words->ranges.count &&
           words->ranges.items[same].begin == expected.items[same].begin &&
           words->ranges.items[same].end == expected.items[same].end)
        same++;
    if (same < expected.count || same < words->ranges.count)
        fail_msg("%s on %s: word %zu of \"%.*s\" is at %u-%u, expected %u-%u", scanners[which].json, cpu_level_name(),
                 same, (int)s->begins[s->count], s->bytes, words->ranges.items[same].begin,
                 words->ranges.items[same].end, expected.items[same].begin, expected.items[same].end);
}

static void scanners_cut_by_their_rules(void **state) {
    (void)state;
    static sample s;
    for (size_t level = 0; level < sizeof cpu_levels / sizeof *cpu_levels; level++) {
        unsigned flags = 0;
        assert_true(cpu_level_flags(&flags, cpu_levels[level]));
        cpu_allow(flags);
        random_stream r = random_stream_start(level, RANDOM_TEST, 1, 0);
        for (size_t which = 0; which < sizeof scanners / sizeof *scanners; which++) {
            json_t *json = json_loads(scanners[which].json, 0, NULL);
            pre_tokenizer *p = NULL;
            word_list words = {0};
            assert_ok(pre_tokenizer_read(&p, json, "test"));
            for (int round = 0; round < 1500; round++) {
                make_sample(&s, &r);
                check_scanner(p, which, &s, &words);
            }
            word_list_free(&words);
            pre_tokenizer_free(p);
            json_decref(json);
        }
    }
    cpu_allow(~0u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_masks_are_the_plain_ones),
        cmocka_unit_test(letters_by_their_first_byte_are_letters),
        cmocka_unit_test(scanners_cut_by_their_rules),
    };
    return cmocka_run_group_tests_name("tokenizer/scan_block", tests, NULL, NULL);
}
