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

/* --------------------------------------------------------------------------------------------------- other rules --- */

#define WORDS {"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n"}

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
        cmocka_unit_test(rules_that_are_not_here_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
