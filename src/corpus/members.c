/* corpus/members.c: the members of a gzip or bzip2 file over a raw_file, by one loop and a row of functions a kind. */
#include "corpus/members.h"
#include "base/memory.h"

#include <bzlib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { RAW_BLOCK = 256 << 10 };
enum { STEP_LIMIT = 1 << 30 }; /* both libraries count in 32 bits */

/* What is left to read and the room to write; a step moves both on. */
typedef struct piece {
    char *in, *out;
    unsigned in_left, out_left;
} piece;
typedef enum step_result { STEP_GOES_ON, STEP_MEMBER_ENDED, STEP_DAMAGED, STEP_NO_MEMORY } step_result;
typedef union decoder {
    z_stream zlib;
    bz_stream bzip2;
} decoder;

typedef struct member_kind {
    const char *name;
    bool (*recognises)(const char *head, size_t length);
    bool (*begin)(decoder *d); /* a member; false: no memory */
    step_result (*step)(decoder *d, piece *p);
    void (*end)(decoder *d); /* harmless on a zeroed one and when called twice */
} member_kind;

/* ------------------------------------------------------------------------------------------------------- gzip --- */

static bool gzip_recognises(const char *head, size_t length) {
    return length >= 3 && memcmp(head, "\x1F\x8B\x08", 3) == 0;
}

/* 16: the gzip form alone, whose check sum and length inflate compares. */
static bool gzip_begin(decoder *d) { return inflateInit2(&d->zlib, MAX_WBITS + 16) == Z_OK; }

static step_result gzip_step(decoder *d, piece *p) {
    z_stream *z = &d->zlib;
    z->next_in = (Bytef *)p->in;
    z->avail_in = p->in_left;
    z->next_out = (Bytef *)p->out;
    z->avail_out = p->out_left;
    int result = inflate(z, Z_NO_FLUSH);
    *p = (piece){(char *)z->next_in, (char *)z->next_out, z->avail_in, z->avail_out};
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR:
        return STEP_GOES_ON;
    case Z_STREAM_END:
        return STEP_MEMBER_ENDED;
    case Z_MEM_ERROR:
        return STEP_NO_MEMORY;
    default:
        return STEP_DAMAGED;
    }
}

static void gzip_end(decoder *d) { (void)inflateEnd(&d->zlib); }

/* ------------------------------------------------------------------------------------------------------ bzip2 --- */

/* "BZh9" could begin a text; the block's or the end's mark behind it could not. */
static bool bzip2_recognises(const char *head, size_t length) {
    return length >= 10 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
           (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static bool bzip2_begin(decoder *d) { return BZ2_bzDecompressInit(&d->bzip2, 0, 0) == BZ_OK; }

static step_result bzip2_step(decoder *d, piece *p) {
    bz_stream *b = &d->bzip2;
    b->next_in = p->in;
    b->avail_in = p->in_left;
    b->next_out = p->out;
    b->avail_out = p->out_left;
    int result = BZ2_bzDecompress(b);
    *p = (piece){b->next_in, b->next_out, b->avail_in, b->avail_out};
    switch (result) {
    case BZ_OK:
        return STEP_GOES_ON;
    case BZ_STREAM_END:
        return STEP_MEMBER_ENDED;
    case BZ_MEM_ERROR:
        return STEP_NO_MEMORY;
    default:
        return STEP_DAMAGED;
    }
}

static void bzip2_end(decoder *d) { (void)BZ2_bzDecompressEnd(&d->bzip2); }

/* ------------------------------------------------------------------------------------------------------- both --- */

static const member_kind kinds[] = {
    {"gzip", gzip_recognises, gzip_begin, gzip_step, gzip_end},
    {"bzip2", bzip2_recognises, bzip2_begin, bzip2_step, bzip2_end},
};

struct members_reader {
    raw_file *file;
    const member_kind *kind;
    decoder decoder;
    bool inside; /* a member has begun and not ended */
    bool raw_ended, ended;
    char *next; /* [left]: what is not decoded yet of raw */
    size_t left;
    char raw[RAW_BLOCK];
};

static const member_kind *kind_of(const char *head, size_t length) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].recognises(head, length)) return &kinds[i];
    return NULL;
}

bool members_recognises(const char *head, size_t length) { return kind_of(head, length) != NULL; }

static maske_status damaged(const members_reader *m) {
    return error_set(MASKE_BAD_FILE, "%s: cannot decompress: the data is damaged", m->file->name);
}

static maske_status no_memory(void) { return error_memory(4 << 20, "decompression"); }

static maske_status begin_member(members_reader *m) {
    m->kind->end(&m->decoder);
    m->decoder = (decoder){0};
    if (!m->kind->begin(&m->decoder)) return no_memory();
    m->inside = true;
    return MASKE_OK;
}

maske_status members_open(members_reader **out, raw_file *file) {
    members_reader *m = NULL;
    TRY(memory_resize(&m, 1, sizeof *m, "decompression"));
    m->file = file;
    m->kind = kind_of(file->head, file->head_length);
    m->decoder = (decoder){0};
    m->inside = m->raw_ended = m->ended = false;
    m->left = 0;
    maske_status status = begin_member(m);
    if (status == MASKE_OK) *out = m;
    else members_close(m);
    return status;
}

static maske_status fill(members_reader *m) {
    if (m->left > 0 || m->raw_ended) return MASKE_OK;
    m->next = m->raw;
    TRY(raw_file_read(m->file, m->raw, sizeof m->raw, &m->left));
    m->raw_ended = m->left < sizeof m->raw;
    return MASKE_OK;
}

/* Behind a member: the end, zeros to the end, or the next one. */
static maske_status after_member(members_reader *m) {
    TRY(fill(m));
    if (m->left > 0 && m->next[0] != '\0') return begin_member(m);
    while (m->left > 0) {
        for (; m->left > 0; m->next++, m->left--)
            if (m->next[0] != '\0') return damaged(m);
        TRY(fill(m));
    }
    m->ended = true;
    return MASKE_OK;
}

/* Some more of the member's text into the room, which has some. */
static maske_status step(members_reader *m, char *out, size_t room, size_t *got) {
    TRY(fill(m));
    piece p = {m->next, out, (unsigned)m->left, room < STEP_LIMIT ? (unsigned)room : STEP_LIMIT};
    piece before = p;
    step_result result = m->kind->step(&m->decoder, &p);
    m->next = p.in;
    m->left = p.in_left;
    *got += before.out_left - p.out_left;
    switch (result) {
    case STEP_DAMAGED:
        return damaged(m);
    case STEP_NO_MEMORY:
        return no_memory();
    case STEP_MEMBER_ENDED:
        m->inside = false;
        return MASKE_OK;
    case STEP_GOES_ON:
        break;
    }
    bool moved = p.in_left != before.in_left || p.out_left != before.out_left;
    if (moved || !m->raw_ended) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: cannot decompress: truncated %s input", m->file->name, m->kind->name);
}

maske_status members_read(members_reader *m, char *out, size_t capacity, size_t *got) {
    *got = 0;
    while (!m->ended && *got < capacity) {
        if (m->inside) TRY(step(m, out + *got, capacity - *got, got));
        else TRY(after_member(m));
    }
    return MASKE_OK;
}

void members_close(members_reader *m) {
    if (m == NULL) return;
    m->kind->end(&m->decoder);
    free(m);
}
