/* tokenizer/added_matcher.c: the automaton.
 *
 * A node is a prefix of some string. Its fail link is the longest proper suffix that is a node too, its ending link the
 * longest suffix that is a whole string. Reading a byte follows an edge, or fail links until one has that edge; each
 * step down was paid for by a step up, so a search is linear. The text between matches is hardly touched: at the root
 * only a byte that some string begins with matters, and those are found by memchr or a table. */
#include "tokenizer/added_matcher.h"
#include "base/hash.h"

#include <stdlib.h>

typedef struct node {
    uint32_t child, sibling;        /* first child, next child of the parent; 0: none */
    uint32_t fail, ending;          /* 0: the root, none */
    uint32_t depth;
    int32_t number;                 /* of the string that ends here, -1 */
    unsigned char byte;             /* on the edge to this node */
} node;
typedef struct edge { uint64_t key; uint32_t to; } edge;       /* key: parent << 8 | byte; to 0: free */

struct added_matcher {
    node *nodes;                    /* [count]; 0 is the root */
    size_t count, capacity;
    edge *edges;                    /* [edge_mask + 1] open addressing */
    size_t edge_mask;
    bool first[256];                /* bytes that strings begin with */
    int only_first;                 /* that byte if there is just one, else -1 */
};

static edge *edge_slot(const added_matcher *m, uint64_t key) {
    for (size_t i = hash_mix(key ^ 0x9E3779B97F4A7C15u, 0xD6E8FEB86659FD93u) & m->edge_mask;;
         i = (i + 1) & m->edge_mask)
        if (m->edges[i].to == 0 || m->edges[i].key == key) return &m->edges[i];
}
static inline uint32_t step(const added_matcher *m, uint32_t from, unsigned char byte) {
    return edge_slot(m, (uint64_t)from << 8 | byte)->to;
}

static maske_status grow_edges(added_matcher *m, size_t slots) {
    edge *old = m->edges, *edges = NULL;
    size_t old_slots = old == NULL ? 0 : m->edge_mask + 1;
    TRY(memory_new(&edges, slots, sizeof *edges, "added tokens"));
    m->edges = edges;
    m->edge_mask = slots - 1;
    for (size_t i = 0; i < old_slots; i++) if (old[i].to != 0) *edge_slot(m, old[i].key) = old[i];
    free(old);
    return MASKE_OK;
}

static maske_status add_node(added_matcher *m, node value, uint32_t *at) {
    TRY(memory_reserve(&m->nodes, &m->capacity, m->count + 1, sizeof *m->nodes, "added tokens"));
    *at = (uint32_t)m->count;
    m->nodes[m->count++] = value;
    return MASKE_OK;
}

maske_status added_matcher_new(added_matcher **out) {
    added_matcher *m = NULL;
    uint32_t root = 0;
    TRY(memory_new(&m, 1, sizeof *m, "added tokens"));
    maske_status status = grow_edges(m, 64);
    if (status == MASKE_OK) status = add_node(m, (node){.number = -1}, &root);
    if (status != MASKE_OK) added_matcher_free(m);
    else *out = m;
    return status;
}

maske_status added_matcher_add(added_matcher *m, const char *text, size_t length, int32_t number, int32_t *known) {
    uint32_t at = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        uint32_t to = step(m, at, byte);
        if (to == 0) {
            if (m->count * 2 > m->edge_mask) TRY(grow_edges(m, (m->edge_mask + 1) * 2));
            node child = {.sibling = m->nodes[at].child, .depth = (uint32_t)i + 1, .number = -1, .byte = byte};
            TRY(add_node(m, child, &to));
            m->nodes[at].child = to;
            *edge_slot(m, (uint64_t)at << 8 | byte) = (edge){(uint64_t)at << 8 | byte, to};
        }
        at = to;
    }
    *known = m->nodes[at].number;
    if (*known < 0) m->nodes[at].number = number;
    m->first[(unsigned char)text[0]] = true;
    return MASKE_OK;
}

/* Fail and ending links, by depth: those of shorter nodes are there when they are needed. */
maske_status added_matcher_finish(added_matcher *m) {
    uint32_t *queue = NULL;
    size_t head = 0, tail = 0;
    TRY(memory_new(&queue, m->count, sizeof *queue, "added tokens"));
    queue[tail++] = 0;
    while (head < tail) {
        uint32_t parent = queue[head++];
        for (uint32_t child = m->nodes[parent].child; child != 0; child = m->nodes[child].sibling) {
            queue[tail++] = child;
            if (parent == 0) continue;                          /* both links are the root */
            uint32_t fail = m->nodes[parent].fail, to;
            while ((to = step(m, fail, m->nodes[child].byte)) == 0 && fail != 0) fail = m->nodes[fail].fail;
            m->nodes[child].fail = to;
            m->nodes[child].ending = m->nodes[to].number >= 0 ? to : m->nodes[to].ending;
        }
    }
    free(queue);
    int firsts = 0;
    for (int byte = 0; byte < 256; byte++) if (m->first[byte]) { firsts++; m->only_first = byte; }
    if (firsts != 1) m->only_first = -1;
    return MASKE_OK;
}

void added_matcher_free(added_matcher *m) {
    if (m == NULL) return;
    free(m->nodes);
    free(m->edges);
    free(m);
}

/* The next place where a string may begin. */
static size_t skip(const added_matcher *m, const char *text, size_t length, size_t at) {
    if (m->only_first >= 0) {
        const char *found = memchr(text + at, m->only_first, length - at);
        return found == NULL ? length : (size_t)(found - text);
    }
    while (at < length && !m->first[(unsigned char)text[at]]) at++;
    return at;
}

/* The best match so far stands as long as what is being read began at or before it: an earlier or longer one may still
 * come. Once the automaton's prefix begins behind it, it is final. */
bool added_matcher_next(const added_matcher *m, const char *text, size_t length, size_t from, added_match *out) {
    bool found = false;
    uint32_t at = 0;
    for (size_t i = from; i < length; i++) {
        if (at == 0) {
            if (found) return true;
            i = skip(m, text, length, i);
            if (i == length) return false;
        }
        uint32_t to;
        while ((to = step(m, at, (unsigned char)text[i])) == 0 && at != 0) at = m->nodes[at].fail;
        at = to;
        if (found && i + 1 - m->nodes[at].depth > out->begin) return true;
        uint32_t ending = m->nodes[at].number >= 0 ? at : m->nodes[at].ending;
        if (ending == 0) continue;
        size_t begin = i + 1 - m->nodes[ending].depth;
        if (!found || begin <= out->begin) *out = (added_match){begin, i + 1, m->nodes[ending].number};
        found = true;
    }
    return found;
}
