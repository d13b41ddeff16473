/* cli/help.c: --help, from the tables: examples first, columns aligned, narrow windows served. */
#include "base/utf8.h"
#include "cli/command.h"

#include <string.h>
#include <unistd.h>

/* ----------------------------------------------------------------------------------------------- paragraphs --- */

/* The page being written: how wide it is, and where the pen stands. */
typedef struct page { FILE *to; int width, indent, column; } page;

static page page_start(FILE *to) {
    int width = terminal_columns(fileno(to));
    return (page){.to = to, .width = width > 110 ? 110 : width < 30 ? 30 : width};
}

static void new_line(page *p) {
    fputc('\n', p->to);
    p->column = 0;
}

/* Moves the pen to the column, on the next line if it is past it. */
static void move_to(page *p, int column) {
    if (p->column > 0 && p->column >= column) new_line(p);
    for (; p->column < column; p->column++) fputc(' ', p->to);
}

static void put(page *p, const char *text, size_t length) {
    fwrite(text, 1, length, p->to);
    p->column += (int)utf8_count(text, length);
}

/* Words from the present column on, broken at the width, later lines at p->indent; \n in the text starts a new line. */
static void put_words(page *p, const char *text) {
    while (*text) {
        size_t length = strcspn(text, " \n");
        int columns = (int)utf8_count(text, length);
        if (p->column > p->indent && p->column + 1 + columns > p->width) new_line(p);
        else if (p->column > p->indent) put(p, " ", 1);
        if (p->column < p->indent) move_to(p, p->indent);
        put(p, text, length);
        text += length;
        if (*text == '\n') new_line(p);
        if (*text) text++;
    }
}

static void paragraph(page *p, int indent, const char *text) {
    p->indent = indent;
    move_to(p, indent);
    put_words(p, text);
    new_line(p);
}

/* A name; a list of choices that does not fit goes on in the next line, behind one of its bars. */
static void put_name(page *p, int indent, const char *name) {
    move_to(p, indent);
    while (*name) {
        size_t length = strcspn(name, "|");
        length += name[length] == '|';
        if (p->column > indent && p->column + (int)utf8_count(name, length) > p->width) {
            new_line(p);
            move_to(p, indent + 4);
        }
        put(p, name, length);
        name += length;
    }
}

/* A name and what it is: beside each other, or below each other where the window is narrow. */
static void entry(page *p, int indent, int column, const char *name, const char *text) {
    put_name(p, indent, name);
    p->indent = p->width >= 64 ? column : indent + 4;
    if (p->width < 64 || p->column + 2 > column) new_line(p);
    move_to(p, p->indent);
    put_words(p, text);
    new_line(p);
}

/* ------------------------------------------------------------------------------------------------- options --- */

enum { OPTION_COLUMN = 28 };

static void option_entry(page *p, const command *c, const maske_option *row) {
    char name[128], text[512], taken[160] = "";
    bool alone = row->kind == MASKE_OPTION_FLAG;
    const char *value = row->kind == MASKE_OPTION_YES_NO ? "yes|no" : row->value != NULL ? row->value : "VALUE";
    snprintf(name, sizeof name, "--%s%s%s", row->name, alone ? "" : " ", alone ? "" : value);
    const char *joint = " (";
    size_t used = (size_t)snprintf(text, sizeof text, "%s", row->help);
    if ((int)strlen(name) + 2 > p->width) {         /* too many choices for a narrow window: they go into the text */
        snprintf(name, sizeof name, "--%s WORD", row->name);
        option_expected(taken, sizeof taken, row);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", joint, taken);
        joint = "; ";
    }
    if (command_requires(c, row->name)) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%sneeded", joint);
        joint = "; ";
    }
    if (!alone && row->fallback != NULL) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%sdefault %s", joint, row->fallback);
        joint = "; ";
    }
    bool ranged =
        row->kind == MASKE_OPTION_INTEGER || row->kind == MASKE_OPTION_NUMBER || row->kind == MASKE_OPTION_MEMORY;
    if (ranged) {
        option_expected(taken, sizeof taken, row);
        const char *range = strstr(taken, " from ");
        if (range == NULL) range = strstr(taken, " of ");
        if (range != NULL) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", joint, range + (range[1] == 'f' ? 6 : 4));
            joint = "; ";
        }
    }
    if (joint[0] == ';') snprintf(text + used, sizeof text - used, ")");
    entry(p, 2, OPTION_COLUMN, name, text);
}

static void option_entries(page *p, const command *c, const options *o, size_t from, size_t to) {
    for (size_t g = from; g < to; g++)
        for (const maske_option *row = o->groups[g].rows; row->name != NULL; row++) option_entry(p, c, row);
}

/* "maske fill --model DIR [options] [PROMPT...]" */
static void usage(page *p, const command *c, const options *o) {
    put(p, "Usage:", 6);
    p->indent = 7;
    put_words(p, "maske");
    put_words(p, c->name);
    for (size_t g = 0; g < o->group_count; g++) {
        for (const maske_option *row = o->groups[g].rows; row->name != NULL; row++) {
            if (!command_requires(c, row->name)) continue;
            char text[96];
            snprintf(text, sizeof text, "--%s %s", row->name, row->value != NULL ? row->value : "VALUE");
            put_words(p, text);
        }
    }
    put_words(p, "[options]");
    if (c->arguments != NULL) put_words(p, c->arguments);
    new_line(p);
}

void help_command(const command *c) {
    page p = page_start(stdout);
    options o = {0};
    command_options(c, &o);
    char title[256];
    snprintf(title, sizeof title, "maske %s: %s", c->name, c->summary);
    paragraph(&p, 0, title);
    if (c->examples != NULL) {
        new_line(&p);
        paragraph(&p, 0, "Examples:");
        /* Never broken: an example is there to be copied. */
        for (size_t i = 0; c->examples[i] != NULL; i++) fprintf(p.to, "  %s\n", c->examples[i]);
    }
    new_line(&p);
    usage(&p, c, &o);
    if (c->details != NULL) {
        new_line(&p);
        paragraph(&p, 0, c->details);
    }
    size_t own = o.group_count - 1;         /* the last table is that of every command */
    if (own > 0) {
        new_line(&p);
        paragraph(&p, 0, "Options:");
        option_entries(&p, c, &o, 0, own);
    }
    new_line(&p);
    paragraph(&p, 0, "Options of every command:");
    option_entries(&p, c, &o, own, o.group_count);
    options_free(&o);
}

/* -------------------------------------------------------------------------------------------- many commands --- */

static bool in_group(const command *c, const char *group) {
    size_t length = strlen(group);
    return length == 0 || (strncmp(c->name, group, length) == 0 && c->name[length] == ' ');
}

static void command_entries(page *p, const char *group) {
    for (size_t i = 0; commands[i] != NULL; i++)
        if (in_group(commands[i], group)) entry(p, 2, 22, commands[i]->name, commands[i]->summary);
}

void help_group(FILE *to, const char *group) {
    page p = page_start(to);
    char line[128];
    snprintf(line, sizeof line, "Usage: maske %s COMMAND [options] ...", group);
    paragraph(&p, 0, line);
    new_line(&p);
    command_entries(&p, group);
    new_line(&p);
    snprintf(line, sizeof line, "maske %s COMMAND --help tells more.", group);
    paragraph(&p, 0, line);
}

void help_program(FILE *to) {
    page p = page_start(to);
    paragraph(&p, 0, "maske: from raw text to a BPE tokenizer and a BERT that fills masks");
    new_line(&p);
    paragraph(&p, 0, "Examples:");
    fprintf(to, "  maske train --out my-model --minutes 10 my-texts/\n"
                "  maske fill --model my-model \"Ankara [MASK] başkentidir.\"\n");
    new_line(&p);
    paragraph(&p, 0, "Commands:");
    command_entries(&p, "");
    new_line(&p);
    paragraph(
        &p, 0,
        "maske COMMAND --help tells more; maske --version names this build.\n"
        "Every option can also be set by a variable (--top-k 5 is MASKE_TOP_K=5) or in a JSON file named by --config.");
}
