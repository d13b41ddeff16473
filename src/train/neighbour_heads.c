/* train/neighbour_heads.c: planes and waves in them; heads that look at an offset; what they say of it. */
#include "train/neighbour_heads.h"
#include "base/memory.h"
#include "base/random.h"
#include "train/subspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_PLANES = 32,           /* sharp enough for 512 positions; a head of 64 numbers has room for them */
    LAYERS = 1,                 /* the first ones, whose heads look at neighbours */
    ITERATIONS = 6              /* of the subspace of what a head says */
};
static const double
    SHARE = 0.3,                /* of the square of a word embedding's length, a position embedding's */
    SCORE = 9,                  /* of the place that a head looks at, about; others' are near 0 */
    SAID = 0.5;                 /* root of the mean square of what a head adds to the hidden state, whose own is 1 */
enum { SEED_PLANES = 2, SEED_FREQUENCIES, SEED_SPACE };     /* of random numbers, above those of the tensors' rows */

/* Room of the whole work. */
typedef struct heads {
    const bert_config *config;
    neighbours *n;              /* NULL: nothing to say */
    size_t hidden, width, planes;
    int threads;
    double *plane;              /* [2 planes, hidden] rows of length 1 at right angles */
    double frequency[MOST_PLANES];      /* radians a position */
    double square;              /* mean of the squares of word embeddings' lengths, over the text's tokens if there are some */
    double tokens;              /* of the text that are counted */
    float *dual, *product;      /* [vocab, hidden] */
    float *a, *scratch;         /* [hidden, hidden] */
    float *in, *out;            /* [hidden, width]: A's largest directions, and what becomes of them */
    subspace space, narrow;     /* of hidden, and of width columns */
} heads;

size_t neighbour_heads_bytes(size_t vocab_size, size_t hidden) {
    size_t dense;
    if (!size_multiply(&dense, vocab_size, hidden) || !size_multiply(&dense, dense, 2 * sizeof(float)) ||
        !size_add(&dense, dense, 2 * subspace_bytes(hidden) + hidden * hidden * 4 * sizeof(float) +
                                 2 * MOST_PLANES * hidden * sizeof(double)))
        return SIZE_MAX;
    return dense;
}

/* in [hidden, width]: any directions at right angles. */
static void random_directions(heads *h, int what, uint64_t seed) {
    random_normal(h->scratch, h->hidden * h->width, 1, seed, (uint64_t)what << 32);
    subspace_orthogonalise(&h->narrow, h->in, h->scratch, h->hidden);
}

/* -------------------------------------------------------------------------------------------------------- waves --- */

/* The first columns of `in`, at right angles, become the planes' rows. */
static maske_status choose_planes(heads *h, uint64_t seed) {
    size_t count = 2 * h->planes;
    TRY(memory_new(&h->plane, count * h->hidden, sizeof *h->plane, "first weights"));
    for (size_t row = 0; row < count; row++)
        for (size_t i = 0; i < h->hidden; i++) h->plane[row * h->hidden + i] = (double)h->in[i * h->width + row];
    /* One in each of as many bands, at random: evenly spaced ones would all be in step again some positions away. */
    for (size_t i = 0; i < h->planes; i++) {
        random_bits bits = random_philox(seed, RANDOM_INITIAL, (uint64_t)SEED_FREQUENCIES << 32, i);
        h->frequency[i] = acos(-1) * ((double)i + random_unit(bits.word[0], bits.word[1])) / (double)h->planes;
    }
    return MASKE_OK;
}

/* out [hidden] += factor times the place at `angle` on the plane's circle. */
static void add_place(float *out, const heads *h, size_t plane, double angle, double factor) {
    const double *first = h->plane + 2 * plane * h->hidden, *second = first + h->hidden;
    double x = factor * cos(angle), y = factor * sin(angle);
    for (size_t i = 0; i < h->hidden; i++) out[i] += (float)(x * first[i] + y * second[i]);
}

static void write_positions(float *positions, const heads *h) {
    size_t count = (size_t)h->config->max_position_embeddings;
    double radius = sqrt(SHARE * h->square / (double)h->planes);
    memset(positions, 0, count * h->hidden * sizeof *positions);
    for (size_t at = 0; at < count; at++)
        for (size_t plane = 0; plane < h->planes; plane++)
            add_place(positions + at * h->hidden, h, plane, (double)at * h->frequency[plane], radius);
}

/* A head's rows of query and key, two for each plane: cosine and sine of the angle at which a position stands in it. */
static void look_at(float *query, float *key, const heads *h, int offset) {
    /* LayerNorm makes a row's square `hidden`; what of it is the position's, both sides have, times the factor each. */
    double factor = sqrt(SCORE * sqrt((double)h->width) / ((double)h->hidden * SHARE / (1 + SHARE)));
    for (size_t row = 0; row < 2 * h->planes; row++) {
        size_t plane = row / 2;
        double angle = row % 2 == 0 ? 0 : acos(0);
        add_place(key + row * h->hidden, h, plane, angle, factor);
        add_place(query + row * h->hidden, h, plane, angle - offset * h->frequency[plane], factor);
    }
}

/* --------------------------------------------------------------------------------------------- what they say --- */

static void transpose(float *out, const float *in, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) out[j * rows + i] = in[i * columns + j];
}

/* dual [vocab, hidden] = D E (E^T D E)^-1 with D the tokens' occurrences: A = dual^T M dual is the nearest in least squares.
 * The space's square stays E^T D E; a is its inverse. */
static maske_status prepare_to_say(heads *h, const float *embeddings) {
    size_t vocab = (size_t)h->config->vocab_size, hidden = h->hidden;
    TRY(memory_new(&h->dual, vocab * hidden, sizeof *h->dual, "first weights"));
    TRY(memory_new(&h->product, vocab * hidden, sizeof *h->product, "first weights"));
    TRY(memory_new(&h->a, hidden * hidden, sizeof *h->a, "first weights"));
    TRY(memory_new(&h->out, hidden * h->width, sizeof *h->out, "first weights"));
    TRY(subspace_new(&h->space, hidden, h->threads));
    subspace *s = &h->space;
    for (size_t i = 0; i < vocab * hidden; i++) h->product[i] = (float)sqrt(h->n->occurrences[i / hidden]) * embeddings[i];
    subspace_multiply(s->square, h->product, true, h->product, hidden, hidden, vocab, h->threads);
    double sum = 0;
    for (size_t i = 0; i < hidden; i++) sum += (double)s->square[i * hidden + i];
    for (size_t i = 0; i < vocab; i++) h->tokens += h->n->occurrences[i];
    h->square = sum / h->tokens;
    subspace_factorise(s, true);
    subspace_invert(s);
    transpose(h->scratch, s->inverse, hidden, hidden);
    subspace_multiply(h->a, s->inverse, false, h->scratch, hidden, hidden, hidden, h->threads);
    for (size_t i = 0; i < vocab * hidden; i++) h->product[i] = (float)h->n->occurrences[i / hidden] * embeddings[i];
    subspace_multiply(h->dual, h->product, false, h->a, vocab, hidden, hidden, h->threads);
    return MASKE_OK;
}

/* in [hidden, width]: the directions of which a makes most; out = a in. */
static void largest_directions(heads *h, uint64_t seed) {
    size_t hidden = h->hidden, width = h->width;
    random_directions(h, SEED_SPACE, seed);
    for (int i = 0; i < ITERATIONS; i++) {
        subspace_multiply(h->out, h->a, false, h->in, hidden, width, hidden, h->threads);
        subspace_multiply(h->scratch, h->a, true, h->out, hidden, width, hidden, h->threads);
        subspace_orthogonalise(&h->narrow, h->in, h->scratch, hidden);
    }
    subspace_multiply(h->out, h->a, false, h->in, hidden, width, hidden, h->threads);
}

static double length_of(const float *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* Root of the mean square of the numbers of out in^T x over the text's tokens, x being what LayerNorm makes of their
 * embeddings. */
static double said(heads *h) {
    size_t hidden = h->hidden, width = h->width;
    float *product = h->scratch;
    double sum = 0, lengthened = (double)hidden / (h->square * (1 + SHARE));
    subspace_multiply(product, h->space.square, false, h->in, hidden, width, hidden, h->threads);
    subspace_multiply(h->narrow.square, h->in, true, product, width, width, hidden, h->threads);
    subspace_multiply(h->narrow.inverse, h->out, true, h->out, width, width, hidden, h->threads);
    for (size_t i = 0; i < width * width; i++) sum += (double)h->narrow.square[i] * (double)h->narrow.inverse[i];
    return sqrt(fmax(sum, 0) * lengthened / (h->tokens * (double)hidden));
}

/* value: the head's rows [width, hidden]; output: its columns of [hidden, hidden]. Tables of this distance are counted. */
static void say(float *value, float *output, heads *h, neighbour_side side, uint64_t seed) {
    size_t hidden = h->hidden, width = h->width;
    neighbours_multiply(h->n, h->product, side, false, h->dual, hidden, false, h->threads);
    subspace_multiply(h->a, h->dual, true, h->product, hidden, hidden, h->n->vocab, h->threads);
    largest_directions(h, seed);
    double factor = SAID / said(h), in = length_of(h->in, hidden * width), out = length_of(h->out, hidden * width);
    if (!isfinite(factor) || !(out > 0)) return;        /* no two tokens stand at this distance */
    double first = sqrt(factor * out / in), second = factor / first;    /* both matrices of one length */
    for (size_t i = 0; i < hidden; i++)
        for (size_t j = 0; j < width; j++) {
            value[j * hidden + i] = (float)(first * (double)h->in[i * width + j]);
            output[i * hidden + j] = (float)(second * (double)h->out[i * width + j]);
        }
}

/* --------------------------------------------------------------------------------------------------------- heads --- */

static maske_status begin(heads *h, float *weights, const parameters *table, uint64_t seed, const maske_control *control) {
    size_t hidden = h->hidden, width = h->width, count = hidden / width;
    h->square = length_of(weights + table->word_embeddings, (size_t)h->config->vocab_size * hidden);
    h->square *= h->square / (double)h->config->vocab_size;
    if (!(h->square > 0)) return MASKE_OK;              /* of an initial range of 0 */
    TRY(memory_new(&h->scratch, hidden * hidden, sizeof *h->scratch, "first weights"));
    TRY(memory_new(&h->in, hidden * width, sizeof *h->in, "first weights"));
    TRY(subspace_new(&h->narrow, width, h->threads));
    if (h->n != NULL) {
        TRY(prepare_to_say(h, weights + table->word_embeddings));
        largest_directions(h, seed);            /* of the inverse: where words are least, and disturb positions least */
    } else {
        random_directions(h, SEED_PLANES, seed);
    }
    TRY(choose_planes(h, seed));
    write_positions(weights + table->position_embeddings, h);
    for (size_t i = 0; i < LAYERS * count && i / count < (size_t)h->config->num_hidden_layers; i++) {
        if (control_stopped(control)) return error_set(MASKE_STOPPED, "stopped before the first step");
        control_progress(control, "attention that looks at neighbours", (double)i, (double)count, "heads");
        const layer_places *places = &table->layers[i / count];
        size_t head = i % count, distance = i / 2 + 1, rows = head * width * hidden;
        float *query = weights + places->query_key_value.weight + rows, *key = query + hidden * hidden;
        look_at(query, key, h, i % 2 == 0 ? -(int)distance : (int)distance);
        if (h->n == NULL) continue;
        if (i % 2 == 0) neighbours_count(h->n, distance);
        say(key + hidden * hidden, weights + places->self_output.weight + head * width, h,
            i % 2 == 0 ? NEIGHBOURS_BEFORE : NEIGHBOURS_BEHIND, seed);
    }
    for (size_t i = 0; h->n != NULL && i < hidden; i++) weights[table->transform.weight + i * hidden + i] += 1;
    return MASKE_OK;
}

maske_status neighbour_heads(float *weights, const parameters *table, const bert_config *config, neighbours *n, uint64_t seed,
                             int threads, const maske_control *control) {
    size_t hidden = (size_t)config->hidden_size, width = hidden / (size_t)config->num_attention_heads;
    heads h = {.config = config, .n = n, .hidden = hidden, .width = width, .threads = threads,
               .planes = width / 2 < MOST_PLANES ? width / 2 : MOST_PLANES};
    if (h.planes == 0) return MASKE_OK;
    maske_status status = begin(&h, weights, table, seed, control);
    free(h.plane);
    free(h.dual);
    free(h.product);
    free(h.a);
    free(h.scratch);
    free(h.in);
    free(h.out);
    subspace_free(&h.space);
    subspace_free(&h.narrow);
    return status;
}
