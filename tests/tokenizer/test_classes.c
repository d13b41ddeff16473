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
        {{WORDS, BYTES, MODEL("bert")}, "Hello", NULL, "[CLS] hello [SEP]"},
        {{WORDS, BYTES, MODEL("gpt2")}, "ab a", NULL, "ab Ġ a"},
    };
    EXPECT_ALL(taken);
}

/* ----------------------------------------------------------------------------------------------- tokenizer.json --- */

#define NAMED(class) {"config.json", "{\"tokenizer_class\":\"" class "\"}"}
#define X_TOKEN(flags) "{\"id\":13,\"content\":\"<x>\"," flags "\"special\":true}"
#define PIECES(added)                                                                                               \
    {"tokenizer.json", "{\"version\":\"1.0\",\"added_tokens\":[" added "],\"normalizer\":null,\"pre_tokenizer\":{\"type\":"    \
     "\"WhitespaceSplit\"},\"post_processor\":null,\"decoder\":null,\"model\":{\"type\":\"WordPiece\",\"unk_token\":"      \
     "\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":4,\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,"  \
     "\"[CLS]\":2,\"[SEP]\":3,\"[MASK]\":4,\"hello\":5,\"a\":6,\"b\":7,\"A\":8,\",\":9,\"##b\":10,\"é\":11,\"e\":12}}}"}
#define BYTE_FILE(space)                                                                                            \
    {"tokenizer.json", "{\"version\":\"1.0\",\"added_tokens\":[],\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":" \
     "{\"type\":\"ByteLevel\",\"add_prefix_space\":" space ",\"trim_offsets\":true,\"use_regex\":true},"                \
     "\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,"     \
     "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"unk_token\":null,\"vocab\":{\"a\":0,\"b\":1,\"Ġ\":2,\"ab\":3,"   \
     "\"Ġab\":4,\"<s>\":5,\"</s>\":6,\"<unk>\":7,\"<mask>\":8,\"<pad>\":9,\"Ġb\":10,\"A\":11},"                      \
     "\"merges\":[\"a b\",\"Ġ ab\",\"Ġ b\"]}}"}

static void bert_is_what_tokenizer_config_says(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{PIECES(""), NAMED("BertTokenizer")}, "Hello,A é [MASK]", NULL, "[CLS] hello , a e [MASK] [SEP]"},
        {{PIECES(""), NAMED("BertTokenizer"), CONFIG("\"do_lower_case\":false")}, "hello,A é [MASK]", NULL, "[CLS] hello , A é [MASK] [SEP]"},
        {{PIECES(""), CONFIG("\"tokenizer_class\":\"BertTokenizerFast\",\"strip_accents\":false")}, "Hello,A é", NULL,
         "[CLS] hello , a é [SEP]"},
        /* No class, or one that takes the file: the file. */
        {{PIECES(""), CONFIG("\"tokenizer_class\":\"PreTrainedTokenizerFast\"")}, "hello,A é [MASK] A", NULL, "[UNK] é [UNK] A"},
        {{PIECES(""), MODEL("bert"), CONFIG("\"tokenizer_class\":\"PreTrainedTokenizerFast\"")}, "hello,A A", NULL, "[UNK] A"},
        {{PIECES(""), MODEL("modernbert"), CONFIG("\"tokenizer_class\":\"BertTokenizer\"")}, "hello,A é A", NULL, "[UNK] é A"},
        {{PIECES(""), MODEL("bert")}, "hello,A é [MASK] A", NULL, "[UNK] é [UNK] A"},
        {{PIECES(""), MODEL("convbert"), CONFIG("\"do_lower_case\":true")}, "hello,A é A", NULL, "[UNK] é A"},
        {{PIECES(""), CONFIG("\"tokenizer_class\":\"DistilBertTokenizer\"")}, "Hello,A A", NULL, "[CLS] hello , a a [SEP]"},
    };
    EXPECT_ALL(cases);
    /* So is the file by its own path. */
    maske_tokenizer *t = NULL;
    char *path = NULL;
    assert_ok(path_join(&path, make_folder(cases[0].files), "tokenizer.json"));
    assert_ok(maske_tokenizer_open(&t, path));
    expect_tokens(t, "hello,A é A", NULL, "[UNK] é A", 0);
    maske_tokenizer_free(t);
    free(path);
}

static void byte_level_is_what_tokenizer_config_says(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{BYTE_FILE("false"), NAMED("RobertaTokenizer")}, "ab A <mask> b", NULL, "<s> ab Ġ A Ġ <mask> Ġb </s>"},
        {{BYTE_FILE("true"), NAMED("RobertaTokenizer")}, "ab b", NULL, "<s> ab Ġb </s>"},
        {{BYTE_FILE("false"), MODEL("roberta")}, "ab A", NULL, "ab Ġ a"},
        {{BYTE_FILE("false"), NAMED("RobertaTokenizer"), CONFIG("\"add_prefix_space\":true")}, "ab b", NULL, "<s> Ġab Ġb </s>"},
        {{BYTE_FILE("false"), CONFIG("\"tokenizer_class\":\"GPT2Tokenizer\",\"add_prefix_space\":true,\"add_bos_token\":true")},
         "ab<|endoftext|>A", NULL, "Ġab <|endoftext|> Ġ A"},
        {{BYTE_FILE("false"), CONFIG("\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"add_prefix_space\":true,"
                                     "\"mask_token\":\"<mask>\"")}, "ab A<mask>", NULL, "ab Ġ a <mask>"},
    };
    EXPECT_ALL(cases);
}

static void tokens_are_added_to_the_file(void **state) {
    (void)state;
    static const folder_case cases[] = {
        {{PIECES(""), MODEL("bert"), CONFIG("\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"mask_token\":\"[MASK]\","
                                            "\"extra_special_tokens\":[\"<x>\"]")}, "A [MASK] <x>b", NULL, "A [MASK] <x> b"},
        {{PIECES(X_TOKEN("\"lstrip\":true,\"normalized\":false,")), NAMED("BertTokenizer")}, "hello <x>a", NULL, "[CLS] hello <x> a [SEP]"},
        {{PIECES(X_TOKEN("\"normalized\":false,")), NAMED("BertTokenizer"), CONFIG("\"added_tokens_decoder\":{}")}, "hello <x>a", NULL,
         "[CLS] hello [UNK] [UNK] [UNK] a [SEP]"},
        {{PIECES(""), NAMED("BertTokenizer"), CONFIG("\"split_special_tokens\":true")}, "hello [MASK] b", NULL,
         "[CLS] hello [UNK] [UNK] [UNK] b [SEP]"},
    };
    EXPECT_ALL(cases);
}

/* A tokenizer that is saved is read again as it was, whatever model lies beside it. */
static void what_is_saved_keeps_its_class(void **state) {
    (void)state;
    static const struct { folder_file files[FILES]; const char *text, *tokens; } cases[] = {
        {{PIECES(""), CONFIG("\"model_max_length\":9")}, "hello,A é A", "[UNK] é A"},
        {{PIECES("")}, "hello,A é [MASK] A", "[UNK] é [UNK] A"},
        {{PIECES(""), MODEL("modernbert"), CONFIG("\"tokenizer_class\":\"BertTokenizer\"")}, "hello,A é A", "[UNK] é A"},
        {{BYTE_FILE("false"), CONFIG("\"tokenizer_class\":\"BertTokenizer\"")}, "ab A", "ab Ġ a"},
        {{PIECES(""), CONFIG("\"tokenizer_class\":\"BertTokenizerFast\"")}, "Hello,A é A", "[CLS] hello , a e a [SEP]"},
        {{WORDS, MODEL("bert"), CONFIG("\"do_lower_case\":false,\"split_special_tokens\":true")}, "Hello a[MASK]",
         "[CLS] [UNK] a [UNK] [UNK] [UNK] [SEP]"},
    };
    static const char *const models[] = {"{\"model_type\":\"bert\"}", "{\"model_type\":\"roberta\"}", "{}"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maske_tokenizer *t = NULL, *again = NULL;
        const char *out = scratch_path("saved");
        assert_ok(maske_tokenizer_open(&t, make_folder(cases[i].files)));
        expect_tokens(t, cases[i].text, NULL, cases[i].tokens, i);
        for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
            assert_ok(folder_remove(out));
            assert_ok(folder_make(out));
            assert_ok(maske_tokenizer_save(t, out));
            (void)scratch_text("saved/config.json", models[m]);
            assert_ok(maske_tokenizer_open(&again, out));
            expect_tokens(again, cases[i].text, NULL, cases[i].tokens, i);
            maske_tokenizer_free(again);
        }
        maske_tokenizer_free(t);
    }
}

/* ---- what is said ---- */

static void keep(void *user, maske_log_level level, const char *sentence) {
    if (level != MASKE_LOG_WARNING) return;
    assert_ok(buffer_add_format(user, "%s\n", sentence));
}

static void expect_warnings(const folder_file *files, const char *const *words, size_t count) {
    buffer said = {0};
    maske_tokenizer *t = NULL;
    size_t lines = 0;
    assert_ok(buffer_add(&said, "", 0));
    maske_set_log(keep, &said);
    assert_ok(maske_tokenizer_open(&t, make_folder(files)));
    maske_set_log(NULL, NULL);
    for (const char *at = said.data; (at = strchr(at, '\n')) != NULL; at++) lines++;
    for (size_t i = 0; i < count; i++)
        if (strstr(said.data, words[i]) == NULL) fail_msg("found \"%s\", expected \"%s\" in it", said.data, words[i]);
    if (lines != count) fail_msg("found %zu warnings, expected %zu: %s", lines, count, said.data);
    buffer_free(&said);
    maske_tokenizer_free(t);
}

static void what_is_not_used_is_said(void **state) {
    (void)state;
    static const folder_file bert[FILES] = {PIECES(""), NAMED("BertTokenizer")}, roberta[FILES] = {BYTE_FILE("true"), NAMED("RobertaTokenizer")},
                             none[FILES] = {PIECES("")}, implied[FILES] = {PIECES(""), MODEL("bert")},
                             other[FILES] = {BYTE_FILE("true"), MODEL("bert")};
    static const char *const of_bert[] = {"tokenizer.json: \"normalizer\" is not used: the folder's class is BertTokenizer",
                                          "\"pre_tokenizer\" is not used", "\"decoder\" is not used",
                                          "options of \"model\" are not used", "\"post_processor\" is not used"},
                      *const of_roberta[] = {"\"normalizer\" is not used: the folder's class is RobertaTokenizer",
                                             "\"pre_tokenizer\" is not used", "\"post_processor\" is not used"},
                      *const of_implied[] = {"is read as it is, since no tokenizer_class is named; AutoTokenizer takes BertTokenizer"},
                      *const of_other[] = {"class is BertTokenizer, and the model is no WordPiece: the file is read as it is"};
    expect_warnings(bert, of_bert, 5);
    expect_warnings(roberta, of_roberta, 3);
    expect_warnings(none, NULL, 0);
    expect_warnings(implied, of_implied, 1);
    expect_warnings(other, of_other, 1);
}

/* A file that a class has written says the same as the class, so there is nothing to say. */
static void what_agrees_is_read_in_silence(void **state) {
    (void)state;
    static const char bert_file[] =
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\"normalizer\":{\"type\":\"BertNormalizer\","
        "\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},"
        "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
        "{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
        "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],\"pair\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},"
        "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}},"
        "{\"Sequence\":{\"id\":\"B\",\"type_id\":1}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":1}}],\"special_tokens\":{"
        "\"[CLS]\":{\"id\":\"[CLS]\",\"ids\":[2],\"tokens\":[\"[CLS]\"]},\"[SEP]\":{\"id\":\"[SEP]\",\"ids\":[3],"
        "\"tokens\":[\"[SEP]\"]}}},\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},\"model\":{"
        "\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,"
        "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"[MASK]\":4,\"hello\":5}}}";
    static const folder_file files[FILES] = {{"tokenizer.json", bert_file}, NAMED("BertTokenizer")},
                             implied[FILES] = {{"tokenizer.json", bert_file}, MODEL("bert")};
    expect_warnings(files, NULL, 0);
    expect_warnings(implied, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roberta_takes_no_space_by_itself),
        cmocka_unit_test(gpt2_is_told_by_the_model_alone),
        cmocka_unit_test(gpt2_begins_and_ends_a_text_where_asked),
        cmocka_unit_test(tokens_come_from_every_file),
        cmocka_unit_test(ids_come_from_the_order),
        cmocka_unit_test(rules_that_are_not_here_are_refused),
        cmocka_unit_test(bert_is_what_tokenizer_config_says),
        cmocka_unit_test(byte_level_is_what_tokenizer_config_says),
        cmocka_unit_test(tokens_are_added_to_the_file),
        cmocka_unit_test(what_is_saved_keeps_its_class),
        cmocka_unit_test(what_is_not_used_is_said),
        cmocka_unit_test(what_agrees_is_read_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
