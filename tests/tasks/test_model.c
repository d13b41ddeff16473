/* tests of tasks/model, export and the tasks that give figures: evaluate, score, embed. */
#include "base/half.h"
#include "tasks/small_model.h"

#include <math.h>

static const char *const lines[] = {"Kitap okumak güzel bir alışkanlıktır.", "Ankara", "",
                                    "Bugün hava çok güzel, yarın yağmur yağacak."};
enum { LINES = 4 };
static size_t lengths[LINES];

static maske_model *model, *uniform;
static const char *folder;
static int open_all(void **state) {
    (void)state;
    for (int i = 0; i < LINES; i++) lengths[i] = strlen(lines[i]);
    folder = small_model_write("model", "metaspace", 0.3, 0);
    model = small_model_read(folder);
    uniform = small_model_open(small_model_write("uniform", "metaspace", 0, 0));
    return 0;
}
static int close_all(void **state) {
    (void)state;
    maske_model_close(model);
    maske_model_close(uniform);
    return 0;
}

static void broken_folders_are_refused(void **state) {
    (void)state;
    maske_model *m = NULL;
    char path[600];
    assert_fails(maske_model_open(&m, "/does/not/exist", NULL), MASKE_IO, "/does/not/exist: there is no such folder");
    assert_fails(maske_model_open(&m, scratch_text("file", "x"), NULL), MASKE_IO,
                 "found a file, expected a model's folder");
    assert_fails(maske_model_open(&m, small_model_write("small", "metaspace", 0.1, -3), NULL), MASKE_BAD_SHAPE,
                 "the tokenizer has 600 entries, the weights have rows for 597");
    assert_fails(maske_model_open(&m, folder, &(maske_model_options){.precision = "f8"}), MASKE_BAD_ARGUMENT, "f8");
    static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json"};
    for (int i = 0; i < 3; i++) {
        const char *copy = small_model_write("broken", "metaspace", 0.1, 0);
        snprintf(path, sizeof path, "%s/%s", copy, parts[i]);
        assert_int_equal(truncate(path, 40), 0);
        assert_fails(maske_model_open(&m, copy, NULL), MASKE_BAD_FILE, parts[i]);
        assert_int_equal(unlink(path), 0);
        assert_fails(maske_model_open(&m, copy, NULL), MASKE_IO, copy);
    }
    assert_null(m);
}

static void a_model_describes_itself(void **state) {
    (void)state;
    maske_model_info info;
    maske_model_describe(model, &info);
    assert_string_equal(info.architecture, "BertForMaskedLM");
    assert_string_equal(info.hidden_act, "gelu");
    assert_string_equal(info.dtype, "F32");
    assert_int_equal(info.vocab_size, 600);
    assert_int_equal(info.max_length, SMALL_POSITIONS);
    /* By hand: embeddings, layers, head. */
    assert_int_equal(info.parameters_embeddings, (600 + SMALL_POSITIONS + 2) * 24 + 2 * 24);
    assert_int_equal(info.parameters_encoder, 2 * (4 * (24 * 24 + 24) + 2 * 24 * 40 + 40 + 24 + 4 * 24));
    assert_int_equal(info.parameters_head, 24 * 24 + 24 + 2 * 24 + 600);
    assert_int_equal(info.parameters, info.parameters_embeddings + info.parameters_encoder + info.parameters_head);
    assert_true(info.has_head && !info.has_pooler);
}

static void the_longest_text_is_what_the_folder_says(void **state) {
    (void)state;
    const char *own = small_model_write("limited", "metaspace", 0.1, 8);        /* spare rows are fine */
    char path[600];
    snprintf(path, sizeof path, "%s/sentence_bert_config.json", own);
    assert_ok(file_write_atomic(path, "{\"max_seq_length\": 10}", 22, true));
    maske_model *m = small_model_open(own);
    maske_model_info info;
    maske_model_describe(m, &info);
    assert_int_equal(info.max_length, 10);
    int64_t cut = 0;
    float vectors[LINES * 24];
    assert_ok(maske_embed(m, lines, lengths, LINES, NULL, vectors, &cut));
    assert_int_equal(cut, 1);       /* the last line has more than eight pieces */
    maske_model_close(m);
}

/* A model that gives every entry the same probability: all figures are known. */
static void figures_of_a_uniform_model(void **state) {
    (void)state;
    buffer text = {0};
    maske_evaluation e;
    maske_score_result scores[LINES];
    for (int i = 0; i < 60; i++)
        assert_ok(buffer_add_format(&text, "%s\n%s", lines[i % LINES], i % 7 == 0 ? "\n" : ""));
    const char *path = scratch_text("text", text.data);
    assert_ok(maske_evaluate(uniform, &(maske_text){&path, 1, NULL}, NULL, NULL, &e));
    assert_true(fabs(e.loss - log(600)) < 1e-5);
    assert_true(fabs(e.perplexity - 600) < 0.01);
    assert_true(e.predicted > 0 && e.predicted < e.tokens && e.sequences > 0);
    assert_true(e.unigram_loss > 0 && e.unigram_loss < log(600));
    assert_true(e.unigram_accuracy > 0 && e.unigram_accuracy < 0.5);
    assert_true(e.bits_per_character > 0.5 && e.bits_per_character < log2(600));
    assert_ok(maske_score(uniform, lines, lengths, LINES, NULL, scores));
    for (int i = 0; i < LINES; i++) {
        assert_true(fabs(scores[i].log_likelihood + (double)scores[i].tokens * log(600)) < 1e-4);
        assert_false(scores[i].cut);
    }
    assert_int_equal(scores[1].tokens, 1);
    assert_int_equal(scores[2].tokens, 0);
    buffer_free(&text);
}

static void evaluation_depends_on_the_seed_alone(void **state) {
    (void)state;
    const char *path =
        scratch_text("text", "Kitap okumak güzel bir alışkanlıktır.\n\nBugün hava çok güzel, yarın yağmur yağacak.\n");
    const maske_text text = {&path, 1, NULL};
    maske_evaluation a, b, c;
    assert_ok(maske_evaluate(model, &text, NULL, &(maske_control){.threads = 1}, &a));
    assert_ok(maske_evaluate(model, &text, NULL, &(maske_control){.threads = 2}, &b));
    assert_ok(maske_evaluate(model, &text, &(maske_evaluate_options){.seed = 2, .mask_probability = 0.15}, NULL, &c));
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.loss != c.loss);
    static const volatile sig_atomic_t stop = 1;
    maske_evaluation untouched = a;
    assert_fails(maske_evaluate(model, &text, NULL, &(maske_control){.stop = &stop}, &a), MASKE_STOPPED, "stopped");
    assert_memory_equal(&a, &untouched, sizeof a);
}

/* The score of a line is the sum over its tokens, each masked by itself. */
static void scores_are_sums_over_single_masks(void **state) {
    (void)state;
    maske_score_result scores[LINES], alone;
    assert_ok(maske_score(model, lines, lengths, LINES, NULL, scores));
    for (int i = 0; i < LINES; i++) {
        maske_encoding e = {0};
        double sum = 0;
        assert_ok(maske_tokenizer_encode(model->tokenizer, lines[i], lengths[i], NULL, 0, NULL, &e));
        for (size_t t = 1; t + 1 < e.count; t++) {
            int32_t kept = e.ids[t];
            double total = 0;
            e.ids[t] = 4;
            float *logits = small_model_logits(model, e.ids, e.count, t);
            for (int v = 0; v < 600; v++) total += exp((double)logits[v]);
            sum += (double)logits[kept] - log(total);
            e.ids[t] = kept;
            free(logits);
        }
        assert_int_equal(scores[i].tokens, (int64_t)e.count - 2);
        assert_true(fabs(scores[i].log_likelihood - sum) < 1e-4);
        assert_ok(maske_score(model, &lines[i], &lengths[i], 1, NULL, &alone));
        assert_true(fabs(alone.log_likelihood - scores[i].log_likelihood) < 1e-4);      /* whoever stands beside it */
        maske_encoding_free(&e);
    }
}

/* Within words: with a token, those behind it are masked as long as no byte between two of them ends a word. */
static void scores_within_words_hide_the_rest_of_the_word(void **state) {
    (void)state;
    static const char *const texts[] = {"kitaplıkçılar okumaktalar, bitmeyen-hikayeler!", "a",
                                        "Ankara'dakilerden 1984"};
    const size_t sizes[] = {strlen(texts[0]), strlen(texts[1]), strlen(texts[2])};
    maske_score_result scores[3], plain[3];
    assert_ok(maske_score(model, texts, sizes, 3, &(maske_score_options){.within_word = true}, scores));
    assert_ok(maske_score(model, texts, sizes, 3, NULL, plain));
    for (int i = 0; i < 3; i++) {
        maske_encoding e = {0};
        double sum = 0;
        assert_ok(maske_tokenizer_encode(model->tokenizer, texts[i], sizes[i], NULL, 0, NULL, &e));
        int32_t masked[64];
        for (size_t t = 1; t + 1 < e.count; t++) {
            double total = 0;
            memcpy(masked, e.ids, e.count * sizeof *masked);
            masked[t] = 4;
            for (size_t j = t + 1; j + 1 < e.count; j++) {
                size_t at = e.byte_begin[j];
                bool inside = e.byte_end[j - 1] > at || (strchr(" ',-!", texts[i][at]) == NULL &&
                                                         strchr(" ',-!", texts[i][at - 1]) == NULL);
                if (!inside) break;
                masked[j] = 4;
            }
            float *logits = small_model_logits(model, masked, e.count, t);
            for (int v = 0; v < 600; v++) total += exp((double)logits[v]);
            sum += (double)logits[e.ids[t]] - log(total);
            free(logits);
        }
        assert_true(fabs(scores[i].log_likelihood - sum) < 1e-4);
        assert_int_equal(scores[i].tokens, plain[i].tokens);
        maske_encoding_free(&e);
    }
    assert_true(fabs(scores[0].log_likelihood - plain[0].log_likelihood) > 1e-3);
}

static void vectors_are_pooled_from_the_last_layer(void **state) {
    (void)state;
    float mean[LINES * 24], cls[LINES * 24], max[LINES * 24], unit[LINES * 24], single[24];
    assert_ok(maske_embed(model, lines, lengths, LINES, NULL, mean, NULL));
    assert_ok(maske_embed(model, lines, lengths, LINES, &(maske_embed_options){.pooling = MASKE_POOLING_CLS}, cls, NULL));
    assert_ok(maske_embed(model, lines, lengths, LINES, &(maske_embed_options){.pooling = MASKE_POOLING_MAX}, max, NULL));
    assert_ok(maske_embed(model, lines, lengths, LINES, &(maske_embed_options){.pooling = MASKE_POOLING_MEAN, .normalize = true}, unit, NULL));
    for (int i = 0; i < LINES; i++) {
        maske_encoding e = {0};
        assert_ok(maske_tokenizer_encode(model->tokenizer, lines[i], lengths[i], NULL, 0, NULL, &e));
        const masked_lm_capacity capacity = {
            .tokens = e.count, .sequences = 1, .sequence_length = e.count, .every_position = true, .threads = 1};
        const batch b = {.tokens = e.count,
                         .sequences = 1,
                         .input_ids = e.ids,
                         .sequence_start = (uint32_t[]){0, (uint32_t)e.count}};
        masked_lm_context *context = NULL;
        masked_lm_result r;
        assert_ok(masked_lm_context_new(&context, model->network, &capacity));
        assert_ok(masked_lm_forward(model->network, context, &b, &(masked_lm_mode){.every_position = true}, &r));
        double norm = 0, length = 0;
        for (size_t h = 0; h < 24; h++) {
            double sum = 0, most = -INFINITY;
            for (size_t t = 0; t < e.count; t++) {
                sum += (double)r.last_hidden_state[t * 24 + h];
                most = fmax(most, (double)r.last_hidden_state[t * 24 + h]);
            }
            assert_true(fabs((double)mean[i * 24 + (int)h] - sum / (double)e.count) < 1e-5);
            assert_true(fabs((double)max[i * 24 + (int)h] - most) < 1e-5);
            assert_true(fabs((double)cls[i * 24 + (int)h] - (double)r.last_hidden_state[h]) < 1e-5);
            norm += (double)unit[i * 24 + (int)h] * (double)unit[i * 24 + (int)h];
            length += (double)mean[i * 24 + (int)h] * (double)mean[i * 24 + (int)h];
        }
        assert_true(fabs(norm - 1) < 1e-5);
        assert_true(fabs((double)unit[i * 24] * sqrt(length) - (double)mean[i * 24]) < 1e-5);
        assert_ok(maske_embed(model, &lines[i], &lengths[i], 1, NULL, single, NULL));
        for (int h = 0; h < 24; h++) assert_true(fabsf(single[h] - mean[i * 24 + h]) < 1e-5f);
        masked_lm_context_free(context);
        maske_encoding_free(&e);
    }
    assert_fails(
        maske_embed(model, lines, lengths, LINES, &(maske_embed_options){.pooling = MASKE_POOLING_POOLER}, mean, NULL),
        MASKE_BAD_ARGUMENT, "no pooler");
    assert_fails(
        maske_embed(model, lines, lengths, LINES, &(maske_embed_options){.pooling = MASKE_POOLING_COUNT}, mean, NULL),
        MASKE_BAD_ARGUMENT, "pooling: found 8, expected 0 to 7");
    assert_fails(maske_embed(model, (const char *const[]){"\xff"}, (size_t[]){1}, 1, NULL, mean, NULL),
                 MASKE_BAD_ARGUMENT, "not UTF-8");
}

static void count_progress(void *user, const maske_progress *what) {
    double *last = user;
    assert_true(what->done > *last && what->done <= what->total);
    *last = what->done;
}

/* A signal is looked at between batches, of one text, too. */
static void scores_and_vectors_can_be_stopped(void **state) {
    (void)state;
    sig_atomic_t stop = 0;
    double last = 0;
    maske_control control = {.stop = &stop, .progress = count_progress, .user = &last};
    maske_score_result scores[LINES];
    float vectors[LINES * 24];
    const maske_score_options score = {.control = &control};
    const maske_embed_options embed = {.control = &control};
    assert_ok(maske_score(model, lines, lengths, LINES, &score, scores));
    assert_true(last > LINES);              /* tokens */
    last = 0;
    assert_ok(maske_embed(model, lines, lengths, LINES, &embed, vectors, NULL));
    assert_true(last == LINES);
    stop = 1;
    assert_fails(maske_score(model, lines, lengths, LINES, &score, scores), MASKE_STOPPED, "stopped");
    assert_fails(maske_embed(model, lines, lengths, LINES, &embed, vectors, NULL), MASKE_STOPPED, "stopped");
}

/* Of a tokenizer that adds nothing to a text, the empty one has no tokens. */
static void a_text_without_tokens_is_refused(void **state) {
    (void)state;
    const char *bare = small_model_write("bare", "metaspace", 0.1, 0), *const texts[] = {"Ankara", ""};
    const size_t sizes[] = {6, 0};
    char *path = NULL;
    json_t *root = NULL;
    float vectors[48];
    maske_score_result scores[2];
    assert_ok(path_join(&path, bare, "tokenizer.json"));
    assert_ok(json_read_object(&root, path, 1 << 24));
    assert_int_equal(json_object_set_new(root, "post_processor", json_null()), 0);
    assert_int_equal(json_dump_file(root, path, 0), 0);
    json_decref(root);
    free(path);
    maske_model *m = small_model_open(bare);
    assert_ok(maske_embed(m, texts, sizes, 1, NULL, vectors, NULL));
    assert_fails(maske_embed(m, texts, sizes, 2, NULL, vectors, NULL), MASKE_BAD_ARGUMENT, "a text gives no tokens at all");
    assert_fails(maske_score(m, texts, sizes, 2, NULL, scores), MASKE_BAD_ARGUMENT, "a text gives no tokens at all");
    maske_model_close(m);
}

static void exports_read_back(void **state) {
    (void)state;
    static const struct {
        const char *dtype;
        double allowed;
    } types[] = {{"f32", 0}, {"f16", 0x1p-11}, {"bf16", 0x1p-8}};
    for (int i = 0; i < 3; i++) {
        const char *out = scratch_path(types[i].dtype);
        assert_ok(maske_export(folder, out, &(maske_export_options){.dtype = types[i].dtype}));
        maske_model *m = small_model_read(out);
        assert_string_equal(safetensors_type_name(m->network->stored), i == 0 ? "F32" : i == 1 ? "F16" : "BF16");
        for (size_t k = 0; k < model->network->table.total; k++) {
            double kept = (double)model->network->weights[k], got = (double)m->network->weights[k];
            assert_true(fabs(kept - got) <= fmax(types[i].allowed * fabs(kept), types[i].allowed > 0 ? 0x1p-25 : 0));
        }
        assert_int_equal(maske_tokenizer_vocab_size(m->tokenizer), 600);
        maske_model_close(m);
    }
    const char *out = scratch_path("f32");
    assert_fails(maske_export(folder, out, NULL), MASKE_EXISTS, "holds something already");
    assert_ok(maske_export(folder, out, &(maske_export_options){.force = true}));
    assert_fails(maske_export(folder, scratch_path("never"), &(maske_export_options){.dtype = "f8"}),
                 MASKE_BAD_ARGUMENT, "f8");
    assert_fails(maske_export("/does/not/exist", scratch_path("never"), NULL), MASKE_IO, "/does/not/exist");
    assert_false(path_exists(scratch_path("never")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_folders_are_refused),
        cmocka_unit_test(a_model_describes_itself),
        cmocka_unit_test(the_longest_text_is_what_the_folder_says),
        cmocka_unit_test(figures_of_a_uniform_model),
        cmocka_unit_test(evaluation_depends_on_the_seed_alone),
        cmocka_unit_test(scores_are_sums_over_single_masks),
        cmocka_unit_test(scores_within_words_hide_the_rest_of_the_word),
        cmocka_unit_test(vectors_are_pooled_from_the_last_layer),
        cmocka_unit_test(scores_and_vectors_can_be_stopped),
        cmocka_unit_test(a_text_without_tokens_is_refused), cmocka_unit_test(exports_read_back),
    };
    return cmocka_run_group_tests_name("tasks/model", tests, open_all, close_all);
}
