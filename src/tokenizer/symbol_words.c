/* tokenizer/symbol_words.c: building the records, and moving them together once many symbols have gone. */
#include "tokenizer/symbol_words.h"

#include <stdlib.h>

enum { WORDS_A_BLOCK = 4096 };

typedef struct builder {
    symbol_words *words;
    const symbol_source *source;
    maske_status *statuses;         /* [blocks] */
    char (*errors)[256];            /* a failed thread's sentence, for the calling one */
    uint64_t *symbols;              /* [blocks] */
} builder;

/* Cells of a word's records: one header for each chunk begun. */
static size_t cells_of(size_t symbols) {
    return symbols < 2 ? 0 : symbols + SYMBOL_HEADER * ((symbols + SYMBOL_CHUNK - 1) / SYMBOL_CHUNK);
}

static size_t block_last(const symbol_source *source, size_t block) {
    size_t last = (block + 1) * WORDS_A_BLOCK;
    return last < source->count ? last : source->count;
}

static void measure_block(void *user, size_t block, int thread) {
    builder *b = user;
    size_t cells = 0;
    (void)thread;
    for (size_t i = block * WORDS_A_BLOCK; i < block_last(b->source, block); i++)
        cells += cells_of(b->source->room(b->source->user, i));
    b->words->blocks[block].end = cells;
}

/* Makes records of `count` symbols that lie, without headers, at symbols == record + SYMBOL_HEADER. Returns the end. */
static uint32_t *finish_word(uint32_t *record, size_t count, int64_t weight) {
    if (count < 2) return record;
    size_t chunks = (count + SYMBOL_CHUNK - 1) / SYMBOL_CHUNK;
    /* The last chunk moves first: each moves right, by the headers of the chunks before it. */
    for (size_t chunk = chunks; chunk-- > 0;) {
        uint32_t *target = record + chunk * (SYMBOL_HEADER + SYMBOL_CHUNK);
        uint32_t length = (uint32_t)(chunk + 1 < chunks ? SYMBOL_CHUNK : count - chunk * SYMBOL_CHUNK);
        if (chunk > 0)
            memmove(target + SYMBOL_HEADER, record + SYMBOL_HEADER + chunk * SYMBOL_CHUNK, length * sizeof *target);
        target[0] = length | length << 8 | (chunk > 0 ? SYMBOL_JOINS_PREVIOUS : 0) |
                    (chunk + 1 < chunks ? SYMBOL_JOINS_NEXT : 0);
        memcpy(target + 1, &weight, sizeof weight);
    }
    return record + cells_of(count);
}

static void fill_block(void *user, size_t block, int thread) {
    builder *b = user;
    const symbol_source *source = b->source;
    uint32_t *at = b->words->cells + b->words->blocks[block].begin;
    uint64_t symbols = 0;
    for (size_t i = block * WORDS_A_BLOCK; i < block_last(source, block); i++) {
        size_t count = 0;
        if (source->room(source->user, i) < 2) continue;
        b->statuses[block] = source->fill(source->user, thread, i, at + SYMBOL_HEADER, &count);
        if (b->statuses[block] != MASKE_OK) {
            const char *sentence = maske_error();
            size_t length = strlen(sentence) < 255 ? strlen(sentence) : 255;
            memcpy(b->errors[block], sentence, length);
            return;
        }
        at = finish_word(at, count, source->weight(source->user, i));
        if (count >= 2) symbols += count;
    }
    b->words->blocks[block].end = (size_t)(at - b->words->cells);
    b->symbols[block] = symbols;
}

static maske_status build(builder *b, int threads) {
    symbol_words *words = b->words;
    size_t blocks = words->block_count, cells = 0;
    TRY(memory_new(&words->blocks, blocks, sizeof *words->blocks, "words"));
    TRY(memory_new(&b->statuses, blocks, sizeof *b->statuses, "words"));
    TRY(memory_new(&b->errors, blocks, sizeof *b->errors, "words"));
    TRY(memory_new(&b->symbols, blocks, sizeof *b->symbols, "words"));
    parallel_for(threads, blocks, measure_block, b);
    for (size_t i = 0; i < blocks; i++) {
        words->blocks[i].begin = cells;
        cells += words->blocks[i].end;
    }
    if (cells >= UINT32_MAX)
        return error_set(MASKE_UNSUPPORTED, "the corpus has %zu symbols in different words, expected less than 2^32",
                         cells);
    words->cell_bytes = cells * sizeof *words->cells;
    TRY(memory_pages_new(&words->cells, words->cell_bytes, "words"));
    parallel_for(threads, blocks, fill_block, b);
    for (size_t i = 0; i < blocks; i++) {
        if (b->statuses[i] != MASKE_OK) return error_set(b->statuses[i], "%s", b->errors[i]);
        words->symbols += b->symbols[i];
    }
    return MASKE_OK;
}

maske_status symbol_words_build(symbol_words *out, const symbol_source *source, int threads) {
    symbol_words words = {.block_count = (source->count + WORDS_A_BLOCK - 1) / WORDS_A_BLOCK};
    builder b = {.words = &words, .source = source};
    maske_status status = build(&b, threads);
    free(b.statuses);
    free(b.errors);
    free(b.symbols);
    if (status != MASKE_OK) symbol_words_free(&words);
    else *out = words;
    return status;
}

/* Gathers the symbols of the word that begins at `record` at `target`, which lies at or before it; *next: behind the
 * word. Each header that is overwritten was read before, since the gathered run never overtakes the reading. */
static size_t gather_word(uint32_t *target, uint32_t *record, uint32_t **next) {
    size_t count = 0;
    bool more = true;
    while (more) {
        uint32_t length = symbol_count(record), room = symbol_room(record);
        more = (record[0] & SYMBOL_JOINS_NEXT) != 0;
        memmove(target + count, record + SYMBOL_HEADER, length * sizeof *target);
        count += length;
        record += SYMBOL_HEADER + room;
    }
    *next = record;
    return count;
}

static void pack_block(void *user, size_t block, int thread) {
    symbol_words *words = user;
    uint32_t *record = words->cells + words->blocks[block].begin, *end = words->cells + words->blocks[block].end,
             *at = record;
    (void)thread;
    while (record < end) {
        int64_t weight = symbol_weight(record);
        size_t count = gather_word(at + SYMBOL_HEADER, record, &record);
        at = finish_word(at, count, weight);
    }
    words->blocks[block].end = (size_t)(at - words->cells);
}

void symbol_words_pack(symbol_words *words, int threads) {
    parallel_for(threads, words->block_count, pack_block, words);
}

void symbol_words_free(symbol_words *words) {
    memory_pages_free(words->cells, words->cell_bytes);
    free(words->blocks);
    *words = (symbol_words){0};
}
