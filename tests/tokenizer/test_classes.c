/* tests/tokenizer/test_classes.c: a folder is read by the class that transformers' AutoTokenizer reads it by. What is expected
 * is what transformers 5.23 gives for the same files. */
#include "maske.h"
#include "base/buffer.h"
#include "scratch.h"

/* A folder's files by name, up to the first NULL. */
enum { FILES = 5 };
typedef struct folder_file { const char *name, *text; } folder_file;
typedef struct folder_case {
    folder_file files[FILES];
    const char *text, *second;      /* second NULL: one text */
    const char *tokens;             /* with a space between two */
} folder_case;

static const char *make_folder(const folder_file *files) {
    const char *folder = scratch_path("folder");
    assert_ok(folder_remove(folder));
    assert_ok(folder_make(folder));
    for (int i = 0; i < FILES && files[i].name != NULL; i++) {
        char *path = NULL;
        assert_ok(path_join(&path, folder, files[i].name));
        assert_ok(file_write_atomic(path, files[i].text, strlen(files[i].text), true));
        free(path);
    }
    return folder;
}

static void expect_tokens(const maske_tokenizer *t, const char *text, const char *second, const char *expected, size_t number) {
    maske_encoding e = {0};
    buffer found = {0};
    assert_ok(maske_tokenizer_encode(t, text, strlen(text), second, second == NULL ? 0 : strlen(second), NULL, &e));
    for (size_t i = 0; i < e.count; i++)
        assert_ok(buffer_add_format(&found, "%s%s", i == 0 ? "" : " ", maske_tokenizer_token(t, e.ids[i])));
    if (strcmp(found.data, expected) != 0) fail_msg("case %zu: found \"%s\", expected \"%s\"", number, found.data, expected);
    buffer_free(&found);
    maske_encoding_free(&e);
}

static void expect_all(const folder_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        maske_tokenizer *t = NULL;
        assert_ok(maske_tokenizer_open(&t, make_folder(cases[i].files)));
        expect_tokens(t, cases[i].text, cases[i].second, cases[i].tokens, i);
        maske_tokenizer_free(t);
    }
}
#define EXPECT_ALL(cases) expect_all((cases), sizeof(cases) / sizeof *(cases))

/* ------------------------------------------------------------------------------------------- vocab.json, merges --- */

#define BYTES                                                                                                       \
    {"vocab.json", "{\"a\":0,\"b\":1,\"Ġ\":2,\"ab\":3,\"Ġab\":4,\"<s>\":5,\"</s>\":6,\"<unk>\":7,\"<mask>\":8,"     \
                   "\"<pad>\":9,\"Ġb\":10}"},                                                                       \
    {"merges.txt", "#version: 0.2\na b\nĠ ab\nĠ b\n"}
#define MODEL(type) {"config.json", "{\"model_type\":\"" type "\"}"}
#define CONFIG(members) {"tokenizer_config.json", "{" members "}"}
#define TEXT "ab <mask> ab<|endoftext|>xa"

/* <mask> takes the space before it along only where a file says so; what no entry has is left out, not unknown. */
static void roberta_takes_no_space_by_itself(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{BYTES, MODEL("roberta")}, TEXT, NULL, "<s> ab Ġ <mask> Ġab a </s>"},
        {{BYTES, MODEL("bart"), CONFIG("\"mask_token\":\"<mask>\"")}, TEXT, NULL, "<s> ab Ġ <mask> Ġab a </s>"},
        {{BYTES, CONFIG("\"tokenizer_class\":\"LongformerTokenizerFast\",\"mask_token\":{\"__type\":\"AddedToken\","
                        "\"content\":\"<mask>\",\"lstrip\":true}")}, TEXT, NULL, "<s> ab <mask> Ġab a </s>"},
        {{BYTES, MODEL("roberta")}, "ab", "ab", "<s> ab </s> </s> ab </s>"},
    };
    EXPECT_ALL(cases);
}

static void gpt2_is_told_by_the_model_alone(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{BYTES, MODEL("gpt2")}, TEXT, NULL, "ab Ġ a Ġab <|endoftext|> a"},
        {{BYTES, MODEL("gpt2"), CONFIG("\"tokenizer_class\":null")}, "ab", "ab", "ab ab"},
        {{BYTES, {"config.json", "{\"model_type\":\"gpt2\",\"tokenizer_class\":\"RobertaTokenizer\"}"}}, "ab", NULL, "<s> ab </s>"},
        {{BYTES, MODEL("gpt2"), CONFIG("\"cls_token\":\"<s>\",\"sep_token\":\"</s>\"")}, "ab", NULL, "ab"},
    };
    EXPECT_ALL(cases);
}

/* bos and eos around each text. */
static void gpt2_begins_and_ends_a_text_where_asked(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{BYTES, MODEL("gpt2"), CONFIG("\"add_bos_token\":true")}, TEXT, NULL, "<|endoftext|> ab Ġ a Ġab <|endoftext|> a"},
        {{BYTES, MODEL("gpt2"), CONFIG("\"add_bos_token\":true")}, "ab", "ab", "<|endoftext|> ab <|endoftext|> ab"},
        {{BYTES, CONFIG("\"tokenizer_class\":\"GPT2Tokenizer\",\"add_bos_token\":true,\"add_eos_token\":true,\"bos_token\":\"<s>\"")},
         "ab", "ab", "<s> ab <|endoftext|> <s> ab <|endoftext|>"},
        {{BYTES, CONFIG("\"add_eos_token\":true,\"eos_token\":\"</s>\""),
          {"config.json", "{\"model_type\":\"gpt2\",\"tokenizer_class\":\"GPT2TokenizerFast\"}"}}, "ab", NULL, "ab </s>"},
        {{BYTES, MODEL("roberta"), CONFIG("\"add_bos_token\":true")}, "ab", NULL, "<s> ab </s>"},
    };
    EXPECT_ALL(cases);
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    assert_ok(maske_tokenizer_open(&t, make_folder(cases[2].files)));
    assert_ok(maske_tokenizer_encode(t, "ab", 2, "ab", 2, NULL, &e));
    for (size_t i = 0; i < 6; i++) assert_int_equal(e.type_ids[i], i > 2);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
}

/* --------------------------------------------------------------------------------------------------- named tokens --- */

#define WORDS {"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\na\nb\n"}
#define MAP(members) {"special_tokens_map.json", "{" members "}"}
#define XY "a<x> <y> b"

static void tokens_come_from_every_file(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{BYTES, MODEL("roberta"), CONFIG("\"extra_special_tokens\":[\"<x>\",\"<y>\"]")}, XY, NULL, "<s> a <x> Ġ <y> Ġb </s>"},
        {{BYTES, MODEL("roberta"), CONFIG("\"mask_token\":\"<x>\""), MAP("\"mask_token\":{\"content\":\"<y>\",\"lstrip\":true}")},
         XY, NULL, "<s> a <y> Ġb </s>"},
        {{BYTES, MODEL("roberta"), MAP("\"mask_token\":\"<y>\""),
          CONFIG("\"added_tokens_decoder\":{\"11\":{\"content\":\"<x>\",\"lstrip\":true}},\"mask_token\":\"<x>\"")},
         "a <x> <y>b", NULL, "<s> a <x> Ġ b </s>"},
        {{WORDS, MODEL("bert")}, "Hello <mask>[MASK]", NULL, "[CLS] hello [UNK] [UNK] [UNK] [MASK] [SEP]"},
        {{WORDS, MODEL("bert"), CONFIG("\"cls_token\":\"a\",\"sep_token\":\"<x>\"")}, "hello", NULL, "a hello <x>"},
        {{WORDS, MODEL("bert"), CONFIG("\"extra_special_tokens\":[\"<X>\"]")}, "a<X><x>b", NULL,
         "[CLS] a <X> [UNK] [UNK] [UNK] b [SEP]"},
        {{WORDS, MODEL("bert"), CONFIG("\"added_tokens_decoder\":{\"9\":{\"content\":\"Foo\"}}")}, "a foo Foo", NULL,
         "[CLS] a Foo Foo [SEP]"},
    };
    EXPECT_ALL(cases);
}

/* The order decides the ids: the list of tokenizer_config.json by its numbers, added_tokens.json by its ids, other names before
 * the extra tokens. */
static void ids_come_from_the_order(void **state) {
    (void)state;
    static const struct { folder_file files[FILES]; int32_t x, y; } cases[] = {
        {{BYTES, MODEL("roberta"), CONFIG("\"added_tokens_decoder\":{\"100\":{\"content\":\"<y>\",\"special\":true},"
                                          "\"11\":{\"content\":\"<x>\",\"special\":true}}")}, 11, 12},
        {{BYTES, MODEL("roberta"), CONFIG("\"extra_special_tokens\":[\"<x>\",\"<y>\"]")}, 11, 12},
        {{BYTES, MODEL("roberta"), CONFIG("\"extra_special_tokens\":{\"x_token\":\"<x>\"},\"y_token\":\"<y>\"")}, 12, 11},
        {{BYTES, MODEL("roberta"), CONFIG("\"additional_special_tokens\":[\"<y>\"]"), MAP("\"extra_special_tokens\":[\"<x>\"]")}, 12, 11},
        {{BYTES, MODEL("roberta"), CONFIG(""), {"added_tokens.json", "{\"<y>\":12,\"<x>\":11}"}}, 11, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maske_tokenizer *t = NULL;
        assert_ok(maske_tokenizer_open(&t, make_folder(cases[i].files)));
        assert_int_equal(maske_tokenizer_id(t, "<x>", 3), cases[i].x);
        assert_int_equal(maske_tokenizer_id(t, "<y>", 3), cases[i].y);
        maske_tokenizer_free(t);
    }
}

/* --------------------------------------------------------------------------------------------------- other rules --- */

static void rules_that_are_not_here_are_refused(void **state) {
    (void)state;
    static const struct { folder_file files[FILES]; const char *words; } cases[] = {
        {{WORDS, CONFIG("\"tokenizer_class\":\"BertJapaneseTokenizer\"")}, "class is BertJapaneseTokenizer, whose rules for a vocab.txt"},
        {{WORDS, MODEL("funnel")}, "class is FunnelTokenizer, whose rules for a vocab.txt"},
        {{WORDS, MODEL("esm"), CONFIG("")}, "class is EsmTokenizer"},
        {{WORDS, {"config.json", "{\"model_type\":\"bert\",\"tokenizer_class\":\"BertJapaneseTokenizer\"}"}}, "BertJapaneseTokenizer"},
        {{BYTES, CONFIG("\"tokenizer_class\":\"WhisperTokenizerFast\"")}, "class is WhisperTokenizer, whose rules for a vocab.json"},
        {{BYTES, MODEL("clip")}, "class is CLIPTokenizer, whose rules for a vocab.json are not in maske, expected a tokenizer.json"},
        {{BYTES, MODEL("openai-gpt")}, "class is OpenAIGPTTokenizer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maske_tokenizer *t = NULL;
        assert_fails(maske_tokenizer_open(&t, make_folder(cases[i].files)), MASKE_UNSUPPORTED, cases[i].words);
        assert_null(t);
    }
    /* A class of no name, and one that is read as BERT's is. */
    static const folder_case taken[] = {
        {{WORDS, CONFIG("\"tokenizer_class\":\"NoSuchTokenizer\"")}, "hello", NULL, "[CLS] hello [SEP]"},
        {{WORDS, MODEL("no-such-model")}, "hello", NULL, "[CLS] hello [SEP]"},
        {{WORDS, MODEL("electra")}, "Hello", NULL, "[CLS] hello [SEP]"},
        {{WORDS, CONFIG("\"tokenizer_class\":\"DistilBertTokenizerFast\"")}, "Hello", NULL, "[CLS] hello [SEP]"},
    };
    EXPECT_ALL(taken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roberta_takes_no_space_by_itself),
        cmocka_unit_test(gpt2_is_told_by_the_model_alone),
        cmocka_unit_test(gpt2_begins_and_ends_a_text_where_asked),
        cmocka_unit_test(tokens_come_from_every_file),
        cmocka_unit_test(ids_come_from_the_order),
        cmocka_unit_test(rules_that_are_not_here_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
