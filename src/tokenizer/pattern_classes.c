/* tokenizer/pattern_classes.c: finds the classes of a pattern and writes them anew; see the header. */
#include "tokenizer/pattern_classes.h"

#include "tokenizer/unicode.h"

enum { NAME_LIMIT = 32 };

/* Other names of categories, and of classes that brackets know. */
static const struct { const char *name, *category; } long_names[] = {
    {"letter", "L"}, {"uppercaseletter", "Lu"}, {"lowercaseletter", "Ll"}, {"titlecaseletter", "Lt"},
    {"modifierletter", "Lm"}, {"otherletter", "Lo"}, {"mark", "M"}, {"combiningmark", "M"}, {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"}, {"enclosingmark", "Me"}, {"number", "N"}, {"decimalnumber", "Nd"}, {"letternumber", "Nl"},
    {"othernumber", "No"}, {"punctuation", "P"}, {"dashpunctuation", "Pd"}, {"otherpunctuation", "Po"},
    {"symbol", "S"}, {"mathsymbol", "Sm"}, {"othersymbol", "So"}, {"other", "C"}, {"format", "Cf"}, {"unassigned", "Cn"},
    {"digit", "Nd"}, {"alphabetic", "alpha"}, {"lowercase", "lower"}, {"uppercase", "upper"}, {"punct", "P"},
    {"assigned", "graph"}
};

static bool is(const char *name, const char *other) { return strcmp(name, other) == 0; }

/* Whether the class holds a range of what is newer. */
static bool holds(const char *name, const unicode_newer_range *range) {
    const char *category = range->category;
    bool word = category[0] == 'L' || category[0] == 'M' || is(category, "Nd");
    if (is(name, "word")) return word;
    if (is(name, "alpha")) return range->alphabetic;
    if (is(name, "alnum")) return range->alphabetic || is(category, "Nd");
    if (is(name, "lower")) return range->lower;
    if (is(name, "upper")) return is(category, "Lu");
    if (is(name, "graph") || is(name, "print")) return true;
    if (is(name, "punct")) return category[0] == 'P' || category[0] == 'S';
    size_t length = strlen(name);
    if (length <= 2) {
        char first = (char)(name[0] & ~0x20), second = length == 2 ? (char)(name[1] | 0x20) : '\0';
        return category[0] == first && (second == '\0' || category[1] == second);
    }
    for (const char *script = range->script;; script++, name++) {       /* names are lower case here */
        if ((*script >= 'A' && *script <= 'Z' ? (char)(*script | 0x20) : *script) != *name) return false;
        if (*name == '\0') return true;
    }
}

static maske_status add_ranges(buffer *out, const char *name, bool held) {
    for (size_t i = 0; i < unicode_newer_count; i++) {
        const unicode_newer_range *range = &unicode_newer_ranges[i];
        if (holds(name, range) != held) continue;
        TRY(buffer_add_format(out, "\\x{%X}", (unsigned)range->first));
        if (range->last > range->first) TRY(buffer_add_format(out, "-\\x{%X}", (unsigned)range->last));
    }
    return MASKE_OK;
}

/* Where in the pattern a class stands. */
typedef struct class_options {
    bool folds;                                         /* (?i): case is ignored */
    bool ascii_word, ascii_digit, ascii_posix;          /* (?W), (?D), (?P) for all: the engine takes ASCII alone */
} class_options;
typedef struct class_place {
    int brackets;                   /* depth */
    class_options options;
} class_place;

static const char *const bracket_names[] = {"alpha", "alnum", "lower", "upper", "punct", "word", "digit", "graph", "print"};

/* Whether it is the other, which is of small letters, in any case. */
static bool is_named(const char *name, size_t length, const char *other) {
    if (length != strlen(other)) return false;
    for (size_t i = 0; i < length; i++)
        if ((name[i] | 0x20) != other[i]) return false;
    return true;
}

/* Whether a class of brackets, by the name it has there, is left to the engine. (An older one's ASCII marks are without
 * symbols, so those are not.) */
static bool is_ascii_alone(const class_options *options, const char *name, size_t length) {
    if (options->ascii_word && is_named(name, length, "word")) return true;
    if (options->ascii_digit && is_named(name, length, "digit")) return true;
    for (size_t i = 0; i < sizeof bracket_names / sizeof *bracket_names && options->ascii_posix; i++)
        if (is_named(name, length, bracket_names[i])) return !is_named(name, length, "punct");
    return false;
}

/* Adds a class: the engine's own text of it, then what is newer. A class of what is unassigned loses instead, and Mn
 * lost a character to Mc. Outside brackets two habits of the engine have to be kept: its \w takes six characters of
 * Latin-1 more than [\w], and a property does not fold case, as a class in brackets would. */
static maske_status add_class(buffer *out, const char *engine, size_t engine_length, const char *name, bool negated,
                              const class_place *place) {
    bool loses = is(name, "c") || is(name, "cn") || is(name, "mn"), outside = place->brackets == 0;
    if (outside && place->options.folds) TRY(buffer_add_text(out, "(?-i:"));
    TRY(buffer_add_text(out, negated ? "[^" : "["));
    TRY(buffer_add(out, engine, engine_length));
    if (is(name, "word") && outside) TRY(buffer_add_text(out, "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}"));
    /* The wheel's [:punct:] has symbols too, older engines' only those of ASCII. */
    if (is(name, "punct")) TRY(buffer_add_text(out, "\\p{P}\\p{S}"));
    TRY(add_ranges(out, name, true));
    if (loses) {
        TRY(buffer_add_text(out, "&&[^"));
        TRY(add_ranges(out, name, false));
        TRY(buffer_add_text(out, "]"));
    }
    return buffer_add_text(out, outside && place->options.folds ? "])" : "]");
}

/* The name between braces as the engine compares it: lower case, without spaces, '-' and '_'; short where it has a
 * short form. false: too long to be one of ours. */
static bool plain_name(char out[NAME_LIMIT], const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == ' ' || c == '-' || c == '_') continue;
        if (count + 1 == NAME_LIMIT) return false;
        out[count++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    out[count] = '\0';
    for (size_t i = 0; i < sizeof long_names / sizeof *long_names; i++) {
        if (!is(out, long_names[i].name)) continue;
        for (count = 0; long_names[i].category[count] != '\0'; count++) out[count] = (char)(long_names[i].category[count] | 0x20);
        out[count] = '\0';
    }
    return count > 0;
}

static bool has_newer(const char *name) {
    for (size_t i = 0; i < unicode_newer_count; i++)
        if (holds(name, &unicode_newer_ranges[i])) return true;
    return is(name, "c") || is(name, "cn");
}

/* \b and \B as what stands on both sides: the engine's own know older words alone. */
static maske_status add_boundary(buffer *out, bool negated, const class_place *place) {
    const char *const parts[] = {"(?:(?<=", negated ? ")(?=" : ")(?!", ")|(?<!", negated ? ")(?!" : ")(?=", "))"};
    for (int i = 0; i < 5; i++) {
        TRY(buffer_add_text(out, parts[i]));
        if (i < 4) TRY(add_class(out, "\\w", 2, "word", false, place));
    }
    return MASKE_OK;
}

/* \p{...}, \P{...}, \w, \W, \d, \D, \b, \B at the start of text; *used: how many bytes of it were dealt with, 0 if none. */
static maske_status update_escape(buffer *out, const char *text, size_t length, const class_place *place, size_t *used) {
    *used = 0;
    char name[NAME_LIMIT], kind = length > 1 ? text[1] : '\0';
    bool negated = kind == 'P' || kind == 'W' || kind == 'D';
    if (kind == 'w' || kind == 'W' || kind == 'd' || kind == 'D') {
        bool digit = (kind | 0x20) == 'd';
        if (is_ascii_alone(&place->options, digit ? "digit" : "word", digit ? 5 : 4)) return MASKE_OK;
        *used = 2;
        return add_class(out, digit ? "\\d" : "\\w", 2, digit ? "nd" : "word", negated, place);
    }
    if ((kind == 'b' || kind == 'B') && place->brackets == 0 && !is_ascii_alone(&place->options, "word", 4)) {
        *used = 2;
        return add_boundary(out, kind == 'B', place);
    }
    if ((kind != 'p' && kind != 'P') || length < 5 || text[2] != '{') return MASKE_OK;
    const char *end = memchr(text, '}', length), *begin = text + 3;
    if (end == NULL) return MASKE_OK;
    if (*begin == '^') {
        negated = !negated;
        begin++;
    }
    if (is_ascii_alone(&place->options, begin, (size_t)(end - begin))) return MASKE_OK;
    if (!plain_name(name, begin, (size_t)(end - begin)) || !has_newer(name)) return MASKE_OK;
    char engine[NAME_LIMIT + 8];
    size_t given = (size_t)(end - begin);
    if (given > NAME_LIMIT) return MASKE_OK;
    memcpy(engine, "\\p{", 3);
    memcpy(engine + 3, begin, given);
    engine[3 + given] = '}';
    *used = (size_t)(end - text) + 1;
    return add_class(out, engine, given + 4, name, negated, place);
}

/* [:name:] and [:^name:] within brackets; *used as above. */
static maske_status update_bracket(buffer *out, const char *text, size_t length, const class_place *place, size_t *used) {
    *used = 0;
    bool negated = length > 2 && text[2] == '^';
    const char *begin = text + (negated ? 3 : 2);
    size_t left = length - (size_t)(begin - text);
    for (size_t i = 0; i < sizeof bracket_names / sizeof *bracket_names; i++) {
        const char *name = bracket_names[i];
        size_t size = strlen(name);
        if (left < size + 2 || memcmp(begin, name, size) != 0 || memcmp(begin + size, ":]", 2) != 0) continue;
        if (is_ascii_alone(&place->options, name, size)) return MASKE_OK;
        char engine[16] = "[:";
        memcpy(engine + 2, name, size);
        memcpy(engine + 2 + size, ":]", 2);
        *used = (size_t)(begin - text) + size + 2;
        return add_class(out, engine, size + 4, is(name, "digit") ? "nd" : name, negated, place);
    }
    return MASKE_OK;
}

/* ---- groups: (?i) and its like hold up to the end of the group they stand in, (?i: ... ) within its own ---- */

enum { GROUP_LIMIT = 256 };
typedef struct group_stack { class_options options[GROUP_LIMIT]; int depth; } group_stack;

static void set_option(class_options *options, char letter, bool on) {
    if (letter == 'i') options->folds = on;
    if (letter == 'W') options->ascii_word = on;
    if (letter == 'D') options->ascii_digit = on;
    if (letter == 'P') options->ascii_posix = on;
}

/* At "(": the options it sets, if any. Deeper than the limit the innermost known group answers. */
static void open_group(group_stack *g, const char *text, size_t length) {
    class_options set = g->options[g->depth];
    bool on = true;
    size_t at = 2;
    if (length < 3 || text[1] != '?') at = length;
    for (; at < length && ((text[at] | 0x20) >= 'a' ? (text[at] | 0x20) <= 'z' : text[at] == '-'); at++) {
        if (text[at] == '-') on = false;
        else set_option(&set, text[at], on);
    }
    bool options = at < length && at > 2;
    if (options && text[at] == ')') g->options[g->depth] = set;         /* its ")" closes a group that changes nothing */
    if (g->depth + 1 < GROUP_LIMIT) g->depth++;
    g->options[g->depth] = options && text[at] == ':' ? set : g->options[g->depth - (g->depth > 0)];
}

maske_status pattern_classes_update(buffer *out, const char *text, size_t length) {
    class_place place = {0};
    group_stack groups = {.depth = 0};
    for (size_t at = 0; at < length;) {
        size_t used = 0, left = length - at;
        char c = text[at];
        place.options = groups.options[groups.depth];
        if (c == '\\') TRY(update_escape(out, text + at, left, &place, &used));
        else if (c == '[' && place.brackets > 0 && left > 1 && text[at + 1] == ':')
            TRY(update_bracket(out, text + at, left, &place, &used));
        if (used == 0) {
            if (c == '[') place.brackets++;
            else if (c == ']' && place.brackets > 0) place.brackets--;
            else if (c == '(' && place.brackets == 0) open_group(&groups, text + at, left);
            else if (c == ')' && place.brackets == 0 && groups.depth > 0) groups.depth--;
            used = c == '\\' && left > 1 ? 2 : 1;
            TRY(buffer_add(out, text + at, used));
        }
        at += used;
    }
    return MASKE_OK;
}
