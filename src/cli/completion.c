/* cli/completion.c: `maske completion`: commands, options, choices and files for bash, zsh and fish, from the tables.
 */
#include "cli/command.h"
#include "cli/output.h"

static bool is_path(const maske_option *row) {
    return row->kind == MASKE_OPTION_TEXT && row->value != NULL &&
           (strncmp(row->value, "FILE", 4) == 0 || strncmp(row->value, "DIR", 3) == 0);
}

/* What an option may be followed by, as words: "a b c"; "" where anything may. */
static void choices(char *out, size_t size, const maske_option *row) {
    snprintf(out, size, "%s",
             row->kind == MASKE_OPTION_CHOICE   ? row->value
             : row->kind == MASKE_OPTION_YES_NO ? "yes|no"
                                                : "");
    for (char *c = out; *c; c++)
        if (*c == '|') *c = ' ';
}

/* What a command's argument may be, as words, where it is one of a few: NULL elsewhere. */
static const char *argument_words(const command *c) { return c == &command_completion ? "bash zsh fish" : NULL; }

/* First words of commands of two: "tokenizer", each once. */
static bool first_of_group(size_t i, char *group, size_t size) {
    const char *space = strchr(commands[i]->name, ' ');
    if (space == NULL) return false;
    size_t length = (size_t)(space - commands[i]->name);
    snprintf(group, size, "%.*s", (int)length, commands[i]->name);
    return i == 0 || strncmp(commands[i - 1]->name, commands[i]->name, length + 1) != 0;
}

/* The words that a command's name begins with; `help`, which is none of the table, is added where it fits. */
static void put_first_words(void) {
    char group[32];
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (first_of_group(i, group, sizeof group)) out_format("%s ", group);
        else if (strchr(commands[i]->name, ' ') == NULL) out_format("%s ", commands[i]->name);
    }
}

static void put_second_words(const char *group) {
    size_t length = strlen(group);
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strncmp(commands[i]->name, group, length) == 0 && commands[i]->name[length] == ' ')
            out_format("%s ", commands[i]->name + length + 1);
}

/* ----------------------------------------------------------------------------------------------- bash --- */

static void bash_command(const command *c) {
    options o = {0};
    command_options(c, &o);
    out_format("    '%s')\n        options='", c->name);
    for (size_t g = 0; g < o.group_count; g++)
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++) out_format("--%s ", row->name);
    out_text("'\n");
    if (argument_words(c) != NULL) out_format("        [[ $word == -* ]] || words='%s'\n", argument_words(c));
    out_text("        case $previous in\n");
    for (size_t g = 0; g < o.group_count; g++) {
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++) {
            char words[256];
            choices(words, sizeof words, row);
            if (words[0] != '\0') out_format("        --%s) words='%s' ;;\n", row->name, words);
            else if (is_path(row)) out_format("        --%s) files=yes ;;\n", row->name);
            else if (row->kind != MASKE_OPTION_FLAG) out_format("        --%s) words=' ' ;;\n", row->name);
        }
    }
    out_text("        esac ;;\n");
    options_free(&o);
}

/* Behind help and man, where no option is meant. */
static void bash_names_of_commands(void) {
    char group[32];
    out_text("    if [[ ($name == help || $name == man) && $word != -* && $previous != -* ]]; then\n"
             "        case $COMP_CWORD:$previous in\n        2:*) words='");
    put_first_words();
    out_text("' ;;\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!first_of_group(i, group, sizeof group)) continue;
        out_format("        3:%s) words='", group);
        put_second_words(group);
        out_text("' ;;\n");
    }
    out_text("        esac\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n    fi\n");
}

static void bash(void) {
    char group[32];
    out_text("# bash completion of maske; load it with: source <(maske completion bash)\n"
             "_maske() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} name=${COMP_WORDS[1]} "
             "options= words= files=\n"
             "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
             "        COMPREPLY=($(compgen -W '");
    put_first_words();
    out_text("help' -- \"$word\"))\n        return\n    fi\n");
    bash_names_of_commands();
    out_text("    case $name in\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!first_of_group(i, group, sizeof group)) continue;
        out_format("    %s)\n        if [ \"$COMP_CWORD\" = 2 ]; then COMPREPLY=($(compgen -W '", group);
        put_second_words(group);
        out_format("' -- \"$word\")); return; fi\n        name=\"%s ${COMP_WORDS[2]}\" ;;\n", group);
    }
    out_text("    esac\n    case $name in\n");
    for (size_t i = 0; commands[i] != NULL; i++) bash_command(commands[i]);
    out_text(
        "    esac\n"
        "    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
        "    elif [ -z \"$files\" ] && [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
        "    else COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "    fi\n"
        "}\n"
        "complete -o filenames -F _maske maske\n");
}

/* ------------------------------------------------------------------------------------------------ zsh --- */

/* Text inside '...[...]': quotes and brackets would end it. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'') out_text("'\\''");
        else if (strchr("[]:\\", *text) != NULL) out_bytes((char[]){'\\', *text}, 2);
        else out_bytes(text, 1);
    }
}

static void zsh_command(const command *c) {
    options o = {0};
    command_options(c, &o);
    out_format("    '%s')\n        _arguments", c->name);
    for (size_t g = 0; g < o.group_count; g++) {
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++) {
            char words[256];
            choices(words, sizeof words, row);
            out_format(" \\\n            '--%s[", row->name);
            zsh_text(row->help);
            out_text("]");
            if (words[0] != '\0') out_format(":value:(%s)", words);
            else if (is_path(row)) out_text(":file:_files");
            else if (row->kind != MASKE_OPTION_FLAG) out_text(":value: ");
            out_text("'");
        }
    }
    if (argument_words(c) != NULL) out_format(" \\\n            '*:argument:(%s)' ;;\n", argument_words(c));
    else out_text(" \\\n            '*:file:_files' ;;\n");
    options_free(&o);
}

static void zsh_names_of_commands(void) {
    char group[32];
    out_text("    if [[ $name == (help|man) && $words[CURRENT] != -* && $words[CURRENT-1] != -* ]]; then\n"
             "        case $CURRENT:$words[CURRENT-1] in\n        3:*) compadd -- ");
    put_first_words();
    out_text(" ;;\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!first_of_group(i, group, sizeof group)) continue;
        out_format("        4:%s) compadd -- ", group);
        put_second_words(group);
        out_text(" ;;\n");
    }
    out_text("        esac\n        return\n    fi\n");
}

static void zsh(void) {
    char group[32];
    out_text("#compdef maske\n# zsh completion of maske; put it as _maske into a folder of $fpath\n"
             "_maske() {\n    local name=$words[2]\n    if (( CURRENT == 2 )); then\n        compadd -- ");
    put_first_words();
    out_text("help\n        return\n    fi\n");
    zsh_names_of_commands();
    out_text("    case $name in\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!first_of_group(i, group, sizeof group)) continue;
        out_format("    %s)\n        if (( CURRENT == 3 )); then compadd -- ", group);
        put_second_words(group);
        out_format("; return; fi\n        name=\"%s $words[3]\" ;;\n", group);
    }
    out_text("    esac\n    case $name in\n");
    for (size_t i = 0; commands[i] != NULL; i++) zsh_command(commands[i]);
    out_text("    esac\n}\ncompdef _maske maske\n");
}

/* ----------------------------------------------------------------------------------------------- fish --- */

static void fish_text(const char *text) {
    out_text("'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') out_text("\\");
        out_bytes(text, 1);
    }
    out_text("'");
}

static void fish_command(const command *c) {
    options o = {0};
    command_options(c, &o);
    for (size_t g = 0; g < o.group_count; g++) {
        for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++) {
            char words[256];
            choices(words, sizeof words, row);
            out_format("complete -c maske -n '__maske_command_is %s' -l %s", c->name, row->name);
            if (words[0] != '\0') out_format(" -x -a '%s'", words);
            else if (is_path(row)) out_text(" -r -F");
            else if (row->kind != MASKE_OPTION_FLAG) out_text(" -x");
            out_text(" -d ");
            fish_text(row->help);
            out_text("\n");
        }
    }
    if (argument_words(c) != NULL)
        out_format("complete -c maske -n '__maske_command_is %s' -x -a '%s'\n", c->name, argument_words(c));
    options_free(&o);
}

/* The second words of commands, behind `first` (help, man) or the program's name itself. */
static void fish_second_words(const char *first, int words) {
    char group[32];
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!first_of_group(i, group, sizeof group)) continue;
        out_format("complete -c maske -n '__maske_command_is %s%s; and test (count (commandline -opc)) = %d' -x -a '",
                   first, group, words);
        put_second_words(group);
        out_text("'\n");
    }
}

static void fish_names_of_commands(const char *first) {
    char before[32];
    out_format("complete -c maske -n '__maske_command_is %s; and test (count (commandline -opc)) = 2' -x -a '", first);
    put_first_words();
    out_text("'\n");
    snprintf(before, sizeof before, "%s ", first);
    fish_second_words(before, 3);
}

static void fish(void) {
    out_text("# fish completion of maske; put it into ~/.config/fish/completions/maske.fish\n"
             "function __maske_command_is\n"
             "    set -l words (commandline -opc)\n"
             "    set -e words[1]\n"
             "    set -l length (count $argv)\n"
             "    test (count $words) -ge $length; and test \"$words[1..$length]\" = \"$argv\"\n"
             "end\n"
             "complete -c maske -n 'test (count (commandline -opc)) = 1' -x -a '");
    put_first_words();
    out_text("help'\n");
    fish_second_words("", 2);
    fish_names_of_commands("help");
    fish_names_of_commands("man");
    for (size_t i = 0; commands[i] != NULL; i++) fish_command(commands[i]);
}

static maske_status run(const invocation *call) {
    const char *shell = call->options->arguments[0];
    if (call->options->argument_count == 1 && strcmp(shell, "bash") == 0) bash();
    else if (call->options->argument_count == 1 && strcmp(shell, "zsh") == 0) zsh();
    else if (call->options->argument_count == 1 && strcmp(shell, "fish") == 0) fish();
    else return error_set(MASKE_BAD_ARGUMENT, "found \"%.100s\", expected one of bash, zsh, fish", shell);
    return out_status();
}

static const char *const examples[] = {"source <(maske completion bash)", "maske completion zsh > ~/.zfunc/_maske",
                                       NULL};
const command command_completion = {
    .name = "completion",
    .summary = "writes the completion script of a shell",
    .arguments = "bash|zsh|fish",
    .examples = examples,
    .minimum_arguments = 1,
    .run = run,
};
