/* base/pickle.c: a stack of value numbers, a memo, and one case an instruction. */
#include "base/pickle.h"

#include <stdlib.h>

#define MARK (UINT32_MAX - 1)       /* on the stack: a tuple or a row of entries begins behind it */

typedef struct machine {
    pickle p;
    const unsigned char *bytes;
    size_t length, at;
    const char *name;               /* of the file */
    const char *const *names;
    size_t name_count;
    uint32_t *stack, *memo;
    size_t depth, stack_capacity, memo_count, memo_capacity;
} machine;

static maske_status refuse(const machine *m, const char *what) {
    return error_set(MASKE_BAD_FILE, "%s: its pickle, byte %zu: %s", m->name, m->at, what);
}

/* ----------------------------------------------------------------------------------------- values and the stack --- */

static maske_status push(machine *m, uint32_t value) {
    TRY(memory_reserve(&m->stack, &m->stack_capacity, m->depth + 1, sizeof *m->stack, "a pickle"));
    m->stack[m->depth++] = value;
    return MASKE_OK;
}

static maske_status pop(machine *m, uint32_t *out) {
    if (m->depth == 0 || m->stack[m->depth - 1] == MARK) return refuse(m, "a value is missing");
    *out = m->stack[--m->depth];
    return MASKE_OK;
}

static maske_status top(const machine *m, pickle_value **out, const char *expected, unsigned kinds) {
    if (m->depth > 0 && m->stack[m->depth - 1] != MARK) {
        *out = &m->p.values[m->stack[m->depth - 1]];
        if (kinds >> (*out)->kind & 1) return MASKE_OK;
    }
    return refuse(m, expected);
}

static maske_status push_new(machine *m, pickle_value value) {
    pickle *p = &m->p;
    if (p->value_count == PICKLE_VALUES) return refuse(m, "more than 2097152 values");
    TRY(memory_reserve(&p->values, &p->value_capacity, p->value_count + 1, sizeof *p->values, "a pickle"));
    value.first_entry = value.last_entry = PICKLE_NONE;
    p->values[p->value_count] = value;
    return push(m, (uint32_t)p->value_count++);
}

static maske_status add_entry(machine *m, uint32_t owner, uint32_t key, uint32_t value) {
    pickle *p = &m->p;
    TRY(memory_reserve(&p->entries, &p->entry_capacity, p->entry_count + 1, sizeof *p->entries, "a pickle"));
    uint32_t entry = (uint32_t)p->entry_count++;
    p->entries[entry] = (pickle_entry){key, value, PICKLE_NONE};
    pickle_value *v = &p->values[owner];
    if (v->first_entry == PICKLE_NONE) v->first_entry = entry;
    else p->entries[v->last_entry].next = entry;
    v->last_entry = entry;
    return MASKE_OK;
}

/* Where the values behind the last mark begin. */
static maske_status find_mark(const machine *m, size_t *first) {
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1] != MARK) at--;
    if (at == 0) return refuse(m, "a mark is missing");
    *first = at;
    return MASKE_OK;
}

/* The top values from `first` on become one tuple; `below` more go with them (the mark). */
static maske_status make_tuple(machine *m, size_t first, size_t below) {
    pickle *p = &m->p;
    size_t count = m->depth - first;
    for (size_t i = first; i < m->depth; i++)
        if (m->stack[i] == MARK) return refuse(m, "a value is missing");
    TRY(memory_reserve(&p->items, &p->item_capacity, p->item_count + count, sizeof *p->items, "a pickle"));
    if (count > 0) memcpy(p->items + p->item_count, m->stack + first, count * sizeof *p->items);
    pickle_value tuple = {.kind = PICKLE_TUPLE, .first = (uint32_t)p->item_count, .count = (uint32_t)count};
    p->item_count += count;
    m->depth = first - below;
    return push_new(m, tuple);
}

/* ------------------------------------------------------------------------------------------------- instructions --- */

/* The next `size` bytes; NULL: the program ends before. */
static const unsigned char *take(machine *m, size_t size) {
    if (size > m->length - m->at) return NULL;
    m->at += size;
    return m->bytes + m->at - size;
}
static maske_status cut(const machine *m) { return refuse(m, "it ends within an instruction"); }

static maske_status take_number(machine *m, int size, uint64_t *out) {
    const unsigned char *from = take(m, (size_t)size);
    if (from == NULL) return cut(m);
    *out = 0;
    for (int i = size; i-- > 0;) *out = *out << 8 | from[i];
    return MASKE_OK;
}

static maske_status push_integer(machine *m, int size, bool is_signed) {
    uint64_t value = 0;
    TRY(take_number(m, size, &value));
    if (is_signed && size < 8 && size > 0 && value >> (8 * size - 1)) value |= UINT64_MAX << (8 * size);
    return push_new(m, (pickle_value){.kind = PICKLE_INTEGER, .integer = (int64_t)value});
}

static maske_status push_long(machine *m) {
    uint64_t size = 0;
    TRY(take_number(m, 1, &size));
    return size <= 8 ? push_integer(m, (int)size, true) : refuse(m, "an integer of more than 64 bits");
}

static maske_status push_text(machine *m) {
    uint64_t size = 0;
    TRY(take_number(m, 4, &size));
    const unsigned char *from = take(m, (size_t)size);
    if (from == NULL) return cut(m);
    return push_new(m, (pickle_value){.kind = PICKLE_TEXT, .text = (const char *)from, .length = (size_t)size});
}

/* "module\nname\n", kept as "module\nname". */
static maske_status push_name(machine *m) {
    const char *from = (const char *)m->bytes + m->at;
    size_t left = m->length - m->at;
    const char *middle = memchr(from, '\n', left);
    const char *end = middle != NULL ? memchr(middle + 1, '\n', left - (size_t)(middle + 1 - from)) : NULL;
    if (end == NULL) return cut(m);
    size_t first = (size_t)(middle - from), second = (size_t)(end - middle - 1);
    bool known = false;
    for (size_t i = 0; i < m->name_count && !known; i++) {
        const char *allowed = m->names[i], *space = strchr(allowed, ' ');
        known = (size_t)(space - allowed) == first && strlen(space + 1) == second &&
                memcmp(allowed, from, first) == 0 && memcmp(space + 1, middle + 1, second) == 0;
    }
    if (!known)
        return error_set(MASKE_UNSUPPORTED,
                         "%s: its pickle, byte %zu, asks for %.*s.%.*s: only what tensors need is read, and nothing is "
                         "ever run", m->name, m->at, (int)(first < 100 ? first : 100), from,
                         (int)(second < 100 ? second : 100), middle + 1);
    m->at += first + second + 2;
    return push_new(m, (pickle_value){.kind = PICKLE_NAME, .text = from, .length = first + second + 1});
}

static maske_status put_memo(machine *m, int size) {
    uint64_t place = 0;
    TRY(take_number(m, size, &place));
    if (m->depth == 0 || m->stack[m->depth - 1] == MARK) return refuse(m, "a value is missing");
    if (place != m->memo_count) return refuse(m, "the memo is not filled in order");
    TRY(memory_reserve(&m->memo, &m->memo_capacity, m->memo_count + 1, sizeof *m->memo, "a pickle"));
    m->memo[m->memo_count++] = m->stack[m->depth - 1];
    return MASKE_OK;
}

static maske_status get_memo(machine *m, int size) {
    uint64_t place = 0;
    TRY(take_number(m, size, &place));
    return place < m->memo_count ? push(m, m->memo[place]) : refuse(m, "nothing is at that place of the memo");
}

#define KIND(kind) (1u << (kind))

static maske_status set_items(machine *m, size_t first, size_t below) {
    pickle_value *owner = NULL;
    size_t end = m->depth;
    if ((end - first) % 2 != 0) return refuse(m, "a key without a value");
    for (size_t i = first; i < end; i++)
        if (m->stack[i] == MARK) return refuse(m, "a value is missing");
    m->depth = first - below;
    TRY(top(m, &owner, "entries for what is no dictionary", KIND(PICKLE_DICT) | KIND(PICKLE_CALL)));
    for (size_t i = first; i < end; i += 2)
        TRY(add_entry(m, m->stack[m->depth - 1], m->stack[i], m->stack[i + 1]));
    return MASKE_OK;
}

static maske_status append(machine *m, size_t first, size_t below) {
    pickle_value *owner = NULL;
    size_t end = m->depth;
    for (size_t i = first; i < end; i++)
        if (m->stack[i] == MARK) return refuse(m, "a value is missing");
    m->depth = first - below;
    TRY(top(m, &owner, "items for what is no list", KIND(PICKLE_LIST)));
    for (size_t i = first; i < end; i++) TRY(add_entry(m, m->stack[m->depth - 1], PICKLE_NONE, m->stack[i]));
    return MASKE_OK;
}

static maske_status reduce(machine *m) {
    uint32_t function = 0, arguments = 0;
    TRY(pop(m, &arguments));
    TRY(pop(m, &function));
    if (m->p.values[function].kind != PICKLE_NAME || m->p.values[arguments].kind != PICKLE_TUPLE)
        return refuse(m, "a call of what is no function");
    return push_new(m, (pickle_value){.kind = PICKLE_CALL, .function = function, .arguments = arguments});
}

static maske_status refer(machine *m) {
    uint32_t what = 0;
    TRY(pop(m, &what));
    return push_new(m, (pickle_value){.kind = PICKLE_REFERENCE, .arguments = what});
}

/* The state of an object (an OrderedDict's attributes) says nothing that is needed. */
static maske_status build(machine *m) {
    uint32_t state = 0;
    pickle_value *owner = NULL;
    TRY(pop(m, &state));
    return top(m, &owner, "a state for what is no object", KIND(PICKLE_CALL));
}

/* The last n values, and nothing else. */
static maske_status small_tuple(machine *m, size_t n) {
    return m->depth >= n ? make_tuple(m, m->depth - n, 0) : refuse(m, "a value is missing");
}

static maske_status behind_mark(machine *m, maske_status (*gather)(machine *m, size_t first, size_t below)) {
    size_t first = 0;
    TRY(find_mark(m, &first));
    return gather(m, first, 1);
}

static maske_status last_values(machine *m, size_t n, maske_status (*gather)(machine *m, size_t first, size_t below)) {
    return m->depth >= n ? gather(m, m->depth - n, 0) : refuse(m, "a value is missing");
}

static maske_status run_instruction(machine *m, unsigned char instruction) {
    switch (instruction) {
    case '(':  return push(m, MARK);
    case 'N':  return push_new(m, (pickle_value){.kind = PICKLE_NOTHING});
    case 0x88: return push_new(m, (pickle_value){.kind = PICKLE_BOOLEAN, .integer = 1});
    case 0x89: return push_new(m, (pickle_value){.kind = PICKLE_BOOLEAN});
    case 'K':  return push_integer(m, 1, false);
    case 'M':  return push_integer(m, 2, false);
    case 'J':  return push_integer(m, 4, true);
    case 0x8A: return push_long(m);
    case 'G':  return take(m, 8) != NULL ? push_new(m, (pickle_value){.kind = PICKLE_NUMBER}) : cut(m);
    case 'X':  return push_text(m);
    case 'c':  return push_name(m);
    case 'q':  return put_memo(m, 1);
    case 'r':  return put_memo(m, 4);
    case 'h':  return get_memo(m, 1);
    case 'j':  return get_memo(m, 4);
    case ')':  return small_tuple(m, 0);
    case 0x85: return small_tuple(m, 1);
    case 0x86: return small_tuple(m, 2);
    case 0x87: return small_tuple(m, 3);
    case 't':  return behind_mark(m, make_tuple);
    case ']':  return push_new(m, (pickle_value){.kind = PICKLE_LIST});
    case 'a':  return last_values(m, 1, append);
    case 'e':  return behind_mark(m, append);
    case '}':  return push_new(m, (pickle_value){.kind = PICKLE_DICT});
    case 's':  return last_values(m, 2, set_items);
    case 'u':  return behind_mark(m, set_items);
    case 'R':  return reduce(m);
    case 'b':  return build(m);
    case 'Q':  return refer(m);
    default:   break;
    }
    return error_set(MASKE_UNSUPPORTED,
                     "%s: its pickle, byte %zu, holds the instruction 0x%02X: only those that tensors need are read, "
                     "and nothing is ever run", m->name, m->at - 1, instruction);
}

static maske_status run(machine *m) {
    const unsigned char *start = take(m, 2);
    if (start == NULL || start[0] != 0x80 || start[1] != 2)
        return refuse(m, "found another start than that of protocol 2");
    while (true) {
        const unsigned char *instruction = take(m, 1);
        if (instruction == NULL) return refuse(m, "it ends without its last instruction");
        if (*instruction == '.') break;
        TRY(run_instruction(m, *instruction));
    }
    if (m->at != m->length) return refuse(m, "there is more behind its last instruction");
    if (m->depth != 1 || m->stack[0] == MARK) return refuse(m, "it leaves more or less than one value");
    m->p.root = m->stack[0];
    return MASKE_OK;
}

maske_status pickle_read(pickle *out, const char *bytes, size_t length, const char *const *names, size_t name_count,
                         const char *name) {
    if (length > PICKLE_LENGTH)
        return error_set(MASKE_BAD_FILE, "%s: its pickle has %zu bytes, at most %zu are read", name, length,
                         PICKLE_LENGTH);
    machine m = {.bytes = (const unsigned char *)bytes, .length = length, .name = name, .names = names,
                 .name_count = name_count};
    maske_status status = run(&m);
    free(m.stack);
    free(m.memo);
    if (status == MASKE_OK) *out = m.p;
    else pickle_close(&m.p);
    return status;
}

void pickle_close(pickle *p) {
    if (p == NULL) return;
    free(p->values);
    free(p->entries);
    free(p->items);
    *p = (pickle){0};
}

bool pickle_is(const pickle *p, uint32_t value, const char *name) {
    const pickle_value *v = &p->values[value];
    if (v->kind != PICKLE_NAME || strlen(name) != v->length) return false;
    for (size_t i = 0; i < v->length; i++)
        if (name[i] != (v->text[i] == '\n' ? ' ' : v->text[i])) return false;
    return true;
}
