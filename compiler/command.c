#include "compiler/command.h"
#include "runtime/host/options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the options ---- */

typedef enum OptionKind {
    OPTION_DEFINE,
    OPTION_ENTRIES,
    OPTION_REAL,
    OPTION_NAME,
    OPTION_OUTPUT,
    OPTION_FORCE,
    OPTION_SINGLE_FILE,
    OPTION_DEPFILE,
    OPTION_LINE,
    OPTION_MAIN,
    OPTION_PROFILE,
    OPTION_TARGET,
    OPTION_WEIGHTS,
    OPTION_NO_VALIDATE,
    OPTION_AFTER,
    OPTION_FORMAT,
    OPTION_CHECK,
    OPTION_DATA,
    OPTION_OUT,
    OPTION_SEED,
    OPTION_CC,
    OPTION_MAP,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_JSON,
    OPTION_COLOUR,
    OPTION_WERROR,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_INCLUDE,
    OPTION_LIBS,
    OPTION_COUNT
} OptionKind;

typedef struct Option {
    const char *name;
    const char *value; /* what it takes, for messages; NULL: nothing */
    bool repeats;
    bool of_one; /* only one command takes it: */
    CommandKind only;
} Option;

static const Option options[OPTION_COUNT] = {
    [OPTION_DEFINE] = {"-D", "NAME=VALUE", .repeats = true},
    [OPTION_ENTRIES] = {"--entries", "A,B", .repeats = false},
    [OPTION_REAL] = {"--real", "float|double", .repeats = false},
    [OPTION_NAME] = {"--name", "NAME", .repeats = false},
    [OPTION_OUTPUT] = {"-o", "DIR", .repeats = false},
    [OPTION_FORCE] = {"--force", NULL, .repeats = true},
    [OPTION_SINGLE_FILE] = {"--single-file", NULL, .repeats = true, .of_one = true, COMMAND_COMPILE},
    [OPTION_DEPFILE] = {"--depfile", "FILE", .repeats = false, .of_one = true, COMMAND_COMPILE},
    [OPTION_LINE] = {"--line", NULL, .repeats = true, .of_one = true, COMMAND_COMPILE},
    [OPTION_MAIN] = {"--emit-main", NULL, .repeats = true, .of_one = true, COMMAND_COMPILE},
    [OPTION_PROFILE] = {"--profile", NULL, .repeats = true, .of_one = true, COMMAND_COMPILE},
    [OPTION_TARGET] = {"--target", "T", .repeats = false},
    [OPTION_WEIGHTS] = {"--weights", "FILE", .repeats = false, .of_one = true, COMMAND_COMPILE},
    [OPTION_NO_VALIDATE] = {"--no-validate", NULL, .repeats = true},
    [OPTION_AFTER] = {"--after", "PASS", .repeats = false, .of_one = true, COMMAND_DUMP},
    [OPTION_FORMAT] = {"--format", "text|dot", .repeats = false, .of_one = true, COMMAND_DUMP},
    [OPTION_CHECK] = {"--check", NULL, .repeats = true, .of_one = true, COMMAND_FMT},
    [OPTION_DATA] = {"--data", "INPUT=FILE", .repeats = true, .of_one = true, COMMAND_EVAL},
    [OPTION_OUT] = {"--out", "OUTPUT=FILE", .repeats = true, .of_one = true, COMMAND_EVAL},
    [OPTION_SEED] = {"--seed", "N", .repeats = false, .of_one = true, COMMAND_EVAL},
    [OPTION_CC] = {"--cc", "COMMAND", .repeats = false, .of_one = true, COMMAND_RUN},
    [OPTION_MAP] = {"--map", "FILE", .repeats = false, .of_one = true, COMMAND_WEIGHTS},
    [OPTION_QUIET] = {"-q", NULL, .repeats = true},
    [OPTION_VERBOSE] = {"-v", NULL, .repeats = true},
    [OPTION_JSON] = {"--json", NULL, .repeats = true},
    [OPTION_COLOUR] = {"--color", "auto|always|never", .repeats = false},
    [OPTION_WERROR] = {"--werror", NULL, .repeats = true},
    [OPTION_HELP] = {"--help", NULL, .repeats = true},
    [OPTION_VERSION] = {"--version", NULL, .repeats = true},
    [OPTION_INCLUDE] = {"--include", NULL, .repeats = true},
    [OPTION_LIBS] = {"--libs", NULL, .repeats = true},
};

/* ---- reading them ---- */

typedef struct Reader {
    Arena *arena;
    Command *command;
    char **arguments;
    int count, at; /* the argument that is read next */
    bool seen[OPTION_COUNT];
    bool is_double;
    const char **why;
} Reader;

__attribute__((format(printf, 2, 3))) static bool wrong(Reader *reader, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    *reader->why = arena_print_list(reader->arena, format, arguments);
    va_end(arguments);
    return false;
}

/* "; did you mean --target?", or nothing. */
static const char *suggestion(Reader *reader, const char *name, const char *const *candidates, int count) {
    const char *near = nearest_name(name, candidates, count);
    return near ? arena_print(reader->arena, "; did you mean %s?", near) : "";
}

static bool is_short(const Option *option) {
    return option->name[1] != '-';
}

/* The option that an argument is, and the value that it carries in itself ("--name=x", "-DK=20"), or NULL. */
static OptionKind find_option(const char *argument, const char **value) {
    for (int o = 0; o < OPTION_COUNT; o++) {
        const Option *option = &options[o];
        size_t length = strlen(option->name);
        if (strncmp(argument, option->name, length) != 0) continue;
        const char *rest = argument + length;
        *value = *rest == '\0' ? NULL : *rest == '=' ? rest + 1 : rest;
        if (*rest == '\0' || (option->value && (*rest == '=' || is_short(option)))) return (OptionKind)o;
        if (*rest == '=') return (OptionKind)o;
    }
    return OPTION_COUNT;
}

static bool unknown_option(Reader *reader, const char *argument) {
    const char *names[OPTION_COUNT];
    for (int o = 0; o < OPTION_COUNT; o++)
        names[o] = options[o].name;
    const char *name = arena_print(reader->arena, "%.*s", (int)strcspn(argument, "="), argument);
    const char *near = strlen(name) > 2 ? suggestion(reader, name, names, OPTION_COUNT) : "";
    return wrong(reader, "unknown option %s%s", name, near);
}

static bool add_definition(Reader *reader, const char *text) {
    size_t name = strcspn(text, "=");
    if (name == 0 || text[name] == '\0' || text[name + 1] == '\0')
        return wrong(reader, "-D %s: write -D NAME=VALUE", text);
    CompileOptions *compile = &reader->command->compile;
    Definition definition = {arena_print(reader->arena, "%.*s", (int)name, text), text + name + 1};
    for (int i = 0; i < compile->definitions.count; i++)
        if (strcmp(compile->definitions.at[i].name, definition.name) == 0)
            return wrong(reader, "-D %s is given twice", definition.name);
    vec_push(reader->arena, &compile->definitions, definition);
    return true;
}

/* The position of a value in a list that ends with NULL, or -1 with a message. */
static int choose(Reader *reader, OptionKind option, const char *value, const char *const *choices) {
    const char *list = "";
    int count = 0;
    for (; choices[count]; count++) {
        if (strcmp(choices[count], value) == 0) return count;
        list = arena_print(reader->arena, "%s%s%s", list, count == 0 ? "" : ", ", choices[count]);
    }
    wrong(reader, "%s=%s: choose one of %s%s", options[option].name, value, list,
          suggestion(reader, value, choices, count));
    return -1;
}

static bool set_target(Reader *reader, const char *value) {
    if (choose(reader, OPTION_TARGET, value, target_names()) < 0) return false;
    reader->command->compile.target = target_find(value);
    return true;
}

static bool set_real(Reader *reader, const char *value) {
    static const char *const types[] = {"float", "double", NULL};
    int type = choose(reader, OPTION_REAL, value, types);
    reader->is_double = type == 1;
    return type >= 0;
}

static bool set_format(Reader *reader, const char *value) {
    static const char *const formats[] = {"text", "dot", NULL};
    int format = choose(reader, OPTION_FORMAT, value, formats);
    reader->command->dot = format == 1;
    return format >= 0;
}

static bool set_colour(Reader *reader, const char *value) {
    static const char *const choices[] = {"auto", "always", "never", NULL};
    int choice = choose(reader, OPTION_COLOUR, value, choices);
    if (choice >= 0) reader->command->colour = (Colour)choice;
    return choice >= 0;
}

static bool add_assignment(Reader *reader, OptionKind option, const char *text, Assignments *to) {
    size_t name = strcspn(text, "=");
    if (name == 0 || text[name] == '\0' || text[name + 1] == '\0')
        return wrong(reader, "%s %s: write %s %s", options[option].name, text, options[option].name,
                     options[option].value);
    Assignment assignment = {arena_print(reader->arena, "%.*s", (int)name, text), text + name + 1};
    vec_push(reader->arena, to, assignment);
    return true;
}

static bool set_seed(Reader *reader, const char *value) {
    char *end;
    errno = 0;
    reader->command->seed = strtoull(value, &end, 10);
    bool digits = *value >= '0' && *value <= '9' && *end == '\0';
    if (digits && errno == 0) return true;
    return wrong(reader, "--seed=%s: a whole number from 0 to 18446744073709551615", value);
}

static bool set_option(Reader *reader, OptionKind kind, const char *value) {
    Command *command = reader->command;
    switch (kind) {
    case OPTION_DEFINE: return add_definition(reader, value);
    case OPTION_ENTRIES: command->compile.entries = value; return true;
    case OPTION_REAL: return set_real(reader, value);
    case OPTION_NAME: command->compile.name = value; return true;
    case OPTION_OUTPUT: command->compile.directory = command->output = value; return true;
    case OPTION_FORCE: return command->compile.force = true;
    case OPTION_SINGLE_FILE: return command->compile.single_file = true;
    case OPTION_DEPFILE: command->compile.depfile = value; return true;
    case OPTION_LINE: return command->compile.lines = true;
    case OPTION_MAIN: return command->compile.evaluations = command->compile.main_program = true;
    case OPTION_PROFILE: return command->compile.profile = true;
    case OPTION_CC: command->compiler = value; return true;
    case OPTION_TARGET: return set_target(reader, value);
    case OPTION_WEIGHTS: command->compile.weights = value; return true;
    case OPTION_NO_VALIDATE: command->compile.validate = false; return true;
    case OPTION_AFTER: command->after = value; return true;
    case OPTION_FORMAT: return set_format(reader, value);
    case OPTION_CHECK: return command->only_tell = true;
    case OPTION_DATA: return add_assignment(reader, kind, value, &command->data);
    case OPTION_OUT: return add_assignment(reader, kind, value, &command->out);
    case OPTION_SEED: return set_seed(reader, value);
    case OPTION_MAP: command->map = value; return true;
    case OPTION_QUIET: return command->quiet = true;
    case OPTION_VERBOSE: return command->verbose = true;
    case OPTION_JSON: return command->json = true;
    case OPTION_COLOUR: return set_colour(reader, value);
    case OPTION_WERROR: return command->compile.warnings_are_errors = true;
    case OPTION_HELP: command->kind = COMMAND_HELP; return true;
    case OPTION_VERSION: command->kind = COMMAND_VERSION; return true;
    case OPTION_INCLUDE: command->kind = COMMAND_INCLUDE; return true;
    case OPTION_LIBS: command->kind = COMMAND_LIBS; return true;
    case OPTION_COUNT: break;
    }
    internal_error("an option without a meaning");
}

static bool read_option(Reader *reader, const char *argument) {
    const char *value = NULL;
    OptionKind kind = find_option(argument, &value);
    if (kind == OPTION_COUNT) return unknown_option(reader, argument);
    const Option *option = &options[kind];
    if (!option->value && value) return wrong(reader, "%s takes no value", option->name);
    if (option->value && !value && reader->at < reader->count) value = reader->arguments[reader->at++];
    if (option->value && (!value || *value == '\0'))
        return wrong(reader, "%s needs a value: %s%s%s", option->name, option->name, is_short(option) ? " " : "=",
                     option->value);
    if (reader->seen[kind] && !option->repeats) return wrong(reader, "%s is given twice", option->name);
    reader->seen[kind] = true;
    return set_option(reader, kind, value);
}

/* ---- the whole line ---- */

static const char *const commands[] = {
    [COMMAND_COMPILE] = "compile", [COMMAND_CHECK] = "check",     [COMMAND_DUMP] = "dump",
    [COMMAND_PLAN] = "plan",       [COMMAND_FMT] = "fmt",         [COMMAND_EVAL] = "eval",
    [COMMAND_RUN] = "run",         [COMMAND_WEIGHTS] = "weights", NULL};
enum { COMMAND_WORDS = sizeof commands / sizeof *commands - 1 };

/* The first word is a command unless it looks like a file. */
static bool read_command_word(Reader *reader) {
    if (reader->at >= reader->count) return true;
    const char *word = reader->arguments[reader->at];
    for (int c = 0; commands[c]; c++) {
        if (strcmp(word, commands[c]) != 0) continue;
        reader->command->kind = (CommandKind)c;
        reader->at++;
        return true;
    }
    if (strpbrk(word, "./-")) return true;
    return wrong(reader, "unknown command %s%s", word, suggestion(reader, word, commands, COMMAND_WORDS));
}

static bool read_file_name(Reader *reader, const char *argument) {
    CompileOptions *compile = &reader->command->compile;
    bool names_entry = reader->command->kind == COMMAND_EVAL && compile->path && !reader->command->entry;
    if (names_entry) {
        reader->command->entry = argument;
        return true;
    }
    bool weights = reader->command->kind == COMMAND_WEIGHTS;
    if (compile->path && weights)
        return wrong(reader, "one file at a time: %s and %s are given", compile->path, argument);
    if (compile->path) return wrong(reader, "one model at a time: %s and %s are given", compile->path, argument);
    if (*argument == '\0') return wrong(reader, "the name of the %s file is empty", weights ? "weights" : "model");
    compile->path = argument;
    return true;
}

/* ---- run: its own options are those of gr_main, but for what the compiler has to know ---- */

static bool forward(Reader *reader, char *argument) {
    vec_push(reader->arena, &reader->command->run, argument);
    return true;
}

/* Takes what belongs to gr_main, and its value behind it. */
static bool forward_option(Reader *reader, char *argument) {
    bool value_follows;
    if (strcmp(argument, "-q") == 0) reader->command->quiet = true;
    if (strcmp(argument, "--profile") == 0) reader->command->compile.profile = true;
    if (strcmp(argument, "--help") == 0) reader->command->kind = COMMAND_RUN_HELP;
    gr_is_option(argument, &value_follows);
    forward(reader, argument);
    return !value_follows || reader->at >= reader->count || forward(reader, reader->arguments[reader->at++]);
}

static void start_run(Reader *reader) {
    static char program[] = "gradc run";
    forward(reader, program);
    reader->command->compile.evaluations = true;
    reader->command->compile.target = target_find("native");
}

static bool read_run_argument(Reader *reader, char *argument) {
    bool value_follows;
    if (argument[0] == '-' && argument[1] != '\0')
        return gr_is_option(argument, &value_follows) ? forward_option(reader, argument)
                                                      : read_option(reader, argument);
    return reader->command->compile.path ? forward(reader, argument) : read_file_name(reader, argument);
}

/* What gr_main would refuse is refused before anything is compiled. */
static bool check_run(Reader *reader) {
    Command *command = reader->command;
    gr_options given;
    gr_error error;
    if (command->kind != COMMAND_RUN) return true;
    const bool good = gr_options_read(&given, command->run.count - 1, command->run.at + 1, &error);
    const bool has_plan = given.plan.count > 0;
    gr_options_free(&given);
    if (!good) return wrong(reader, "%s", error.text);
    if (command->compile.path && !has_plan)
        return wrong(reader, "which entry? gradc run %s ENTRY", command->compile.path);
    return true;
}

/* ---- weights ---- */

static bool check_weights(Reader *reader) {
    const Command *command = reader->command;
    if (!command->compile.path) return wrong(reader, "which weights? Name a .safetensors or .npz file");
    if (command->map && !command->output) return wrong(reader, "--map needs -o FILE, where the renamed tensors go");
    if (command->quiet && command->verbose) return wrong(reader, "-q and -v contradict each other");
    return true;
}

static bool check_command(Reader *reader) {
    Command *command = reader->command;
    if (command->kind >= COMMAND_HELP) return true;
    for (int o = 0; o < OPTION_COUNT; o++)
        if (reader->seen[o] && options[o].of_one && options[o].only != command->kind)
            return wrong(reader, "%s is an option of `gradc %s`", options[o].name, commands[options[o].only]);
    bool no_model = command->kind == COMMAND_FMT || command->kind == COMMAND_WEIGHTS;
    for (int o = 0; o < OPTION_CHECK; o++)
        if (reader->seen[o] && no_model && !(o == OPTION_OUTPUT && command->kind == COMMAND_WEIGHTS))
            return wrong(reader, "`gradc %s` does not take %s", commands[command->kind], options[o].name);
    if (command->kind == COMMAND_WEIGHTS) return check_weights(reader);
    bool lists = command->kind == COMMAND_DUMP && command->after && strcmp(command->after, "list") == 0;
    if (!command->compile.path && !lists)
        return wrong(reader, "which model? Name a .grad file, or - for standard input");
    if (command->kind == COMMAND_EVAL && !command->entry)
        return wrong(reader, "which entry? gradc eval %s ENTRY", command->compile.path);
    if (command->kind == COMMAND_DUMP && !command->after)
        return wrong(reader, "dump needs --after=PASS; --after=list names all");
    if (command->dot && strcmp(command->after, STAGE_PARSE) == 0)
        return wrong(reader, "there is no graph after %s: --format=dot needs a later pass", STAGE_PARSE);
    if (!check_run(reader)) return false;
    if (command->quiet && command->verbose) return wrong(reader, "-q and -v contradict each other");
    return true;
}

static void set_real_type(Reader *reader) {
    if (!reader->is_double) return;
    Target *target = ARENA_NEW(reader->arena, Target);
    *target = target_with_double(reader->command->compile.target);
    reader->command->compile.target = target;
}

bool read_command(Arena *arena, int count, char **arguments, Command *command, const char **why) {
    *command = (Command){.arena = arena, .compile = {.directory = ".", .validate = true, .target = target_default()}};
    Reader reader = {.arena = arena, .command = command, .arguments = arguments, .count = count, .at = 1, .why = why};
    if (!read_command_word(&reader)) return false;
    if (command->kind == COMMAND_RUN) start_run(&reader);
    bool files_only = false;
    while (reader.at < count) {
        char *argument = arguments[reader.at++];
        if (command->kind == COMMAND_RUN || command->kind == COMMAND_RUN_HELP) {
            if (!read_run_argument(&reader, argument)) return false;
        } else if (!files_only && strcmp(argument, "--") == 0)
            files_only = true;
        else if (!files_only && argument[0] == '-' && argument[1] != '\0' ? !read_option(&reader, argument)
                                                                          : !read_file_name(&reader, argument))
            return false;
    }
    set_real_type(&reader);
    return check_command(&reader);
}
