/* tokenizer/vocab.c: open addressing over one text arena.
 *
 * A slot keeps 32 bits of the hash beside the id, so that a miss rarely touches the arena. Entries are never removed. */
#include "tokenizer/vocab.h"
#include "base/hash.h"

#include <stdlib.h>

static vocab_slot *slot_of(const vocab *v, const char *text, size_t length, uint64_t hash) {
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t i = hash & (v->slot_count - 1);; i = (i + 1) & (v->slot_count - 1)) {
        vocab_slot *slot = &v->slots[i];
        if (slot->id < 0) return slot;
        if (slot->tag != tag) continue;
        vocab_entry entry = v->entries[slot->id];
        if (entry.length == length && memcmp(v->arena + entry.offset, text, length) == 0) return slot;
    }
}

int32_t vocab_find(const vocab *v, const char *text, size_t length) {
    if (v->slot_count == 0) return -1;
    return slot_of(v, text, length, hash_bytes(text, length))->id;
}

static maske_status new_slots(vocab *v, size_t count) {
    vocab_slot *slots = NULL;
    TRY(memory_new(&slots, count, sizeof *slots, "vocabulary"));
    for (size_t i = 0; i < count; i++) slots[i].id = -1;
    for (int32_t id = 0; id < v->limit; id++) {
        size_t length = 0;
        const char *text = vocab_text(v, id, &length);
        if (text == NULL) continue;
        uint64_t hash = hash_bytes(text, length);
        size_t at = hash & (count - 1);
        while (slots[at].id >= 0) at = (at + 1) & (count - 1);
        slots[at] = (vocab_slot){(uint32_t)(hash >> 32), id};
    }
    free(v->slots);
    v->slots = slots;
    v->slot_count = count;
    return MASKE_OK;
}

/* Makes room for ids below `limit`, new ones being holes. */
static maske_status grow_entries(vocab *v, int32_t limit) {
    TRY(memory_reserve(&v->entries, &v->entry_capacity, (size_t)limit, sizeof *v->entries, "vocabulary"));
    for (int32_t id = v->limit; id < limit; id++) v->entries[id] = (vocab_entry){VOCAB_HOLE, 0};
    return MASKE_OK;
}

maske_status vocab_add(vocab *v, const char *text, size_t length, int32_t id) {
    if (id < 0 || id >= VOCAB_ID_LIMIT)
        return error_set(MASKE_BAD_ARGUMENT, "the entry \"%.*s\" has the id %d, expected 0 to %d",
                         (int)(length < 64 ? length : 64), text, id, VOCAB_ID_LIMIT - 1);
    if (length > VOCAB_TOKEN_LIMIT)
        return error_set(MASKE_BAD_ARGUMENT, "the entry with id %d has %zu bytes, expected at most %d", id, length,
                         VOCAB_TOKEN_LIMIT);
    if (v->count >= VOCAB_COUNT_LIMIT)
        return error_set(MASKE_BAD_ARGUMENT, "the vocabulary has more than %d entries", VOCAB_COUNT_LIMIT);
    if (id < v->limit && v->entries[id].offset != VOCAB_HOLE)
        return error_set(MASKE_BAD_ARGUMENT, "the id %d belongs to two entries, \"%s\" and \"%.*s\"", id,
                         v->arena + v->entries[id].offset, (int)(length < 64 ? length : 64), text);
    if (v->count * 2 >= v->slot_count) TRY(new_slots(v, v->slot_count == 0 ? 64 : v->slot_count * 2));
    uint64_t hash = hash_bytes(text, length);
    vocab_slot *slot = slot_of(v, text, length, hash);
    if (slot->id >= 0)
        return error_set(MASKE_BAD_ARGUMENT, "the entry \"%.*s\" has two ids, %d and %d",
                         (int)(length < 64 ? length : 64), text, slot->id, id);
    size_t needed = 0;
    if (!size_add(&needed, v->arena_length, length + 1) || needed >= VOCAB_HOLE)
        return error_set(MASKE_BAD_ARGUMENT, "the vocabulary's strings take more than 4 GiB");
    TRY(memory_reserve(&v->arena, &v->arena_capacity, needed, 1, "vocabulary"));
    if (id >= v->limit) TRY(grow_entries(v, id + 1));
    if (length > 0) memcpy(v->arena + v->arena_length, text, length);
    v->arena[v->arena_length + length] = '\0';
    v->entries[id] = (vocab_entry){(uint32_t)v->arena_length, (uint32_t)length};
    v->arena_length = needed;
    *slot = (vocab_slot){(uint32_t)(hash >> 32), id};
    v->count++;
    if (id >= v->limit) v->limit = id + 1;
    return MASKE_OK;
}

maske_status vocab_reserve(vocab *v, size_t entries, size_t bytes) {
    if (entries > VOCAB_COUNT_LIMIT) entries = VOCAB_COUNT_LIMIT;
    size_t slots = 64;
    while (slots < entries * 2 + 2) slots *= 2;
    if (slots > v->slot_count) TRY(new_slots(v, slots));
    TRY(memory_reserve(&v->entries, &v->entry_capacity, entries, sizeof *v->entries, "vocabulary"));
    return memory_reserve(&v->arena, &v->arena_capacity, bytes, 1, "vocabulary");
}

maske_status vocab_append(vocab *v, const char *text, size_t length, int32_t *id) {
    int32_t next = v->limit;
    TRY(vocab_add(v, text, length, next));
    if (id != NULL) *id = next;
    return MASKE_OK;
}

maske_status vocab_copy(vocab *out, const vocab *from) {
    vocab copy = {0};
    maske_status status = MASKE_OK;
    for (int32_t id = 0; id < from->limit && status == MASKE_OK; id++) {
        size_t length = 0;
        const char *text = vocab_text(from, id, &length);
        if (text != NULL) status = vocab_add(&copy, text, length, id);
    }
    if (status != MASKE_OK) vocab_free(&copy);
    else *out = copy;
    return status;
}

void vocab_free(vocab *v) {
    free(v->arena);
    free(v->entries);
    free(v->slots);
    *v = (vocab){0};
}
