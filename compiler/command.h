/* The command line: what the user asks for. */
#ifndef GRADC_COMMAND_H
#define GRADC_COMMAND_H

#include "compiler/compile.h"

typedef enum CommandKind {
    COMMAND_COMPILE,
    COMMAND_CHECK,
    COMMAND_DUMP,
    COMMAND_PLAN,
    COMMAND_FMT,
    COMMAND_EVAL,
    COMMAND_RUN,
    COMMAND_WEIGHTS,
    COMMAND_HELP, /* not words, but options */
    COMMAND_VERSION,
    COMMAND_INCLUDE,
    COMMAND_LIBS,
    COMMAND_RUN_HELP
} CommandKind;

/* `INPUT=FILE` */
typedef struct Assignment {
    const char *name, *value;
} Assignment;

typedef VEC(Assignment) Assignments;

typedef enum Colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

typedef struct Command {
    Arena *arena; /* that everything is made in */
    CommandKind kind;
    CompileOptions compile;
    const char *after;     /* dump: the name of a stage, "all" or "list" */
    bool dot;              /* dump: for Graphviz */
    bool only_tell;        /* fmt: --check */
    const char *entry;     /* eval */
    const char *compiler;  /* run: --cc, or NULL */
    VEC(char *) run;       /* run: the arguments of gr_main */
    const char *output;    /* weights: -o, NULL: tell what the file holds */
    const char *map;       /* weights: how tensors are called in the output; NULL: as they are */
    Assignments data, out; /* eval: files or numbers for inputs, files for outputs */
    uint64_t seed;
    bool quiet, verbose, json;
    Colour colour;
    int output_error; /* errno of the first write to the standard output that failed */
} Command;

extern const char usage_text[], help_text[];

/* False with a message where the command line is wrong. What was read before the mistake is in *command. */
bool read_command(Arena *arena, int count, char **arguments, Command *command, const char **why);

#endif
