/* tokenizer/pipeline.c: pieces, words, tokens with their places. Ids alone go another way: pipeline_ids.c. */
#include "tokenizer/pipeline.h"
#include "tokenizer/pattern.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

void pipeline_free(pipeline *p) {
    pieces_free(&p->pieces);
    aligned_text_free(&p->text);
    added_splits_free(&p->raw_splits);
    added_splits_free(&p->normalized_splits);
    word_list_free(&p->words);
    bpe_word_free(&p->word);
    buffer_free(&p->form);
    word_cache_free(&p->pieces_seen);
    word_ids_leave(&p->words_seen);
    buffer_free(&p->block);
    free(p->block_ranges.items);
    free(p->block_ends);
    for (int i = 0; i < 2; i++) {
        free(p->ids[i].items);
        output_tokens_free(&p->tokens[i]);
    }
    post_process_free(&p->process);
    *p = (pipeline){0};
}

maske_status pipeline_word(const maske_tokenizer *t, pipeline *p, const char *text, size_t length) {
    return t->kind == MODEL_BPE ? bpe_encode(&t->model.bpe, &p->word, text, length)
                                : wordpiece_encode(&t->model.wordpiece, &p->word, text, length);
}

void pipeline_start_text(pipeline *p) {
    pattern_scratch_restart(p->text.search);
    pattern_scratch_restart(p->pieces.search);
    pattern_scratch_restart(p->words.pieces.search);
}

maske_status pipeline_check_length(size_t length) {
    if (length <= PIPELINE_TEXT_LIMIT) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "the text has %zu bytes, a single text may have at most %zu", length,
                     PIPELINE_TEXT_LIMIT);
}

/* ------------------------------------------------------------------------------------------------------- pieces --- */

/* A stretch between raw matches: normalised, cut at the normalised matches. */
static maske_status add_stretch(const maske_tokenizer *t, pipeline *p) {
    TRY(normalizer_apply(t->normalizer, &p->text));
    if (!added_tokens_has(&t->added, true))
        return pieces_add(&p->pieces, &p->text, 0, p->text.now.length, PIECE_IS_TEXT);
    added_splits *splits = &p->normalized_splits;
    TRY(added_tokens_split(&t->added, true, p->text.now.bytes, p->text.now.length, splits));
    for (size_t i = 0; i < splits->count; i++)
        TRY(pieces_add(&p->pieces, &p->text, splits->items[i].begin, splits->items[i].end, splits->items[i].id));
    return MASKE_OK;
}

maske_status pipeline_pieces(const maske_tokenizer *t, pipeline *p, const char *text, size_t length, bool aligned) {
    TRY(pipeline_check_length(length));
    pipeline_start_text(p);
    pieces_start(&p->pieces, aligned);
    TRY(added_tokens_split(&t->added, false, text, length, &p->raw_splits));
    for (size_t i = 0; i < p->raw_splits.count; i++) {
        added_split split = p->raw_splits.items[i];
        TRY(aligned_text_set(&p->text, text + split.begin, split.end - split.begin, (uint32_t)split.begin, aligned));
        if (split.id >= 0) TRY(pieces_add(&p->pieces, &p->text, 0, p->text.now.length, split.id));
        else TRY(add_stretch(t, p));
    }
    return pre_tokenizer_split(t->pre_tokenizer, &p->pieces);
}

/* -------------------------------------------------------------------------------------------------- with places --- */

/* Walks between bytes and characters of the original; tokens come nearly in order, so steps are short. */
typedef struct cursor { const char *text; size_t length, byte; uint32_t character; } cursor;

/* The character that holds this byte (or the number of characters, at the end). */
static uint32_t character_at(cursor *c, size_t byte) {
    while (c->byte < byte && c->byte < c->length) {
        size_t size = utf8_size(c->text[c->byte]);
        if (c->byte + size > byte) break;
        c->byte += size;
        c->character++;
    }
    while (c->byte > byte) {
        do c->byte--; while (utf8_is_continuation(c->text[c->byte]));
        c->character--;
    }
    return c->character;
}

/* Bytes to characters by the library's rule, odd ends included: a beginning past the text is left in bytes, an end past
 * it becomes two behind the beginning. Only offsets of inserted characters are ever there. */
static void place_token(output_token *token, cursor *c, size_t begin, size_t end) {
    if (begin >= c->length) {
        token->char_begin = (uint32_t)begin;
        token->char_end = (uint32_t)end;
        return;
    }
    token->char_begin = character_at(c, begin);
    if (end <= c->length) token->char_end = end < c->length ? character_at(c, end) : character_at(c, end - 1) + 1;
    else token->char_end = token->char_begin + 2;
}

static bool is_blank(uint32_t character) { return character == 0x120 || unicode_is_space(character); }

static void count_blanks(output_token *token, const char *text, size_t length) {
    size_t begin = 0, end = length, size;
    for (; begin < length && is_blank(utf8_next(text + begin, &size)); begin += size) token->leading++;
    while (end > 0) {
        do end--; while (utf8_is_continuation(text[end]));
        if (!is_blank(utf8_next(text + end, &size))) break;
        token->trailing++;
    }
}

/* The tokens of a piece from p->word. Lengths that pass the piece's end (dropped characters, fallback of affixes) give
 * what the library gives: the numbers as they are. */
static maske_status add_word_tokens(const maske_tokenizer *t, pipeline *p, const piece *item, cursor *c, bool trims,
                                    output_tokens *out) {
    TRY(output_tokens_reserve(out, p->word.count));
    size_t at = 0, length = item->end - item->begin;
    const text_range *origins = p->pieces.text.origins + item->begin;
    for (size_t i = 0; i < p->word.count; i++) {
        size_t next = at + p->word.lengths[i], size = 0;
        output_token token = {.id = p->word.ids[i]};
        if (next <= length && next > at) place_token(&token, c, origins[at].begin, origins[next - 1].end);
        else place_token(&token, c, at, next);
        if (trims) {
            const char *text = vocab_text(tokenizer_vocab(t), token.id, &size);
            if (text != NULL) count_blanks(&token, text, size);
        }
        out->items[out->count++] = token;
        at = next;
    }
    return MASKE_OK;
}

static maske_status load_word(const maske_tokenizer *t, pipeline *p, const char *text, size_t length) {
    uint64_t hash = word_cache_hash(text, length);
    word_record record;
    if (!word_cache_find(&p->pieces_seen, hash, text, length, &record)) {
        TRY(pipeline_word(t, p, text, length));
        word_cache_add(&p->pieces_seen, hash, text, length, p->word.ids, p->word.lengths, p->word.count);
        return MASKE_OK;
    }
    p->word.count = 0;
    if (record.count == 0) return MASKE_OK;
    TRY(bpe_word_reserve(&p->word, record.count));
    memcpy(p->word.ids, record.ids, record.count * sizeof *p->word.ids);
    for (size_t i = 0; i < record.count; i++) p->word.lengths[i] = record.lengths[i];
    p->word.count = record.count;
    return MASKE_OK;
}

maske_status pipeline_tokens(const maske_tokenizer *t, pipeline *p, const char *text, size_t length, bool trims,
                             output_tokens *out) {
    TRY(pipeline_pieces(t, p, text, length, true));
    word_cache_use(&p->pieces_seen, t->serial);
    cursor c = {text, length, 0, 0};
    out->count = 0;
    for (size_t i = 0; i < p->pieces.count; i++) {
        const piece *item = &p->pieces.items[i];
        const char *bytes = p->pieces.text.bytes + item->begin;
        size_t size = item->end - item->begin;
        if (item->token != PIECE_IS_TEXT) {
            TRY(output_tokens_reserve(out, 1));
            output_token token = {.id = item->token};
            place_token(&token, &c, p->pieces.text.origins[item->begin].begin,
                        p->pieces.text.origins[item->end - 1].end);
            if (trims) count_blanks(&token, bytes, size);
            out->items[out->count++] = token;
            continue;
        }
        TRY(load_word(t, p, bytes, size));
        TRY(add_word_tokens(t, p, item, &c, trims, out));
    }
    return MASKE_OK;
}
