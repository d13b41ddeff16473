/* tokenizer/component.h: what normalizers, pre-tokenizers, post-processors and decoders have in common.
 *
 * Each is an object of a tokenizer.json with a "type" and a few members, or a Sequence of such objects. A family is a
 * structure that begins with a `component`, and a table of its types; a type is a table of its members. Reading, writing
 * and freeing walk these tables, so that a member is named once:
 *
 *     static const component_member strip_members[] = {
 *         MEMBER("strip_left", BOOLEAN, normalizer, strip.left),
 *         MEMBER("strip_right", BOOLEAN, normalizer, strip.right),
 *         {0}
 *     };
 *     const normalizer_type normalizer_strip = {
 *         .base = {.name = "Strip", .members = strip_members}, .apply = strip_apply, .steady = strip_steady
 *     };
 *
 * Read-only once made. */
#ifndef MASKE_TOKENIZER_COMPONENT_H
#define MASKE_TOKENIZER_COMPONENT_H

#include "base/json.h"

typedef struct component component;
typedef struct component_type component_type;
typedef struct component_family component_family;

/* The first member of a family's structure. */
struct component {
    const component_type *type;
    const component_family *family;
    component **items;              /* [count] of a Sequence, in order */
    size_t count;
};

typedef enum member_kind {
    MEMBER_BOOLEAN,                 /* bool */
    MEMBER_MAYBE,                   /* int: 1, 0, or -1 for null; null where it is missing */
    MEMBER_COUNT,                   /* size_t, or int64_t */
    MEMBER_TEXT,                    /* char *, its own */
    MEMBER_CHARACTER,               /* char *: a single character */
    MEMBER_CHOICE,                  /* int, or an enum: the place among the names */
    MEMBER_PATTERN                  /* pattern (tokenizer/pattern.h) */
} member_kind;
typedef struct component_member {
    const char *key;                /* NULL ends a table */
    member_kind kind;
    size_t offset;                  /* in the family's structure */
    const char *fallback;           /* where it is missing or null: "true", "5", a name; NULL: it must be there */
    const char *const *names;       /* CHOICE: ends with NULL */
} component_member;
#define MEMBER(key, kind, structure, member) {key, MEMBER_##kind, offsetof(structure, member), NULL, NULL}
#define MEMBER_OR(key, kind, structure, member, fallback) \
    {key, MEMBER_##kind, offsetof(structure, member), fallback, NULL}
#define MEMBER_OF(key, names, structure, member, fallback) \
    {key, MEMBER_CHOICE, offsetof(structure, member), fallback, names}

struct component_type {
    const char *name;
    const component_member *members;        /* in the order of writing; NULL: none */
    /* What the table cannot say; each may be NULL. `place` is for errors. read comes behind the members, write before
     * them. free is called also where reading failed half way. */
    maske_status (*read)(component *self, const json_t *json, const char *place);
    void (*write)(json_writer *w, const component *self);
    void (*free)(component *self);
};

struct component_family {
    const char *what;                       /* "normalizer": for sentences */
    const char *list;                       /* "normalizers": a Sequence's key */
    size_t size;                            /* of the structure */
    const component_type *const *types;     /* ends with NULL; "Sequence" is one of them */
    /* The type of an object that an old version wrote without, or with another name; NULL: none. May be NULL. */
    const char *(*old_type)(const json_t *json);
};

/* json null or NULL: *out is NULL, which the other functions take. Yours: component_free. */
MASKE_MUST_USE maske_status component_read(component **out, const component_family *family, const json_t *json,
                                           const char *place);
/* The object as the library saves it; null for NULL. */
void component_write(json_writer *w, const component *self);
void component_free(component *self);

/* Settings that components of several families have. */
typedef struct byte_level_settings { bool add_prefix_space, trim_offsets, use_regex; } byte_level_settings;
#define BYTE_LEVEL_MEMBERS(structure, settings)                                   \
    MEMBER("add_prefix_space", BOOLEAN, structure, settings.add_prefix_space),    \
    MEMBER("trim_offsets", BOOLEAN, structure, settings.trim_offsets),            \
    MEMBER_OR("use_regex", BOOLEAN, structure, settings.use_regex, "true")

typedef enum prepend_scheme { PREPEND_FIRST, PREPEND_NEVER, PREPEND_ALWAYS } prepend_scheme;
extern const char *const prepend_scheme_names[];
typedef struct metaspace_settings { char *replacement; prepend_scheme scheme; bool split; } metaspace_settings;
#define METASPACE_MEMBERS(structure, settings)                                                                    \
    MEMBER("replacement", CHARACTER, structure, settings.replacement),                                            \
    MEMBER_OF("prepend_scheme", prepend_scheme_names, structure, settings.scheme, "always"),                      \
    MEMBER_OR("split", BOOLEAN, structure, settings.split, "true")
/* Files of before 2024 have an add_prefix_space, which must not say otherwise than the scheme. */
MASKE_MUST_USE maske_status metaspace_check(const metaspace_settings *settings, const json_t *json, const char *place);

/* Components by a name of ours. */
typedef struct component_name { const char *name, *json; } component_name;      /* name NULL ends a table; json "null" */
MASKE_MUST_USE maske_status component_new_named(component **out, const component_family *family,
                                                const component_name *table, const char *name);

#endif
