/* bert/weight_gradients.c
 *
 * x is cut into pieces of PIECE_ROWS rows and up to MOST_COLUMNS columns; each is a packed matrix of its own, in a slot of
 * the context's room. A tile of d_weight goes through the pieces below one another. Of long batches AT_ONCE rows are
 * packed and multiplied at a time: copies of all of them would be as large as the activations. */
#include "bert/weight_gradients.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <string.h>

enum { TILE_ROWS = 128, LEAST_TILE_ROWS = 32, MOST_COLUMNS = 768, PIECE_ROWS = 512, AT_ONCE = 4 * PIECE_ROWS };

static size_t pieces(size_t all, size_t piece) { return (all + piece - 1) / piece; }
/* Columns of a tile of `in`: as few tiles as may be, of even widths, whole panels each. */
static size_t tile_columns(size_t in) {
    return round_up(pieces(in, pieces(in, MOST_COLUMNS)), GEMM_PACK_COLUMNS);
}

static size_t slot_bytes(gemm_precision precision, size_t rows, size_t in) {
    return gemm_packed_bytes(precision, smaller(in, tile_columns(in)), smaller(rows, PIECE_ROWS));
}
static size_t slots(size_t rows, size_t in) { return pieces(rows, PIECE_ROWS) * pieces(in, tile_columns(in)); }

/* One matrix's part of the work. */
typedef struct part {
    const weight_gradient *g;
    char *packed;
    size_t slot;                /* bytes */
    size_t across, down;        /* tiles; across: of x, too */
    size_t depth;               /* pieces of x below one another */
} part;

typedef struct work {
    gemm_precision precision;
    size_t tile_rows;
    bool set;                   /* the first piece sets d_weight */
    part parts[WEIGHT_GRADIENTS];
} work;

/* The part that task i belongs to, i made its number there; tasks are tiles, or the slots of x. */
static const part *part_of(const work *w, size_t *i, bool tiles) {
    const part *p = w->parts;
    for (;; p++) {
        size_t own = p->across * (tiles ? p->down : p->depth);
        if (*i < own) return p;
        *i -= own;
    }
}

static void pack_task(void *user, size_t i, int thread) {
    const work *w = user;
    (void)thread;
    const part *p = part_of(w, &i, false);
    const weight_gradient *g = p->g;
    size_t width = tile_columns(g->in), column = i / p->depth * width, row = i % p->depth * PIECE_ROWS;
    size_t columns = smaller(width, g->in - column), rows = smaller(PIECE_ROWS, g->rows - row);
    char *packed = p->packed + i * p->slot;
    if (g->rounded) gemm_pack_rounded(packed, (const uint16_t *)g->x + row * g->in + column, g->in, false, columns, rows);
    else gemm_pack(packed, w->precision, (const float *)g->x + row * g->in + column, g->in, false, columns, rows);
}

static void tile_task(void *user, size_t i, int thread) {
    const work *w = user;
    (void)thread;
    const part *p = part_of(w, &i, true);
    const weight_gradient *g = p->g;
    size_t width = tile_columns(g->in), out = i % p->down * w->tile_rows, in = i / p->down * width;
    const char *packed = p->packed + i / p->down * p->depth * p->slot;
    float *target = g->d_weight + out * g->in + in;
    size_t m = smaller(w->tile_rows, g->out - out), n = smaller(width, g->in - in);
    for (size_t row = 0; row < g->rows; row += PIECE_ROWS, packed += p->slot) {
        bool add = row > 0 || !w->set;
        size_t place = row * g->dy_stride + out, k = smaller(PIECE_ROWS, g->rows - row);
        if (g->rounded)
            gemm_packed_rounded(target, g->in, add, (const uint16_t *)g->dy + place, g->dy_stride, true, packed, m, n, k);
        else
            gemm_packed(target, g->in, add, (const float *)g->dy + place, g->dy_stride, true, packed, w->precision, m, n, k);
    }
}

static size_t count_tiles(const weight_gradient *list, size_t count, size_t tile_rows) {
    size_t tiles = 0;
    for (size_t i = 0; i < count; i++) tiles += pieces(list[i].in, tile_columns(list[i].in)) * pieces(list[i].out, tile_rows);
    return tiles;
}

/* Packs, then multiplies; the rows of each are at most AT_ONCE. */
static void add_products(const masked_lm_context *c, const weight_gradient *list, size_t count, bool set) {
    work w = {.precision = bert_precision(c), .tile_rows = TILE_ROWS, .set = set};
    size_t packs = 0, tasks = 2 * (size_t)c->capacity.threads;
    while (count_tiles(list, count, w.tile_rows) < tasks && w.tile_rows > LEAST_TILE_ROWS) w.tile_rows /= 2;
    char *room = c->packed_inputs;
    for (size_t i = 0; i < count; i++) {
        const weight_gradient *g = &list[i];
        part *p = &w.parts[i];
        *p = (part){g,
                    room,
                    slot_bytes(w.precision, g->rows, g->in),
                    pieces(g->in, tile_columns(g->in)),
                    pieces(g->out, w.tile_rows),
                    pieces(g->rows, PIECE_ROWS)};
        room += slots(g->rows, g->in) * p->slot;
        packs += p->across * p->depth;
    }
    parallel_for(c->capacity.threads, packs, pack_task, &w);
    parallel_for(c->capacity.threads, count_tiles(list, count, w.tile_rows), tile_task, &w);
}

/* The same gradient by its rows from `first` on, at most AT_ONCE of them. */
static weight_gradient rows_of(const weight_gradient *g, size_t first) {
    size_t size = g->rounded ? sizeof(uint16_t) : sizeof(float);
    weight_gradient at = *g;
    at.x = (const char *)g->x + first * g->in * size;
    at.dy = (const char *)g->dy + first * g->dy_stride * size;
    at.rows = smaller(g->rows - first, AT_ONCE);
    return at;
}

void bert_weight_gradients(const masked_lm_context *c, const weight_gradient *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (c->mode->set_gradients && list[i].rows == 0) memset(list[i].d_weight, 0, list[i].out * list[i].in * sizeof(float));
    for (size_t first = 0, now = 1; now > 0; first += AT_ONCE) {
        weight_gradient of_rows[WEIGHT_GRADIENTS];
        now = 0;
        for (size_t i = 0; i < count; i++)
            if (first < list[i].rows) of_rows[now++] = rows_of(&list[i], first);
        if (now > 0) add_products(c, of_rows, now, c->mode->set_gradients && first == 0);
    }
}

/* Room for that many inputs of these widths. */
static size_t room_bytes(const masked_lm_context *c, const size_t *widths, size_t count) {
    size_t rows = larger(larger(c->capacity.tokens, c->capacity.predictions), c->capacity.sequences), all = 0;
    rows = smaller(rows, AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        size_t bytes, slot = larger(slot_bytes(GEMM_F32, rows, widths[i]), slot_bytes(GEMM_BF16, rows, widths[i]));
        if (!size_multiply(&bytes, slots(rows, widths[i]), slot) || !size_add(&all, all, bytes)) return SIZE_MAX;
    }
    return all;
}

size_t bert_weight_gradients_bytes(const masked_lm_context *c) {
    return larger(room_bytes(c, (size_t[]){c->intermediate, c->hidden}, 2),
                  room_bytes(c, (size_t[WEIGHT_GRADIENTS]){c->hidden, c->hidden, c->hidden}, WEIGHT_GRADIENTS));
}
