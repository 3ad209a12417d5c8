/* From routines to C text: NAME.h and NAME.c, which a person can read. */
#ifndef GRADC_EMIT_EMIT_H
#define GRADC_EMIT_EMIT_H

#include "compiler/ir/kernel.h"
#include "compiler/kernels/target.h"
#include "compiler/support/writer.h"

/* A constant of the model and the C array that holds it. */
typedef struct Constant {
    const Store *store;
    const char *name;
} Constant;

/* Values for all that NAME holds. */
typedef struct Trained {
    const char *source;    /* the base name of the file that they come from */
    const double **values; /* by Store.position: elements in declared row-major order; NULL for the trainer's */
} Trained;

typedef struct EmitOptions {
    const char *name;        /* prefix of files and symbols; a C identifier */
    const char *command;     /* the command line that is shown in the header comment, without paths of this machine */
    const char *source_name; /* "digits.grad": the base name of the model file */
    const Target *target;
    bool profile;            /* kernels note their times where work->timer is set */
    bool single_file;        /* gr.h is folded into NAME.h, gr_kernel.h into NAME.c */
    const Trained *trained;  /* NAME_init sets these, and NAME_trained has them; NULL: as the model says */
    const char *source_path; /* with #line directives: where NAME.c is going to be written; NULL: without */
} EmitOptions;

typedef struct Emission {
    const char *header, *source; /* NAME.h and NAME.c, NUL-terminated, in the arena */
} Emission;

/* What all files of this room share while one pair is made. */
typedef struct Emitter {
    Arena *arena;
    const Program *program;
    const EmitOptions *options;
    Routine **routines;      /* by entry */
    Routine **initials;      /* by Store.position; NULL for steps and the rate, and for what starts at zero */
    struct Names *names;     /* names.c */
    struct Fields *fields;   /* fields.c */
    VEC(Constant) constants; /* those that a routine reads */
} Emitter;

/* Chooses all names and places of fields; the routines are still to be made. The program has been elaborated and has
 * been through all passes (Entry.graph and Store.init are lowered). */
Emitter *emitter_new(Arena *arena, const Program *program, const EmitOptions *options);
void emitter_make_routines(Emitter *emitter); /* and names their kernels */

/* The pair. The routines are made. */
Emission emit_pair(const Emitter *emitter);
Emission emit_program(Arena *arena, const Program *program, const EmitOptions *options); /* the three in one */

/* ---- origin.c ---- */

typedef VEC(Span) SourceLines;

/* The lines of the user's own file that a stage comes from, each once, in the order in which they were fused. */
SourceLines stage_lines(Arena *arena, const Program *program, const Stage *stage);
/* The text of the line that a span begins in, without indentation and comment, safe inside a comment of C. */
const char *source_line(Arena *arena, Span span);

/* ---- names.c: readable, unique, never a keyword or a libc name ---- */

/* A scope in which no C name is given twice. */
typedef struct TakenName {
    const char *name;
    int round; /* names made of this one are taken up to here */
} TakenName;

typedef struct Scope {
    Arena *arena;
    const struct Scope *outer; /* what is taken there is taken here; or NULL */
    VEC(TakenName) taken;
    int *slots; /* a hash table of positions in taken + 1 */
    int slot_count;
} Scope;

/* The name itself with '.' and whatever C forbids as '_'; a trailing '_' (and then a number) where that is taken,
 * reserved in C or C++, or a name of libc. */
const char *scope_name(Scope *scope, const char *wanted);
/* name, name_2, name_3: the first that is free and not reserved. */
const char *scope_numbered(Scope *scope, const char *wanted);
const char *c_identifier(Arena *arena, const char *wanted); /* with '_' for what C forbids in names */
bool name_is_reserved(const char *name);                    /* keyword, macro or function of C, C++ or libc */

/* Names that kernels and entries must agree on. */
const char *entry_name(const Emitter *emitter, const Entry *entry);          /* "train": unique among the entries */
const char *size_name(const Emitter *emitter, const Size *size);             /* "n" */
const char *argument_name(const Emitter *emitter, const Argument *argument); /* "image": field of the entry's call */
/* The array of a store, seen from a function that has `call`: "call->model->net_layers_0_w",
 * "call->trainer->train_m + 8192", "&call->step", "&call->trainer->lr_scale". */
const char *store_address(const Emitter *emitter, const Store *store);

/* ---- routine.c: kernels ---- */

/* The C functions of kernels and stages: Kernel.name and Stage.name. `name` is that of the entry. */
void name_kernels(Emitter *emitter, const Routine *routine, const char *name);

/* Writes the kernels of an entry, which have their names, and behind them
 *
 *     static int ENTRY_run(const ENTRY_call *call, int thread, int threads)   GR_OK or GR_NONFINITE
 *
 * which every thread of the one parallel region calls. ENTRY_call is a struct that entry.c has written before:
 * model, trainer (where the entry has them), a field for every size and argument (pointers; scalar inputs are fields
 * that hold the value), scratch and locals (unsigned char *: the shared arena, and local_bytes for each thread),
 * draw (gr_draw: key and tick are set), step (int32_t). */
void emit_routine(Writer *writer, const Emitter *emitter, const Routine *routine, const char *name);
/* The same for first contents: static void init_FIELD(const init_call *call), with model, trainer and draw. */
void emit_initial(Writer *writer, const Emitter *emitter, const Routine *routine, const char *name);

/* ---- constant.c ---- */

void find_constants(Emitter *emitter); /* when all routines are made */
const char *constant_name(const Emitter *emitter, const Store *store);
void emit_constants(Writer *writer, const Emitter *emitter); /* static const arrays */

/* ---- trained.c ---- */

void emit_trained(Writer *writer, const Emitter *emitter); /* const NAME NAME_trained */

/* ---- header.c, model.c, entry.c ---- */

void emit_header(Writer *writer, const Emitter *emitter);
void emit_model_table(Writer *writer, const Emitter *emitter); /* const gr_model NAME_model, its thunks */
void emit_entry_call(Writer *writer, const Emitter *emitter, const Entry *entry); /* struct ENTRY_call */
void emit_entry(Writer *writer, const Emitter *emitter, const Entry *entry);      /* the function that users call */
void emit_init(Writer *writer, const Emitter *emitter);                           /* NAME_init */

/* ---- validate.c ---- */

/* Parses the pair with libclang; false with a message where it has a diagnostic, calls a name outside the allowed list,
 * has a writable global, or the header disagrees with the source. True also where gradc was built without libclang. */
bool validate_emission(Arena *arena, const EmitOptions *options, const Emission *emission, const char **why);

#endif
