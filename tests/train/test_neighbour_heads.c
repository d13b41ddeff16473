/* tests of neighbour_heads and of first_weights: where heads look, in double; what they say, against least squares written
 * plainly; that a model begun so uses its sequence before the first step. */
#include "train/first_weights.h"
#include "train/neighbour_heads.h"

#include "mutual_information.h"

enum { HIDDEN = 32, HEADS = 2, WIDTH = HIDDEN / HEADS, POSITIONS = 128 };

static bert_config shape(int64_t hidden, int64_t heads) {
    bert_config c = bert_config_defaults();
    c.vocab_size = VOCAB;
    c.hidden_size = hidden;
    c.num_hidden_layers = 2;
    c.num_attention_heads = heads;
    c.intermediate_size = 2 * hidden;
    c.max_position_embeddings = POSITIONS;
    return c;
}

static masked_lm *begin(const dataset *d, const bert_config *config, double word_vectors, bool heads, int64_t seed, int threads) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.seed = seed;
    o.word_vectors = word_vectors;
    o.neighbour_heads = heads;
    o.unigram_bias = true;
    masked_lm *lm = NULL;
    assert_ok(first_weights(&lm, config, &o, d, threads, NULL));
    return lm;
}

/* ------------------------------------------------------------------------------------------------- where they look --- */

/* out [hidden] = LayerNorm of a token's word and position embedding. */
static void embedded(double *out, const masked_lm *lm, size_t token, size_t position) {
    size_t h = (size_t)lm->config.hidden_size;
    double mean = 0, square = 0;
    for (size_t i = 0; i < h; i++) {
        out[i] = (double)lm->weights[lm->table.word_embeddings + token * h + i] +
                 (double)lm->weights[lm->table.position_embeddings + position * h + i] +
                 (double)lm->weights[lm->table.token_type_embeddings + i];
        mean += out[i] / (double)h;
    }
    for (size_t i = 0; i < h; i++) out[i] -= mean, square += out[i] * out[i] / (double)h;
    for (size_t i = 0; i < h; i++) out[i] /= sqrt(square + 1e-12);
}

/* out [count] = rows of a weight matrix, `first` on, times x. */
static void rows_times(double *out, const float *rows, size_t first, size_t count, const double *x, size_t h) {
    for (size_t row = 0; row < count; row++) {
        out[row] = 0;
        for (size_t i = 0; i < h; i++) out[row] += (double)rows[(first + row) * h + i] * x[i];
    }
}

/* At least so much of the positions have their highest score where the head looks, for each head and on average; 0: as good as
 * none. */
static void check_looks(const masked_lm *lm, size_t layer, double least, double average) {
    size_t h = (size_t)lm->config.hidden_size, heads = (size_t)lm->config.num_attention_heads, width = h / heads;
    const float *query = lm->weights + lm->table.layers[layer].query_key_value.weight, *key = query + h * h;
    double mean = 0, *x = calloc(h, sizeof *x), *q = calloc(POSITIONS * width, sizeof *q), *k = calloc(POSITIONS * width, sizeof *k);
    for (size_t head = 0; head < heads; head++) {
        int offset = head % 2 == 0 ? -(int)(head / 2 + 1) : (int)(head / 2 + 1), right = 0, all = 0;
        for (size_t i = 0; i < POSITIONS; i++) {
            embedded(x, lm, 4, i);              /* [MASK] asks */
            rows_times(q + i * width, query, head * width, width, x, h);
            embedded(x, lm, 5 + 'a' + i * 7 % 26, i);
            rows_times(k + i * width, key, head * width, width, x, h);
        }
        for (int i = 0; i < POSITIONS; i++) {
            if (i + offset < 0 || i + offset >= POSITIONS) continue;
            int best = 0;
            double most = -1e9;
            for (int j = 0; j < POSITIONS; j++) {
                double score = 0;
                for (size_t c = 0; c < width; c++) score += q[(size_t)i * width + c] * k[(size_t)j * width + c];
                if (score > most) most = score, best = j;
            }
            right += best == i + offset;
            all++;
        }
        assert_true(least > 0 ? right > least * all : right < 0.1 * all);
        mean += (double)right / all / (double)heads;
    }
    assert_true(mean >= average);
    free(x);
    free(q);
    free(k);
}

static void heads_of_the_first_layer_look_at_neighbours(void **state) {
    (void)state;
    dataset *d = text_of_file(TEST_DATA "/train/kasaba.txt");
    static const int64_t shapes[][2] = {{128, 2}, {128, 4}, {192, 3}, {256, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int vectors = 0; vectors < 2; vectors++) {
            bert_config config = shape(shapes[i][0], shapes[i][1]);
            masked_lm *lm = begin(d, &config, vectors ? 0.07 : 0, true, 1, 2), *plain = begin(d, &config, 0, false, 1, 2);
            const bool least_planes = vectors && 2 * config.hidden_size <= VOCAB;
            check_looks(lm, 0, least_planes ? 0.95 : 0.2, least_planes ? 0.97 : 0.35);
            check_looks(lm, 1, 0, 0);              /* further layers are left to chance */
            check_looks(plain, 0, 0, 0);
            masked_lm_free(lm);
            masked_lm_free(plain);
        }
    dataset_free(d);
}

/* ------------------------------------------------------------------------------------------------- what they say --- */

/* Gauss and Jordan, pivots of each column: a [n, n] and b [n, n] become 1 and a^-1 b. */
static void solve(double *a, double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t r = i; r < n; r++) if (fabs(a[r * n + i]) > fabs(a[best * n + i])) best = r;
        for (size_t c = 0; c < n; c++) {
            double t = a[i * n + c];
            a[i * n + c] = a[best * n + c], a[best * n + c] = t;
            t = b[i * n + c];
            b[i * n + c] = b[best * n + c], b[best * n + c] = t;
        }
        double pivot = a[i * n + i];
        for (size_t c = 0; c < n; c++) a[i * n + c] /= pivot, b[i * n + c] /= pivot;
        for (size_t r = 0; r < n; r++) {
            double factor = a[r * n + i];
            if (r == i || factor == 0) continue;
            for (size_t c = 0; c < n; c++) a[r * n + c] -= factor * a[i * n + c], b[r * n + c] -= factor * b[i * n + c];
        }
    }
}

/* A of the header, [HIDDEN, HIDDEN]: G^-1 (E^T D M D E) G^-1. */
static double *least_squares(const masked_lm *lm, const double *m, const double *occurrences) {
    const float *e = lm->weights + lm->table.word_embeddings;
    static double g[HIDDEN * HIDDEN], again[HIDDEN * HIDDEN], turned[HIDDEN * HIDDEN], me[VOCAB * HIDDEN];
    double *b = calloc(HIDDEN * HIDDEN, sizeof *b);
    memset(me, 0, sizeof me);
    memset(g, 0, sizeof g);
    for (size_t t = 0; t < VOCAB; t++)
        for (size_t c = 0; c < VOCAB; c++)
            for (size_t i = 0; i < HIDDEN; i++) me[t * HIDDEN + i] += m[t * VOCAB + c] * occurrences[c] * (double)e[c * HIDDEN + i];
    for (size_t t = 0; t < VOCAB; t++)
        for (size_t i = 0; i < HIDDEN; i++)
            for (size_t j = 0; j < HIDDEN; j++) {
                double weighted = occurrences[t] * (double)e[t * HIDDEN + i];
                b[i * HIDDEN + j] += weighted * me[t * HIDDEN + j];
                g[i * HIDDEN + j] += weighted * (double)e[t * HIDDEN + j];
            }
    memcpy(again, g, sizeof g);
    solve(g, b, HIDDEN);
    for (size_t i = 0; i < HIDDEN; i++) for (size_t j = 0; j < HIDDEN; j++) turned[i * HIDDEN + j] = b[j * HIDDEN + i];
    solve(again, turned, HIDDEN);
    for (size_t i = 0; i < HIDDEN; i++) for (size_t j = 0; j < HIDDEN; j++) b[i * HIDDEN + j] = turned[j * HIDDEN + i];
    return b;
}

/* The sum of the `count` largest eigenvalues of A^T A, by powers, one after another taken away. */
static double largest_squares(const double *a, size_t count) {
    static double s[HIDDEN * HIDDEN];
    double found = 0;
    for (size_t i = 0; i < HIDDEN; i++)
        for (size_t j = 0; j < HIDDEN; j++) {
            s[i * HIDDEN + j] = 0;
            for (size_t k = 0; k < HIDDEN; k++) s[i * HIDDEN + j] += a[k * HIDDEN + i] * a[k * HIDDEN + j];
        }
    for (size_t one = 0; one < count; one++) {
        double x[HIDDEN], value = 0;
        for (size_t i = 0; i < HIDDEN; i++) x[i] = 1 + 0.1 * (double)(i * i % 7);
        for (int step = 0; step < 2000; step++) {
            double y[HIDDEN] = {0};
            value = 0;
            for (size_t i = 0; i < HIDDEN; i++) for (size_t j = 0; j < HIDDEN; j++) y[i] += s[i * HIDDEN + j] * x[j];
            for (size_t i = 0; i < HIDDEN; i++) value += y[i] * y[i];
            value = sqrt(value);
            for (size_t i = 0; i < HIDDEN; i++) x[i] = y[i] / value;
        }
        for (size_t i = 0; i < HIDDEN; i++) for (size_t j = 0; j < HIDDEN; j++) s[i * HIDDEN + j] -= value * x[i] * x[j];
        found += value;
    }
    return found;
}

static void heads_say_what_is_likely_beside_a_token(void **state) {
    (void)state;
    dataset *d = text_of_file(TEST_DATA "/train/kasaba.txt");
    bert_config config = shape(HIDDEN, HEADS);
    masked_lm *lm = begin(d, &config, 0.07, true, 3, 2), *plain = begin(d, &config, 0.07, false, 3, 2);
    const float *value = lm->weights + lm->table.layers[0].query_key_value.weight + 2 * HIDDEN * HIDDEN;
    const float *output = lm->weights + lm->table.layers[0].self_output.weight, *e = lm->weights + lm->table.word_embeddings;
    for (size_t head = 0; head < HEADS; head++) {
        const int offset = head == 0 ? -1 : 1;
        double occurrences[VOCAB], *m = mutual_information(d, &offset, 1, occurrences), *a = least_squares(lm, m, occurrences);
        static double w[HIDDEN * HIDDEN];
        double aw = 0, ww = 0, left = 0, all = 0, squares = 0, sum = 0, count = 0;
        for (size_t i = 0; i < HIDDEN; i++)
            for (size_t j = 0; j < HIDDEN; j++) {
                w[i * HIDDEN + j] = 0;
                for (size_t k = head * WIDTH; k < (head + 1) * WIDTH; k++)
                    w[i * HIDDEN + j] += (double)output[i * HIDDEN + k] * (double)value[k * HIDDEN + j];
                aw += a[i * HIDDEN + j] * w[i * HIDDEN + j], ww += w[i * HIDDEN + j] * w[i * HIDDEN + j];
            }
        /* As near to A as a matrix of this rank can be, but for a factor. */
        for (size_t i = 0; i < HIDDEN * HIDDEN; i++) left += pow(a[i] - aw / ww * w[i], 2), all += a[i] * a[i];
        double best = all - largest_squares(a, WIDTH);
        assert_true(aw > 0 && best > 0.001 * all && left < best + 0.005 * all);
        /* Over the text's tokens, half as large as the hidden state. */
        for (size_t t = 0; t < VOCAB; t++) count += occurrences[t];
        for (size_t t = 0; t < VOCAB; t++) for (size_t i = 0; i < HIDDEN; i++)
            squares += occurrences[t] / count * (double)e[t * HIDDEN + i] * (double)e[t * HIDDEN + i];
        for (size_t t = 0; t < VOCAB; t++) {
            for (size_t i = 0; i < HIDDEN && occurrences[t] > 0; i++) {
                double y = 0;
                for (size_t j = 0; j < HIDDEN; j++) y += w[i * HIDDEN + j] * (double)e[t * HIDDEN + j] / sqrt(1.3 * squares / HIDDEN);
                sum += occurrences[t] * y * y / HIDDEN;
            }
        }
        assert_true(fabs(sqrt(sum / count) - 0.5) < 0.01);
        free(m);
        free(a);
    }
    size_t transform = lm->table.transform.weight;
    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        assert_true(fabs((double)lm->weights[transform + i] - (double)plain->weights[transform + i] - (i % (HIDDEN + 1) == 0)) < 1e-6);
    masked_lm_free(lm);
    masked_lm_free(plain);
    dataset_free(d);
}

/* ------------------------------------------------------------------------------------------------------- a model --- */

static double loss(masked_lm *lm, const dataset *d) {
    enum { SEQUENCES = 8 };
    const masked_lm_capacity capacity = {.tokens = SEQUENCES * 64, .sequences = SEQUENCES, .predictions = SEQUENCES * 64,
                                         .sequence_length = 64, .threads = 2};
    const dataset_masking masking = {.seed = 1, .mask_probability = 0.15};
    dataset_batch b = {0};
    masked_lm_context *context = NULL;
    masked_lm_result result;
    uint32_t order[SEQUENCES];
    for (uint32_t i = 0; i < SEQUENCES; i++) order[i] = i;
    assert_true(dataset_describe(d)->sequences >= SEQUENCES);
    assert_ok(masked_lm_pack(lm, GEMM_F32, false, 2));
    assert_ok(masked_lm_context_new(&context, lm, &capacity));
    assert_ok(dataset_make_batch(d, order, SEQUENCES, 0, &masking, &b));
    assert_ok(masked_lm_forward(lm, context, &b.batch, &(masked_lm_mode){0}, &result));
    assert_true(result.predicted > 40);
    masked_lm_context_free(context);
    dataset_batch_free(&b);
    return result.loss_sum / (double)result.predicted;
}

/* Two letters of which the first is left to chance and tells the second; a model that looks at neither guesses one in four. */
static void a_model_uses_its_sequence_before_the_first_step(void **state) {
    (void)state;
    enum { PAIRS = 4000 };
    static char text[PAIRS * 2 + PAIRS / 20 + 1];
    unsigned at = 0, draw = 1;
    for (unsigned i = 0; i < PAIRS; i++) {
        draw = draw * 1103515245 + 12345;
        unsigned which = (draw >> 16) % 8;
        text[at++] = "abcdefgh"[which];
        text[at++] = "stuvwxyz"[which];
        if (i % 20 == 19) text[at++] = '\n';
    }
    dataset *d = text_of_file(scratch_text("pairs.txt", text));
    bert_config config = shape(64, 2);
    masked_lm *with = begin(d, &config, 0.07, true, 1, 2), *without = begin(d, &config, 0.07, false, 1, 2);
    double begun = loss(with, d), plain = loss(without, d);
    assert_true(plain > 2.5 && begun < plain - 0.15);
    masked_lm_free(with);
    masked_lm_free(without);
    dataset_free(d);
}

static void the_same_for_any_number_of_threads(void **state) {
    (void)state;
    dataset *d = text_of_file(TEST_DATA "/train/kasaba.txt");
    bert_config config = shape(64, 2);
    masked_lm *one = begin(d, &config, 0.07, true, 5, 1);
    for (size_t i = 0; i < one->table.total; i++) assert_true(isfinite(one->weights[i]));
    for (int threads = 2; threads <= 5; threads += 3) {
        masked_lm *more = begin(d, &config, 0.07, true, 5, threads);
        assert_memory_equal(one->weights, more->weights, one->table.total * sizeof(float));
        masked_lm_free(more);
    }
    masked_lm *other = begin(d, &config, 0.07, true, 6, 1);
    assert_memory_not_equal(one->weights + one->table.position_embeddings, other->weights + one->table.position_embeddings,
                            64 * sizeof(float));
    masked_lm_free(other);
    masked_lm_free(one);
    dataset_free(d);
}

static void odd_shapes_and_little_text_begin_too(void **state) {
    (void)state;
    dataset *little = text_of_file(scratch_text("one.txt", "a\n"));
    static const int64_t shapes[][2] = {{4, 4}, {6, 2}, {7, 1}, {320, 2}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        bert_config config = shape(shapes[i][0], shapes[i][1]);
        config.num_hidden_layers = 1;
        masked_lm *lm = begin(little, &config, 0.07, true, 1, 2);
        for (size_t j = 0; j < lm->table.total; j++) assert_true(isfinite(lm->weights[j]));
        masked_lm_free(lm);
    }
    bert_config config = shape(64, 2);
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.neighbour_heads = true;
    o.initializer_range = config.initializer_range = 0;         /* nothing to measure positions by */
    masked_lm *lm = NULL;
    assert_ok(first_weights(&lm, &config, &o, little, 1, NULL));
    masked_lm_free(lm);
    volatile sig_atomic_t stop = 1;
    o.initializer_range = config.initializer_range = 0.02;
    o.word_vectors = 0.07;
    lm = NULL;
    assert_fails(first_weights(&lm, &config, &o, little, 1, &(maske_control){.stop = &stop}), MASKE_STOPPED, "stopped");
    masked_lm_free(lm);
    dataset_free(little);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_of_the_first_layer_look_at_neighbours),
        cmocka_unit_test(heads_say_what_is_likely_beside_a_token),
        cmocka_unit_test(a_model_uses_its_sequence_before_the_first_step),
        cmocka_unit_test(the_same_for_any_number_of_threads),
        cmocka_unit_test(odd_shapes_and_little_text_begin_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
