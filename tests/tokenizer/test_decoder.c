/* tests/tokenizer/test_decoder.c: each decoder on a list of strings ("|" between them). */
#include "tokenizer/decoder.h"
#include "scratch.h"

static void expect(const char *json, const char *tokens, const char *expected) {
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    decoder *d = NULL;
    decoder_strings strings = {0};
    assert_ok(decoder_read(&d, value, "test"));
    for (const char *at = tokens; *tokens != '\0';) {
        size_t length = strcspn(at, "|");
        assert_ok(decoder_strings_add(&strings, at, length));
        if (at[length] == '\0') break;
        at += length + 1;
    }
    assert_ok(decoder_apply(d, &strings));
    const char *found = strings.now.text.data == NULL ? "" : strings.now.text.data;
    if (strcmp(found, expected) != 0)
        fail_msg("%s of %s: found \"%s\", expected \"%s\"", json, tokens, found, expected);
    decoder_strings_free(&strings);
    decoder_free(d);
    json_decref(value);
}

#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}"
#define WORDPIECE(cleanup) "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":" cleanup "}"
#define METASPACE(scheme) "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"" scheme "\"}"
#define STRIP "{\"type\":\"Strip\",\"content\":\"a\",\"start\":2,\"stop\":1}"

static void each_kind_follows_its_rule(void **state) {
    (void)state;
    expect("null", "a|b|c", "a b c");
    expect("null", "", "");
    expect(BYTE_LEVEL, "a\xC4\xA0|b", "a b");
    expect(BYTE_LEVEL, "\xC3\x83|\xC2\xA7", "\xC3\xA7"); /* one character's bytes in two tokens */
    expect(BYTE_LEVEL, "\xC3\x83", "\xEF\xBF\xBD");
    expect(BYTE_LEVEL, "\xE6\x97\xA5\xC4\xA0|b", "\xE6\x97\xA5\xC4\xA0" "b");   /* not byte-level: as it is */
    expect(BYTE_LEVEL, "", "");
    expect(WORDPIECE("false"), "un|##do|able|##", "undo able");
    expect(WORDPIECE("false"), "##un|##do", "##undo");
    expect(WORDPIECE("true"), "I|do not|.|n't|'s", "I don't.n't's");
    expect("{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}", "a|b</w>|c</w>", "ab c");
    expect("{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}", "", "");
    expect("{\"type\":\"BPEDecoder\",\"suffix\":\"\"}", "ab|c", " a b c");
    expect(METASPACE("always"), "__a_|_b", "a b");
    expect(METASPACE("never"), "_a|_b", " a b");
    expect("{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false,\"prepend_scheme\":\"never\"}", "_a", " a");
    expect("{\"type\":\"CTC\",\"pad_token\":\"p\",\"word_delimiter_token\":\"/\",\"cleanup\":true}", "h|h|p|h|/|o|o",
           "hh o");
    expect("{\"type\":\"Fuse\"}", "a|b", "ab");
    expect("{\"type\":\"Replace\",\"pattern\":{\"String\":\"aa\"},\"content\":\"-\"}", "aaa|baab", "-ab-b");
    expect("{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"^\"},\"content\":\"X\"}", "a||b", "XaXb");
    expect("{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"X\"}", "ab||c", "XaXbXXcX");
}

static void byte_tokens_become_text_or_marks(void **state) {
    (void)state;
    static const char kind[] = "{\"type\":\"ByteFallback\"}";
    expect(kind, "<0xC3>|<0xA7>|x|<0x41>", "\xC3\xA7xA");
    expect(kind, "<0xC3>|x", "\xEF\xBF\xBDx");
    expect(kind, "<0xC3>|<0x41>", "\xEF\xBF\xBD\xEF\xBF\xBD");                  /* the whole run, or none of it */
    expect(kind, "<0xc3>|<0xa7>", "\xC3\xA7");
    expect(kind, "<0x+a>|<0x++>|<0x4+>|<0x-4>", "\n<0x++><0x4+><0x-4>");
    expect(kind, "<0x4>|<0x411>|<0xGG>|<0x41", "<0x4><0x411><0xGG><0x41");
}

/* Where the library's own code would run past a string's end. */
static void stripping_stops_at_nothing(void **state) {
    (void)state;
    expect(STRIP, "aaaba", "ab");
    expect(STRIP, "a", "");
    expect(STRIP, "", "");
    expect(STRIP, "aa|a|b", "b");
}

static void sequences_run_in_order(void **state) {
    (void)state;
    expect("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"_\"},\"content\":\" "
           "\"},{\"type\":\"ByteFallback\"},"
           "{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}",
           "_Me|r|_|<0xC3>|<0xA7>|_x", "Mer \xC3\xA7 x");
    expect("{\"type\":\"Sequence\",\"decoders\":[]}", "a|b", "ab");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_follows_its_rule),
        cmocka_unit_test(byte_tokens_become_text_or_marks),
        cmocka_unit_test(stripping_stops_at_nothing),
        cmocka_unit_test(sequences_run_in_order),
    };
    return cmocka_run_group_tests_name("tokenizer/decoder", tests, NULL, NULL);
}
