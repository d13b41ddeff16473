/* tests/tokenizer/test_files.c: which files open, which are refused and how, and what is saved. */
#include "maske.h"
#include "base/json.h"
#include "tokenizer/tokenizer.h"
#include "scratch.h"

#define BPE(vocab, merges) "{\"type\":\"BPE\",\"vocab\":{" vocab "},\"merges\":[" merges "]}"
#define FILE_OF(members, model) "{\"version\":\"1.0\"," members "\"model\":" model "}"
#define SMALL BPE("\"a\":0,\"b\":1,\"ab\":2", "[\"a\",\"b\"]")

static maske_status open_text(maske_tokenizer **out, const char *text) {
    return maske_tokenizer_open(out, scratch_text("tokenizer.json", text));
}

/* ----------------------------------------------------------------------------------------------- tokenizer.json --- */

static void refusals_name_place_and_fact(void **state) {
    (void)state;
    static const struct { const char *text; maske_status status; const char *words; } cases[] = {
        {"", MASKE_BAD_FILE, "not JSON"},
        {"[]", MASKE_BAD_FILE, "expected a JSON object"},
        {"{}", MASKE_BAD_FILE, "model: found nothing, expected an object"},
        {"{\"a\":0,\"b\":1}", MASKE_BAD_FILE, "model: found nothing, expected an object"},
        {"{\"version\":\"1.0\"}", MASKE_BAD_FILE, "model: found nothing, expected an object"},
        {"{\"version\":\"2.0\",\"model\":" SMALL "}", MASKE_UNSUPPORTED, "\"version\" is 2.0"},
        {"{\"version\":1,\"model\":" SMALL "}", MASKE_UNSUPPORTED, "\"version\" is an integer"},
        {FILE_OF("", "{\"type\":\"Unigram\",\"vocab\":[]}"), MASKE_UNSUPPORTED, "Unigram"},
        {FILE_OF("", "{\"type\":\"WordLevel\",\"vocab\":{},\"unk_token\":\"a\"}"), MASKE_UNSUPPORTED, "WordLevel"},
        {FILE_OF("", "{\"vocab\":{\"a\":0},\"unk_token\":\"a\"}"), MASKE_UNSUPPORTED, "WordLevel"},
        {FILE_OF("", "{\"type\":7}"), MASKE_UNSUPPORTED, "model"},
        {FILE_OF("", "{\"type\":\"BPE\"}"), MASKE_BAD_FILE, "model: vocab: found nothing"},
        {FILE_OF("", "{\"type\":\"BPE\",\"vocab\":{\"a\":0}}"), MASKE_BAD_FILE, "\"merges\": found nothing"},
        {FILE_OF("", "{\"type\":\"BPE\",\"vocab\":[],\"merges\":[]}"), MASKE_BAD_FILE, "vocab: found an array"},
        {FILE_OF("", BPE("\"a\":\"0\"", "")), MASKE_BAD_FILE, "\"a\": found a string, expected an integer"},
        {FILE_OF("", BPE("\"a\":-1", "")), MASKE_BAD_FILE, "has the id -1"},
        {FILE_OF("", BPE("\"a\":4294967296", "")), MASKE_BAD_FILE, "has the id 4294967296"},
        {FILE_OF("", BPE("\"a\":0,\"b\":65568", "")), MASKE_BAD_FILE, "has the id 65568, expected 0 to 65567, with 2 entries"},
        {FILE_OF("", BPE("\"a\":99999999999999999999", "")), MASKE_BAD_FILE, "an integer too large"},
        {FILE_OF("", BPE("\"a\":0,\"b\":0", "")), MASKE_BAD_FILE, "belongs to two entries"},
        {FILE_OF("", BPE("\"a\":0,\"a\":1", "")), MASKE_BAD_FILE, "duplicate key"},
        {FILE_OF("", BPE("\"\\u0000\":0", "")), MASKE_BAD_FILE, "not JSON"},
        {FILE_OF("", BPE("\"\\ud800\":0", "")), MASKE_BAD_FILE, "not JSON"},
        {FILE_OF("", BPE("\"a\":0", "[\"a\",\"b\"]")), MASKE_BAD_FILE, "merge 0: \"b\" is not in the vocabulary"},
        {FILE_OF("", BPE("\"a\":0,\"b\":1", "[\"a\",\"b\"]")), MASKE_BAD_FILE, "merge 0: the joined token \"ab\""},
        {FILE_OF("", BPE("\"a\":0", "[\"a\"]")), MASKE_BAD_FILE, "merge 0: found an array, expected a pair"},
        {FILE_OF("", BPE("\"a\":0", "\"aa\"")), MASKE_BAD_FILE, "merge 0: \"aa\": found no space"},
        {FILE_OF("", BPE("\"a\":0", "\"a a a\"")), MASKE_BAD_FILE, "several spaces"},
        {FILE_OF("", BPE("\"a\":0", "[\"a\",\"a\"],\"a a\"")), MASKE_BAD_FILE, "the joined token \"aa\""},
        {FILE_OF("", BPE("\"a\":0,\"aa\":1", "[\"a\",\"a\"],\"a a\"")), MASKE_BAD_FILE, "merge 1: found a string"},
        {FILE_OF("", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"unk_token\":\"u\"}"), MASKE_BAD_FILE, "unk_token \"u\""},
        {FILE_OF("", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":2}"), MASKE_BAD_FILE, "\"dropout\" is 2"},
        {FILE_OF("", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"#\":2},\"merges\":[[\"a\",\"b\"]],\"continuing_subword_prefix\":\"##\"}"), MASKE_BAD_FILE, "shorter than the continuing_subword_prefix"},
        {FILE_OF("", "{\"type\":\"WordPiece\",\"vocab\":{\"a\":0},\"unk_token\":\"a\",\"continuing_subword_prefix\":\"##\"}"), MASKE_BAD_FILE, "max_input_chars_per_word"},
        {FILE_OF("", "{\"type\":\"WordPiece\",\"vocab\":{\"a\":0},\"unk_token\":\"u\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100}"), MASKE_BAD_FILE, "unk_token \"u\""},
        {FILE_OF("\"added_tokens\":{},", SMALL), MASKE_BAD_FILE, "added_tokens: found an object"},
        {FILE_OF("\"added_tokens\":[{\"id\":9}],", SMALL), MASKE_BAD_FILE, "\"content\": found nothing"},
        {FILE_OF("\"added_tokens\":[{\"id\":9,\"content\":\"\"}],", SMALL), MASKE_BAD_FILE, "an added token is empty"},
        {FILE_OF("\"added_tokens\":[{\"id\":9,\"content\":\"x\",\"lstrip\":1}],", SMALL), MASKE_BAD_FILE, "\"lstrip\": found an integer"},
        {FILE_OF("\"truncation\":{\"max_length\":5,\"strategy\":\"Best\",\"stride\":0},", SMALL), MASKE_BAD_FILE, "\"strategy\" is \"Best\""},
        {FILE_OF("\"truncation\":{\"max_length\":5,\"strategy\":\"LongestFirst\",\"stride\":5},", SMALL), MASKE_BAD_FILE, "\"stride\" is 5"},
        {FILE_OF("\"truncation\":{\"max_length\":99999999999,\"strategy\":\"LongestFirst\",\"stride\":0},", SMALL), MASKE_BAD_FILE, "\"max_length\" is 99999999999"},
        {FILE_OF("\"padding\":{\"strategy\":{\"Fixed\":-1},\"direction\":\"Right\",\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"a\"},", SMALL), MASKE_BAD_FILE, "\"Fixed\" is -1"},
        {FILE_OF("\"padding\":{\"strategy\":\"BatchLongest\",\"direction\":\"Up\",\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"a\"},", SMALL), MASKE_BAD_FILE, "\"direction\" is \"Up\""},
        {FILE_OF("\"padding\":{\"strategy\":\"BatchLongest\",\"direction\":\"Left\",\"pad_id\":7,\"pad_type_id\":0,\"pad_token\":\"a\"},", SMALL), MASKE_BAD_FILE, "the pad_id is 7"},
        {FILE_OF("\"normalizer\":{\"type\":\"Precompiled\"},", SMALL), MASKE_UNSUPPORTED, "normalizer: found type \"Precompiled\", expected BertNormalizer"},
        {FILE_OF("\"pre_tokenizer\":{\"type\":\"Magic\"},", SMALL), MASKE_UNSUPPORTED, "ByteLevel, Metaspace, Whitespace, WhitespaceSplit, Punctuation, Digits, CharDelimiterSplit, Split, UnicodeScripts, FixedLength or Sequence"},
        {FILE_OF("\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\p{Nosuchname}\"},\"behavior\":\"Isolated\",\"invert\":false},", SMALL), MASKE_BAD_FILE, "cannot be used: invalid character property name {Nosuchname}"},
        {FILE_OF("\"decoder\":{\"type\":\"Magic\"},", SMALL), MASKE_UNSUPPORTED, "decoder: found type \"Magic\", expected ByteLevel, WordPiece"},
        {FILE_OF("\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false},", SMALL), MASKE_BAD_FILE, "expected \"prepend_scheme\" \"never\" beside it"},
        {FILE_OF("\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false},", SMALL), MASKE_BAD_FILE, "expected \"prepend_scheme\" \"never\" beside it"},
        {FILE_OF("\"pre_tokenizer\":{\"type\":\"Punctuation\",\"behavior\":\"Gone\"},", SMALL), MASKE_BAD_FILE, "found behavior \"Gone\", expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous"},
        {FILE_OF("\"pre_tokenizer\":{\"type\":\"FixedLength\",\"length\":0},", SMALL), MASKE_BAD_FILE, "\"length\" is 0"},
        {FILE_OF("\"normalizer\":{\"type\":\"Strip\",\"strip_left\":true},", SMALL), MASKE_BAD_FILE, "\"strip_right\": found nothing"},
        {FILE_OF("\"decoder\":{\"type\":\"Strip\",\"content\":\"ab\",\"start\":1,\"stop\":0},", SMALL), MASKE_BAD_FILE, "expected one character"},
        {FILE_OF("\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{}]},", SMALL), MASKE_BAD_FILE, "\"type\": found nothing"},
        {FILE_OF("\"post_processor\":{\"type\":\"Magic\"},", SMALL), MASKE_UNSUPPORTED, "post_processor: found type \"Magic\", expected BertProcessing"},
        {FILE_OF("\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"a\",0],\"cls\":[\"z\",77]},", SMALL), MASKE_BAD_FILE, "the token \"z\" has the id 77"},
        {FILE_OF("\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":\"a\",\"cls\":[\"a\",0]},", SMALL), MASKE_BAD_FILE, "\"sep\": found a string"},
        {FILE_OF("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"q\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}},", SMALL), MASKE_BAD_FILE, "names \"q\""},
        {FILE_OF("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}},", SMALL), MASKE_BAD_FILE, "the sequence B"},
        {FILE_OF("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"C\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}},", SMALL), MASKE_BAD_FILE, "expected \"A\" or \"B\""},
        {FILE_OF("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{\"x\":{\"id\":\"x\",\"ids\":[0,1],\"tokens\":[\"a\"]}}},", SMALL), MASKE_BAD_FILE, "the same length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maske_tokenizer *t = NULL;
        maske_status status = open_text(&t, cases[i].text);
        if (status != cases[i].status || strstr(maske_error(), cases[i].words) == NULL ||
            strstr(maske_error(), "tokenizer.json") == NULL)
            fail_msg("case %zu, %s: found %s, \"%s\"; expected \"%s\"", i, cases[i].text, maske_status_name(status),
                     maske_error(), cases[i].words);
        assert_null(t);
    }
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    static const struct { const char *member, *open, *close;
    } kinds[] = {{"decoder", "{\"type\":\"Sequence\",\"decoders\":[", "]}"},
                 {"post_processor", "{\"type\":\"Sequence\",\"processors\":[", "]}"},
                 {"normalizer", "{\"type\":\"Sequence\",\"normalizers\":[", "]}"},
                 {"pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[", "]}"},
                 {"decoder", "[", "]"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int depth = 10; depth <= 5000; depth *= 10) {
            buffer text = {0};
            maske_tokenizer *t = NULL;
            assert_ok(buffer_add_format(&text, "{\"version\":\"1.0\",\"%s\":", kinds[i].member));
            for (int j = 0; j < depth; j++) assert_ok(buffer_add_text(&text, kinds[i].open));
            for (int j = 0; j < depth; j++) assert_ok(buffer_add_text(&text, kinds[i].close));
            assert_ok(buffer_add_text(&text, ",\"model\":" SMALL "}"));
            maske_status status = open_text(&t, text.data);
            if (depth == 10 && i < 4) assert_ok(status);
            else assert_int_equal(status, MASKE_BAD_FILE);
            maske_tokenizer_free(t);
            buffer_free(&text);
        }
    }
}

static void every_beginning_of_a_file_is_refused(void **state) {
    (void)state;
    static const char whole[] = FILE_OF("\"added_tokens\":[{\"id\":3,\"content\":\"[M]\",\"special\":true}],\"decoder\":{\"type\":\"Fuse\"},", SMALL);
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        maske_tokenizer *t = NULL;
        assert_int_equal(maske_tokenizer_open(&t, scratch_write("tokenizer.json", whole, length)), MASKE_BAD_FILE);
        assert_null(t);
    }
    maske_tokenizer *t = NULL;
    assert_ok(open_text(&t, whole));
    maske_tokenizer_free(t);
}

/* Older files: no "type", merges as lines, a #version line among them. */
static void old_styles_are_read(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    assert_ok(open_text(&t, FILE_OF("", "{\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"#version: 0.2\",\"a b\"]}")));
    assert_ok(maske_tokenizer_encode(t, "aab", 3, NULL, 0, NULL, &e));
    assert_int_equal(e.count, 2);
    assert_int_equal(e.ids[1], 2);
    maske_tokenizer_free(t);
    maske_encoding_free(&e);
}

/* Bert's [SEP] between two texts, or Roberta's two: told by the members, whatever "type" says (wheel 0.23.3). */
static void members_tell_bert_from_roberta(void **state) {
    (void)state;
    static const struct { const char *members; size_t count; } cases[] = {
        {"\"type\":\"RobertaProcessing\",\"trim_offsets\":true,\"add_prefix_space\":false,", 6},
        {"\"type\":\"RobertaProcessing\",", 5}, {"\"type\":\"RobertaProcessing\",\"trim_offsets\":false,", 5},
        {"\"type\":\"RobertaProcessing\",\"trim_offsets\":null,\"add_prefix_space\":true,", 5},
        {"\"type\":\"BertProcessing\",\"trim_offsets\":true,\"add_prefix_space\":true,", 6},
        {"\"type\":\"BertProcessing\",", 5}, {"", 5}, {"\"trim_offsets\":false,\"add_prefix_space\":false,", 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maske_tokenizer *t = NULL;
        maske_encoding e = {0};
        buffer text = {0};
        assert_ok(buffer_add_format(&text, FILE_OF("\"post_processor\":{%s\"sep\":[\"a\",0],\"cls\":[\"b\",1]},", SMALL), cases[i].members));
        assert_ok(open_text(&t, text.data));
        assert_ok(maske_tokenizer_encode(t, "ab", 2, "b", 1, NULL, &e));
        assert_int_equal(e.count, cases[i].count);
        assert_int_equal(e.type_ids[3], cases[i].count == 5);
        maske_encoding_free(&e);
        maske_tokenizer_free(t);
        buffer_free(&text);
    }
}

/* ------------------------------------------------------------------------------------------- older vocabularies --- */

static const char *fresh_folder(const char *name) {
    const char *folder = scratch_path(name);
    assert_ok(folder_remove(folder));
    assert_ok(folder_make(folder));
    return folder;
}

static void write_in(const char *folder, const char *file, const char *text) {
    char *path = NULL;
    assert_ok(path_join(&path, folder, file));
    assert_ok(file_write_atomic(path, text, strlen(text), true));
    free(path);
}

static void expect_tokens(const maske_tokenizer *t, const char *text, const char *expected) {
    maske_encoding e = {0};
    buffer found = {0};
    assert_ok(maske_tokenizer_encode(t, text, strlen(text), NULL, 0, NULL, &e));
    for (size_t i = 0; i < e.count; i++)
        assert_ok(buffer_add_format(&found, "%s%s", i == 0 ? "" : " ", maske_tokenizer_token(t, e.ids[i])));
    assert_string_equal(found.data, expected);
    buffer_free(&found);
    maske_encoding_free(&e);
}

static void vocab_txt_is_bert(void **state) {
    (void)state;
    const char *folder = fresh_folder("bert");
    maske_tokenizer *t = NULL;
    write_in(folder, "vocab.txt", "[PAD]\n[UNK]\r\n[CLS]\n[SEP]\n[MASK]\nhello\n##s\nété\nete\nHello\n");
    assert_ok(maske_tokenizer_open(&t, folder));
    expect_tokens(t, "Hellos [MASK] ÉTÉ!", "[CLS] hello ##s [MASK] ete [UNK] [SEP]");
    assert_int_equal(maske_tokenizer_special(t, MASKE_MASK), 4);
    assert_true(maske_tokenizer_is_special(t, 4));
    assert_false(maske_tokenizer_is_special(t, 5));
    maske_tokenizer_free(t);
    write_in(folder, "tokenizer_config.json",
             "{\"do_lower_case\": false, \"model_max_length\": 1000000000000000019884624838656}");
    assert_ok(maske_tokenizer_open(&t, folder));
    expect_tokens(t, "Hello hello été", "[CLS] Hello hello été [SEP]");
    maske_tokenizer_free(t);
    write_in(folder, "tokenizer_config.json",
             "{\"strip_accents\": false, \"mask_token\": {\"content\": \"hello\", \"lstrip\": true}}");
    assert_ok(maske_tokenizer_open(&t, folder));
    expect_tokens(t, "ÉTÉ", "[CLS] été [SEP]");
    assert_int_equal(maske_tokenizer_special(t, MASKE_MASK), 5);
    maske_tokenizer_free(t);
}

static void vocab_txt_bounds(void **state) {
    (void)state;
    const char *folder = fresh_folder("lines");
    maske_tokenizer *t = NULL;
    write_in(folder, "vocab.txt", "");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "the file is empty");
    write_in(folder, "vocab.txt", "[UNK]\n\xFF\n");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "line 2 is not UTF-8");
    write_in(folder, "vocab.txt", "a\nb\n");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "the unknown token \"[UNK]\"");
    write_in(folder, "vocab.txt", "[UNK]\na\n\nb\na");           /* the last "a" counts; line 3 is the empty token */
    assert_ok(maske_tokenizer_open(&t, folder));
    assert_int_equal(maske_tokenizer_id(t, "a", 1), 4);
    assert_int_equal(maske_tokenizer_id(t, "b", 1), 3);
    assert_null(maske_tokenizer_token(t, 1));
    assert_int_equal(maske_tokenizer_vocab_size(t), 5);
    maske_tokenizer_free(t);
}

static void vocab_json_with_merges(void **state) {
    (void)state;
    const char *folder = fresh_folder("merges");
    maske_tokenizer *t = NULL;
    write_in(folder, "vocab.json", "{\"a\":0,\"b\":1,\"Ġ\":2,\"ab\":3,\"Ġab\":4}");
    write_in(folder, "merges.txt", "#version: 0.2\na b\nĠ ab\r\n");
    assert_ok(maske_tokenizer_open(&t, folder));
    expect_tokens(t, "ab abb", "ab Ġab b");
    maske_tokenizer_free(t);
    assert_ok(maske_tokenizer_open(&t, scratch_path("merges/merges.txt")));
    maske_tokenizer_free(t);
    t = NULL;
    write_in(folder, "merges.txt", "a b\n\nĠ ab\n");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "merges.txt: line 2: \"\": found no space");
    write_in(folder, "merges.txt", "a b\na c\n");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE,
                 "merges.txt: line 2: \"c\" is not in the vocabulary");
    write_in(folder, "merges.txt", "b a\n");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "line 1: the joined token \"ba\"");
}

/* Entries named as members of a tokenizer.json are (GPT-2's vocabulary has a "version"), and what is wrong with entries, each in
 * a vocab.json, which is read without a value for each entry, and in a file of another name. */
static void entries_of_a_vocab_json(void **state) {
    (void)state;
    static const char *const names[] = {"vocab.json", "entries.json"};
    static const struct { const char *text, *sentence; } refused[] = {
        {"{\"a\":0,\"a\":1}", "a duplicate key"},
        {"{\"a\":0,\"b\":\"1\"}", "\"b\": found a string, expected an integer"},
        {"{\"a\":0,\"b\":-1}", "\"b\" has the id -1"},
        {"{\"a\":0,\"b\":99999999}", "\"b\" has the id 99999999"},
        {"{\"a\":0,\"b\":99999999999999999999}", "line 1, column"},
        {"{\"a\":0,\"b\":0}", "id 0"},
        {"{\"a\":0}}", "not JSON"},
        {"[\"a\"]", "found an array, expected a JSON object"},
    };
    const char *folder = fresh_folder("entries");
    maske_tokenizer *t = NULL;
    write_in(folder, "merges.txt", "a b\n");
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(i == 0 ? "entries/vocab.json" : "entries/entries.json");
        write_in(folder, names[i], "{\"a\":0,\"version\":1,\"b\":2,\"ab\":3,\"model\":4,\"\":5}");
        assert_ok(maske_tokenizer_open(&t, path));
        expect_tokens(t, "ab b", "ab b");
        assert_int_equal(maske_tokenizer_id(t, "version", 7), 1);
        assert_int_equal(maske_tokenizer_id(t, "model", 5), 4);
        maske_tokenizer_free(t);
        t = NULL;
        for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
            write_in(folder, names[i], refused[r].text);
            assert_fails(maske_tokenizer_open(&t, path), MASKE_BAD_FILE, refused[r].sentence);
        }
    }
}

/* Tokens of added_tokens.json come by their ids, then the special ones that are no entries, in transformers' order; those named
 * as special are so. Ids are those of transformers 5.23 (GPT2Tokenizer). */
static void tokens_of_the_files_beside_it(void **state) {
    (void)state;
    const char *folder = fresh_folder("beside");
    maske_tokenizer *t = NULL;
    write_in(folder, "vocab.json", "{\"a\":0,\"b\":1,\"Ġ\":2,\"ab\":3,\"<u>\":4}");
    write_in(folder, "merges.txt", "a b\n");
    write_in(folder, "special_tokens_map.json", "{\"bos_token\":\"<bos>\",\"eos_token\":{\"content\":\"<eos>\",\"lstrip\":false},"
             "\"unk_token\":\"<u>\",\"pad_token\":\"<pad0>\",\"additional_special_tokens\":[\"<x1>\",{\"content\":\"<x2>\"},3]}");
    write_in(folder, "added_tokens.json", "{\"<new>\":6,\"Ankara\":5,\"<eos>\":7,\"odd\":\"8\"}");
    assert_ok(maske_tokenizer_open(&t, folder));
    expect_tokens(t, "Ankara <new>a<bos><eos>b<pad0>ab<x1><x2><u>", "Ankara Ġ <new> a <bos> <eos> b <pad0> ab <x1> <x2> <u>");
    static const char *const added[] = {"Ankara", "<new>", "<eos>", "<bos>", "<pad0>", "<x1>", "<x2>"};
    for (int32_t i = 0; i < 7; i++) assert_int_equal(maske_tokenizer_id(t, added[i], strlen(added[i])), 5 + i);
    assert_int_equal(maske_tokenizer_vocab_size(t), 12);
    maske_encoding e = {0};
    char *text = NULL;
    assert_ok(maske_tokenizer_encode(t, "Ankara<eos>", 11, NULL, 0, NULL, &e));
    assert_ok(maske_tokenizer_decode(t, e.ids, e.count, true, &text, NULL));
    assert_string_equal(text, "Ankara");                    /* the one is special, the other is not */
    free(text);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
    t = NULL;
    /* What tokenizer_config.json lists goes before; a list of another kind is refused. */
    write_in(folder, "tokenizer_config.json", "{\"added_tokens_decoder\":{\"5\":{\"content\":\"<x9>\",\"special\":true}}}");
    assert_ok(maske_tokenizer_open(&t, folder));
    assert_int_equal(maske_tokenizer_id(t, "<x9>", 4), 5);
    assert_int_equal(maske_tokenizer_id(t, "<new>", 5), -1);
    maske_tokenizer_free(t);
    t = NULL;
    write_in(folder, "tokenizer_config.json", "{}");
    write_in(folder, "added_tokens.json", "[1]");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "added_tokens.json: found an array, expected an object");
}

/* GPT-2's class has a special token where no file names one. Ids are those of transformers 5.23. */
static void gpt2_has_an_end_of_text(void **state) {
    (void)state;
    static const struct { const char *config, *map; int32_t unk; size_t count; int32_t ids[6]; } cases[] = {
        {"", "{}", 4, 5, {0, 4, 2, 3, 1}},
        {",\"bos_token\":\"<b>\"", "{}", 5, 5, {0, 5, 2, 3, 4}},
        {"", "{\"eos_token\":\"<e>\"}", 4, 6, {0, 4, 2, 3, 1, 5}},
        {",\"unk_token\":null", "{}", -1, 5, {0, 4, 2, 3, 1}},
        {",\"bos_token\":\"<b>\",\"eos_token\":\"<e>\",\"unk_token\":null", "{}", -1, 5, {0, 2, 3, 4, 5}},
        {",\"bos_token\":\"<b>\",\"eos_token\":\"<e>\"", "{}", 6, 6, {0, 6, 2, 3, 4, 5}},
        {",\"unk_token\":\"ab\"", "{}", 3, 5, {0, 4, 2, 3, 1}},
    };
    static const char text[] = "a<|endoftext|>x ab<b><e>";
    const char *folder = fresh_folder("gpt2");
    write_in(folder, "vocab.json", "{\"a\":0,\"b\":1,\"Ġ\":2,\"ab\":3}");
    write_in(folder, "merges.txt", "a b\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char config[256];
        maske_tokenizer *t = NULL;
        maske_encoding e = {0};
        snprintf(config, sizeof config, "{\"tokenizer_class\":\"GPT2Tokenizer%s\"%s}", i % 2 == 0 ? "" : "Fast", cases[i].config);
        write_in(folder, "tokenizer_config.json", config);
        write_in(folder, "special_tokens_map.json", cases[i].map);
        assert_ok(maske_tokenizer_open(&t, folder));
        assert_ok(maske_tokenizer_encode(t, text, strlen(text), NULL, 0, NULL, &e));
        assert_int_equal(e.count, cases[i].count);
        assert_memory_equal(e.ids, cases[i].ids, e.count * sizeof *e.ids);
        assert_int_equal(maske_tokenizer_special(t, MASKE_UNK), cases[i].unk);
        assert_int_equal(maske_tokenizer_is_special(t, 4), true);
        maske_encoding_free(&e);
        maske_tokenizer_free(t);
    }
}

static void a_lone_vocab_json_gets_its_merges_back(void **state) {
    (void)state;
    const char *folder = fresh_folder("lone");
    maske_tokenizer *t = NULL;
    write_in(folder, "vocab.json", "{\"[UNK]\":0,\"[MASK]\":1,\"a\":2,\"b\":3,\"c\":4,\"ab\":5,\"abc\":6}");
    assert_ok(maske_tokenizer_open(&t, scratch_path("lone/vocab.json")));
    expect_tokens(t, "abc ab [MASK] cab", "abc ab [MASK] c ab");
    expect_tokens(t, "axb", "a [UNK] b");
    maske_tokenizer_free(t);
    t = NULL;
    write_in(folder, "vocab.json", "{\"one\":0,\"two\":1,\"three\":2,\"four\":3,\"five\":4,\"six\":5}");
    assert_fails(maske_tokenizer_open(&t, folder), MASKE_BAD_FILE, "cannot be rebuilt");
}

static void paths_that_lead_nowhere(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    assert_fails(maske_tokenizer_open(&t, fresh_folder("empty")), MASKE_IO, "no tokenizer.json");
    assert_fails(maske_tokenizer_open(&t, scratch_path("nothing/tokenizer.json")), MASKE_IO, "nothing/tokenizer.json");
    assert_null(t);
}

/* ------------------------------------------------------------------------------------------------------- saving --- */

static char *read_in(const char *folder, const char *file) {
    char *path = NULL, *text = NULL;
    size_t length;
    assert_ok(path_join(&path, folder, file));
    assert_ok(file_read(&text, &length, path, 1 << 20));
    free(path);
    return text;
}

static void the_standard_tokenizer_saves_what_it_is(void **state) {
    (void)state;
    static const char *const names[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "▁", "ab", "▁ab"};
    static const bpe_merge merges[] = { {5, 6, 8}, {7, 8, 9} };
    maske_tokenizer *t = NULL, *again = NULL;
    vocab entries = {0};
    maske_tokenizer_train_options options = {.pre_tokenizer = "metaspace", .normalizer = "none", .byte_fallback = true};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ok(vocab_append(&entries, names[i], strlen(names[i]), NULL));
    assert_ok(tokenizer_new_standard(&t, &options));
    assert_ok(tokenizer_set_standard_bpe(t, &entries, merges, 2));
    expect_tokens(t, "ab [MASK] ab", "[CLS] ▁ab [MASK] ▁ab [SEP]");
    const char *folder = fresh_folder("standard");
    assert_ok(maske_tokenizer_save(t, folder));
    char *text = read_in(folder, "merges.txt");
    assert_string_equal(text, "#version: 0.2\na b\n▁ ab\n");
    free(text);
    text = read_in(folder, "vocab.json");
    assert_non_null(strstr(text, "\"ab\":8,"));
    free(text);
    text = read_in(folder, "tokenizer_config.json");
    assert_non_null(strstr(text, "\"mask_token\": \"[MASK]\""));
    assert_non_null(strstr(text, "\"clean_up_tokenization_spaces\": false"));
    free(text);
    assert_ok(maske_tokenizer_open(&again, folder));
    expect_tokens(again, "ab [MASK] ab", "[CLS] ▁ab [MASK] ▁ab [SEP]");
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++)
        assert_int_equal(maske_tokenizer_special(again, (maske_special)role), role);
    maske_tokenizer_free(t);
    maske_tokenizer_free(again);
}

/* What the files of a folder say stays, whoever writes them again; what was laid over is the roles and the length. */
static void settings_of_the_files_are_kept(void **state) {
    (void)state;
    static const char config[] =
        "{\n  \"add_prefix_space\": false,\n  \"bos_token\": \"<s>\",\n  \"cls_token\": \"<s>\",\n"
        "  \"eos_token\": \"</s>\",\n  \"extra_special_tokens\": {},\n  \"mask_token\": {\n"
        "    \"content\": \"<mask>\",\n    \"lstrip\": true\n  },\n  \"model_input_names\": [\n    \"input_ids\"\n"
        "  ],\n  \"model_max_length\": 1000000000000000019884624838656,\n  \"pad_token\": \"<pad>\",\n"
        "  \"padding_side\": \"left\",\n  \"sep_token\": \"</s>\",\n  \"stride\": 3,\n"
        "  \"tokenizer_class\": \"RobertaTokenizer\",\n  \"unk_token\": \"<unk>\"\n}\n";
    static const char map[] = "{\n  \"bos_token\": \"<s>\",\n  \"mask_token\": \"<mask>\",\n  \"cls_token\": \"<s>\",\n"
                              "  \"pad_token\": \"<pad>\",\n  \"sep_token\": \"</s>\",\n  \"unk_token\": \"<unk>\"\n}\n";
    const char *folder = fresh_folder("settings"), *out = fresh_folder("settings-again");
    maske_tokenizer *t = NULL, *copy = NULL;
    vocab entries = {0};
    write_in(folder, "vocab.json", "{\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"<mask>\":4,\"a\":5,\"b\":6,\"ab\":7}");
    write_in(folder, "merges.txt", "a b\n");
    write_in(folder, "tokenizer_config.json", config);
    write_in(folder, "special_tokens_map.json", "{\"bos_token\": \"<s>\", \"mask_token\": \"<mask>\"}");
    assert_ok(maske_tokenizer_open(&t, folder));
    assert_ok(vocab_copy(&entries, tokenizer_vocab(t)));
    assert_ok(tokenizer_copy_with_bpe(&copy, t, &entries, t->model.bpe.merges, t->model.bpe.merge_count));
    maske_tokenizer_free(t);
    assert_ok(maske_tokenizer_save(copy, out));
    char *text = read_in(out, "tokenizer_config.json");
    assert_string_equal(text, config);
    free(text);
    text = read_in(out, "special_tokens_map.json");
    assert_string_equal(text, map);
    free(text);
    copy->model_max_length = 77;
    assert_ok(maske_tokenizer_save(copy, out));
    text = read_in(out, "tokenizer_config.json");
    assert_non_null(strstr(text, "\"model_max_length\": 77,\n  \"pad_token\""));
    free(text);
    maske_tokenizer_free(copy);
    /* Without a map the one that is written has the tokens as the other file has them. */
    assert_ok(folder_remove(scratch_path("settings/special_tokens_map.json")));
    assert_ok(maske_tokenizer_open(&t, folder));
    assert_ok(maske_tokenizer_save(t, out));
    text = read_in(out, "special_tokens_map.json");
    assert_non_null(strstr(text, "\"lstrip\": true"));
    free(text);
    maske_tokenizer_free(t);
}

static void merges_with_spaces_stay_out_of_merges_txt(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    const char *folder = fresh_folder("spaces");
    assert_ok(open_text(&t, FILE_OF("", BPE("\"a\":0,\" \":1,\" a\":2", "[\" \",\"a\"]"))));
    assert_ok(maske_tokenizer_save(t, folder));
    char *path = NULL;
    assert_ok(path_join(&path, folder, "merges.txt"));
    assert_false(path_exists(path));
    free(path);
    maske_tokenizer_free(t);
}

static void a_copy_keeps_every_id(void **state) {
    (void)state;
    maske_tokenizer *t = NULL, *copy = NULL;
    vocab entries = {0};
    assert_ok(open_text(&t, FILE_OF("\"added_tokens\":[{\"id\":3,\"content\":\"[M]\",\"special\":true,\"normalized\":false}],\"normalizer\":{\"type\":\"Lowercase\"},", SMALL)));
    assert_ok(vocab_copy(&entries, tokenizer_vocab(t)));
    assert_ok(vocab_append(&entries, "[M]", 3, NULL));
    assert_ok(vocab_append(&entries, "aba", 3, NULL));
    static const bpe_merge merges[] = { {0, 1, 2}, {2, 0, 4} };
    assert_ok(tokenizer_copy_with_bpe(&copy, t, &entries, merges, 2));
    expect_tokens(copy, "ABA[M]ab", "aba [M] ab");
    assert_int_equal(maske_tokenizer_id(copy, "[M]", 3), 3);
    maske_tokenizer_free(copy);
    copy = NULL;
    assert_ok(vocab_copy(&entries, tokenizer_vocab(t)));            /* [M] would move to 4 */
    assert_ok(vocab_append(&entries, "aba", 3, NULL));
    assert_fails(tokenizer_copy_with_bpe(&copy, t, &entries, merges, 1), MASKE_BAD_ARGUMENT,
                 "\"[M]\" would get the id 4 instead of 3");
    assert_null(copy);
    maske_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_place_and_fact),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(every_beginning_of_a_file_is_refused),
        cmocka_unit_test(old_styles_are_read),
        cmocka_unit_test(members_tell_bert_from_roberta),
        cmocka_unit_test(vocab_txt_is_bert),
        cmocka_unit_test(vocab_txt_bounds),
        cmocka_unit_test(vocab_json_with_merges),
        cmocka_unit_test(entries_of_a_vocab_json),
        cmocka_unit_test(tokens_of_the_files_beside_it),
        cmocka_unit_test(gpt2_has_an_end_of_text),
        cmocka_unit_test(a_lone_vocab_json_gets_its_merges_back),
        cmocka_unit_test(paths_that_lead_nowhere),
        cmocka_unit_test(the_standard_tokenizer_saves_what_it_is),
        cmocka_unit_test(settings_of_the_files_are_kept),
        cmocka_unit_test(merges_with_spaces_stay_out_of_merges_txt),
        cmocka_unit_test(a_copy_keeps_every_id),
    };
    return cmocka_run_group_tests_name("tokenizer/files", tests, NULL, NULL);
}
