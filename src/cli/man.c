/* cli/man.c: `maske man`: the manual as roff (the man macros), from the tables that make --help. */
#include "cli/command.h"
#include "cli/output.h"

/* Text with roff's own characters made plain; \n stays a line end, and no line begins as a request. */
static void put_text(const char *text) {
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) out_text("\\&");
        line_start = *text == '\n';
        if (*text == '\\') out_text("\\e");
        else if (*text == '-') out_text("\\-");
        else out_bytes(text, 1);
    }
}

static void request(const char *macro, const char *text) {
    out_format(".%s ", macro);
    put_text(text);
    out_text("\n");
}

/* Paragraphs parted by \n. */
static void paragraphs(const char *text) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        char line[2048];
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        out_text(".PP\n");
        put_text(line);
        out_text("\n");
        text += length + (text[length] == '\n');
    }
}

static void put_option(const command *c, const maske_option *row) {
    char taken[160];
    bool alone = row->kind == MASKE_OPTION_FLAG;
    out_text(".TP\n\\fB\\-\\-");
    put_text(row->name);
    out_text("\\fR");
    if (!alone) {
        out_text(" \\fI");
        put_text(row->kind == MASKE_OPTION_YES_NO ? "yes|no" : row->value != NULL ? row->value : "VALUE");
        out_text("\\fR");
    }
    out_text("\n");
    put_text(row->help);
    out_text(".");
    if (command_requires(c, row->name)) out_text(" Needed.");
    if (!alone && row->fallback != NULL) {
        out_text(" Default: ");
        put_text(row->fallback);
        out_text(".");
    }
    if (row->kind == MASKE_OPTION_INTEGER || row->kind == MASKE_OPTION_NUMBER || row->kind == MASKE_OPTION_MEMORY) {
        option_expected(taken, sizeof taken, row);
        out_text(" Takes ");
        put_text(taken);
        out_text(".");
    }
    out_text("\n");
}

static void shared_sections(void) {
    out_text(".SH ENVIRONMENT\n");
    paragraphs("Every option can be set by a variable: --top-k 5 is MASKE_TOP_K=5. The command line goes before "
               "the environment, the environment before the file that --config (or MASKE_CONFIG) names, the file "
               "before the defaults. That file is a JSON object: {\"top-k\": 5}.");
    paragraphs("NO_COLOR takes the colour from progress bars. COLUMNS is the width of --help where no terminal tells "
               "one. MASKE_CPU=plain|neon|avx2|avx512|avx512bf16|amx uses no instructions beyond that level.");
    out_text(".SH EXIT STATUS\n");
    static const char *const codes[][2] = {
        {"0", "done"},
        {"1", "failed"},
        {"2", "wrong usage"},
        {"130, 143", "stopped by Ctrl\\-C or SIGTERM, after a checkpoint where there is one to write"}};
    for (size_t i = 0; i < 4; i++) out_format(".TP\n%s\n%s\n", codes[i][0], codes[i][1]);
}

static void title(const char *name, const char *summary) {
    out_format(".\\\" Made by maske man.\n.TH \"");
    for (const char *c = name; *c; c++)
        out_bytes(*c == ' ' ? "-" : (char[]){*c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c}, 1);
    out_format("\" 1 \"\" \"maske %s\" \"maske manual\"\n.SH NAME\n", MASKE_VERSION);
    for (const char *c = name; *c; c++) out_text(*c == ' ' || *c == '-' ? "\\-" : (char[]){*c, 0});
    out_text(" \\- ");
    put_text(summary);
    out_text("\n");
}

static void man_command(const command *c) {
    char name[64];
    options o = {0};
    command_options(c, &o);
    snprintf(name, sizeof name, "maske %s", c->name);
    title(name, c->summary);
    out_format(".SH SYNOPSIS\n.B %s\n", name);
    for (size_t g = 0; g < o.group_count; g++)
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++)
            if (command_requires(c, row->name)) out_format("\\-\\-%s \\fI%s\\fR\n", row->name, row->value);
    out_text("[options]");
    if (c->arguments != NULL) out_format(" \\fI%s\\fR", c->arguments);
    out_text("\n.SH DESCRIPTION\n");
    put_text(name);
    out_text(" ");
    put_text(c->summary);
    out_text(".\n");
    if (c->details != NULL) paragraphs(c->details);
    out_text(".SH OPTIONS\n");
    for (size_t g = 0; g < o.group_count; g++)
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++) put_option(c, row);
    shared_sections();
    if (c->examples != NULL) {
        out_text(".SH EXAMPLES\n.nf\n");
        for (size_t i = 0; c->examples[i] != NULL; i++) {
            put_text(c->examples[i]);
            out_text("\n");
        }
        out_text(".fi\n");
    }
    out_text(".SH SEE ALSO\n.BR maske (1)\n");
    options_free(&o);
}

static void man_program(void) {
    title("maske", "from raw text to a BPE tokenizer and a BERT that fills masks");
    out_text(".SH SYNOPSIS\n.B maske\n\\fICOMMAND\\fR [options] [\\fIarguments\\fR]\n.SH DESCRIPTION\n");
    paragraphs("Raw text goes in; a tokenizer and a BERT masked language model come out, in the files that the "
               "Hugging Face tools read; then masks are filled, sentences scored and embedded. It is for people "
               "who have text in their own language or domain and ordinary CPUs.");
    out_text(".SH COMMANDS\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        out_format(".TP\n\\fBmaske %s\\fR\n", commands[i]->name);
        put_text(commands[i]->summary);
        out_text(".\n");
    }
    shared_sections();
    out_text(".SH SEE ALSO\n");
    request("PP", "maske man COMMAND writes the manual of one command, maske COMMAND --help its short form.");
}

/* "tokenizer" "train" as arguments are one name. */
static maske_status run(const invocation *call) {
    char name[64] = "";
    for (size_t i = 0, used = 0; i < call->options->argument_count && used < sizeof name; i++)
        used +=
            (size_t)snprintf(name + used, sizeof name - used, "%s%s", i > 0 ? " " : "", call->options->arguments[i]);
    if (name[0] == '\0') {
        man_program();
        return out_status();
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) != 0) continue;
        man_command(commands[i]);
        return out_status();
    }
    return error_set(MASKE_BAD_ARGUMENT, "there is no command \"%s\"; maske --help lists them", name);
}

static const char *const examples[] = {"maske man fill | man -l -",
                                       "maske man tokenizer train > maske-tokenizer-train.1", NULL};
const command command_man = {
    .name = "man",
    .summary = "writes the manual page of the program or of a command",
    .arguments = "[COMMAND]",
    .examples = examples,
    .run = run,
};
