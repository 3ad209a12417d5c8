/* How a stage becomes text. Shared by expr.c, tile.c and routine.c only. */
#ifndef GRADC_EMIT_STAGE_H
#define GRADC_EMIT_STAGE_H

#include "compiler/emit/emit.h"

/* What an expression varies with inside a register tile. */
enum { VARIES_ROW = 1, VARIES_VECTOR = 2 };

/* One stage while it is written. */
typedef struct StageText {
    Arena *arena;
    Writer *out;
    const Emitter *emitter;
    const Routine *routine;
    const Stage *stage;
    const char *call_type;    /* "train_call" */
    const char *name;         /* of the stage's function */
    const char **indices;     /* C names by index */
    const char **buffers;     /* C names by Buffer.position; NULL where the stage does not touch it */
    const char *first, *last; /* names of the band's range; NULL without a band */
    const char **totals;      /* names of the accumulators */
    const char **draws;       /* by expression: the variable that says which random numbers are drawn */
    bool has_rows, has_vectors, lane_free, lane_reduced;
    bool partial;       /* the last vector may have fewer lanes */
    bool local;         /* it touches a local buffer */
    int *varies;        /* by expression */
    const char **named; /* by expression: the variable that holds it, in the section being written */
    bool width_used;    /* in the loop over vectors that is open */
    Scope scope;
} StageText;

/* An expression as C text, with the binding of its outermost operator (0: name or call; see scalar.def). */
typedef struct Code {
    const char *text;
    int precedence;
} Code;

const Affine *axes_of_free(const StageText *text); /* the free indices, in order */
int64_t lane_stride_of(const StageText *text, const Buffer *buffer, const Affine *axes); /* at the largest sizes */
const char *lane_stride_code(const StageText *text, const Buffer *buffer, const Affine *axes);
Code expr_code(StageText *text, int expr); /* its variable's name where it has one, else its own text */
Code expr_own_code(StageText *text, int expr);
const char *position_code(StageText *text, const Buffer *buffer, const Affine *axes);
const char *affine_code(StageText *text, Affine affine);
const char *dim_code(const StageText *text, Dim dim);          /* "64", "call->n" */
const char *number_code(const StageText *text, double number); /* finite: the shortest that reads back */
const char *literal_code(const StageText *text, Elem elem, double number);
const char *elem_vector(Elem elem);            /* "gr_vec" */
const char *memory_kind(const Buffer *buffer); /* of the runtime's loads and stores: "i" in gr_iload */
const char *lanes_code(StageText *text);       /* how many lanes of the vector at hand there are */
const char *buffer_type(const Buffer *buffer);
const char *buffer_address(const StageText *text, const Buffer *buffer);

/* ---- stage.c ---- */

const char *loop_variable(Arena *arena, const Loop *loop); /* the step: "t", "t2" in a loop in a loop */
/* The steps of loops that a stage or a kernel must know, each after a comma and the type: ", int t, int t2". */
const char *stage_steps(Arena *arena, const Stage *stage, const char *type);
const char *kernel_steps(Arena *arena, const Kernel *kernel, const char *type);

/* A stage ready to be written: its names are chosen, and what varies with what is known. */
StageText stage_text(Writer *out, const Emitter *emitter, const Routine *routine, const Stage *stage,
                     const char *call_type);
Dim lane_size(const StageText *text);
int lanes_of(const StageText *text);     /* of the target's vectors */
int most_vectors(const StageText *text); /* that one call of the tile function may have */
bool lane_is_band(const StageText *text);
void add_parameter(const StageText *text, const char **list, const char *parameter);

/* ---- section.c ---- */

typedef struct Section {
    bool *needed;    /* by expression */
    int *uses;       /* how often it is used in the section */
    int *used_level; /* what its users vary with, together */
    bool *deserving; /* gets a variable */
} Section;

int full_level(const StageText *text);
Section section_new(const StageText *text);
void section_need(const StageText *text, Section *section, int expr, int level); /* level: of the user */
/* Writes a section level by level; `finish` writes the statements that use its values, innermost. */
void emit_section(StageText *text, Section *section, void (*finish)(StageText *text));

/* A loop over the rows or vectors of a tile, whose body is written aside until it is closed; where the tile has no such
 * loop, the body stands alone. */
typedef struct SmallLoop {
    bool exists;
    Writer *outer;
    const char *header;
    int rounds; /* at most */
} SmallLoop;

SmallLoop open_rows(StageText *text);
SmallLoop open_vectors(StageText *text);
void close_loop(StageText *text, const SmallLoop *loop);

/* ---- total.c, tile.c, cover.c ---- */

void emit_reduction(StageText *text);
void combine_lanes(StageText *text);
/* In a reduced loop: declares the chosen solved indices, by index, and goes on with the next round where one is
 * outside. */
void skip_outside(StageText *text, const bool *chosen);
void declare_operands(StageText *text); /* buffers and draws, under their names */
Writer *open_body(StageText *text);     /* returns the function's writer, for close_body */
void close_body(StageText *text, Writer *function);
void emit_tile_body(StageText *text);
void emit_tile_function(StageText *text);

/* Writes the tile function and the function that covers the stage's space with tiles. */
void emit_stage(Writer *out, const Emitter *emitter, const Routine *routine, const Stage *stage, const char *call_type);

#endif
