/* The whole way from a model file to C, as a library: the command line and the tests stand on it. */
#ifndef GRADC_COMPILE_H
#define GRADC_COMPILE_H

#include "compiler/emit/emit.h"
#include "frontend/elaborate.h"

struct Compilation;

typedef struct CompileOptions {
    const char *path;    /* of the model file; "-": standard input */
    const char *name;    /* prefix of files and symbols; NULL: the model line, else the file's name */
    const char *entries; /* "train,predict": emit these and what they need; NULL: all */
    Definitions definitions;
    const Target *target;
    bool validate;
    const char *directory; /* that the files are written into */
    const char *depfile;   /* what they depend on, for make and ninja; NULL: not wanted */
    bool force;            /* overwrite files that gradc did not write */
    const char *weights;   /* file of the values that the model's tensors have; NULL: as the model says */
    bool single_file;      /* fold gr.h and gr_kernel.h into the pair */
    bool lines;            /* #line directives */
    bool evaluations;      /* ENTRY_eval as well for each ENTRY that updates */
    bool main_program;     /* NAME_main.c as well */
    bool profile;          /* kernels can be timed */
    bool warnings_are_errors;
    /* Called behind every stage below and every pass, with what the compilation then holds; NULL: nobody listens. */
    void (*after)(void *context, const struct Compilation *compilation, const char *stage, bool changed);
    void *context; /* of `after` */
} CompileOptions;

/* How a compilation ended: the exit status of gradc. */
typedef enum CompileStatus {
    COMPILE_DONE = 0,
    COMPILE_MODEL_WRONG = 1,
    COMPILE_COMMAND_WRONG = 2,
    COMPILE_MACHINE_FAILED = 3,
    COMPILE_BUG = 70
} CompileStatus;

/* What the stages hand on. Everything lives in the arena, and what has not been reached yet is NULL. */
typedef struct Compilation {
    Arena *arena;
    const CompileOptions *options;
    Interner names;
    Diagnostics diagnostics; /* what is wrong with the model: there is an error where the status is 1 */
    const char *failure;     /* what else went wrong */
    CompileStatus status;

    const Source *source;
    AstFile *tree;
    Program *program; /* one graph per entry; the passes replace it in place */
    EmitOptions emit;
    Emitter *emitter; /* holds the routines: kernels and memory plans, by entry */
    Emission emission;
} Compilation;

void compilation_open(Compilation *compilation, Arena *arena, const CompileOptions *options);

/* The four parts of the way, in order. Each needs the one before it; false: see status. */
bool compile_to_graph(Compilation *compilation);    /* the program, lowered by all passes */
bool compile_to_routines(Compilation *compilation); /* kernels and memory plan of every entry */
bool compile_to_c(Compilation *compilation);        /* the text of the two files, validated */
bool compile_write(Compilation *compilation);       /* all files or none */

/* Ends the compilation with a message of its own; false, so that a stage can return it. */
bool compilation_fail(Compilation *compilation, CompileStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "digits.grad" of "models/digits.grad"; "<stdin>" of "-". */
const char *base_name(const char *path);

/* The stages before and behind the passes of pass_table. */
#define STAGE_PARSE     "parse"
#define STAGE_ELABORATE "elaborate"
#define STAGE_PLAN      "plan"
#define STAGE_EMIT      "emit"
#define STAGE_VALIDATE  "validate"

#endif
